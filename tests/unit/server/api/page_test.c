#include "server/api/page.h"

#include "tests/unit/server/fixture.h"

static struct str answer_with(struct fixture *f, struct str cursor)
{
    struct json_writer w = respond_page(&f->c, &f->res);
    json_put_int(&w, NULL, 7);
    page_end(&f->c, &w, cursor);
    return strbuf_str(&f->res.body);
}

TEST(a_cursor_comes_back_as_it_was)
{
    FIXTURE;
    struct str text = answer_with(&f, STR("42:سلام")), begin = STR("{\"results\":[7],\"next\":\"");
    CHECK(str_starts(text, begin) && str_ends(text, STR("\"}")));
    struct str cursor = str_of(text.ptr + begin.len, text.len - begin.len - 2);
    f.req.query = str_printf(&f.arena, "cursor=%.*s", STR_FMT(cursor));
    struct page page;
    CHECK_INT(query_page(&f.c, &f.req, &page), OK);
    CHECK_STR(page.cursor, STR("42:سلام"));
}

TEST(the_last_page_has_no_next)
{
    FIXTURE;
    CHECK_STR(answer_with(&f, (struct str){0}), STR("{\"results\":[7],\"next\":null}"));
}
