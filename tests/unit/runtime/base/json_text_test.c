/* The grammar: what is JSON to us, and where exactly a text ceases to be it. */
#include "runtime/base/json_text.h"

#include "tests/test.h"
#include "tests/unit/fakes/arena_fixture.h"

struct fixture {
    struct arena *arena;
    struct json_text r;
};

#define FIXTURE            \
    ARENA_FIXTURE(memory); \
    struct fixture f = {.arena = &memory.arena}

/* One value and nothing else. */
static bool is_json(struct fixture *f, struct str text)
{
    json_text_begin(&f->r, f->arena, text);
    return json_text_skip(&f->r) && json_text_end(&f->r);
}

TEST(every_kind_of_value_is_read)
{
    FIXTURE;
    static const char *const fine[] = {"{}",
                                       "[]",
                                       " [ ] ",
                                       "true",
                                       "false",
                                       "null",
                                       "\"\"",
                                       "0",
                                       "-0",
                                       "10",
                                       "-1.5e3",
                                       "1E+2",
                                       "{\"a\":1}",
                                       " { \"a\" : [ 1 , { } , null ] , \"b\" : \"x\\\"y\" }\r\n\t",
                                       "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0633\\ud83d\\ude00\"",
                                       "\"سلام\x7f\"",
                                       "{\"a\":{\"name\":1},\"name\":1}"};
    for (size_t i = 0; i < ARRAY_LEN(fine); i++) {
        if (is_json(&f, str_c(fine[i])))
            continue;
        test_fail(t, __FILE__, __LINE__, "refused: %s", fine[i]);
        return;
    }
}

TEST(the_first_byte_that_cannot_stand_there_is_the_fault)
{
    FIXTURE;
    static const struct {
        const char *text;
        size_t at;
    } bad[] = {
        {"", 0},
        {"x", 0},
        {"  ", 2},
        {"{", 1},
        {"[1,2", 4},
        {"{}x", 2},
        {"{} x", 3},
        {"{}{}", 2},
        {"{\"a\": }", 6},
        {"{'a': 1}", 1},
        {"{\"a\":1,}", 7},
        {"{,}", 1},
        {"{\"a\"}", 4},
        {"{\"a\" 1}", 5},
        {"{\"a\":1 \"b\":2}", 7},
        {"{a:1}", 1},
        {"{1:2}", 1},
        {"{\"a\":01}", 6},
        {"{\"a\":1.}", 7},
        {"{\"a\":.5}", 5},
        {"{\"a\":1e}", 7},
        {"{\"a\":1e+}", 8},
        {"{\"a\":+1}", 5},
        {"{\"a\":-}", 6},
        {"{\"a\":NaN}", 5},
        {"{\"a\":tru}", 8},
        {"{\"a\":nul", 8},
        {"{\"a\":truE}", 8},
        {"{\"a\":\"\x01\"}", 6},
        {"{\"a\":\"b\\n\x1f\"}", 9},
        {"{\"a\":\"\n\"}", 6},
        {"{\"a\":\"\xff\xfe\"}", 6},
        {"{\"a\":\"\xe2\x82\"}", 6},
        {"{\"a\":\"\\x\"}", 7},
        {"{\"a\":\"\\u12g4\"}", 10},
        {"{\"a\":\"\\u12", 10},
        {"{\"a\":\"\\", 7},
        {"{\"a\":\"\\\"", 8},
        {"{\"a\":\"x}", 8},
        {"[1,]", 3},
        {"[1}", 2},
        {"[[1]}", 4},
        {"{\"a\":{\"b\":1,}}", 12},
        {"\xef\xbb\xbf{}", 0},
        {"{\"a\":1/**/}", 6},
        {"\"\\ud800\"", 7}, /* a second half must follow */
        {"\"\\ud800x\"", 7},
        {"\"ab\\ud800\\u0041\"", 9}, /* and be one */
        {"\"\\udc00\"", 1},
        {"\"ab\\u0000\"", 3},
        {"{\"a\":1,\"b\":2,\"a\":3}", 13},
        {"{\"a\":1, \"\\u0061\":3}", 8},
        {"{\"x\":{\"a\":1,\"a\":2}}", 12},
        {"[[[[[[[[[1]]]]]]]]]", 8},
        {"[[[[[[[[{}]]]]]]]]", 8},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        bool fine = is_json(&f, str_c(bad[i].text));
        if (!fine && f.r.broken && json_text_at(&f.r) == bad[i].at)
            continue;
        test_fail(t, __FILE__, __LINE__, "%s: %s at %zu, not %zu", bad[i].text,
                  fine ? "fine" : "broken", json_text_at(&f.r), bad[i].at);
        return;
    }
}

TEST(every_cut_of_a_text_ends_too_early)
{
    FIXTURE;
    struct str text = STR("{\"a\":\"b\\u0062c\",\"x\":[{\"y\":-1.5e3},true,null],\"c\":\"سلام\"}");
    CHECK(is_json(&f, text));
    for (size_t n = 0; n < text.len; n++) {
        CHECK(!is_json(&f, str_take(text, n)));
        bool inside_a_letter = (text.ptr[n] & 0xc0) == 0x80;
        CHECK_INT(json_text_at(&f.r), inside_a_letter ? n - 1 : n);
    }
}

