#include "server/http/errors.h"

#include "tests/unit/server/fixture.h"

static struct str body_of(struct fixture *f)
{
    return strbuf_str(&f->res.body);
}

TEST(a_refusal_has_detail_code_and_request_id)
{
    FIXTURE;
    f.c.lang = LANG_EN;
    error_respond(&f.c, &f.req, &f.res, fail(&f.c, R_NOT_FOUND));
    CHECK_INT(f.res.status, 404);
    CHECK_STR(
        body_of(&f),
        STR("{\"detail\":\"Not found.\",\"code\":\"request.not_found\",\"request_id\":\"id-1\"}"));
}

TEST(a_refusal_is_in_arabic_unless_asked_otherwise)
{
    FIXTURE;
    error_respond(&f.c, &f.req, &f.res, fail(&f.c, R_NOT_FOUND));
    CHECK_STR(
        body_of(&f),
        STR("{\"detail\":\"غير موجود.\",\"code\":\"request.not_found\",\"request_id\":\"id-1\"}"));
}

TEST(a_refusal_about_a_field_is_keyed_by_it)
{
    FIXTURE;
    f.c.lang = LANG_EN;
    error_respond(&f.c, &f.req, &f.res, fail_field(&f.c, STR("limit"), R_BAD_QUERY));
    CHECK_INT(f.res.status, 400);
    CHECK_STR(body_of(&f), STR("{\"limit\":[\"A query parameter is not valid.\"],"
                               "\"code\":\"request.bad_query\",\"request_id\":\"id-1\"}"));
}

TEST(what_else_a_refusal_says_stands_behind_its_marks)
{
    FIXTURE;
    f.c.lang = LANG_EN;
    const struct instant noon = {INT64_C(1795251600) * 1000000};
    const struct refusal_extra cells[] = {
        extra_instant("starts_at", noon, 3 * 3600), extra_number("staff", 7),
        extra_instant("starts_at", noon, 0), extra_number("staff", 8)};
    enum err err = fail(&f.c, R_SLOT_TAKEN);
    refusal_add(&f.c.refusal, extra_number("item", 1));
    refusal_add(&f.c.refusal, extra_instant("since", noon, 0));
    refusal_add(&f.c.refusal, extra_list("alternatives", cells, 2, 2));
    refusal_add(&f.c.refusal, extra_list("none", NULL, 0, 3));
    error_respond(&f.c, &f.req, &f.res, err);
    CHECK_STR(body_of(&f),
              STR("{\"detail\":\"This time has just been taken.\",\"code\":\"booking.slot_taken\","
                  "\"request_id\":\"id-1\",\"item\":1,\"since\":\"2026-11-21T09:00:00Z\","
                  "\"alternatives\":[{\"starts_at\":\"2026-11-21T12:00:00+03:00\",\"staff\":7},"
                  "{\"starts_at\":\"2026-11-21T09:00:00Z\",\"staff\":8}],\"none\":[]}"));
}

TEST(the_next_refusal_says_nothing_of_the_one_before)
{
    FIXTURE;
    (void)fail(&f.c, R_SLOT_TAKEN);
    refusal_add(&f.c.refusal, extra_number("item", 1));
    error_respond(&f.c, &f.req, &f.res, fail(&f.c, R_FORBIDDEN));
    CHECK(str_ends(body_of(&f), STR("\"request_id\":\"id-1\"}")));
}

TEST(fields_with_names_of_the_errors_own_stand_beside_them)
{
    FIXTURE;
    f.c.lang = LANG_EN;
    error_respond(&f.c, &f.req, &f.res, fail_field(&f.c, STR("code"), R_BAD_QUERY));
    CHECK_STR(body_of(&f), STR("{\"field_code\":[\"A query parameter is not valid.\"],"
                               "\"code\":\"request.bad_query\",\"request_id\":\"id-1\"}"));
}

TEST(broken_fields_are_told_where_they_stand)
{
    FIXTURE;
    f.c.lang = LANG_EN;
    const struct field_problem problems[] = {
        {FIELD_PATH({"name"}), R_FIELD_BLANK},
        {FIELD_PATH({"hours"}, {.at = 1}, {"opens"}), R_FIELD_FORMAT},
        {FIELD_PATH({"hours"}, {.at = 1}, {"more"}, {.at = 2}), R_FIELD_TYPE},
        {FIELD_PATH({"hours"}, {.at = 1}, {"more"}, {.at = 10}), R_FIELD_TYPE},
        {FIELD_PATH({"hours"}, {.at = 3}, {"opens"}), R_FIELD_RANGE},
        {FIELD_PATH({"policy"}, {"deep"}, {"grid"}), R_GRID_UNEVEN},
    };
    error_respond(&f.c, &f.req, &f.res, fail_fields(&f.c, problems, ARRAY_LEN(problems)));
    CHECK_INT(f.res.status, 400);
    CHECK_STR(body_of(&f),
              STR("{\"code\":\"request.invalid\",\"request_id\":\"id-1\","
                  "\"name\":[\"This field may not be blank.\"],"
                  "\"hours\":[{},{\"opens\":[\"This value is not in the expected format.\"],"
                  "\"more\":{\"2\":[\"This field has the wrong type.\"],"
                  "\"10\":[\"This field has the wrong type.\"]}},"
                  "{},{\"opens\":[\"This value is out of range.\"]}],"
                  "\"policy\":{\"deep\":{\"grid\":[\"This must divide the 1440 minutes of a day "
                  "evenly, as 5, 15, 30 and 60 do.\"]}}}"));
}

