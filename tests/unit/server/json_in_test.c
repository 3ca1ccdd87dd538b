#include "server/json.h"

#include "tests/unit/server/fixture.h"

struct body {
    struct str name, note;
    struct json_str email;
    struct json_int count, kind;
    struct json_bool sure;
    struct json_instant at;
    struct json_uuid id;
};
static const char *const kinds[] = {"sms", "whatsapp", NULL};
static const struct json_field fields[] = {
    {"name", JSON_STRING, JSON_REQUIRED, offsetof(struct body, name), 2, 5, NULL},
    {"note", JSON_STRING, JSON_NULLABLE | JSON_MAY_BE_BLANK, offsetof(struct body, note), 0, 0,
     NULL},
    {"email", JSON_STRING_OR_NULL, JSON_NULLABLE, offsetof(struct body, email), 0, 20, NULL},
    {"count", JSON_INT, JSON_NULLABLE, offsetof(struct body, count), -5, 10, NULL},
    {"kind", JSON_CHOICE, 0, offsetof(struct body, kind), 0, 0, kinds},
    {"sure", JSON_BOOL, 0, offsetof(struct body, sure), 0, 0, NULL},
    {"at", JSON_INSTANT, 0, offsetof(struct body, at), 0, 0, NULL},
    {"id", JSON_UUID, 0, offsetof(struct body, id), 0, 0, NULL},
};

static enum err decode(struct fixture *f, struct str text, struct body *out)
{
    f->c.reason = R_NONE;
    f->c.refused_data = (struct str){0};
    f->c.lang = LANG_EN;
    return json_decode(&f->c, text, fields, ARRAY_LEN(fields), out);
}

#define FINE(text) CHECK_INT(decode(&f, STR(text), &body), OK)
#define MALFORMED(text)                                       \
    do {                                                      \
        CHECK_INT(decode(&f, STR(text), &body), ERR_INVALID); \
        CHECK_INT(f.c.reason, R_MALFORMED_JSON);              \
    } while (0)
#define PROBLEM(text, expected)                               \
    do {                                                      \
        CHECK_INT(decode(&f, STR(text), &body), ERR_INVALID); \
        CHECK_INT(f.c.reason, R_INVALID_FIELDS);              \
        CHECK_STR(f.c.refused_data, STR(expected));           \
    } while (0)

TEST(all_kinds_of_fields_are_read)
{
    FIXTURE;
    struct body body;
    FINE(" {\"name\":\"abc\", \"note\":\"\", \"email\":\"a@b\", \"count\":-5, "
         "\"kind\":\"whatsapp\",\n\t\"sure\":true,"
         "\"at\":\"2026-11-21T18:30:00+03:00\", "
         "\"id\":\"0b1e2d3c-0000-4000-8000-00000000000A\"}\r\n");
    CHECK_STR(body.name, STR("abc"));
    CHECK(body.note.ptr && body.note.len == 0);
    CHECK(body.email.set && !body.email.null);
    CHECK(body.count.set && body.count.v == -5);
    CHECK(body.kind.set && body.kind.v == 1);
    CHECK(body.sure.set && body.sure.v);
    CHECK(body.at.set && body.at.v.us == INT64_C(1795275000) * 1000000);
    CHECK(body.id.set && body.id.v.bytes[0] == 0x0b && body.id.v.bytes[15] == 0x0a);
}

TEST(what_is_absent_is_not_set)
{
    FIXTURE;
    struct body body;
    memset(&body, 0xff, sizeof(body));
    FINE("{\"name\":\"abc\"}");
    CHECK(!body.note.ptr && !body.email.set && !body.count.set && !body.kind.set && !body.sure.set);
    CHECK(!body.at.set && !body.id.set);
}

TEST(null_is_told_apart_where_it_is_allowed)
{
    FIXTURE;
    struct body body;
    FINE("{\"name\":\"abc\",\"note\":null,\"email\":null,\"count\":null}");
    CHECK(!body.note.ptr && body.email.set && body.email.null && body.count.set && body.count.null);
    PROBLEM("{\"name\":null}", "\"name\":[\"This field may not be null.\"]");
}

