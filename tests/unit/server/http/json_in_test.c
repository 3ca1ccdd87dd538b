#include "server/http/json.h"

#include "server/http/refusal_json.h"
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

/* What is wrong, as a client reads it. */
static struct str problems(struct fixture *f)
{
    struct strbuf text = strbuf_new(&f->arena, 64);
    struct json_writer w = json_writer_on(&text);
    refusal_put_rest(&w, &f->c.refusal, f->c.lang);
    return strbuf_str(&text);
}

static enum err decode(struct fixture *f, struct str text, struct body *out)
{
    f->c.refusal = (struct refusal){0};
    f->c.lang = LANG_EN;
    return json_decode(&f->c, text, fields, ARRAY_LEN(fields), out);
}

#define FINE(text) CHECK_INT(decode(&f, STR(text), &body), OK)
#define MALFORMED(text)                                       \
    do {                                                      \
        CHECK_INT(decode(&f, STR(text), &body), ERR_INVALID); \
        CHECK_INT(f.c.refusal.reason, R_MALFORMED_JSON);      \
    } while (0)
#define PROBLEM(text, expected)                               \
    do {                                                      \
        CHECK_INT(decode(&f, STR(text), &body), ERR_INVALID); \
        CHECK_INT(f.c.refusal.reason, R_INVALID_FIELDS);      \
        CHECK_STR(problems(&f), STR(expected));               \
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
    CHECK_STR(problems(&f), STR("\"name\":[\"هذا الحقل مطلوب.\"]"));
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
        CHECK_INT(f.c.refusal.reason, R_MALFORMED_JSON);
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

/* ---- what has parts --------------------------------------------------------------------------- */

struct hour {
    struct json_int weekday, opens;
    struct str note;
};
static const struct json_field hour_fields[] = {
    {"weekday", JSON_INT, JSON_REQUIRED, offsetof(struct hour, weekday), 0, 6},
    {"opens", JSON_CLOCK, JSON_REQUIRED, offsetof(struct hour, opens), 0, 1439},
    {"note", JSON_STRING, 0, offsetof(struct hour, note), 0, 5},
};
static const struct json_shape hour_shape = JSON_SHAPE(hour_fields, struct hour);

struct policy {
    struct json_object here;
    struct json_int grid;
    struct json_bool confirm;
};
static const struct json_field policy_fields[] = {
    {"grid", JSON_INT, JSON_REQUIRED, offsetof(struct policy, grid), 1, 60},
    {"confirm", JSON_BOOL, 0, offsetof(struct policy, confirm)},
};
static const struct json_shape policy_shape = JSON_SHAPE(policy_fields, struct policy);

struct parts {
    struct json_objects hours;
    struct json_ints ids;
    struct policy policy;
    struct json_decimal latitude;
    struct json_int after;
};
static const struct json_field part_fields[] = {
    {"hours", JSON_OBJECTS, JSON_NULLABLE, offsetof(struct parts, hours), .shape = &hour_shape,
     .items_max = 3},
    {"ids", JSON_INTS, 0, offsetof(struct parts, ids), 1, 100, .items_max = 3},
    {"policy", JSON_OBJECT, JSON_NULLABLE, offsetof(struct parts, policy), .shape = &policy_shape},
    {"latitude", JSON_DECIMAL, JSON_NULLABLE, offsetof(struct parts, latitude), -90, 90},
    {"after", JSON_INT, 0, offsetof(struct parts, after)},
};

static enum err decode_parts(struct fixture *f, struct str text, struct parts *out)
{
    f->c.refusal = (struct refusal){0};
    f->c.lang = LANG_EN;
    memset(out, 0xff, sizeof(*out));
    return json_decode(&f->c, text, part_fields, ARRAY_LEN(part_fields), out);
}

#define PARTS(text) CHECK_INT(decode_parts(&f, STR(text), &parts), OK)
#define PART_PROBLEM(text, expected)                                 \
    do {                                                             \
        CHECK_INT(decode_parts(&f, STR(text), &parts), ERR_INVALID); \
        CHECK_STR(problems(&f), STR(expected));                      \
    } while (0)

TEST(an_array_of_objects_becomes_an_array_of_structs)
{
    FIXTURE;
    struct parts parts;
    PARTS("{\"hours\":[{\"weekday\":0,\"opens\":\"09:30\"}, {\"opens\":\"00:00\",\"weekday\":6,"
          "\"note\":\"a\",\"more\":[{}]} ],\"after\":7}");
    const struct hour *hours = parts.hours.items;
    CHECK(parts.hours.set && parts.hours.len == 2 && parts.after.v == 7);
    CHECK_INT(hours[0].weekday.v, 0);
    CHECK_INT(hours[0].opens.v, 570);
    CHECK(!hours[0].note.ptr);
    CHECK_INT(hours[1].opens.v, 0);
    CHECK_STR(hours[1].note, STR("a"));
    CHECK(!parts.ids.set && !parts.policy.here.set && !parts.policy.grid.set);
}

TEST(an_empty_array_is_there_and_null_is_told_apart)
{
    FIXTURE;
    struct parts parts;
    PARTS("{\"hours\":[ ],\"ids\":[]}");
    CHECK(parts.hours.set && !parts.hours.null && parts.hours.len == 0);
    CHECK(parts.ids.set && parts.ids.len == 0);
    PARTS("{\"hours\":null,\"policy\":null,\"latitude\":null}");
    CHECK(parts.hours.null && parts.policy.here.null && parts.latitude.null);
    PART_PROBLEM("{\"ids\":null}", "\"ids\":[\"This field may not be null.\"]");
}

TEST(problems_of_items_stand_at_their_places)
{
    FIXTURE;
    struct parts parts;
    PART_PROBLEM("{\"hours\":[{\"weekday\":1,\"opens\":\"10:00\"},{\"weekday\":7},"
                 "{\"weekday\":1,\"opens\":\"10:00\"}]}",
                 "\"hours\":[{},{\"weekday\":[\"This value is out of range.\"],"
                 "\"opens\":[\"This field is required.\"]}]");
    PART_PROBLEM("{\"hours\":[3],\"after\":true}",
                 "\"hours\":[{\"non_field_errors\":[\"This field has the wrong type.\"]}],"
                 "\"after\":[\"This field has the wrong type.\"]");
    PART_PROBLEM("{\"ids\":[1,\"2\",101]}", "\"ids\":{\"1\":[\"This field has the wrong type.\"],"
                                            "\"2\":[\"This value is out of range.\"]}");
    PART_PROBLEM("{\"policy\":{\"confirm\":1}}",
                 "\"policy\":{\"confirm\":[\"This field has the wrong type.\"],"
                 "\"grid\":[\"This field is required.\"]}");
}

TEST(arrays_have_caps)
{
    FIXTURE;
    struct parts parts;
    PARTS("{\"ids\":[1,2,3]}");
    CHECK(parts.ids.len == 3 && parts.ids.v[2] == 3);
    PART_PROBLEM("{\"ids\":[1,2,3,4]}", "\"ids\":[\"This list has too many items.\"]");
    PART_PROBLEM("{\"hours\":[0,0,0,0]}", "\"hours\":[\"This list has too many items.\"]");
}

TEST(what_should_have_parts_and_has_not_is_of_the_wrong_type)
{
    FIXTURE;
    struct parts parts;
    PART_PROBLEM("{\"hours\":{},\"ids\":1,\"policy\":[],\"latitude\":\"1\"}",
                 "\"hours\":[\"This field has the wrong type.\"],"
                 "\"ids\":[\"This field has the wrong type.\"],"
                 "\"policy\":[\"This field has the wrong type.\"],"
                 "\"latitude\":[\"This field has the wrong type.\"]");
}

TEST(parts_are_read_as_strictly_as_the_whole)
{
    FIXTURE;
    struct parts parts;
    static const char *const texts[] = {"{\"ids\":[1,]}",
                                        "{\"ids\":[1",
                                        "{\"ids\":[01]}",
                                        "{\"ids\":[1}}",
                                        "{\"hours\":[{\"weekday\":1,\"weekday\":1}]}",
                                        "{\"hours\":[{}",
                                        "{\"hours\":[{},]}",
                                        "{\"policy\":{\"grid\":1}",
                                        "{\"policy\":{,}}",
                                        "{\"ids\":[[[[[[[[1]]]]]]]]}"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        CHECK_INT(decode_parts(&f, str_c(texts[i]), &parts), ERR_INVALID);
        CHECK_INT(f.c.refusal.reason, R_MALFORMED_JSON);
    }
}

TEST(a_clock_has_four_digits_and_may_run_past_midnight)
{
    FIXTURE;
    struct parts parts;
    PARTS("{\"hours\":[{\"weekday\":1,\"opens\":\"23:59\"}]}");
    CHECK_INT(((struct hour *)parts.hours.items)->opens.v, 1439);
    static const char *const texts[] = {"9:00", "09:60", "-1:00", "09:-1",
                                        "0900", "09:0",  "aa:bb", ""};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct str text =
            str_printf(f.c.arena, "{\"hours\":[{\"weekday\":1,\"opens\":\"%s\"}]}", texts[i]);
        CHECK_INT(decode_parts(&f, text, &parts), ERR_INVALID);
        CHECK(str_find(problems(&f), STR("not in the expected format")) >= 0);
    }
    PART_PROBLEM("{\"hours\":[{\"weekday\":1,\"opens\":\"24:00\"}]}",
                 "\"hours\":[{\"opens\":[\"This value is out of range.\"]}]");
}

TEST(decimals_have_bounds)
{
    FIXTURE;
    struct parts parts;
    PARTS("{\"latitude\":24.7136}");
    CHECK(parts.latitude.set && parts.latitude.v > 24.71359 && parts.latitude.v < 24.71361);
    PARTS("{\"latitude\":-9e1}");
    CHECK(parts.latitude.v == -90);
    PART_PROBLEM("{\"latitude\":90.0001}", "\"latitude\":[\"This value is out of range.\"]");
    PART_PROBLEM("{\"latitude\":1e999}", "\"latitude\":[\"This value is out of range.\"]");
}

TEST(ten_thousand_objects_need_no_more_memory_than_one)
{
    FIXTURE;
    struct parts parts;
    struct strbuf text = strbuf_new(f.c.arena, 1 << 17);
    strbuf_add(&text, STR("{\"more\":[{}"));
    for (int i = 0; i < 9000; i++)
        strbuf_add(&text, STR(",{\"\":0}"));
    strbuf_add(&text, STR("]}"));
    size_t before = f.c.arena->bytes;
    CHECK_INT(decode_parts(&f, strbuf_str(&text), &parts), OK);
    CHECK(f.c.arena->bytes - before < 16384);
}
