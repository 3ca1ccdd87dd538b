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

TEST(data_of_a_refusal_is_merged)
{
    FIXTURE;
    f.c.lang = LANG_EN;
    fail_data(&f.c, STR("\"alternatives\":[]"));
    error_respond(&f.c, &f.req, &f.res, fail(&f.c, R_FORBIDDEN));
    CHECK(str_ends(body_of(&f), STR("\"request_id\":\"id-1\",\"alternatives\":[]}")));
}

TEST(fields_with_names_of_the_errors_own_stand_beside_them)
{
    FIXTURE;
    f.c.lang = LANG_EN;
    error_respond(&f.c, &f.req, &f.res, fail_field(&f.c, STR("code"), R_BAD_QUERY));
    CHECK_STR(body_of(&f), STR("{\"field_code\":[\"A query parameter is not valid.\"],"
                               "\"code\":\"request.bad_query\",\"request_id\":\"id-1\"}"));
}

TEST(data_with_names_of_the_errors_own_is_told_otherwise_but_not_inside)
{
    FIXTURE;
    fail_data(&f.c,
              STR("\"request_id\":[\"a\"],\"hours\":[{\"code\":[\"b\"]}],\"code\":[\"\\\"\"]"));
    error_respond(&f.c, &f.req, &f.res, fail(&f.c, R_INVALID_FIELDS));
    CHECK_STR(body_of(&f), STR("{\"code\":\"request.invalid\",\"request_id\":\"id-1\","
                               "\"field_request_id\":[\"a\"],\"hours\":[{\"code\":[\"b\"]}],"
                               "\"field_code\":[\"\\\"\"]}"));
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
