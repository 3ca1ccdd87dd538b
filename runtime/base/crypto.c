#include "runtime/base/crypto.h"

#include <string.h>

#include <openssl/sha.h>

struct sha256 sha256_of(struct str data)
{
    struct sha256 digest;
    SHA256_CTX hash;
    SHA256_Init(&hash);
    SHA256_Update(&hash, data.ptr, data.len);
    SHA256_Final(digest.bytes, &hash);
    mem_wipe(&hash, sizeof(hash));
    return digest;
}

void sha256_hex(const struct sha256 *digest, char out[SHA256_HEX_LEN])
{
    hex_encode_into(out, digest->bytes, sizeof(digest->bytes));
}

/* The state after the one block that is the key, padded and masked. */
static void absorb_key(uint32_t state[8], const uint8_t key[SHA256_CBLOCK], uint8_t mask)
{
    uint8_t block[SHA256_CBLOCK];
    SHA256_CTX hash;
    for (size_t i = 0; i < sizeof(block); i++)
        block[i] = key[i] ^ mask;
    SHA256_Init(&hash);
    SHA256_Transform(&hash, block);
    memcpy(state, hash.h, sizeof(hash.h));
    mem_wipe(block, sizeof(block));
    mem_wipe(&hash, sizeof(hash));
}

void hmac_key_init(struct hmac_key *key, struct str secret)
{
    uint8_t block[SHA256_CBLOCK] = {0};
    if (secret.len > sizeof(block)) {
        struct sha256 digest = sha256_of(secret);
        memcpy(block, digest.bytes, sizeof(digest.bytes));
        mem_wipe(&digest, sizeof(digest));
    } else if (secret.len) {
        memcpy(block, secret.ptr, secret.len);
    }
    absorb_key(key->inner, block, 0x36);
    absorb_key(key->outer, block, 0x5c);
    mem_wipe(block, sizeof(block));
}

void hmac_key_wipe(struct hmac_key *key)
{
    mem_wipe(key, sizeof(*key));
}

static void resume(SHA256_CTX *hash, const uint32_t state[8])
{
    SHA256_Init(hash);
    memcpy(hash->h, state, sizeof(hash->h));
    hash->Nl = SHA256_CBLOCK * 8; /* bits taken so far: the key's block */
}

struct sha256 hmac_sha256(const struct hmac_key *key, const struct str *parts, size_t parts_len)
{
    struct sha256 digest;
    SHA256_CTX hash;
    resume(&hash, key->inner);
    for (size_t i = 0; i < parts_len; i++)
        SHA256_Update(&hash, parts[i].ptr, parts[i].len);
    SHA256_Final(digest.bytes, &hash);
    resume(&hash, key->outer);
    SHA256_Update(&hash, digest.bytes, sizeof(digest.bytes));
    SHA256_Final(digest.bytes, &hash);
    mem_wipe(&hash, sizeof(hash));
    return digest;
}
