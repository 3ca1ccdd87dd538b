#include "server/http/router.h"

#include "server/routes.h"

#include "tests/unit/server/fixture.h"

static const struct route table[] = {
    {.method = HTTP_GET, .pattern = "/"},
    {.method = HTTP_GET, .pattern = "/a/"},
    {.method = HTTP_POST, .pattern = "/a/"},
    {.method = HTTP_GET, .pattern = "/a/{id}/"},
    {.method = HTTP_GET, .pattern = "/a/me/"},
    {.method = HTTP_DELETE, .pattern = "/a/{id}/b/{id}/"},
    {.method = HTTP_GET, .pattern = "/p/{uuid}/"},
    {.method = HTTP_GET, .pattern = "/a/{id}/b/{id}/c/{id}/"},
    {.method = HTTP_GET, .pattern = "/m/{name}/"},
};

static struct route_match match(struct fixture *f, enum http_method method, struct str path)
{
    struct router *router = router_new(&f->arena, table, ARRAY_LEN(table));
    struct route_match out;
    router_match(router, method, path, &out);
    return out;
}

TEST(the_last_slash_is_optional)
{
    FIXTURE;
    CHECK(match(&f, HTTP_GET, STR("/a/")).route == &table[1]);
    CHECK(match(&f, HTTP_GET, STR("/a")).route == &table[1]);
    CHECK(match(&f, HTTP_GET, STR("/")).route == &table[0]);
    CHECK(match(&f, HTTP_POST, STR("/a")).route == &table[2]);
}

TEST(a_word_wins_over_a_pattern)
{
    FIXTURE;
    CHECK(match(&f, HTTP_GET, STR("/a/me/")).route == &table[4]);
    CHECK(match(&f, HTTP_GET, STR("/a/5/")).route == &table[3]);
}

TEST(ids_are_positive_and_have_one_spelling)
{
    FIXTURE;
    struct route_match found = match(&f, HTTP_GET, STR("/a/9223372036854775807/"));
    CHECK(found.route && found.ids[0] == INT64_MAX);
    found = match(&f, HTTP_DELETE, STR("/a/12/b/34"));
    CHECK(found.route == &table[5] && found.ids[0] == 12 && found.ids[1] == 34);
    static const char *const odd[] = {"/a/0/",   "/a/-1/",  "/a/01/", "/a/9223372036854775808/",
                                      "/a/1e3/", "/a/0x1/", "/a/+1/", "/a/1 /",
                                      "/a/x/"};
    for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
        found = match(&f, HTTP_GET, str_c(odd[i]));
        CHECK(!found.route && !found.allow);
    }
}

TEST(uuids_are_read)
{
    FIXTURE;
    struct route_match found = match(&f, HTTP_GET, STR("/p/0b1e2d3c-0000-4000-8000-000000000001/"));
    CHECK(found.route == &table[6] && found.uuid.bytes[15] == 1);
    CHECK(!match(&f, HTTP_GET, STR("/p/1/")).route);
}

TEST(a_pattern_may_have_three_ids)
{
    FIXTURE;
    struct route_match found = match(&f, HTTP_GET, STR("/a/1/b/2/c/3/"));
    CHECK(found.route == &table[7] && found.ids[1] == 2 && found.ids[2] == 3);
}

TEST(a_name_is_any_one_segment)
{
    FIXTURE;
    struct route_match found = match(&f, HTTP_GET, STR("/m/ab.jpg"));
    CHECK(found.route == &table[8]);
    CHECK_STR(found.name, STR("ab.jpg"));
    CHECK(!match(&f, HTTP_GET, STR("/m/")).route);
    CHECK(!match(&f, HTTP_GET, STR("/m/a/b")).route);
    CHECK(!match(&f, HTTP_GET, STR("/m//b")).route);
}

TEST(unknown_paths_match_nothing)
{
    FIXTURE;
    static const char *const unknown[] = {"",        "a",   "*",      "//",  "/a//",     "//a/",
                                          "/a/5/b/", "/b/", "/a/5//", "/A/", "/a/5/c/6/"};
    for (size_t i = 0; i < ARRAY_LEN(unknown); i++) {
        struct route_match found = match(&f, HTTP_GET, str_c(unknown[i]));
        CHECK(!found.route && !found.allow);
    }
}

TEST(a_wrong_method_names_the_right_ones)
{
    FIXTURE;
    struct route_match found = match(&f, HTTP_DELETE, STR("/a/"));
    CHECK(!found.route);
    CHECK_STR(router_allow(&f.arena, found.allow), STR("GET, HEAD, POST, OPTIONS"));
    found = match(&f, HTTP_GET, STR("/a/1/b/2/"));
    CHECK_STR(router_allow(&f.arena, found.allow), STR("DELETE, OPTIONS"));
}

TEST(head_is_served_by_get)
{
    FIXTURE;
    CHECK(match(&f, HTTP_HEAD, STR("/a/")).route == &table[1]);
}

TEST(the_whole_table_of_the_program_is_well_formed)
{
    FIXTURE;
    struct router *public = router_new(&f.arena, routes, routes_len);
    struct router *admin = router_new(&f.arena, admin_routes, admin_routes_len);
    for (size_t i = 0; i < routes_len; i++) {
        CHECK(routes[i].endpoint);
        CHECK(str_ends(str_c(routes[i].pattern), STR("/")));
        CHECK_INT(router_index(public, &routes[i]), i);
    }
    struct route_match found;
    router_match(public, HTTP_GET, STR("/metrics"), &found);
    CHECK(!found.route);
    router_match(admin, HTTP_GET, STR("/metrics"), &found);
    CHECK(found.route);
}
