/* Tokens as strangers send them, and claims behind a MAC that holds: the input is tried as both. */
#include <string.h>

#include "domain/accounts/tokens.h"
#include "runtime/base/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct token_keys keys;
static struct arena_pool pool;
static const struct instant now = {1768473000000000};

static void begin(void)
{
    arena_pool_init(&pool, 65536, 4);
    bool ok = token_keys_init(&keys, STR("0123456789abcdef0123456789abcdef"), minutes(15),
                              seconds(30 * 86400));
    assert(ok);
}

static struct str forge(struct arena *arena, struct str payload)
{
    struct str header = STR("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.");
    struct str body = base64url_encode(arena, (const uint8_t *)payload.ptr, payload.len);
    const struct str parts[] = {header, body};
    struct sha256 mac = hmac_sha256(&keys.jwt, parts, 2);
    struct str mac_text = base64url_encode(arena, mac.bytes, sizeof(mac.bytes));
    return str_printf(arena, "%.*s%.*s.%.*s", STR_FMT(header), STR_FMT(body), STR_FMT(mac_text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (pool.block_bytes == 0)
        begin();
    struct arena arena;
    arena_begin(&arena, &pool);
    struct str input = str_of((const char *)data, MIN(size, (size_t)4096));
    struct access_claims access;
    struct refresh_claims refresh;

    bool raw = token_access_verify(&arena, &keys, now, input, &access) ||
               token_refresh_verify(&arena, &keys, now, input, &refresh);
    assert(!raw); /* nobody guesses the key */

    struct str forged = forge(&arena, input);
    if (token_access_verify(&arena, &keys, now, forged, &access))
        assert(access.user_id > 0);
    if (token_refresh_verify(&arena, &keys, now, forged, &refresh)) {
        assert(refresh.user_id > 0 && instant_before(now, refresh.expires_at));
        /* What was understood is signed and understood again. */
        struct refresh_claims again;
        struct str mine = token_refresh_sign(&arena, &keys, &refresh);
        assert(token_refresh_verify(&arena, &keys, now, mine, &again));
        assert(uuid_eq(again.jti, refresh.jti) && again.expires_at.us == refresh.expires_at.us);
    }
    arena_end(&arena);
    return 0;
}