TEST(all_broken_fields_are_reported_at_once)
{
    FIXTURE;
    struct body body;
    PROBLEM("{\"count\":11,\"kind\":\"pigeon\",\"sure\":1}",
            "\"count\":[\"This value is out of range.\"],"
            "\"kind\":[\"This is not one of the allowed values.\"],"
            "\"sure\":[\"This field has the wrong type.\"],"
            "\"name\":[\"This field is required.\"]");
}

TEST(field_texts_are_in_the_language_of_the_request)
{
    FIXTURE;
    struct body body;
    CHECK_INT(json_decode(&f.c, STR("{}"), fields, ARRAY_LEN(fields), &body), ERR_INVALID);
    CHECK_STR(f.c.refused_data, STR("\"name\":[\"هذا الحقل مطلوب.\"]"));
}

TEST(strings_have_their_length_in_code_points)
{
    FIXTURE;
    struct body body;
    FINE("{\"name\":\"سلام\"}");
    PROBLEM("{\"name\":\"a\"}", "\"name\":[\"This field is too short.\"]");
    PROBLEM("{\"name\":\"abcdef\"}", "\"name\":[\"This field is too long.\"]");
    PROBLEM("{\"name\":\"\"}", "\"name\":[\"This field may not be blank.\"]");
    PROBLEM("{\"name\":\" \\t \"}", "\"name\":[\"This field may not be blank.\"]");
}

TEST(integers_are_whole_and_fit)
{
    FIXTURE;
    struct body body;
    PROBLEM("{\"name\":\"abc\",\"count\":1.0}", "\"count\":[\"This field has the wrong type.\"]");
    PROBLEM("{\"name\":\"abc\",\"count\":1e0}", "\"count\":[\"This field has the wrong type.\"]");
    PROBLEM("{\"name\":\"abc\",\"count\":\"1\"}", "\"count\":[\"This field has the wrong type.\"]");
    PROBLEM("{\"name\":\"abc\",\"count\":99999999999999999999}",
            "\"count\":[\"This value is out of range.\"]");
    FINE("{\"name\":\"abc\",\"count\":-0}");
}

TEST(times_and_ids_have_their_format)
{
    FIXTURE;
    struct body body;
    PROBLEM("{\"name\":\"abc\",\"at\":\"2026-11-21\"}",
            "\"at\":[\"This value is not in the expected format.\"]");
    PROBLEM("{\"name\":\"abc\",\"id\":\"x\"}",
            "\"id\":[\"This value is not in the expected format.\"]");
}

TEST(escapes_are_decoded)
{
    FIXTURE;
    struct body body;
    FINE("{\"name\":\"a\\u0062c\"}");
    CHECK_STR(body.name, STR("abc"));
    FINE("{\"name\":\"ab\",\"note\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0633\\ud83d\\ude00 \\u00e9\"}");
    CHECK_STR(body.note, STR("\"\\/\b\f\n\r\tس😀 é"));
}

TEST(half_surrogates_and_nul_are_refused)
{
    FIXTURE;
    struct body body;
    MALFORMED("{\"name\":\"\\ud800\"}");
    MALFORMED("{\"name\":\"\\ud800x\"}");
    MALFORMED("{\"name\":\"\\ud800\\u0041\"}");
    MALFORMED("{\"name\":\"\\udc00\"}");
    MALFORMED("{\"name\":\"\\u0000\"}");
    MALFORMED("{\"x\":\"\\ud800\"}");
}

