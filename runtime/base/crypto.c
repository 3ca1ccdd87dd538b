#include "runtime/base/crypto.h"

#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include "runtime/base/encoding.h"

struct sha256 sha256_of(struct str data)
{
    return sha256_of_parts(&data, 1);
}

struct sha256 sha256_of_parts(const struct str *parts, size_t parts_len)
{
    struct sha256 digest;
    SHA256_CTX hash;
    SHA256_Init(&hash);
    for (size_t i = 0; i < parts_len; i++)
        SHA256_Update(&hash, parts[i].ptr, parts[i].len);
    SHA256_Final(digest.bytes, &hash);
    mem_wipe(&hash, sizeof(hash));
    return digest;
}

void sha256_hex(const struct sha256 *digest, char out[SHA256_HEX_LEN])
{
    hex_encode_into(out, digest->bytes, sizeof(digest->bytes));
}

/* Keyed once: half of the work of a short message is the key's. `running` is the copy that takes the message;
 * made anew for each, it would cost three allocations and a third more time. */
struct hmac_state {
    HMAC_CTX keyed, running;
};

void hmac_key_init(struct hmac_key *key, struct str secret)
{
    struct hmac_state *state = malloc(sizeof(*state));
    if (!state)
        base_die(__FILE__, __LINE__, "out of memory");
    HMAC_CTX_init(&state->keyed);
    HMAC_CTX_init(&state->running);
    /* A NULL would mean the key that was there before. Both are filled: BoringSSL wipes no empty one. */
    if (!HMAC_Init_ex(&state->keyed, secret.len ? secret.ptr : "", secret.len, EVP_sha256(),
                      NULL) ||
        !HMAC_CTX_copy_ex(&state->running, &state->keyed))
        base_die(__FILE__, __LINE__, "out of memory");
    key->state = state;
}

void hmac_key_fini(struct hmac_key *key)
{
    if (!key->state)
        return;
    HMAC_CTX_cleanse(&key->state->keyed);
    HMAC_CTX_cleanse(&key->state->running);
    free(key->state);
    key->state = NULL;
}

struct sha256 hmac_sha256(const struct hmac_key *key, const struct str *parts, size_t parts_len)
{
    assert(key->state);
    struct sha256 digest;
    HMAC_CTX *running = &key->state->running;
    unsigned len = 0;
    if (!HMAC_CTX_copy_ex(running, &key->state->keyed))
        base_die(__FILE__, __LINE__, "out of memory");
    for (size_t i = 0; i < parts_len; i++)
        HMAC_Update(running, (const uint8_t *)parts[i].ptr, parts[i].len);
    HMAC_Final(running, digest.bytes, &len);
    assert(len == sizeof(digest.bytes));
    return digest;
}
