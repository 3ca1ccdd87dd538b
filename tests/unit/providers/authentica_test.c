/* Authentica's wire, with http_fetch played by the test: bodies to the letter, answers of every sort. */
#include "providers/authentica.h"

#include "runtime/http_client.h"
#include "tests/test.h"
#include "tests/unit/fakes/fake_clock.h"

struct partner {
    enum err fails;
    struct http_answer answer;
    char path[64], body[256], key[64];
    size_t calls, good, bad;
};
static struct partner vendor;

struct partner *partner_new(struct http_client *client, const struct partner_options *options)
{
    return &vendor;
}
void partner_judge(struct partner *partner, bool good)
{
    partner->good += good;
    partner->bad += !good;
}
enum err http_fetch(struct ctx *c, struct partner *partner, const struct http_call *call,
                    struct http_answer *answer)
{
    partner->calls++;
    snprintf(partner->path, sizeof(partner->path), "%.*s", STR_FMT(call->path));
    snprintf(partner->body, sizeof(partner->body), "%.*s", STR_FMT(call->body));
    for (size_t i = 0; i < call->headers_len; i++)
        if (str_eq(call->headers[i].name, STR("X-Authorization")))
            snprintf(partner->key, sizeof(partner->key), "%.*s", STR_FMT(call->headers[i].value));
    *answer = partner->answer;
    return partner->fails;
}

struct fixture {
    struct fake_ctx f;
    struct authentica authentica;
    int32_t retry_after_s;
    bool right;
};

static void begin(struct fixture *x, bool own_codes)
{
    *x = (struct fixture){0};
    fake_ctx_begin(&x->f);
    vendor = (struct partner){.answer = {.status = 200}};
    const struct authentica_options options = {.base_url = STR("https://api.authentica.sa"),
                                               .api_key = STR("$2y$10$key"),
                                               .own_codes = own_codes,
                                               .timeout = seconds(7)};
    authentica_init(&x->authentica, NULL, &options);
}

static enum err send_answered(struct fixture *x, int status, const char *body)
{
    vendor.answer = (struct http_answer){.status = status, .body = str_c(body)};
    const struct otp_message message = {.phone = STR("+966512345678"), .channel = OTP_WHATSAPP};
    struct otp_sender *sender = &x->authentica.sender;
    return sender->send(&x->f.c, sender, &message, &x->retry_after_s);
}

static enum err check_answered(struct fixture *x, int status, const char *body)
{
    vendor.answer = (struct http_answer){.status = status, .body = str_c(body)};
    struct otp_sender *sender = &x->authentica.sender;
    return sender->check(&x->f.c, sender, STR("+966512345678"), STR("123456"), &x->right,
                         &x->retry_after_s);
}

TEST(send_body_is_method_and_phone_exactly)
{
    struct fixture x;
    begin(&x, false);
    CHECK_INT(send_answered(&x, 200, "{\"success\":true,\"data\":null,\"message\":\"ok\"}"), OK);
    CHECK_STR(str_c(vendor.path), STR("/api/v2/send-otp"));
    CHECK_STR(str_c(vendor.body), STR("{\"method\":\"whatsapp\",\"phone\":\"+966512345678\"}"));
    CHECK_STR(str_c(vendor.key), STR("$2y$10$key"));
    CHECK(x.authentica.sender.makes_code);
    fake_ctx_end(&x.f);
}

TEST(an_own_code_travels_with_the_request_to_send)
{
    struct fixture x;
    begin(&x, true);
    CHECK(!x.authentica.sender.makes_code);
    vendor.answer.body = STR("{\"success\":true}");
    const struct otp_message message = {.phone = STR("+966512345678"), .code = STR("012345")};
    struct otp_sender *sender = &x.authentica.sender;
    CHECK_INT(sender->send(&x.f.c, sender, &message, &x.retry_after_s), OK);
    CHECK_STR(str_c(vendor.body),
              STR("{\"method\":\"sms\",\"phone\":\"+966512345678\",\"otp\":\"012345\"}"));
    fake_ctx_end(&x.f);
}

TEST(check_body_is_phone_and_code_exactly)
{
    struct fixture x;
    begin(&x, false);
    CHECK_INT(check_answered(&x, 200, "{\"status\":true}"), OK);
    CHECK(x.right);
    CHECK_STR(str_c(vendor.path), STR("/api/v2/verify-otp"));
    CHECK_STR(str_c(vendor.body), STR("{\"phone\":\"+966512345678\",\"otp\":\"123456\"}"));
    fake_ctx_end(&x.f);
}

