#include "server/http/query.h"

#include "tests/unit/server/fixture.h"

TEST(parameters_are_found_and_decoded)
{
    FIXTURE;
    struct str v;
    f.req.query = STR("a=1&q=%D8%B3+x%2Bz&empty=&flag&a=2");
    CHECK(query_find(&f.c, &f.req, STR("a"), &v));
    CHECK_STR(v, STR("1"));
    CHECK(query_find(&f.c, &f.req, STR("q"), &v));
    CHECK_STR(v, STR("س x+z"));
    CHECK(query_find(&f.c, &f.req, STR("empty"), &v) && v.len == 0);
    CHECK(query_find(&f.c, &f.req, STR("flag"), &v) && v.len == 0);
    CHECK(!query_find(&f.c, &f.req, STR("b"), &v));
}

TEST(a_query_with_a_malformed_escape_is_not_sane)
{
    FIXTURE;
    CHECK(query_is_sane(&f.arena, STR("")));
    CHECK(query_is_sane(&f.arena, STR("a=%41&b")));
    CHECK(!query_is_sane(&f.arena, STR("a=%")));
    CHECK(!query_is_sane(&f.arena, STR("a=%4")));
    CHECK(!query_is_sane(&f.arena, STR("a=%zz")));
    CHECK(!query_is_sane(&f.arena, STR("a=%ff")));
    CHECK(!query_is_sane(&f.arena, STR("a=%00")));
    CHECK(!query_is_sane(&f.arena, STR("%=1")));
}

TEST(integers_have_bounds_and_a_default)
{
    FIXTURE;
    int64_t v;
    f.req.query = STR("n=5&bad=x&empty=&large=11");
    CHECK_INT(query_int(&f.c, &f.req, STR("n"), 1, 10, 7, &v), OK);
    CHECK_INT(v, 5);
    CHECK_INT(query_int(&f.c, &f.req, STR("none"), 1, 10, 7, &v), OK);
    CHECK_INT(v, 7);
    static const char *const wrong[] = {"bad", "empty", "large"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        CHECK_INT(query_int(&f.c, &f.req, str_c(wrong[i]), 1, 10, 7, &v), ERR_INVALID);
        CHECK_INT(f.c.refusal.reason, R_BAD_QUERY);
        CHECK_STR(f.c.refusal.field, str_c(wrong[i]));
    }
}

TEST(a_page_is_20_unless_asked_and_100_at_most)
{
    FIXTURE;
    struct page page;
    CHECK_INT(query_page(&f.c, &f.req, &page), OK);
    CHECK_INT(page.limit, 20);
    CHECK_INT(page.cursor.len, 0);
    f.req.query = STR("limit=100");
    CHECK_INT(query_page(&f.c, &f.req, &page), OK);
    f.req.query = STR("limit=101");
    CHECK_INT(query_page(&f.c, &f.req, &page), ERR_INVALID);
    f.req.query = STR("limit=0");
    CHECK_INT(query_page(&f.c, &f.req, &page), ERR_INVALID);
    f.req.query = STR("cursor=!!!");
    CHECK_INT(query_page(&f.c, &f.req, &page), ERR_INVALID);
    CHECK_STR(f.c.refusal.field, STR("cursor"));
}

TEST(a_date_is_of_a_year_that_the_zones_know)
{
    static const struct {
        struct str query;
        enum reason reason;
    } cases[] = {
        {{"from=2026-03-01", 15}, R_NONE},
        {{"from=2000-01-01", 15}, R_NONE},
        {{"from=2999-12-31", 15}, R_NONE},
        {{"from=1999-12-31", 15}, R_BAD_QUERY},
        {{"from=3000-01-01", 15}, R_BAD_QUERY},
        {{"from=2026-02-30", 15}, R_BAD_QUERY},
        {{"from=", 5}, R_BAD_QUERY},
        {{"to=2026-03-01", 13}, R_FIELD_REQUIRED},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        FIXTURE;
        struct date date;
        f.req.query = cases[i].query;
        enum err err = query_date(&f.c, &f.req, STR("from"), &date);
        CHECK_INT(err != OK, cases[i].reason != R_NONE);
        CHECK_INT(f.c.refusal.reason, cases[i].reason);
    }
}
