/* Compact JWS (RFC 7515): header "." payload "." mac, each in base64url.
 *
 * Order of checking, cheapest refusal first, nothing believed before the MAC holds:
 *   1. length, and the header byte for byte (so the algorithm is ours, never the token's)
 *   2. the MAC over header.payload, in constant time
 *   3. the claims: all that are needed, none twice, of this kind of token, not expired */
#include "domain/accounts/tokens.h"

#include <string.h>

#include "domain/i18n/texts.h"
#include "runtime/base/arena.h"
#include "runtime/base/encoding.h"
#include "runtime/base/json.h"
#include "runtime/base/json_writer.h"

/* base64url of {"alg":"HS256","typ":"JWT"}, and the dot. */
#define HEADER STR("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.")

enum { MAC_TEXT_LEN = 43 }; /* 32 bytes in base64url */

/* Both kinds have these; views end with the text. */
struct claims {
    struct str token_type, jti, lang;
    struct json_int exp, iat, user_id; /* times in seconds */
    struct json_uuid sid;
};

#define YEAR_9999_S INT64_C(253402300800)
static const struct json_field claim_fields[] = {
    {"token_type", JSON_STRING, JSON_REQUIRED, offsetof(struct claims, token_type)},
    {"exp", JSON_INT, JSON_REQUIRED, offsetof(struct claims, exp), 0, YEAR_9999_S - 1},
    {"iat", JSON_INT, 0, offsetof(struct claims, iat), 0, YEAR_9999_S - 1},
    {"jti", JSON_STRING, 0, offsetof(struct claims, jti)},
    /* SimpleJWT wrote it as a number once and as a text later. */
    {"user_id", JSON_INT, JSON_REQUIRED | JSON_QUOTED_TOO, offsetof(struct claims, user_id), 1,
     INT64_MAX},
    {"sid", JSON_UUID, JSON_REQUIRED, offsetof(struct claims, sid)},
    {"lang", JSON_STRING, JSON_MAY_BE_BLANK, offsetof(struct claims, lang)},
};

bool token_keys_init(struct token_keys *keys, struct str secret, struct duration access_ttl,
                     struct duration refresh_ttl)
{
    if (secret.len < TOKEN_KEY_MIN)
        return false;
    assert(access_ttl.us > 0 && refresh_ttl.us >= access_ttl.us);
    hmac_key_init(&keys->jwt, secret);
    keys->access_ttl = access_ttl;
    keys->refresh_ttl = refresh_ttl;
    return true;
}

void token_keys_fini(struct token_keys *keys)
{
    hmac_key_fini(&keys->jwt);
}

/* ---- signing ------------------------------------------------------------------------------- */

static struct str sign(struct arena *arena, const struct token_keys *keys, struct str payload)
{
    assert(payload.len > 0 && payload.ptr[0] == '{');
    struct str body = base64url_encode(arena, (const uint8_t *)payload.ptr, payload.len);
    const struct str parts[] = {HEADER, body};
    struct sha256 mac = hmac_sha256(&keys->jwt, parts, ARRAY_LEN(parts));
    struct str mac_text = base64url_encode(arena, mac.bytes, sizeof(mac.bytes));
    struct strbuf out = strbuf_new(arena, HEADER.len + body.len + 1 + mac_text.len);
    strbuf_add(&out, HEADER);
    strbuf_add(&out, body);
    strbuf_add_char(&out, '.');
    strbuf_add(&out, mac_text);
    assert(out.len <= TOKEN_LEN_MAX);
    return strbuf_str(&out);
}

/* `lang` empty: such a token has none. */
static struct str payload(struct arena *arena, const char *type, int64_t user_id,
                          struct uuid session, struct uuid jti, int64_t issued_s, int64_t expires_s,
                          struct str lang)
{
    assert(issued_s < expires_s && user_id >= 0);
    char digits[2 * sizeof(jti.bytes)]; /* as SimpleJWT prints it: without hyphens */
    hex_encode_into(digits, jti.bytes, sizeof(jti.bytes));
    struct strbuf text = strbuf_new(arena, TOKEN_LEN_MAX);
    struct json_writer w = json_writer_on(&text);
    json_object_begin(&w, NULL);
    json_put_str(&w, "token_type", str_c(type));
    json_put_int(&w, "exp", expires_s);
    json_put_int(&w, "iat", issued_s);
    json_put_str(&w, "jti", str_of(digits, sizeof(digits)));
    json_put_int(&w, "user_id", user_id);
    json_put_uuid(&w, "sid", session);
    if (lang.len)
        json_put_str(&w, "lang", lang);
    json_object_end(&w);
    return strbuf_str(&text);
}

static int64_t whole_seconds(struct instant t)
{
    return t.us / 1000000;
}

static struct instant at_second(int64_t s)
{
    return (struct instant){s * 1000000};
}