TEST(a_code_is_right_only_when_one_flag_says_yes_and_none_says_no)
{
    static const struct {
        const char *body;
        bool right;
    } cases[] = {{"{\"status\":true,\"message\":\"OTP verified successfully\"}", true},
                 {"{\"verified\":true}", true},
                 {"{\"success\":true}", true},
                 {"{\"verified\":false}", false},
                 {"{\"status\":true,\"verified\":false}", false},
                 {"{\"success\":false,\"status\":true}", false},
                 {"{\"status\":\"true\"}", false},
                 {"{\"status\":1}", false},
                 {"{\"data\":{\"verified\":true}}", false},
                 {"{}", false}};
    struct fixture x;
    begin(&x, false);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CHECK_INT(check_answered(&x, 200, cases[i].body), OK);
        CHECK_INT(x.right, cases[i].right);
    }
    CHECK_INT(vendor.bad, 0);
    fake_ctx_end(&x.f);
}

TEST(a_wrong_code_may_also_come_as_a_client_error)
{
    struct fixture x;
    begin(&x, false);
    CHECK_INT(check_answered(&x, 422, "{\"message\":\"Invalid OTP\"}"), OK);
    CHECK(!x.right);
    CHECK_INT(check_answered(&x, 400, ""), OK);
    CHECK(!x.right);
    CHECK_INT(vendor.bad, 0);
    fake_ctx_end(&x.f);
}

TEST(what_is_no_judgement_is_never_right)
{
    static const struct {
        int status;
        const char *body;
        bool against_the_breaker;
    } cases[] = {{200, "", true},
                 {200, "<html>ok</html>", true},
                 {200, "[{\"status\":true}]", true},
                 {200, "{\"status\":true", true},
                 {302, "{\"status\":true}", true},
                 {401, "{\"status\":true}", false},
                 {402, "{\"status\":true}", false},
                 {429, "{\"status\":true}", false},
                 {500, "{\"status\":true}", true},
                 {503, "", true}};
    struct fixture x;
    begin(&x, false);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        vendor.good = vendor.bad = 0;
        CHECK_INT(check_answered(&x, cases[i].status, cases[i].body), ERR_UNAVAILABLE);
        CHECK(!x.right);
        CHECK_INT(vendor.bad, cases[i].against_the_breaker);
        CHECK_INT(vendor.good, !cases[i].against_the_breaker);
    }
    fake_ctx_end(&x.f);
}

TEST(a_send_counts_as_sent_only_with_a_sane_answer)
{
    struct fixture x;
    begin(&x, false);
    CHECK_INT(send_answered(&x, 200, "{\"message\":\"queued\"}"), OK);
    CHECK_INT(send_answered(&x, 201, "{\"success\":true}"), OK);
    CHECK_INT(send_answered(&x, 200, "{\"success\":false}"), ERR_UNAVAILABLE);
    CHECK_INT(send_answered(&x, 200, "not json"), ERR_UNAVAILABLE);
    CHECK_INT(send_answered(&x, 200, ""), ERR_UNAVAILABLE);
    CHECK_INT(send_answered(&x, 400, "{\"detail\":\"fail\"}"), ERR_UNAVAILABLE);
    CHECK_INT(send_answered(&x, 500, "{\"success\":true}"), ERR_UNAVAILABLE);
    fake_ctx_end(&x.f);
}

TEST(nothing_is_sent_twice_by_itself)
{
    struct fixture x;
    begin(&x, false);
    vendor.fails = ERR_TIMEOUT;
    CHECK_INT(send_answered(&x, 0, ""), ERR_TIMEOUT);
    CHECK_INT(vendor.calls, 1);
    fake_ctx_end(&x.f);
}

TEST(their_retry_after_is_passed_on)
{
    struct fixture x;
    begin(&x, false);
    vendor.answer = (struct http_answer){.status = 429, .retry_after_s = 33};
    const struct otp_message message = {.phone = STR("+966512345678")};
    struct otp_sender *sender = &x.authentica.sender;
    CHECK_INT(sender->send(&x.f.c, sender, &message, &x.retry_after_s), ERR_UNAVAILABLE);
    CHECK_INT(x.retry_after_s, 33);
    fake_ctx_end(&x.f);
}
