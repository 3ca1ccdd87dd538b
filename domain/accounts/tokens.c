/* Compact JWS (RFC 7515): header "." payload "." mac, each in base64url.
 *
 * Order of checking, cheapest refusal first, nothing believed before the MAC holds:
 *   1. length, and the header byte for byte (so the algorithm is ours, never the token's)
 *   2. the MAC over header.payload, in constant time
 *   3. the claims: all that are needed, none twice, of this kind of token, not expired */
#include "domain/accounts/tokens.h"

#include <inttypes.h>
#include <string.h>

#include "domain/i18n/texts.h"
#include "runtime/base/arena.h"
#include "runtime/base/json_scan.h"

/* base64url of {"alg":"HS256","typ":"JWT"}, and the dot. */
#define HEADER STR("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.")

enum { MAC_TEXT_LEN = 43 }; /* 32 bytes in base64url */
enum { JTI_TEXT_LEN = 32 };

struct claims {
    struct str token_type;
    int64_t expires_s, issued_s, user_id;
    struct uuid session, jti;
    enum lang lang;
    uint32_t seen; /* one bit per claim */
};
enum {
    CLAIM_TYPE = 1 << 0,
    CLAIM_EXP = 1 << 1,
    CLAIM_IAT = 1 << 2,
    CLAIM_JTI = 1 << 3,
    CLAIM_USER = 1 << 4,
    CLAIM_SID = 1 << 5,
    CLAIM_LANG = 1 << 6,
    CLAIMS_OF_REFRESH = CLAIM_TYPE | CLAIM_EXP | CLAIM_IAT | CLAIM_JTI | CLAIM_USER | CLAIM_SID,
    CLAIMS_OF_ACCESS = CLAIM_TYPE | CLAIM_EXP | CLAIM_USER | CLAIM_SID
};

bool token_keys_init(struct token_keys *keys, struct str secret, struct duration access_ttl,
                     struct duration refresh_ttl)
{
    if (secret.len < TOKEN_KEY_MIN)
        return false;
    hmac_key_init(&keys->jwt, secret);
    keys->access_ttl = access_ttl;
    keys->refresh_ttl = refresh_ttl;
    return true;
}

/* ---- signing ------------------------------------------------------------------------------- */

