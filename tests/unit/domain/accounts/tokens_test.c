#include "domain/accounts/tokens.h"

#include "tests/test.h"
#include "tests/unit/fakes/fake_clock.h"

struct fixture {
    struct fake_ctx f;
    struct token_keys keys;
    struct access_claims claims;
};

static void begin(struct fixture *x)
{
    fake_ctx_begin(&x->f);
    bool ok = token_keys_init(&x->keys, STR("0123456789abcdef0123456789abcdef"), minutes(15),
                              seconds(30 * 86400));
    assert(ok);
    x->claims = (struct access_claims){.user_id = 7, .lang = LANG_EN};
    uuid_parse(STR("6f1d6f0e-8a63-4a3a-9c59-3a1c5a3b7d11"), &x->claims.session);
}

static void end(struct fixture *x)
{
    token_keys_fini(&x->keys);
    fake_ctx_end(&x->f);
}

static struct str access_of(struct fixture *x)
{
    return token_access_sign(&x->f.arena, &x->keys, uuid_random(x->f.c.clock), ctx_now(&x->f.c),
                             &x->claims);
}

static bool valid(struct fixture *x, struct str jwt)
{
    struct access_claims out;
    return token_access_verify(&x->f.arena, &x->keys, ctx_now(&x->f.c), jwt, &out);
}

/* A token with this header and payload, signed with the right key. */
static struct str forge(struct fixture *x, const char *header, const char *payload)
{
    struct arena *arena = &x->f.arena;
    struct str h = base64url_encode(arena, (const uint8_t *)header, strlen(header));
    struct str p = base64url_encode(arena, (const uint8_t *)payload, strlen(payload));
    const struct str parts[] = {h, STR("."), p};
    struct sha256 mac = hmac_sha256(&x->keys.jwt, parts, ARRAY_LEN(parts));
    struct str m = base64url_encode(arena, mac.bytes, sizeof(mac.bytes));
    return str_printf(arena, "%.*s.%.*s.%.*s", STR_FMT(h), STR_FMT(p), STR_FMT(m));
}

#define HS256 "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define SID "\"sid\":\"6f1d6f0e-8a63-4a3a-9c59-3a1c5a3b7d11\""

TEST(access_token_says_who_and_which_session)
{
    struct fixture x;
    begin(&x);
    struct access_claims out;
    CHECK(token_access_verify(&x.f.arena, &x.keys, ctx_now(&x.f.c), access_of(&x), &out));
    CHECK_INT(out.user_id, 7);
    CHECK(uuid_eq(out.session, x.claims.session));
    CHECK_INT(out.lang, LANG_EN);
    end(&x);
}

TEST(a_token_without_a_language_of_ours_speaks_arabic)
{
    struct fixture x;
    begin(&x);
    const char *const payloads[] = {
        "{\"token_type\":\"access\",\"exp\":1768473900,\"user_id\":7," SID "}",
        "{\"token_type\":\"access\",\"exp\":1768473900,\"user_id\":7," SID ",\"lang\":\"fr\"}",
        "{\"token_type\":\"access\",\"exp\":1768473900,\"user_id\":7," SID ",\"lang\":\"\"}"};
    for (size_t i = 0; i < ARRAY_LEN(payloads); i++) {
        struct access_claims out = {.lang = LANG_EN};
        CHECK(token_access_verify(&x.f.arena, &x.keys, ctx_now(&x.f.c),
                                  forge(&x, HS256, payloads[i]), &out));
        CHECK_INT(out.lang, LANG_AR);
    }
    end(&x);
}

TEST(claims_are_named_as_simplejwt_names_them)
{
    struct fixture x;
    begin(&x);
    struct str rest = access_of(&x), header, body, mac, text;
    CHECK(str_split(&rest, '.', &header) && str_split(&rest, '.', &body) &&
          str_split(&rest, '.', &mac) && rest.len == 0);
    CHECK(base64url_decode(&x.f.arena, header, &text));
    CHECK_STR(text, STR(HS256));
    CHECK(base64url_decode(&x.f.arena, body, &text));
    CHECK(str_starts(text, STR("{\"token_type\":\"access\",\"exp\":1768473900,\"iat\":1768473000,"
                               "\"jti\":\"")));
    CHECK(str_ends(text, STR("\",\"user_id\":7," SID ",\"lang\":\"en\"}")));
    end(&x);
}