TEST(what_is_not_json_is_malformed)
{
    FIXTURE;
    struct body body;
    MALFORMED("");
    MALFORMED("{");
    MALFORMED("[1,2");
    MALFORMED("{\"name\": }");
    MALFORMED("{'name': 1}");
    MALFORMED("{\"name\":\"abc\",}");
    MALFORMED("{\"name\":\"abc\"} x");
    MALFORMED("{\"name\":\"abc\"}{}");
    MALFORMED("{\"a\":01}");
    MALFORMED("{\"a\":1.}");
    MALFORMED("{\"a\":.5}");
    MALFORMED("{\"a\":1e}");
    MALFORMED("{\"a\":+1}");
    MALFORMED("{\"a\":NaN}");
    MALFORMED("{\"a\":tru}");
    MALFORMED("{\"a\":\"\x01\"}");
    MALFORMED("{\"a\":\"\xff\xfe\"}");
    MALFORMED("{\"a\":\"\\x\"}");
    MALFORMED("{\"a\":\"\\u12g4\"}");
    MALFORMED("{\"a\":\"\\");
    MALFORMED("{\"a\":\"\\\"");
    MALFORMED("{\"a\":[1,]}");
    MALFORMED("{\"a\":{\"b\"}}");
    MALFORMED("{\"a\" 1}");
    MALFORMED("{a:1}");
    MALFORMED("\xef\xbb\xbf{}");
    MALFORMED("{\"name\":\"abc\"/**/}");
}

TEST(every_cut_of_a_body_is_malformed)
{
    FIXTURE;
    struct body body;
    struct str text = STR("{\"name\":\"a\\u0062c\",\"x\":[{\"y\":-1.5e3},true,null],\"count\":1}");
    CHECK_INT(decode(&f, text, &body), OK);
    for (size_t n = 0; n < text.len; n++) {
        CHECK_INT(decode(&f, str_take(text, n), &body), ERR_INVALID);
        CHECK_INT(f.c.reason, R_MALFORMED_JSON);
    }
}

TEST(a_body_that_is_no_object_is_malformed)
{
    FIXTURE;
    struct body body;
    MALFORMED("[]");
    MALFORMED("1");
    MALFORMED("\"x\"");
    MALFORMED("null");
}

TEST(twin_keys_are_malformed_at_any_depth_and_in_any_spelling)
{
    FIXTURE;
    struct body body;
    MALFORMED("{\"name\":\"abc\",\"name\":\"abc\"}");
    MALFORMED("{\"name\":\"abc\",\"\\u006eame\":\"abc\"}");
    MALFORMED("{\"name\":\"abc\",\"x\":1,\"x\":1}");
    MALFORMED("{\"name\":\"abc\",\"x\":{\"a\":1,\"a\":2}}");
    FINE("{\"name\":\"abc\",\"x\":{\"name\":1}}");
}

TEST(eight_levels_are_read_nine_are_not)
{
    FIXTURE;
    struct body body;
    FINE("{\"name\":\"abc\",\"x\":[[[[[[[]]]]]]]}");
    MALFORMED("{\"name\":\"abc\",\"x\":[[[[[[[[]]]]]]]]}");
}

TEST(objects_have_at_most_64_members)
{
    FIXTURE;
    struct body body;
    struct strbuf text = strbuf_new(&f.arena, 1024);
    strbuf_add(&text, STR("{\"name\":\"abc\""));
    for (int i = 1; i < 64; i++)
        strbuf_addf(&text, ",\"x%d\":1", i);
    struct str whole = strbuf_str(&text);
    strbuf_add(&text, STR("}"));
    whole = strbuf_str(&text);
    CHECK_INT(decode(&f, whole, &body), OK);
    text.len--;
    strbuf_add(&text, STR(",\"y\":1}"));
    CHECK_INT(decode(&f, strbuf_str(&text), &body), ERR_INVALID);
}

TEST(another_content_type_is_refused_before_the_body_is_read)
{
    FIXTURE;
    struct body body;
    static const char *const wrong[] = {"text/plain", "application/jsonx", "", "json"};
    f.req.body = STR("{\"name\":\"abc\"}");
    CHECK_INT(REQUEST_JSON(&f.c, &f.req, fields, &body), ERR_MEDIA_TYPE);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        f.req.headers_len = 0;
        fixture_header(&f, STR("Content-Type"), str_c(wrong[i]));
        CHECK_INT(REQUEST_JSON(&f.c, &f.req, fields, &body), ERR_MEDIA_TYPE);
    }
    f.req.headers_len = 0;
    fixture_header(&f, STR("content-type"), STR("Application/JSON ; charset=utf-8"));
    CHECK_INT(REQUEST_JSON(&f.c, &f.req, fields, &body), OK);
}
