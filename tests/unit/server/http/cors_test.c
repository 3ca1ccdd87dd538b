#include "server/http/cors.h"

#include "tests/unit/server/fixture.h"

static const struct str origins[] = {{"https://app.example.com", 23},
                                     {"http://localhost:3000", 21}};
static const struct str_list list = {origins, 2};
static const struct str star[] = {{"*", 1}};
static const struct str_list any = {star, 1};

static bool has(struct fixture *f, struct str line)
{
    return str_find(fixture_fields(f), line) >= 0;
}

TEST(origins_are_scheme_and_host)
{
    CHECK(cors_origin_is_sane(STR("https://app.example.com")));
    CHECK(cors_origin_is_sane(STR("http://localhost:3000")));
    CHECK(cors_origin_is_sane(STR("*")));
    CHECK(!cors_origin_is_sane(STR("app.example.com")));
    CHECK(!cors_origin_is_sane(STR("https://app.example.com/")));
    CHECK(!cors_origin_is_sane(STR("https://*.example.com")));
    CHECK(!cors_origin_is_sane(STR("https://")));
    CHECK(!cors_origin_is_sane(STR("://x")));
}

TEST(an_allowed_origin_is_named_back)
{
    FIXTURE;
    cors_headers(&list, STR("http://localhost:3000"), &f.res);
    CHECK(has(&f, STR("Access-Control-Allow-Origin: http://localhost:3000\r\n")));
    CHECK(has(&f, STR("Access-Control-Expose-Headers: ETag, Idempotency-Replayed, Retry-After, "
                      "X-Request-Id\r\n")));
    CHECK(has(&f, STR("Vary: Origin\r\n")));
}

TEST(another_origin_only_varies)
{
    static const char *const others[] = {"https://evil.example",
                                         "https://app.example.com.evil.example",
                                         "https://app.example.com:444", "null", ""};
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        FIXTURE;
        cors_headers(&list, str_c(others[i]), &f.res);
        CHECK_STR(fixture_fields(&f), STR("Vary: Origin\r\n"));
    }
}

TEST(a_star_allows_all_but_null)
{
    CHECK(cors_allows(&any, STR("https://x.example")));
    CHECK(!cors_allows(&any, STR("null")));
    CHECK(!cors_allows(&any, STR("")));
}

TEST(without_the_setting_nothing_is_said)
{
    FIXTURE;
    cors_headers(&(struct str_list){0}, STR("https://app.example.com"), &f.res);
    CHECK_INT(f.res.fields_len, 0);
}

TEST(a_preflight_names_methods_and_headers)
{
    FIXTURE;
    fixture_header(&f, STR("Origin"), STR("https://app.example.com"));
    fixture_header(&f, STR("Access-Control-Request-Method"), STR("POST"));
    cors_options(&f.c, &list, &f.req, 1u << HTTP_GET | 1u << HTTP_POST | 1u << HTTP_OPTIONS,
                 &f.res);
    CHECK_INT(f.res.status, 204);
    CHECK(has(&f, STR("Allow: GET, POST, OPTIONS\r\n")));
    CHECK(has(&f, STR("Access-Control-Allow-Methods: GET, POST, OPTIONS\r\n")));
    CHECK(has(&f, STR("Idempotency-Key")));
    CHECK(has(&f, STR("Access-Control-Max-Age: 600\r\n")));
}

TEST(options_without_a_preflight_only_tells_the_methods)
{
    FIXTURE;
    cors_options(&f.c, &list, &f.req, 1u << HTTP_GET | 1u << HTTP_OPTIONS, &f.res);
    CHECK_STR(fixture_fields(&f), STR("Allow: GET, OPTIONS\r\n"));
}
