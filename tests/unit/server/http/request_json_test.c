#include "server/http/errors.h"
#include "tests/unit/server/fixture.h"

struct body {
    struct str name;
    struct json_ints ids;
};
static const struct json_field fields[] = {
    {"name", JSON_STRING, JSON_REQUIRED, offsetof(struct body, name), 0, 5},
    {"ids", JSON_INTS, 0, offsetof(struct body, ids), 1, 9, .items_max = 3},
};

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
    CHECK_STR(body.name, STR("abc"));
}

static enum err read_body(struct fixture *f, struct str text)
{
    struct body body;
    f->req.headers_len = 0;
    fixture_header(f, STR("Content-Type"), STR("application/json"));
    f->req.body = text;
    return REQUEST_JSON(&f->c, &f->req, fields, &body);
}

TEST(what_is_not_json_is_refused_as_a_whole)
{
    FIXTURE;
    CHECK_INT(read_body(&f, STR("{\"name\":5")), ERR_INVALID);
    CHECK_INT(refused(&f.c), R_MALFORMED_JSON);
    CHECK_INT(f.c.refusal.problems_len, 0);
}

TEST(broken_fields_are_told_in_the_language_of_the_request)
{
    FIXTURE;
    CHECK_INT(read_body(&f, STR("{\"ids\":[1,10]}")), ERR_INVALID);
    CHECK_INT(refused(&f.c), R_INVALID_FIELDS);
    error_respond(&f.c, &f.req, &f.res, ERR_INVALID);
    CHECK_STR(strbuf_str(&f.res.body), STR("{\"code\":\"request.invalid\",\"request_id\":\"id-1\","
                                           "\"ids\":{\"1\":[\"هذه القيمة خارج النطاق المسموح.\"]},"
                                           "\"name\":[\"هذا الحقل مطلوب.\"]}"));
    f.c.lang = LANG_EN;
    error_respond(&f.c, &f.req, &f.res, read_body(&f, STR("{\"name\":null}")));
    CHECK_STR(strbuf_str(&f.res.body), STR("{\"code\":\"request.invalid\",\"request_id\":\"id-1\","
                                           "\"name\":[\"This field may not be null.\"]}"));
}

/* Each rule that a value can break has words of its own: one that had none would have no reason. */
TEST(every_fault_has_its_own_text)
{
    FIXTURE;
    static const char *const choices[] = {"x", NULL};
    static const struct json_field one_each[] = {
        {"a", JSON_STRING, JSON_REQUIRED, offsetof(struct body, name)},
        {"b", JSON_STRING, 0, offsetof(struct body, name)},
        {"c", JSON_STRING, 0, offsetof(struct body, name)},
        {"d", JSON_STRING, 0, offsetof(struct body, name)},
        {"e", JSON_STRING, 0, offsetof(struct body, name), 0, 2},
        {"f", JSON_STRING, 0, offsetof(struct body, name), 2, 5},
        {"g", JSON_CLOCK, 0, offsetof(struct body, ids), 0, 1},
        {"h", JSON_CHOICE, 0, offsetof(struct body, ids), .choices = choices},
        {"i", JSON_CLOCK, 0, offsetof(struct body, ids)},
        {"j", JSON_STRING, JSON_ONE_LINE, offsetof(struct body, name)},
        {"k", JSON_INTS, 0, offsetof(struct body, ids), .items_max = 1},
        {"l", JSON_STRING, 0, offsetof(struct body, name), .form = 1},
        {"m", JSON_STRING, 0, offsetof(struct body, name), .form = 2},
    };
    struct body body;
    fixture_header(&f, STR("Content-Type"), STR("application/json"));
    f.req.body =
        STR("{\"b\":null,\"c\":\"\",\"d\":1,\"e\":\"abc\",\"f\":\"a\",\"g\":\"09:00\","
            "\"h\":\"y\",\"i\":\"9\",\"j\":\"a\\nb\",\"k\":[1,2],\"l\":\"a\",\"m\":\"a\"}");
    CHECK_INT(REQUEST_JSON(&f.c, &f.req, one_each, &body), ERR_INVALID);
    CHECK_INT(f.c.refusal.problems_len, JSON_FAULT_COUNT - 1);
    for (size_t i = 0; i < f.c.refusal.problems_len; i++) {
        CHECK(f.c.refusal.problems[i].reason != R_NONE);
        for (size_t other = 0; other < i; other++)
            CHECK(f.c.refusal.problems[i].reason != f.c.refusal.problems[other].reason);
    }
}
