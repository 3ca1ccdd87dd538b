#include "runtime/base/json_writer.h"

#include "tests/test.h"
#include "tests/unit/fakes/arena_fixture.h"

struct fixture {
    struct strbuf text;
    struct json_writer w;
};

#define FIXTURE                                                 \
    ARENA_FIXTURE(memory);                                      \
    struct fixture f = {.text = strbuf_new(&memory.arena, 16)}; \
    f.w = json_writer_on(&f.text)

TEST(objects_and_arrays_have_their_commas)
{
    FIXTURE;
    json_object_begin(&f.w, NULL);
    json_put_int(&f.w, "a", -1);
    json_array_begin(&f.w, "b");
    json_put_bool(&f.w, NULL, true);
    json_object_begin(&f.w, NULL);
    json_object_end(&f.w);
    json_put_null(&f.w, NULL);
    json_array_end(&f.w);
    json_put_str_or_null(&f.w, "c", (struct str){0});
    json_put_str_or_null(&f.w, "d", STR(""));
    json_put_double(&f.w, "e", 24.5, 3);
    json_put_double(&f.w, "f", __builtin_inf(), 3);
    json_object_end(&f.w);
    CHECK_STR(strbuf_str(&f.text),
              STR("{\"a\":-1,\"b\":[true,{},null],\"c\":null,\"d\":\"\",\"e\":24.500,\"f\":null}"));
    CHECK_INT(f.w.depth, 0);
}

TEST(text_is_escaped_and_arabic_is_left_as_it_is)
{
    FIXTURE;
    json_put_str(&f.w, NULL, STR("\"\\\b\f\n\r\t\x01\x1f/سلام😀"));
    CHECK_STR(strbuf_str(&f.text), STR("\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f/سلام😀\""));
}

TEST(bytes_that_are_no_utf_8_become_the_replacement_character)
{
    FIXTURE;
    json_put_str(&f.w, NULL,
                 STR("a\xff"
                     "b\xd8"
                     "c\xe2\x82"
                     "d\xf0\x9f\x98"));
    CHECK_STR(strbuf_str(&f.text), STR("\"a\xef\xbf\xbd"
                                       "b\xef\xbf\xbd"
                                       "c\xef\xbf\xbd\xef\xbf\xbd"
                                       "d\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""));
}

TEST(times_are_written_in_the_zone_they_are_asked_in)
{
    FIXTURE;
    json_put_instant(&f.w, NULL, (struct instant){INT64_C(1795275000) * 1000000}, 3 * 3600);
    CHECK_STR(strbuf_str(&f.text), STR("\"2026-11-21T18:30:00+03:00\""));
}
