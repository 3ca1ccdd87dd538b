/* domain/accounts/tokens.h - access and refresh tokens: JSON Web Tokens, HS256 only.
 *
 * The header is one fixed text, so no token can choose its algorithm (RFC 8725 §3.1). Claims are
 * named as SimpleJWT names them: token_type, exp, iat, jti, user_id; and sid, the device session. An
 * access token has lang as well, the language that its user preferred when it was made: so no request
 * needs to ask for it, and another preference is felt from the next refresh on.
 * An access token is judged from its own bytes: no store is asked, so a revoked session's access
 * token lives out its few minutes. A refresh token is only a claim: session_store.h decides.
 *
 * Waits: never. */
#pragma once
#include "runtime/base/clock.h"
#include "runtime/base/crypto.h"
#include "runtime/base/ctx.h"

struct arena;

enum { TOKEN_KEY_MIN = 32 };  /* bytes; RFC 7518 §3.2: at least the size of the hash */
enum { TOKEN_LEN_MAX = 512 }; /* ours have about 300 */

struct token_keys {
    struct hmac_key jwt;
    struct duration access_ttl;
    struct duration refresh_ttl;
};
/* False: the secret has fewer than TOKEN_KEY_MIN bytes. */
NODISCARD bool token_keys_init(struct token_keys *keys, struct str secret,
                               struct duration access_ttl, struct duration refresh_ttl);
void token_keys_fini(struct token_keys *keys); /* fine on zeroes */

struct access_claims {
    int64_t user_id;
    struct uuid session;
    enum lang lang; /* Arabic, when the token names none that we know */
};
/* False: not ours, not an access token, damaged, or expired (now >= exp; no leeway). The arena is used
 * for claims that a token of ours never has. */
NODISCARD bool token_access_verify(struct arena *arena, const struct token_keys *keys,
                                   struct instant now, struct str jwt, struct access_claims *out);
struct str token_access_sign(struct arena *arena, const struct token_keys *keys, struct uuid jti,
                             struct instant now, const struct access_claims *claims);

/* All that a refresh token says: the same claims sign to the same bytes. Whole seconds. */
struct refresh_claims {
    int64_t user_id;
    struct uuid session;
    struct uuid jti;
    struct instant issued_at;
    struct instant expires_at;
};
NODISCARD bool token_refresh_verify(struct arena *arena, const struct token_keys *keys,
                                    struct instant now, struct str jwt, struct refresh_claims *out);
struct str token_refresh_sign(struct arena *arena, const struct token_keys *keys,
                              const struct refresh_claims *claims);
/* The claims of a new one, issued now. */
struct refresh_claims token_refresh_new(const struct token_keys *keys, const struct clock *clock,
                                        int64_t user_id, struct uuid session);

/* What the database keeps of a token. */
enum { TOKEN_HASH_LEN = 32 };
struct token_hash {
    uint8_t bytes[TOKEN_HASH_LEN];
};
struct token_hash token_hash(struct str jwt);