struct str token_access_sign(struct arena *arena, const struct token_keys *keys, struct uuid jti,
                             struct instant now, const struct access_claims *claims)
{
    int64_t expires_s = whole_seconds(instant_add(now, keys->access_ttl));
    return sign(arena, keys,
                payload(arena, "access", claims->user_id, claims->session, jti, whole_seconds(now),
                        expires_s, lang_code(claims->lang)));
}

struct str token_refresh_sign(struct arena *arena, const struct token_keys *keys,
                              const struct refresh_claims *claims)
{
    return sign(arena, keys,
                payload(arena, "refresh", claims->user_id, claims->session, claims->jti,
                        whole_seconds(claims->issued_at), whole_seconds(claims->expires_at),
                        STR("")));
}

struct refresh_claims token_refresh_new(const struct token_keys *keys, const struct clock *clock,
                                        int64_t user_id, struct uuid session)
{
    struct instant now = at_second(whole_seconds(clock->wall(clock)));
    return (struct refresh_claims){.user_id = user_id,
                                   .session = session,
                                   .jti = uuid_random(clock),
                                   .issued_at = now,
                                   .expires_at = instant_add(now, keys->refresh_ttl)};
}

struct token_hash token_hash(struct str jwt)
{
    struct sha256 digest = sha256_of(jwt);
    struct token_hash hash;
    static_assert(sizeof(hash.bytes) == sizeof(digest.bytes), "one is the other");
    memcpy(hash.bytes, digest.bytes, sizeof(hash.bytes));
    return hash;
}

/* ---- checking ------------------------------------------------------------------------------ */

/* The payload of a token whose MAC holds. `buffer` receives the decoded text. */
static bool open_token(const struct token_keys *keys, struct str jwt, char *buffer,
                       size_t buffer_len, struct str *payload_out)
{
    if (jwt.len > TOKEN_LEN_MAX || !str_starts(jwt, HEADER) ||
        jwt.len < HEADER.len + 1 + MAC_TEXT_LEN)
        return false;
    struct str signed_part = str_take(jwt, jwt.len - MAC_TEXT_LEN - 1);
    struct str mac_text = str_skip(jwt, jwt.len - MAC_TEXT_LEN);
    if (jwt.ptr[signed_part.len] != '.')
        return false;

    struct sha256 mac = hmac_sha256(&keys->jwt, &signed_part, 1);
    uint8_t claimed[sizeof(mac.bytes)];
    if (!base64url_decode_into(mac_text, claimed, sizeof(claimed)) ||
        !str_eq_constant_time(str_of((char *)claimed, sizeof(claimed)), sha256_str(&mac)))
        return false;

    struct str body = str_skip(signed_part, HEADER.len);
    size_t len = base64url_decoded_len(body);
    if (len > buffer_len || !base64url_decode_into(body, (uint8_t *)buffer, len))
        return false;
    *payload_out = str_of(buffer, len);
    return true;
}

/* The claims of a token of this type that has not expired. `buffer` holds what they are views of. */
static bool read_claims(struct arena *arena, const struct token_keys *keys, struct instant now,
                        struct str jwt, struct str type, char buffer[TOKEN_LEN_MAX],
                        struct claims *out)
{
    struct str text;
    struct json_wrong wrong;
    return open_token(keys, jwt, buffer, TOKEN_LEN_MAX, &text) &&
           JSON_DECODE(arena, text, claim_fields, out, &wrong) && str_eq(out->token_type, type) &&
           out->exp.v > whole_seconds(now);
}

bool token_access_verify(struct arena *arena, const struct token_keys *keys, struct instant now,
                         struct str jwt, struct access_claims *out)
{
    char buffer[TOKEN_LEN_MAX];
    struct claims claims;
    if (!read_claims(arena, keys, now, jwt, STR("access"), buffer, &claims))
        return false;
    *out = (struct access_claims){.user_id = claims.user_id.v, .session = claims.sid.v};
    if (!lang_parse(claims.lang, &out->lang))
        out->lang = LANG_AR; /* none, or one that another version knows */
    return true;
}

bool token_refresh_verify(struct arena *arena, const struct token_keys *keys, struct instant now,
                          struct str jwt, struct refresh_claims *out)
{
    char buffer[TOKEN_LEN_MAX];
    struct claims claims;
    struct uuid jti;
    if (!read_claims(arena, keys, now, jwt, STR("refresh"), buffer, &claims) || !claims.iat.set ||
        claims.iat.v >= claims.exp.v || /* no token of ours */
        !hex_decode_into(claims.jti, jti.bytes, sizeof(jti.bytes)))
        return false;
    *out = (struct refresh_claims){.user_id = claims.user_id.v,
                                   .session = claims.sid.v,
                                   .jti = jti,
                                   .issued_at = at_second(claims.iat.v),
                                   .expires_at = at_second(claims.exp.v)};
    return true;
}
