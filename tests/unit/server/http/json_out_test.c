#include "tests/unit/server/fixture.h"

TEST(objects_and_arrays_have_their_commas)
{
    FIXTURE;
    struct json_writer w = respond_json(&f.c, &f.res, 201);
    json_object_begin(&w, NULL);
    json_put_int(&w, "a", -1);
    json_array_begin(&w, "b");
    json_put_bool(&w, NULL, true);
    json_object_begin(&w, NULL);
    json_object_end(&w);
    json_put_null(&w, NULL);
    json_array_end(&w);
    json_put_str_or_null(&w, "c", (struct str){0});
    json_put_str_or_null(&w, "d", STR(""));
    json_put_double(&w, "e", 24.5, 3);
    json_put_double(&w, "f", __builtin_inf(), 3);
    json_object_end(&w);
    CHECK_STR(strbuf_str(&f.res.body),
              STR("{\"a\":-1,\"b\":[true,{},null],\"c\":null,\"d\":\"\",\"e\":24.500,\"f\":null}"));
    CHECK_INT(f.res.status, 201);
    CHECK_INT(w.depth, 0);
}

TEST(text_is_escaped_and_arabic_is_left_as_it_is)
{
    FIXTURE;
    struct json_writer w = respond_json(&f.c, &f.res, 200);
    json_put_str(&w, NULL, STR("\"\\\b\f\n\r\t\x01\x1f/سلام😀"));
    CHECK_STR(strbuf_str(&f.res.body), STR("\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f/سلام😀\""));
}

TEST(bytes_that_are_no_utf_8_become_the_replacement_character)
{
    FIXTURE;
    struct json_writer w = respond_json(&f.c, &f.res, 200);
    json_put_str(&w, NULL,
                 STR("a\xff"
                     "b\xd8"
                     "c\xe2\x82"
                     "d\xf0\x9f\x98"));
    CHECK_STR(strbuf_str(&f.res.body), STR("\"a\xef\xbf\xbd"
                                           "b\xef\xbf\xbd"
                                           "c\xef\xbf\xbd\xef\xbf\xbd"
                                           "d\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""));
}

TEST(times_are_written_in_the_zone_they_are_asked_in)
{
    FIXTURE;
    struct json_writer w = respond_json(&f.c, &f.res, 200);
    json_put_instant(&w, NULL, (struct instant){INT64_C(1795275000) * 1000000}, 3 * 3600);
    CHECK_STR(strbuf_str(&f.res.body), STR("\"2026-11-21T18:30:00+03:00\""));
}

TEST(a_cursor_comes_back_as_it_was)
{
    FIXTURE;
    struct json_writer w = respond_json(&f.c, &f.res, 200);
    json_object_begin(&w, NULL);
    json_put_next(&f.c, &w, STR("42:سلام"));
    json_object_end(&w);
    struct str text = strbuf_str(&f.res.body), cursor;
    cursor =
        str_of(text.ptr + sizeof("{\"next\":\"") - 1, text.len - sizeof("{\"next\":\"\"}") + 1);
    f.req.query = str_printf(&f.arena, "cursor=%.*s", STR_FMT(cursor));
    struct page page;
    CHECK_INT(query_page(&f.c, &f.req, &page), OK);
    CHECK_STR(page.cursor, STR("42:سلام"));
}

TEST(the_last_page_has_no_next)
{
    FIXTURE;
    struct json_writer w = respond_json(&f.c, &f.res, 200);
    json_object_begin(&w, NULL);
    json_put_next(&f.c, &w, (struct str){0});
    json_object_end(&w);
    CHECK_STR(strbuf_str(&f.res.body), STR("{\"next\":null}"));
}
