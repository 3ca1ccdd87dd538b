/* runtime/base/crypto.h - SHA-256 and HMAC-SHA-256 (RFC 6234, RFC 2104).
 *
 * Nothing here fails, and what is done per message does not allocate. Comparing what comes out with what
 * a client sent is str_eq_constant_time's job.
 *
 * Waits: never. */
#pragma once
#include "runtime/base/str.h"

struct sha256 {
    uint8_t bytes[32];
};
static inline struct str sha256_str(const struct sha256 *digest)
{
    return str_of((const char *)digest->bytes, sizeof(digest->bytes));
}
struct sha256 sha256_of(struct str data);
struct sha256 sha256_of_parts(const struct str *parts, size_t parts_len); /* see hmac_sha256 */
enum { SHA256_HEX_LEN = 64 };
void sha256_hex(const struct sha256 *digest, char out[SHA256_HEX_LEN]); /* lower case */

/* A secret, hashed into what every HMAC under it starts from. As secret as the secret itself.
 * Threads: a key belongs to one. */
struct hmac_key {
    struct hmac_state *state;
};
void hmac_key_init(struct hmac_key *key, struct str secret);
void hmac_key_fini(struct hmac_key *key); /* wipes it; fine on zeroes */

/* Over the parts as one text: where one ends and the next begins is not covered, so parts whose
 * lengths vary need a separator between them. */
struct sha256 hmac_sha256(const struct hmac_key *key, const struct str *parts, size_t parts_len);
