#include "server/http/middleware.h"

#include "runtime/io.h"
#include "tests/unit/server/fixture.h"

TEST(sane_request_ids_are_short_and_plain)
{
    char long_id[66];
    memset(long_id, 'x', sizeof(long_id));
    CHECK(request_id_is_sane(STR("abc-123.DEF_4")));
    CHECK(request_id_is_sane(str_of(long_id, 64)));
    CHECK(!request_id_is_sane(str_of(long_id, 65)));
    CHECK(!request_id_is_sane(STR("")));
    CHECK(!request_id_is_sane(STR("a b")));
    CHECK(!request_id_is_sane(STR("a\"b")));
    CHECK(!request_id_is_sane(STR("\xd8\xb3")));
}

static int language_of(const char *header)
{
    enum lang lang = LANG_COUNT;
    return language_parse(str_c(header), &lang) ? (int)lang : -1;
}

TEST(the_language_with_the_greatest_weight_wins)
{
    CHECK_INT(language_of("en"), LANG_EN);
    CHECK_INT(language_of("ar-SA"), LANG_AR);
    CHECK_INT(language_of("EN-us,ar;q=0.9"), LANG_EN);
    CHECK_INT(language_of("en;q=0.5, ar;q=0.8"), LANG_AR);
    CHECK_INT(language_of("fr, de;q=0.9, en;q=0.1"), LANG_EN);
    CHECK_INT(language_of("ar, en"), LANG_AR);
    CHECK_INT(language_of("en;q=0.333 , ar;q=0.334"), LANG_AR);
}

TEST(languages_that_are_not_ours_decide_nothing)
{
    CHECK_INT(language_of("fr-FR, fr;q=0.9"), -1);
    CHECK_INT(language_of("english"), -1);
    CHECK_INT(language_of("en;q=0"), -1);
    CHECK_INT(language_of("en;q=2"), -1);
    CHECK_INT(language_of("en;q=x"), -1);
    CHECK_INT(language_of("en;q=0.1234"), -1);
    CHECK_INT(language_of("*"), -1);
    CHECK_INT(language_of(""), -1);
    CHECK_INT(language_of(",;,"), -1);
}

static struct str address(struct str proxies, struct str peer, struct str forwarded)
{
    static char text[IO_ADDR_TEXT_MAX];
    struct cidr_list trusted = {0};
    struct str item;
    while (str_split(&proxies, ',', &item))
        trusted.len += cidr_parse(item, &trusted.items[trusted.len]);
    struct header header = {STR("X-Forwarded-For"), forwarded};
    return client_address(&trusted, peer, &header, forwarded.len ? 1 : 0, text);
}

TEST(the_peer_is_the_client_unless_it_is_a_trusted_proxy)
{
    CHECK_STR(address(STR(""), STR("1.2.3.4"), STR("9.9.9.9")), STR("1.2.3.4"));
    CHECK_STR(address(STR("10.0.0.0/8"), STR("1.2.3.4"), STR("9.9.9.9")), STR("1.2.3.4"));
    CHECK_STR(address(STR("10.0.0.0/8"), STR("10.1.1.1"), STR("9.9.9.9")), STR("9.9.9.9"));
    CHECK_STR(address(STR("10.0.0.0/8"), STR("10.1.1.1"), STR("")), STR("10.1.1.1"));
}

TEST(the_right_most_untrusted_entry_is_the_client)
{
    struct str proxies = STR("10.0.0.0/8,fd00::/8");
    CHECK_STR(address(proxies, STR("10.1.1.1"), STR("6.6.6.6, 9.9.9.9 , 10.2.2.2")),
              STR("9.9.9.9"));
    CHECK_STR(address(proxies, STR("10.1.1.1"), STR("10.3.3.3, 10.2.2.2")), STR("10.3.3.3"));
    CHECK_STR(address(proxies, STR("fd00::1"), STR("2001:db8::1")), STR("2001:db8::1"));
    CHECK_STR(address(proxies, STR("::ffff:10.1.1.1"), STR("9.9.9.9")), STR("9.9.9.9"));
    CHECK_STR(address(proxies, STR("10.1.1.1"), STR("9.9.9.9:4444")), STR("9.9.9.9"));
    CHECK_STR(address(proxies, STR("10.1.1.1"), STR("[2001:db8::1]:4444")), STR("2001:db8::1"));
}

TEST(nonsense_in_the_list_ends_the_search_at_the_last_proxy)
{
    CHECK_STR(address(STR("10.0.0.0/8"), STR("10.1.1.1"), STR("9.9.9.9, unknown")),
              STR("10.1.1.1"));
    CHECK_STR(address(STR("10.0.0.0/8"), STR("10.1.1.1"), STR("x, 10.2.2.2")), STR("10.2.2.2"));
    CHECK_STR(address(STR("10.0.0.0/8"), STR("10.1.1.1"), STR(",")), STR("10.1.1.1"));
}