TEST(a_token_ends_the_second_it_expires)
{
    struct fixture x;
    begin(&x);
    struct str jwt = access_of(&x);
    fake_ctx_advance(&x.f, seconds(15 * 60 - 1));
    CHECK(valid(&x, jwt));
    fake_ctx_advance(&x.f, seconds(1));
    CHECK(!valid(&x, jwt));
    end(&x);
}

TEST(no_changed_byte_is_believed)
{
    struct fixture x;
    begin(&x);
    struct str jwt = access_of(&x);
    for (size_t i = 0; i < jwt.len; i++) {
        char *copy = str_to_c(&x.f.arena, jwt);
        copy[i] = copy[i] == 'A' ? 'B' : 'A';
        CHECK(!valid(&x, str_of(copy, jwt.len)));
    }
    for (size_t len = 0; len < jwt.len; len++)
        CHECK(!valid(&x, str_take(jwt, len)));
    end(&x);
}

TEST(another_key_signs_nothing_here)
{
    struct fixture x, other;
    begin(&x);
    begin(&other);
    token_keys_fini(&other.keys);
    CHECK(token_keys_init(&other.keys, STR("another-key-of-at-least-32-bytes!"), minutes(15),
                          minutes(60)));
    CHECK(!valid(&x, access_of(&other)));
    end(&other);
    end(&x);
}

TEST(a_token_cannot_choose_its_algorithm)
{
    struct fixture x;
    begin(&x);
    const char *payload = "{\"token_type\":\"access\",\"exp\":1768473900,\"user_id\":7," SID "}";
    CHECK(valid(&x, forge(&x, HS256, payload)));
    CHECK(!valid(&x, forge(&x, "{\"alg\":\"none\",\"typ\":\"JWT\"}", payload)));
    CHECK(!valid(&x, forge(&x, "{\"alg\":\"HS512\",\"typ\":\"JWT\"}", payload)));
    CHECK(!valid(&x, forge(&x, "{\"typ\":\"JWT\",\"alg\":\"HS256\"}", payload)));
    struct str whole = forge(&x, HS256, payload);
    CHECK(!valid(&x, str_take(whole, whole.len - 43))); /* header.payload. with no MAC at all */
    end(&x);
}

TEST(white_space_order_and_strange_members_do_not_matter)
{
    struct fixture x;
    begin(&x);
    CHECK(valid(&x, forge(&x, HS256,
                          "{ " SID " , \"aud\": [1, {\"a\": null}], \"user_id\": \"7\",\n"
                          " \"exp\": 1768473900, \"token_type\": \"access\" }")));
    end(&x);
}

