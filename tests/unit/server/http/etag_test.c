#include "tests/unit/server/fixture.h"

static int status_for(struct str if_none_match)
{
    FIXTURE;
    if (if_none_match.ptr)
        fixture_header(&f, STR("If-None-Match"), if_none_match);
    struct json_writer w = respond_json(&f.c, &f.res, 200);
    json_put_int(&w, NULL, 1);
    bool known = respond_tag(&f.req, &f.res, STR("\"abc\""));
    assert(known == (f.res.status == 304) && known == (f.res.body.len == 0));
    assert(str_eq(response_header_find(&f.res, STR("etag")), STR("\"abc\"")));
    return f.res.status;
}

TEST(who_has_the_content_gets_a_304)
{
    CHECK_INT(status_for(STR("\"abc\"")), 304);
    CHECK_INT(status_for(STR("W/\"abc\"")), 304);
    CHECK_INT(status_for(STR("\"x\", \"abc\"")), 304);
    CHECK_INT(status_for(STR("*")), 304);
}

TEST(who_has_another_gets_it)
{
    CHECK_INT(status_for((struct str){0}), 200);
    CHECK_INT(status_for(STR("")), 200);
    CHECK_INT(status_for(STR("\"ab\"")), 200);
    CHECK_INT(status_for(STR("abc")), 200);
    CHECK_INT(status_for(STR("w/\"abc\"")), 200);
}