TEST(several_header_lines_are_one_list)
{
    char text[IO_ADDR_TEXT_MAX];
    struct cidr_list trusted = {0};
    trusted.len = cidr_parse(STR("10.0.0.0/8"), &trusted.items[0]);
    struct header headers[] = {{STR("x-forwarded-for"), STR("6.6.6.6, 9.9.9.9")},
                               {STR("X-FORWARDED-FOR"), STR("10.2.2.2")}};
    CHECK_STR(client_address(&trusted, STR("10.1.1.1"), headers, 2, text), STR("9.9.9.9"));
}

static bool whose(const struct token_gate *gate, struct arena *arena, struct str token,
                  struct instant now, struct caller *out)
{
    (void)gate, (void)arena, (void)now;
    *out = (struct caller){.user_id = 7, .lang = LANG_EN};
    return str_eq(token, STR("good"));
}

static enum err caller_with(struct fixture *f, uint32_t flags, struct str authorization)
{
    struct route route = {.flags = flags};
    f->req.route = &route;
    f->req.caller = (struct caller){0};
    f->req.headers_len = 0;
    f->c.refusal.reason = R_NONE;
    static const struct token_gate gate = {.whose = whose};
    if (authorization.len)
        fixture_header(f, STR("Authorization"), authorization);
    caller_identify(&f->c, &gate, &f->req);
    return caller_check(&f->c, &f->req);
}

TEST(a_bad_token_is_refused_only_where_the_route_asks_for_one)
{
    FIXTURE;
    CHECK_INT(caller_with(&f, ROUTE_PUBLIC, STR("Bearer bad")), OK);
    CHECK_INT(f.req.caller.user_id, 0);
    CHECK_INT(caller_with(&f, ROUTE_PUBLIC, STR("Bearer good")), OK);
    CHECK_INT(f.req.caller.user_id, 7);
    CHECK_INT(caller_with(&f, ROUTE_OPTIONAL_USER, STR("")), OK);
    CHECK_INT(f.req.caller.user_id, 0);
    CHECK_INT(caller_with(&f, ROUTE_OPTIONAL_USER, STR("bearer good")), OK);
    CHECK_INT(f.req.caller.user_id, 7);
    CHECK_INT(caller_with(&f, ROUTE_OPTIONAL_USER, STR("Bearer bad")), ERR_UNAUTHORIZED);
    CHECK_INT(f.c.refusal.reason, R_TOKEN_INVALID);
}

TEST(no_token_is_no_credentials_a_bad_one_is_invalid)
{
    FIXTURE;
    CHECK_INT(caller_with(&f, ROUTE_USER, STR("")), ERR_UNAUTHORIZED);
    CHECK_INT(f.c.refusal.reason, R_NO_CREDENTIALS);
    CHECK_INT(caller_with(&f, ROUTE_USER, STR("Basic Z29vZA==")), ERR_UNAUTHORIZED);
    CHECK_INT(f.c.refusal.reason, R_NO_CREDENTIALS);
    CHECK_INT(caller_with(&f, ROUTE_USER, STR("Bearer ")), ERR_UNAUTHORIZED);
    CHECK_INT(caller_with(&f, ROUTE_USER, STR("Bearer  good ")), OK);
    CHECK_INT(f.req.caller.user_id, 7);
}

/* Either header may be empty: absent. */
static enum lang language_with(struct fixture *f, struct str authorization, struct str header)
{
    (void)caller_with(f, ROUTE_PUBLIC, authorization);
    if (header.len)
        fixture_header(f, STR("Accept-Language"), header);
    return request_language(&f->req);
}

TEST(the_header_decides_the_language_then_the_token_then_arabic)
{
    FIXTURE;
    struct str good = STR("Bearer good"), bad = STR("Bearer bad"), none = STR("");
    CHECK_INT(language_with(&f, none, none), LANG_AR);
    CHECK_INT(language_with(&f, none, STR("en")), LANG_EN);
    CHECK_INT(language_with(&f, good, none), LANG_EN);
    CHECK_INT(language_with(&f, good, STR("ar")), LANG_AR);
    CHECK_INT(language_with(&f, good, STR("fr")), LANG_AR); /* none of ours: the default one */
    CHECK_INT(language_with(&f, bad, none), LANG_AR);
    CHECK_INT(language_with(&f, bad, STR("en")), LANG_EN);
}