TEST(eight_levels_are_read_nine_are_not)
{
    FIXTURE;
    CHECK(is_json(&f, STR("{\"x\":[[[[[[[]]]]]]]}")));
    CHECK(!is_json(&f, STR("{\"x\":[[[[[[[[]]]]]]]]}")));
    CHECK(is_json(&f, STR("[[[[[[[]]]]]],[[[[[[[]]]]]]]]"))); /* side by side is not deeper */
}

TEST(numbers_have_at_most_64_characters)
{
    FIXTURE;
    char digits[JSON_NUMBER_MAX + 1];
    memset(digits, '9', sizeof(digits));
    CHECK(is_json(&f, str_of(digits, JSON_NUMBER_MAX)));
    CHECK(!is_json(&f, str_of(digits, JSON_NUMBER_MAX + 1)));
    CHECK_INT(json_text_at(&f.r), JSON_NUMBER_MAX);
}

static struct str object_of(struct fixture *f, int members)
{
    struct strbuf text = strbuf_new(f->arena, 1024);
    strbuf_add(&text, STR("{\"inside\":{\"x1\":[{\"x1\":0}]}"));
    for (int i = 1; i < members; i++)
        strbuf_addf(&text, ",\"x%d\":1", i);
    strbuf_add_char(&text, '}');
    return strbuf_str(&text);
}

TEST(objects_have_at_most_64_members)
{
    FIXTURE;
    CHECK(is_json(&f, object_of(&f, 64)));
    CHECK(!is_json(&f, object_of(&f, 65)));
    CHECK_INT(json_text_at(&f.r), (long long)object_of(&f, 64).len);
}

TEST(a_key_is_known_to_its_own_object_only_however_many_there_are)
{
    FIXTURE;
    struct str forty = object_of(&f, 40);
    CHECK(is_json(&f, str_printf(f.arena, "[%.*s,{\"a\":%.*s,\"x1\":%.*s}]", STR_FMT(forty),
                                 STR_FMT(forty), STR_FMT(forty))));
    CHECK(!is_json(&f, str_printf(f.arena, "{\"a\":%.*s,\"x1\":%.*s,\"a\":1}", STR_FMT(forty),
                                  STR_FMT(forty))));
    CHECK(!is_json(&f, str_printf(f.arena, "[{\"a\":%.*s,\"x39\":1}]",
                                  STR_FMT(str_printf(f.arena, "%.*s,\"x39\":2}",
                                                     STR_FMT(str_take(forty, forty.len - 1)))))));
}

TEST(ten_thousand_objects_need_no_more_memory_than_one)
{
    FIXTURE;
    struct strbuf text = strbuf_new(f.arena, 1 << 17);
    strbuf_add(&text, STR("[{}"));
    for (int i = 0; i < 10000; i++)
        strbuf_add(&text, STR(",{\"\":0}"));
    strbuf_add_char(&text, ']');
    size_t before = f.arena->bytes;
    CHECK(is_json(&f, strbuf_str(&text)));
    CHECK_INT(f.arena->bytes - before, 0);
}

TEST(an_object_is_walked_member_by_member)
{
    FIXTURE;
    struct json_level level, inner;
    struct str key, text;
    bool whole;
    json_text_begin(&f.r, f.arena, STR(" { \"a\" : \"x\\ny\", \"b\":[1, 2.5], \"c\":{} } "));
    CHECK(json_text_enter(&f.r, '{', &level));
    CHECK(json_text_next_key(&f.r, &level, &key));
    CHECK_STR(key, STR("a"));
    CHECK(json_text_string(&f.r, &text));
    CHECK_STR(text, STR("x\ny"));
    CHECK(json_text_next_key(&f.r, &level, &key));
    CHECK_STR(key, STR("b"));
    CHECK(json_text_enter(&f.r, '[', &inner));
    CHECK(json_text_next(&f.r, &inner) && json_text_number(&f.r, &text, &whole) && whole);
    CHECK_STR(text, STR("1"));
    CHECK(json_text_next(&f.r, &inner) && json_text_number(&f.r, &text, &whole) && !whole);
    CHECK_STR(text, STR("2.5"));
    CHECK(!json_text_next(&f.r, &inner) && !f.r.broken);
    CHECK_INT(inner.items, 2);
    CHECK(json_text_next_key(&f.r, &level, &key));
    CHECK_INT(json_text_peek(&f.r), '{');
    CHECK(json_text_skip(&f.r));
    CHECK(!json_text_next_key(&f.r, &level, &key) && !f.r.broken);
    CHECK(json_text_end(&f.r));
    CHECK_INT(f.r.depth, 0);
}

TEST(what_is_of_another_kind_is_a_fault)
{
    FIXTURE;
    struct json_level level;
    struct str text;
    bool whole;
    json_text_begin(&f.r, f.arena, STR("[]"));
    CHECK(!json_text_enter(&f.r, '{', &level) && f.r.broken && json_text_at(&f.r) == 0);
    json_text_begin(&f.r, f.arena, STR(" 1"));
    CHECK(!json_text_string(&f.r, &text) && json_text_at(&f.r) == 1);
    json_text_begin(&f.r, f.arena, STR("\"1\""));
    CHECK(!json_text_number(&f.r, &text, &whole) && json_text_at(&f.r) == 0);
    CHECK(!json_text_end(&f.r));
}