TEST(broken_fields_with_names_of_the_errors_own_are_told_otherwise_but_not_inside)
{
    FIXTURE;
    f.c.lang = LANG_EN;
    const struct field_problem problems[] = {
        {FIELD_PATH({"request_id"}), R_FIELD_NULL},
        {FIELD_PATH({"hours"}, {.at = 0}, {"code"}), R_FIELD_NULL},
        {FIELD_PATH({"code"}), R_FIELD_NULL},
        {FIELD_PATH({"detail"}, {"code"}), R_FIELD_NULL},
    };
    error_respond(&f.c, &f.req, &f.res, fail_fields(&f.c, problems, ARRAY_LEN(problems)));
    CHECK_STR(body_of(&f), STR("{\"code\":\"request.invalid\",\"request_id\":\"id-1\","
                               "\"field_request_id\":[\"This field may not be null.\"],"
                               "\"hours\":[{\"code\":[\"This field may not be null.\"]}],"
                               "\"field_code\":[\"This field may not be null.\"],"
                               "\"field_detail\":{\"code\":[\"This field may not be null.\"]}}"));
}

TEST(a_429_says_when_to_come_back_twice)
{
    FIXTURE;
    error_respond(&f.c, &f.req, &f.res, fail_retry(&f.c, R_OTP_COOLDOWN, 60));
    CHECK_INT(f.res.status, 429);
    CHECK(str_find(body_of(&f), STR("\"retry_after_seconds\":60")) > 0);
    CHECK(str_find(fixture_fields(&f), STR("Retry-After: 60\r\n")) >= 0);
}

TEST(a_503_has_retry_after_of_at_least_one)
{
    FIXTURE;
    error_respond(&f.c, &f.req, &f.res, ERR_UNAVAILABLE);
    CHECK_INT(f.res.status, 503);
    CHECK(str_find(fixture_fields(&f), STR("Retry-After: 1\r\n")) >= 0);
    CHECK(str_find(body_of(&f), STR("server.unavailable")) > 0);
}

TEST(an_unknown_outcome_is_a_503_that_says_so)
{
    FIXTURE;
    error_respond(&f.c, &f.req, &f.res, ERR_TIMEOUT);
    CHECK_INT(f.res.status, 503);
    CHECK(str_find(body_of(&f), STR("server.unknown_outcome")) > 0);
}

TEST(a_reason_of_another_class_was_handled_on_the_way)
{
    FIXTURE;
    (void)fail_field(&f.c, STR("phone_number"), R_FIELD_FORMAT);
    error_respond(&f.c, &f.req, &f.res, ERR_UNAVAILABLE);
    CHECK(str_find(body_of(&f), STR("server.unavailable")) > 0);
    CHECK(str_find(body_of(&f), STR("phone_number")) < 0);
}

TEST(an_internal_error_tells_nothing)
{
    FIXTURE;
    f.c.lang = LANG_EN;
    error_respond(&f.c, &f.req, &f.res, ERR_INTERNAL);
    CHECK_INT(f.res.status, 500);
    CHECK_STR(body_of(&f), STR("{\"detail\":\"Something went wrong on our side.\","
                               "\"code\":\"server.error\",\"request_id\":\"id-1\"}"));
}

TEST(a_401_challenges)
{
    FIXTURE;
    error_respond(&f.c, &f.req, &f.res, fail(&f.c, R_NO_CREDENTIALS));
    CHECK(str_find(fixture_fields(&f), STR("WWW-Authenticate: Bearer realm=\"mawid\"\r\n")) >= 0);
    error_respond(&f.c, &f.req, &f.res, fail(&f.c, R_TOKEN_INVALID));
    CHECK(str_find(fixture_fields(&f),
                   STR("WWW-Authenticate: Bearer realm=\"mawid\", error=\"invalid_token\"\r\n")) >=
          0);
}

TEST(headers_that_the_endpoint_had_added_go)
{
    FIXTURE;
    response_header(&f.res, STR("Cache-Control"), STR("public, max-age=60"));
    CHECK_STR(response_header_find(&f.res, STR("cache-control")), STR("public, max-age=60"));
    error_respond(&f.c, &f.req, &f.res, fail(&f.c, R_NOT_FOUND));
    CHECK_INT(f.res.fields_len, 0);
}

TEST(every_reason_has_a_status_and_both_texts)
{
    for (int reason = 1; reason < R_COUNT; reason++) {
        const struct reason_info *info = reason_info((enum reason)reason);
        int status = error_status((enum reason)reason);
        CHECK(status >= 400 && status < 600);
        CHECK(info->text[LANG_AR].len && info->text[LANG_EN].len);
    }
}

TEST(a_header_value_cannot_split_the_response)
{
    FIXTURE;
    response_header(&f.res, STR("X"), STR("a\r\nSet-Cookie: b"));
    response_header(&f.res, STR("X"), str_of("a\0b", 3));
    CHECK_INT(f.res.fields_len, 0);
}