static struct str sign(struct arena *arena, const struct token_keys *keys, struct str payload)
{
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

/* As SimpleJWT prints it: 32 hex digits without hyphens. */
static struct str jti_text(struct arena *arena, struct uuid jti)
{
    return hex_encode(arena, jti.bytes, sizeof(jti.bytes));
}

/* `lang` empty: such a token has none. */
static struct str payload(struct arena *arena, const char *type, int64_t user_id,
                          struct uuid session, struct uuid jti, int64_t issued_s, int64_t expires_s,
                          struct str lang)
{
    char sid[UUID_TEXT_LEN];
    uuid_format(session, sid);
    return str_printf(arena,
                      "{\"token_type\":\"%s\",\"exp\":%" PRId64 ",\"iat\":%" PRId64
                      ",\"jti\":\"%.*s\",\"user_id\":%" PRId64 ",\"sid\":\"%.*s\"%s%.*s%s}",
                      type, expires_s, issued_s, STR_FMT(jti_text(arena, jti)), user_id,
                      UUID_TEXT_LEN, sid, lang.len ? ",\"lang\":\"" : "", STR_FMT(lang),
                      lang.len ? "\"" : "");
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

static bool read_number(const struct json_member *member, int64_t *out)
{
    return member->kind == JSON_KIND_NUMBER && str_to_int64(member->value, out);
}

/* SimpleJWT wrote user_id as a number once and as a text later. */
static bool read_user_id(const struct json_member *member, int64_t *out)
{
    bool fits = member->kind == JSON_KIND_NUMBER || member->kind == JSON_KIND_STRING;
    return fits && str_to_int64(member->value, out) && *out > 0;
}

static bool read_sid(const struct json_member *member, struct uuid *out)
{
    return member->kind == JSON_KIND_STRING && uuid_parse(member->value, out);
}

static bool read_jti(const struct json_member *member, struct uuid *out)
{
    struct str hex = member->value;
    if (member->kind != JSON_KIND_STRING || hex.len != JTI_TEXT_LEN)
        return false;
    char text[UUID_TEXT_LEN];
    size_t n = 0;
    for (size_t i = 0; i < hex.len; i++) {
        if (i == 8 || i == 12 || i == 16 || i == 20)
            text[n++] = '-';
        text[n++] = hex.ptr[i];
    }
    return uuid_parse(str_of(text, n), out);
}

/* Other members are not ours and are passed over. False: it has the wrong type. */
static bool read_claim(const struct json_member *member, struct claims *claims, uint32_t *bit)
{
    if (str_eq(member->name, STR("token_type"))) {
        *bit = CLAIM_TYPE;
        claims->token_type = member->value;
        return member->kind == JSON_KIND_STRING;
    }
    if (str_eq(member->name, STR("exp"))) {
        *bit = CLAIM_EXP;
        return read_number(member, &claims->expires_s);
    }
    if (str_eq(member->name, STR("iat"))) {
        *bit = CLAIM_IAT;
        return read_number(member, &claims->issued_s);
    }
    if (str_eq(member->name, STR("jti"))) {
        *bit = CLAIM_JTI;
        return read_jti(member, &claims->jti);
    }
    if (str_eq(member->name, STR("user_id"))) {
        *bit = CLAIM_USER;
        return read_user_id(member, &claims->user_id);
    }
    if (str_eq(member->name, STR("sid"))) {
        *bit = CLAIM_SID;
        return read_sid(member, &claims->session);
    }
    if (str_eq(member->name, STR("lang"))) {
        *bit = CLAIM_LANG;
        if (!lang_parse(member->value, &claims->lang))
            claims->lang = LANG_AR; /* one that another version knows */
        return member->kind == JSON_KIND_STRING;
    }
    *bit = 0;
    return true;
}

static bool read_claims(struct str payload_text, struct claims *claims)
{
    *claims = (struct claims){0};
    struct json_scan scan = json_scan_begin(payload_text);
    struct json_member member;
    while (json_scan_next(&scan, &member)) {
        uint32_t bit = 0;
        if (!read_claim(&member, claims, &bit) || (claims->seen & bit))
            return false;
        claims->seen |= bit;
    }
    return scan.complete;
}

static bool claims_verify(const struct token_keys *keys, struct instant now, struct str jwt,
                          struct str type, uint32_t needed, struct claims *out)
{
    char buffer[TOKEN_LEN_MAX];
    struct str text;
    if (!open_token(keys, jwt, buffer, sizeof(buffer), &text) || !read_claims(text, out))
        return false;
    if ((out->seen & needed) != needed || !str_eq(out->token_type, type))
        return false;
    out->token_type = type; /* the view into `buffer` ends here */
    const int64_t year_9999_s = 253402300800;
    return out->expires_s > whole_seconds(now) && out->expires_s < year_9999_s &&
           out->issued_s >= 0 && out->issued_s < year_9999_s;
}

bool token_access_verify(const struct token_keys *keys, struct instant now, struct str jwt,
                         struct access_claims *out)
{
    struct claims claims;
    if (!claims_verify(keys, now, jwt, STR("access"), CLAIMS_OF_ACCESS, &claims))
        return false;
    *out = (struct access_claims){
        .user_id = claims.user_id, .session = claims.session, .lang = claims.lang};
    return true;
}

bool token_refresh_verify(const struct token_keys *keys, struct instant now, struct str jwt,
                          struct refresh_claims *out)
{
    struct claims claims;
    if (!claims_verify(keys, now, jwt, STR("refresh"), CLAIMS_OF_REFRESH, &claims))
        return false;
    *out = (struct refresh_claims){.user_id = claims.user_id,
                                   .session = claims.session,
                                   .jti = claims.jti,
                                   .issued_at = at_second(claims.issued_s),
                                   .expires_at = at_second(claims.expires_s)};
    return true;
}