TEST(claims_that_are_missing_twice_or_of_the_wrong_kind_are_refused)
{
    static const char *const payloads[] = {
        "{\"exp\":1768473900,\"user_id\":7," SID "}",
        "{\"token_type\":\"access\",\"user_id\":7," SID "}",
        "{\"token_type\":\"access\",\"exp\":1768473900," SID "}",
        "{\"token_type\":\"access\",\"exp\":1768473900,\"user_id\":7}",
        "{\"token_type\":\"refresh\",\"exp\":1768473900,\"user_id\":7," SID "}",
        "{\"token_type\":\"access\",\"exp\":1768473900,\"exp\":1768473901,\"user_id\":7," SID "}",
        "{\"token_type\":\"access\",\"exp\":\"1768473900\",\"user_id\":7," SID "}",
        "{\"token_type\":\"access\",\"exp\":1768473900.5,\"user_id\":7," SID "}",
        "{\"token_type\":\"access\",\"exp\":1e300,\"user_id\":7," SID "}",
        "{\"token_type\":\"access\",\"exp\":99999999999999999,\"user_id\":7," SID "}",
        "{\"token_type\":\"access\",\"exp\":1768473900,\"user_id\":0," SID "}",
        "{\"token_type\":\"access\",\"exp\":1768473900,\"user_id\":-7," SID "}",
        "{\"token_type\":\"access\",\"exp\":1768473900,\"user_id\":true," SID "}",
        "{\"token_type\":\"access\",\"exp\":1768473900,\"user_id\":7,\"sid\":\"6f1d\"}",
        "{\"token_type\":\"access\",\"exp\":1768473900,\"user_id\":7," SID "",
        "{\"token_type\":\"access\",\"exp\":1768473900,\"user_id\":7," SID "} x",
        "{\"token_type\":\"access\",\"exp\":1768473900,\"user_id\":7," SID ",\"lang\":1}",
        "{\"token_type\":\"access\",\"exp\":1768473900,\"user_id\":7," SID
        ",\"lang\":\"en\",\"lang\":\"en\"}",
        "[]",
        "",
    };
    struct fixture x;
    begin(&x);
    for (size_t i = 0; i < ARRAY_LEN(payloads); i++) {
        if (!valid(&x, forge(&x, HS256, payloads[i])))
            continue;
        test_fail(t, __FILE__, __LINE__, "accepted: %s", payloads[i]);
        return;
    }
    end(&x);
}

TEST(refresh_tokens_are_no_access_tokens_and_the_other_way_round)
{
    struct fixture x;
    begin(&x);
    struct refresh_claims claims = token_refresh_new(&x.keys, x.f.c.clock, 7, x.claims.session),
                          out;
    struct str refresh = token_refresh_sign(&x.f.arena, &x.keys, &claims);
    CHECK(!valid(&x, refresh));
    CHECK(!token_refresh_verify(&x.f.arena, &x.keys, ctx_now(&x.f.c), access_of(&x), &out));
    CHECK(token_refresh_verify(&x.f.arena, &x.keys, ctx_now(&x.f.c), refresh, &out));
    CHECK_INT(out.user_id, 7);
    CHECK(uuid_eq(out.jti, claims.jti) && uuid_eq(out.session, claims.session));
    CHECK_INT(out.expires_at.us - out.issued_at.us, seconds(30 * 86400).us);
    end(&x);
}

TEST(a_refresh_token_that_ended_before_it_began_is_none_of_ours)
{
    struct fixture x;
    begin(&x);
    for (long long issued = 1768479999; issued <= 1768480001; issued++) {
        struct str payload =
            str_printf(&x.f.arena,
                       "{\"token_type\":\"refresh\",\"exp\":1768480000,\"iat\":%lld,"
                       "\"jti\":\"0b01c8a6d4d246ed9c979aee01784829\",\"user_id\":7," SID "}",
                       issued);
        struct refresh_claims out;
        bool good = token_refresh_verify(&x.f.arena, &x.keys, ctx_now(&x.f.c),
                                         forge(&x, HS256, payload.ptr), &out);
        CHECK(good == (issued < 1768480000));
    }
    end(&x);
}

TEST(the_same_refresh_claims_sign_to_the_same_bytes)
{
    struct fixture x;
    begin(&x);
    fake_ctx_advance(&x.f, microseconds(123456)); /* tokens hold whole seconds */
    struct refresh_claims claims = token_refresh_new(&x.keys, x.f.c.clock, 7, x.claims.session),
                          read;
    struct str first = token_refresh_sign(&x.f.arena, &x.keys, &claims);
    CHECK(token_refresh_verify(&x.f.arena, &x.keys, ctx_now(&x.f.c), first, &read));
    CHECK_STR(token_refresh_sign(&x.f.arena, &x.keys, &read), first);
    end(&x);
}

TEST(a_short_secret_makes_no_keys)
{
    struct token_keys keys;
    CHECK(!token_keys_init(&keys, STR("0123456789abcdef0123456789abcde"), minutes(1), minutes(1)));
}
