#include "runtime/base/json.h"

#include "runtime/base/json_text.h"
#include "tests/test.h"
#include "tests/unit/fakes/arena_fixture.h"

struct fixture {
    struct arena *arena;
    struct json_wrong wrong;
};

#define FIXTURE            \
    ARENA_FIXTURE(memory); \
    struct fixture f = {.arena = &memory.arena}

/* What is wrong, as "name:blank hours[1].opens:format". */
static struct str problems(struct fixture *f)
{
    static const char *const faults[JSON_FAULT_COUNT] = {
        [JSON_FAULT_REQUIRED] = "required", [JSON_FAULT_NULL] = "null",
        [JSON_FAULT_BLANK] = "blank",       [JSON_FAULT_TYPE] = "type",
        [JSON_FAULT_TOO_LONG] = "long",     [JSON_FAULT_TOO_SHORT] = "short",
        [JSON_FAULT_RANGE] = "range",       [JSON_FAULT_CHOICE] = "choice",
        [JSON_FAULT_FORMAT] = "format",     [JSON_FAULT_CHARACTERS] = "characters",
        [JSON_FAULT_TOO_MANY] = "many",     [JSON_FAULT_OTHER_FORM] = "form",
    };
    struct strbuf text = strbuf_new(f->arena, 64);
    for (size_t i = 0; i < f->wrong.problems_len; i++) {
        const struct json_problem *problem = &f->wrong.problems[i];
        for (uint32_t step = 0; step < problem->path.len; step++) {
            const struct field_step *at = &problem->path.steps[step];
            if (at->name)
                strbuf_addf(&text, "%s%s", step ? "." : text.len ? " " : "", at->name);
            else
                strbuf_addf(&text, "[%u]", at->at);
        }
        strbuf_addf(&text, ":%s", faults[problem->fault]);
    }
    return strbuf_str(&text);
}

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

static bool decode(struct fixture *f, struct str text, struct body *out)
{
    return JSON_DECODE(f->arena, text, fields, out, &f->wrong);
}

#define FINE(text) CHECK(decode(&f, STR(text), &body))
#define BROKEN(text, where)                   \
    do {                                      \
        CHECK(!decode(&f, STR(text), &body)); \
        CHECK(f.wrong.broken);                \
        CHECK_INT(f.wrong.at, (where));       \
        CHECK_INT(f.wrong.problems_len, 0);   \
    } while (0)
#define PROBLEM(text, expected)                 \
    do {                                        \
        CHECK(!decode(&f, STR(text), &body));   \
        CHECK(!f.wrong.broken);                 \
        CHECK_STR(problems(&f), STR(expected)); \
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
    PROBLEM("{\"name\":null}", "name:null");
}

TEST(all_broken_fields_are_reported_at_once)
{
    FIXTURE;
    struct body body;
    PROBLEM("{\"count\":11,\"kind\":\"pigeon\",\"sure\":1}",
            "count:range kind:choice sure:type name:required");
}

TEST(what_is_fine_is_read_beside_what_is_not)
{
    FIXTURE;
    struct body body;
    PROBLEM("{\"name\":\"a\",\"count\":7,\"sure\":\"x\"}", "name:short sure:type");
    CHECK(body.count.set && body.count.v == 7);
    CHECK(!body.sure.set && !body.name.ptr);
}

TEST(strings_have_their_length_in_code_points)
{
    FIXTURE;
    struct body body;
    FINE("{\"name\":\"سلام\"}");
    PROBLEM("{\"name\":\"a\"}", "name:short");
    PROBLEM("{\"name\":\"abcdef\"}", "name:long");
    PROBLEM("{\"name\":\"\"}", "name:blank");
    PROBLEM("{\"name\":\" \\t \"}", "name:blank");
}

TEST(integers_are_whole_and_fit)
{
    FIXTURE;
    struct body body;
    PROBLEM("{\"name\":\"abc\",\"count\":1.0}", "count:type");
    PROBLEM("{\"name\":\"abc\",\"count\":1e0}", "count:type");
    PROBLEM("{\"name\":\"abc\",\"count\":\"1\"}", "count:type");
    PROBLEM("{\"name\":\"abc\",\"count\":99999999999999999999}", "count:range");
    FINE("{\"name\":\"abc\",\"count\":-0}");
}

TEST(digits_may_stand_in_a_string_where_the_table_says_so)
{
    FIXTURE;
    struct json_int v;
    static const struct json_field quoted[] = {{"v", JSON_INT, JSON_QUOTED_TOO, 0, 1, 99}};
    CHECK(JSON_DECODE(f.arena, STR("{\"v\":\"42\"}"), quoted, &v, &f.wrong) && v.v == 42);
    CHECK(JSON_DECODE(f.arena, STR("{\"v\":42}"), quoted, &v, &f.wrong) && v.v == 42);
    CHECK(!JSON_DECODE(f.arena, STR("{\"v\":\"100\"}"), quoted, &v, &f.wrong));
    CHECK_STR(problems(&f), STR("v:range"));
    static const char *const texts[] = {"", "x", "4 2", "4.0", "+4"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct str text = str_printf(f.arena, "{\"v\":\"%s\"}", texts[i]);
        CHECK(!JSON_DECODE(f.arena, text, quoted, &v, &f.wrong) && !v.set);
        CHECK_STR(problems(&f), STR("v:type"));
    }
}

TEST(times_and_ids_have_their_format)
{
    FIXTURE;
    struct body body;
    PROBLEM("{\"name\":\"abc\",\"at\":\"2026-11-21\"}", "at:format");
    PROBLEM("{\"name\":\"abc\",\"id\":\"x\"}", "id:format");
}

TEST(escapes_are_decoded)
{
    FIXTURE;
    struct body body;
    FINE("{\"name\":\"a\\u0062c\"}");
    CHECK_STR(body.name, STR("abc"));
    FINE("{\"n\\u0061me\":\"ab\",\"note\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0633\\ud83d\\ude00 "
         "\\u00e9\"}");
    CHECK_STR(body.name, STR("ab"));
    CHECK_STR(body.note, STR("\"\\/\b\f\n\r\tس😀 é"));
}

TEST(what_is_not_json_is_told_by_where_it_ceases_to_be)
{
    FIXTURE;
    struct body body;
    BROKEN("", 0);
    BROKEN("{\"name\":\"abc\",\"count\":1", 23);
    BROKEN("{\"name\":\"abc\"} x", 15);
    BROKEN("{\"name\":\"\\ud800x\"}", 15);
    BROKEN("{\"x\":\"\\ud800x\"}", 12);
    BROKEN("{\"name\":\"a\xff\"}", 10);
    BROKEN("{\"name\":\"abc\",\"name\":\"abc\"}", 14);
    BROKEN("{\"name\":\"abc\",\"\\u006eame\":\"abc\"}", 14);
    BROKEN("{\"name\":\"abc\",\"x\":1,\"x\":1}", 20);
    BROKEN("{\"count\":\"wrong\",\"name\":nul}", 27);
    FINE("{\"name\":\"abc\",\"x\":{\"name\":1}}");
}

TEST(a_text_that_is_no_object_is_broken)
{
    FIXTURE;
    struct body body;
    BROKEN("[]", 0);
    BROKEN(" 1", 1);
    BROKEN("\"x\"", 0);
    BROKEN("null", 0);
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

static bool decode_parts(struct fixture *f, struct str text, struct parts *out)
{
    memset(out, 0xff, sizeof(*out));
    return JSON_DECODE(f->arena, text, part_fields, out, &f->wrong);
}

#define PARTS(text) CHECK(decode_parts(&f, STR(text), &parts))
#define PART_PROBLEM(text, expected)                 \
    do {                                             \
        CHECK(!decode_parts(&f, STR(text), &parts)); \
        CHECK_STR(problems(&f), STR(expected));      \
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
    PART_PROBLEM("{\"ids\":null}", "ids:null");
}

TEST(problems_of_items_stand_at_their_places)
{
    FIXTURE;
    struct parts parts;
    PART_PROBLEM("{\"hours\":[{\"weekday\":1,\"opens\":\"10:00\"},{\"weekday\":7},"
                 "{\"weekday\":1,\"opens\":\"10:00\"}]}",
                 "hours[1].weekday:range hours[1].opens:required");
    PART_PROBLEM("{\"hours\":[3],\"after\":true}", "hours[0].non_field_errors:type after:type");
    PART_PROBLEM("{\"ids\":[1,\"2\",101]}", "ids[1]:type ids[2]:range");
    PART_PROBLEM("{\"policy\":{\"confirm\":1},\"ids\":[true]}",
                 "policy.confirm:type policy.grid:required ids[0]:type");
}

TEST(arrays_have_caps)
{
    FIXTURE;
    struct parts parts;
    PARTS("{\"ids\":[1,2,3]}");
    CHECK(parts.ids.len == 3 && parts.ids.v[2] == 3);
    PART_PROBLEM("{\"ids\":[1,2,3,4]}", "ids:many");
    PART_PROBLEM("{\"hours\":[0,0,0,0]}", "hours:many");
}

TEST(what_should_have_parts_and_has_not_is_of_the_wrong_type)
{
    FIXTURE;
    struct parts parts;
    PART_PROBLEM("{\"hours\":{},\"ids\":1,\"policy\":[],\"latitude\":\"1\"}",
                 "hours:type ids:type policy:type latitude:type");
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
        CHECK(!decode_parts(&f, str_c(texts[i]), &parts) && f.wrong.broken);
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
            str_printf(f.arena, "{\"hours\":[{\"weekday\":1,\"opens\":\"%s\"}]}", texts[i]);
        CHECK(!decode_parts(&f, text, &parts));
        CHECK_STR(problems(&f), STR("hours[0].opens:format"));
    }
    PART_PROBLEM("{\"hours\":[{\"weekday\":1,\"opens\":\"24:00\"}]}", "hours[0].opens:range");
}

TEST(decimals_have_bounds)
{
    FIXTURE;
    struct parts parts;
    PARTS("{\"latitude\":24.7136}");
    CHECK(parts.latitude.set && parts.latitude.v > 24.71359 && parts.latitude.v < 24.71361);
    PARTS("{\"latitude\":-9e1}");
    CHECK(parts.latitude.v == -90);
    PART_PROBLEM("{\"latitude\":90.0001}", "latitude:range");
    PART_PROBLEM("{\"latitude\":1e999}", "latitude:range");
}

TEST(ten_thousand_objects_need_no_more_memory_than_one)
{
    FIXTURE;
    struct parts parts;
    struct strbuf text = strbuf_new(f.arena, 1 << 17);
    strbuf_add(&text, STR("{\"more\":[{}"));
    for (int i = 0; i < 9000; i++)
        strbuf_add(&text, STR(",{\"\":0}"));
    strbuf_add(&text, STR("]}"));
    size_t before = f.arena->bytes;
    CHECK(decode_parts(&f, strbuf_str(&text), &parts));
    CHECK(f.arena->bytes - before < 1024);
}

/* ---- forms ------------------------------------------------------------------------------------ */

struct order {
    struct json_int salon, service, staff;
    struct json_ints items;
};
static const struct json_field order_fields[] = {
    {"salon", JSON_INT, JSON_REQUIRED, offsetof(struct order, salon)},
    {"service", JSON_INT, JSON_REQUIRED, offsetof(struct order, service), .form = 1},
    {"staff", JSON_INT, JSON_NULLABLE, offsetof(struct order, staff), 1, 9, .form = 1},
    {"items", JSON_INTS, JSON_REQUIRED, offsetof(struct order, items), 1, 9, .items_max = 3,
     .form = 2},
};

static bool decode_order(struct fixture *f, struct str text, struct order *out)
{
    return JSON_DECODE(f->arena, text, order_fields, out, &f->wrong);
}

#define ORDER(text) CHECK(decode_order(&f, STR(text), &order))
#define ORDER_PROBLEM(text, expected)                \
    do {                                             \
        CHECK(!decode_order(&f, STR(text), &order)); \
        CHECK_STR(problems(&f), STR(expected));      \
    } while (0)

TEST(what_a_form_requires_is_required_of_that_form)
{
    FIXTURE;
    struct order order;
    ORDER("{\"salon\":1,\"service\":2}");
    CHECK(order.service.v == 2 && !order.items.set);
    ORDER("{\"items\":[2,3],\"salon\":1}");
    CHECK(order.items.len == 2 && !order.service.set);
    ORDER_PROBLEM("{\"salon\":1,\"staff\":3}", "service:required");
    ORDER_PROBLEM("{\"items\":[2]}", "salon:required");
}

TEST(without_a_field_of_any_form_the_first_is_meant)
{
    FIXTURE;
    struct order order;
    ORDER_PROBLEM("{\"salon\":1}", "service:required");
    ORDER_PROBLEM("{}", "salon:required service:required");
}

TEST(fields_of_two_forms_exclude_each_other)
{
    FIXTURE;
    struct order order;
    ORDER_PROBLEM("{\"salon\":1,\"service\":2,\"items\":[2]}", "items:form");
    ORDER_PROBLEM("{\"salon\":1,\"items\":[2],\"staff\":3}", "items:form");
    ORDER_PROBLEM("{\"items\":[],\"staff\":3}", "items:form salon:required");
    /* One place has one problem. */
    ORDER_PROBLEM("{\"salon\":1,\"service\":2,\"items\":[0]}", "items[0]:range");
    ORDER_PROBLEM("{\"salon\":1,\"service\":2,\"items\":{}}", "items:type");
    ORDER_PROBLEM("{\"salon\":1,\"staff\":10,\"items\":[1]}", "staff:range items:form");
}

TEST(null_in_a_form_that_is_not_meant_is_as_good_as_absent)
{
    FIXTURE;
    struct order order;
    ORDER("{\"salon\":1,\"service\":null,\"staff\":null,\"items\":[2]}");
    CHECK(order.items.len == 1 && !order.service.set);
    ORDER("{\"salon\":1,\"service\":2,\"items\":null}");
    CHECK(!order.items.set);
    ORDER("{\"salon\":1,\"service\":2,\"staff\":null}");
    CHECK(order.staff.set && order.staff.null);
    ORDER_PROBLEM("{\"salon\":1,\"service\":null}", "service:null");
    ORDER_PROBLEM("{\"salon\":1,\"service\":null,\"items\":null}", "service:null");
}

TEST(a_note_that_quotes_a_fields_name_is_a_note)
{
    FIXTURE;
    struct order order;
    ORDER("{\"salon\":1,\"service\":2,\"note\":\"\\\"items\\\":[1]\",\"x\":{\"items\":[1]}}");
    CHECK(!order.items.set);
}
