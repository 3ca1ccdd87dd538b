#include "domain/otp/otp.h"

#include "domain/otp/signals.h"
#include "runtime/base/stats.h"
#include "tests/test.h"
#include "tests/unit/fakes/fake_clock.h"
#include "tests/unit/fakes/login_fakes.h"

struct fixture {
    struct fake_ctx f;
    struct ctx *c;
    struct account_store accounts;
    struct otp_store store;
    struct otp_limits limits;
    struct fake_sender sender;
    struct otp_test_number test_number;
    struct otp_options options;
    struct otp otp;
    struct otp_request request;
    struct otp_receipt receipt;
};
/* Too big for a stack; tests run one after the other. */
static struct fixture x;
static const struct str countries[] = {{"SA", 2}, {"AE", 2}};

static void begin(struct fixture *f)
{
    *f = (struct fixture){0};
    fake_ctx_begin(&f->f);
    f->c = &f->f.c;
    f->store.accounts = &f->accounts;
    fake_sender_init(&f->sender, "fake", false);
    bool ok = otp_test_number_parse(STR("+966500000000:123456"), &f->test_number);
    assert(ok);
    f->options = (struct otp_options){.ttl = minutes(5),
                                      .attempts_max = 5,
                                      .countries = countries,
                                      .countries_len = ARRAY_LEN(countries),
                                      .test_numbers = &f->test_number,
                                      .test_numbers_len = 1};
    otp_key_init(&f->options.key, STR("0123456789abcdef0123456789abcdef"));
    f->otp = (struct otp){.options = &f->options,
                          .store = &f->store,
                          .limits = &f->limits,
                          .sender = &f->sender.sender};
    f->request = (struct otp_request){.phone = STR("0512345678"),
                                      .address = STR("192.0.2.7"),
                                      .address_key = STR("192.0.2.7"),
                                      .device_id = STR("device-1")};
}

static void end(struct fixture *f)
{
    hmac_key_fini(&f->options.key);
    fake_ctx_end(&f->f);
}

static enum err ask(struct fixture *f)
{
    return otp_request(f->c, &f->otp, &f->request, &f->receipt);
}

static enum err enter(struct fixture *f, const char *code)
{
    struct otp_ticket ticket;
    const struct otp_attempt attempt = {.request_id = f->receipt.id,
                                        .purpose = f->request.purpose,
                                        .code = str_c(code),
                                        .address_key = STR("192.0.2.7")};
    return otp_check(f->c, &f->otp, &attempt, &ticket);
}

static const char *wrong(const struct fixture *f)
{
    return strcmp(f->sender.code, "000000") == 0 ? "000001" : "000000";
}

#define CHECK_FAIL(call, expected)                     \
    do {                                               \
        enum err err_ = (call);                        \
        CHECK(err_ != OK);                             \
        CHECK_INT(x.c->refusal.reason, expected);      \
        CHECK_INT(err_, reason_info(expected)->class); \
    } while (0)

/* ---- asking -------------------------------------------------------------------------------- */

TEST(a_code_of_six_digits_is_sent_and_opens_its_request)
{
    begin(&x);
    CHECK_INT(ask(&x), OK);
    CHECK_STR(str_c(x.sender.phone), STR("+966512345678"));
    CHECK_INT(strlen(x.sender.code), 6);
    CHECK(str_find(str_c(x.sender.text), str_c(x.sender.code)) >= 0);
    CHECK_INT(x.receipt.expires_at.us - ctx_now(x.c).us, minutes(5).us);
    CHECK_INT(enter(&x, x.sender.code), OK);
    end(&x);
}

TEST(the_code_itself_is_not_stored)
{
    begin(&x);
    CHECK_INT(ask(&x), OK);
    struct fake_otp_row *row = fake_otp_last(&x.store);
    CHECK(row->row.has_mac);
    struct str mac = str_of((char *)row->row.mac.bytes, sizeof(row->row.mac.bytes));
    CHECK(str_find(mac, str_c(x.sender.code)) < 0);
    /* Nor does the same code look the same twice. */
    struct otp_mac other =
        otp_code_mac(&x.options.key, uuid_random(x.c->clock), str_c(x.sender.code));
    CHECK(memcmp(other.bytes, row->row.mac.bytes, sizeof(other.bytes)) != 0);
    end(&x);
}

TEST(what_was_sent_is_not_left_in_memory)
{
    begin(&x);
    CHECK_INT(ask(&x), OK);
    CHECK(str_find(str_c(x.sender.text), str_c(x.sender.code)) >= 0);
    CHECK(x.sender.text_there.len > 0);
    for (size_t i = 0; i < x.sender.text_there.len; i++)
        CHECK_INT(x.sender.text_there.ptr[i], 0);
    end(&x);
}

TEST(the_message_is_in_the_language_of_its_reader)
{
    begin(&x);
    CHECK_INT(ask(&x), OK);
    CHECK(str_find(str_c(x.sender.text), STR("رمز")) >= 0);
    x.accounts.accounts[0].language = LANG_EN;
    CHECK_INT(ask(&x), OK);
    CHECK(str_starts(str_c(x.sender.text), STR("Your Mawid code is ")));
    end(&x);
}

TEST(the_channel_reaches_the_provider)
{
    begin(&x);
    x.request.channel = OTP_WHATSAPP;
    CHECK_INT(ask(&x), OK);
    CHECK_INT(x.sender.channel, OTP_WHATSAPP);
    end(&x);
}

TEST(a_bad_phone_email_or_name_is_refused_by_its_field_and_counts_nothing)
{
    begin(&x);
    x.request.phone = STR("0521234567");
    CHECK_FAIL(ask(&x), R_PHONE_INVALID);
    CHECK_STR(x.c->refusal.field, STR("phone_number"));
    x.request.phone = STR("0512345678");
    x.request.email = STR("nonsense");
    CHECK_FAIL(ask(&x), R_EMAIL_INVALID);
    CHECK_STR(x.c->refusal.field, STR("email"));
    x.request.email = STR("");
    x.request.last_name = STR("a\tb");
    CHECK_FAIL(ask(&x), R_NAME_INVALID);
    CHECK_STR(x.c->refusal.field, STR("last_name"));
    CHECK_INT(x.limits.admitted + x.store.calls + x.sender.sends, 0);
    end(&x);
}

TEST(codes_go_only_to_countries_that_are_allowed)
{
    begin(&x);
    x.request.phone = STR("+971501234567");
    CHECK_INT(ask(&x), OK);
    x.request.phone = STR("+14155550100");
    CHECK_FAIL(ask(&x), R_OTP_COUNTRY);
    CHECK_STR(x.c->refusal.field, STR("phone_number"));
    CHECK_INT(x.limits.admitted, 1);
    x.options.countries_len = 0;
    CHECK_INT(ask(&x), OK);
    end(&x);
}

TEST(a_landline_gets_no_text_message_and_counts_nothing_but_may_ask_by_whatsapp)
{
    begin(&x);
    x.request.phone = STR("+97142345678");
    CHECK_FAIL(ask(&x), R_OTP_NUMBER_WITHOUT_SMS);
    CHECK_STR(x.c->refusal.field, STR("phone_number"));
    CHECK_INT(x.limits.admitted + x.store.calls + x.sender.sends, 0);
    x.request.channel = OTP_WHATSAPP;
    CHECK_INT(ask(&x), OK);
    CHECK_INT(x.sender.sends, 1);
    end(&x);
}

TEST(each_limit_refuses_with_its_own_reason_and_wait_and_writes_nothing)
{
    static const struct {
        enum otp_limit limit;
        enum reason reason;
    } cases[] = {{OTP_LIMIT_ADDRESS, R_OTP_ADDRESS_LIMIT},
                 {OTP_LIMIT_DEVICE, R_OTP_DEVICE_LIMIT},
                 {OTP_LIMIT_PHONE, R_OTP_PHONE_LIMIT},
                 {OTP_LIMIT_COOLDOWN, R_OTP_COOLDOWN}};
    begin(&x);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        x.limits.answer = (struct otp_admission){cases[i].limit, 60};
        CHECK_FAIL(ask(&x), cases[i].reason);
        CHECK_INT(x.c->refusal.retry_after_s, 60);
    }
    CHECK_INT(x.store.calls + x.sender.sends, 0);
    end(&x);
}

TEST(an_email_address_of_another_account_creates_nothing_and_costs_the_phone_nothing)
{
    begin(&x);
    x.request.email = STR("taken@example.com");
    x.store.taken_email = STR("taken@example.com");
    CHECK_FAIL(ask(&x), R_EMAIL_TAKEN);
    CHECK_INT(x.c->refusal.field.len, 0);
    CHECK_INT(x.store.len + x.accounts.len + x.sender.sends, 0);
    CHECK_INT(x.limits.refunded, 1);
    end(&x);
}

TEST(a_code_that_could_not_be_sent_costs_the_phone_nothing)
{
    begin(&x);
    x.sender.send_err = ERR_TIMEOUT;
    CHECK_FAIL(ask(&x), R_OTP_PROVIDER);
    CHECK(x.c->refusal.retry_after_s > 0);
    CHECK_INT(x.limits.refunded, 1);
    CHECK(fake_otp_last(&x.store)->failed);
    end(&x);
}

TEST(the_provider_says_when_to_come_back)
{
    begin(&x);
    x.sender.send_err = ERR_UNAVAILABLE;
    x.sender.retry_after_s = 120;
    CHECK_FAIL(ask(&x), R_OTP_PROVIDER);
    CHECK_INT(x.c->refusal.retry_after_s, 120);
    end(&x);
}

TEST(a_failed_request_does_not_replace_the_code_that_arrived)
{
    begin(&x);
    CHECK_INT(ask(&x), OK);
    struct otp_receipt arrived = x.receipt;
    char code[16];
    memcpy(code, x.sender.code, sizeof(code));
    x.sender.send_err = ERR_UNAVAILABLE;
    CHECK_FAIL(ask(&x), R_OTP_PROVIDER);
    x.receipt = arrived;
    CHECK_INT(enter(&x, code), OK);
    end(&x);
}

TEST(the_rows_decide_while_the_counters_are_lost_and_the_counters_when_they_are_back)
{
    begin(&x);
    uint64_t before = stat_sum(STAT_OTP_LIMITS_IN_PG);
    x.limits.lost = true;
    CHECK_INT(ask(&x), OK);
    CHECK_INT(x.store.created_counted, 1);
    x.store.counted = (struct otp_admission){OTP_LIMIT_COOLDOWN, 60};
    CHECK_FAIL(ask(&x), R_OTP_COOLDOWN);
    CHECK_INT(x.c->refusal.retry_after_s, 60);
    CHECK_INT(stat_sum(STAT_OTP_LIMITS_IN_PG) - before, 2);
    x.limits.lost = false;
    CHECK_INT(ask(&x), OK);
    CHECK_INT(x.store.created_counted, 2);
    CHECK_INT(x.limits.admitted, 1);
    end(&x);
}

TEST(a_store_that_fails_gives_the_place_back)
{
    begin(&x);
    x.store.create_fails = ERR_UNAVAILABLE;
    CHECK_INT(ask(&x), ERR_UNAVAILABLE);
    CHECK_INT(x.limits.refunded, 1);
    CHECK_INT(x.sender.sends, 0);
    end(&x);
}

TEST(test_numbers_have_a_fixed_code_no_limits_and_no_message)
{
    begin(&x);
    x.request.phone = STR("0500000000");
    x.limits.answer = (struct otp_admission){OTP_LIMIT_PHONE, 900};
    x.limits.attempt_answer = (struct otp_admission){OTP_LIMIT_PHONE, 900};
    for (int i = 0; i < 10; i++) {
        CHECK_INT(ask(&x), OK);
        CHECK_INT(enter(&x, "123456"), OK);
    }
    CHECK_INT(x.sender.sends + x.limits.admitted + x.limits.attempts, 0);
    CHECK_FAIL(enter(&x, "123457"), R_OTP_INVALID);
    end(&x);
}

TEST(headers_name_a_device_only_together_with_the_address)
{
    begin(&x);
    CHECK_INT(ask(&x), OK);
    CHECK(str_starts(x.limits.last.device_key, STR("sha256:")));
    CHECK_INT(x.limits.last.device_key.len, 31);
    x.request.device_id = STR(" ");
    x.request.user_agent = STR("okhttp/4.12");
    CHECK_INT(ask(&x), OK);
    CHECK(str_ends(x.limits.last.device_key, STR("@192.0.2.7")));
    x.request.user_agent = STR("");
    CHECK_INT(ask(&x), OK);
    CHECK_INT(x.limits.last.device_key.len, 0);
    end(&x);
}

TEST(device_signal_is_24_hex_digits_of_the_id_else_of_the_headers)
{
    begin(&x);
    struct arena *a = x.c->arena;
    /* printf %s ios-42 | sha256sum; printf %s 'curl/8.0|ar' | sha256sum */
    CHECK_STR(device_signal(a, STR("ios-42"), STR("curl/8.0"), STR("ar")),
              STR("sha256:98e23b70faef612b72908c5f"));
    CHECK_STR(device_signal(a, STR(""), STR("curl/8.0"), STR("ar")),
              STR("sha256:b7d445b06bf64123b5f0c49d"));
    CHECK_INT(device_signal(a, STR(""), STR(" "), STR("")).len, 0);
    end(&x);
}

/* ---- entering ------------------------------------------------------------------------------ */

TEST(a_code_may_be_typed_with_arabic_digits_and_spaces)
{
    begin(&x);
    x.request.phone = STR("0500000000");
    CHECK_INT(ask(&x), OK);
    CHECK_INT(enter(&x, "١٢٣ ٤٥٦"), OK);
    end(&x);
}

TEST(five_attempts_are_judged_and_then_even_the_right_code_fails)
{
    begin(&x);
    CHECK_INT(ask(&x), OK);
    for (int i = 0; i < 5; i++)
        CHECK_FAIL(enter(&x, wrong(&x)), R_OTP_INVALID);
    CHECK_FAIL(enter(&x, x.sender.code), R_OTP_INVALID);
    CHECK_INT(fake_otp_last(&x.store)->attempts, 5);
    end(&x);
}

TEST(the_fifth_attempt_may_be_the_right_one)
{
    begin(&x);
    CHECK_INT(ask(&x), OK);
    for (int i = 0; i < 4; i++)
        CHECK_FAIL(enter(&x, wrong(&x)), R_OTP_INVALID);
    CHECK_INT(enter(&x, x.sender.code), OK);
    end(&x);
}

TEST(an_expired_code_fails_and_counts_no_attempt)
{
    begin(&x);
    CHECK_INT(ask(&x), OK);
    fake_ctx_advance(&x.f, (struct duration){minutes(5).us - 1});
    CHECK_INT(enter(&x, x.sender.code), OK);
    fake_ctx_advance(&x.f, microseconds(1));
    CHECK_FAIL(enter(&x, x.sender.code), R_OTP_INVALID);
    CHECK_INT(fake_otp_last(&x.store)->attempts, 1);
    end(&x);
}

TEST(a_newer_request_replaces_the_older_one_of_its_purpose_only)
{
    begin(&x);
    CHECK_INT(ask(&x), OK);
    struct otp_receipt first = x.receipt;
    char code[16];
    memcpy(code, x.sender.code, sizeof(code));

    x.request.purpose = OTP_PURPOSE_VERIFY;
    CHECK_INT(ask(&x), OK);
    x.request.purpose = OTP_PURPOSE_AUTH;
    x.receipt = first;
    CHECK_INT(enter(&x, code), OK);

    CHECK_INT(ask(&x), OK);
    x.receipt = first;
    CHECK_FAIL(enter(&x, code), R_OTP_INVALID);
    end(&x);
}

TEST(a_code_of_another_purpose_or_an_unknown_id_has_the_one_answer)
{
    begin(&x);
    CHECK_INT(ask(&x), OK);
    x.request.purpose = OTP_PURPOSE_VERIFY;
    CHECK_FAIL(enter(&x, x.sender.code), R_OTP_INVALID);
    x.request.purpose = OTP_PURPOSE_AUTH;
    x.receipt.id.bytes[0] ^= 1;
    CHECK_FAIL(enter(&x, x.sender.code), R_OTP_INVALID);
    CHECK_INT(x.limits.last.phone.len, 0); /* guessing ids is counted by address */
    CHECK_INT(x.limits.attempts, 2);
    end(&x);
}

TEST(what_is_no_code_is_a_wrong_code)
{
    static const char *const typed[] = {"",       "12345", "1234567",    "abcdef",
                                        "+12345", "-1",    "12345678901"};
    begin(&x);
    x.options.attempts_max = 100;
    CHECK_INT(ask(&x), OK);
    for (size_t i = 0; i < ARRAY_LEN(typed); i++)
        CHECK_FAIL(enter(&x, typed[i]), R_OTP_INVALID);
    CHECK_INT(fake_otp_last(&x.store)->attempts, ARRAY_LEN(typed));
    end(&x);
}

TEST(entering_codes_is_limited_by_address_and_by_phone)
{
    begin(&x);
    CHECK_INT(ask(&x), OK);
    x.limits.attempt_answer = (struct otp_admission){OTP_LIMIT_ADDRESS, 30};
    CHECK_FAIL(enter(&x, x.sender.code), R_OTP_VERIFY_ADDRESS_LIMIT);
    x.limits.attempt_answer = (struct otp_admission){OTP_LIMIT_PHONE, 40};
    CHECK_FAIL(enter(&x, x.sender.code), R_OTP_VERIFY_PHONE_LIMIT);
    CHECK_INT(x.c->refusal.retry_after_s, 40);
    x.limits.lost = true;
    x.store.counted = (struct otp_admission){OTP_LIMIT_PHONE, 50};
    CHECK_FAIL(enter(&x, x.sender.code), R_OTP_VERIFY_PHONE_LIMIT);
    CHECK_INT(x.c->refusal.retry_after_s, 50);
    end(&x);
}

TEST(proving_uses_the_code_up)
{
    begin(&x);
    x.request.purpose = OTP_PURPOSE_VERIFY;
    CHECK_INT(ask(&x), OK);
    const struct otp_attempt attempt = {
        .request_id = x.receipt.id, .purpose = OTP_PURPOSE_VERIFY, .code = str_c(x.sender.code)};
    CHECK_INT(otp_prove(x.c, &x.otp, &attempt), OK);
    CHECK(x.accounts.accounts[0].phone_verified);
    CHECK_FAIL(otp_prove(x.c, &x.otp, &attempt), R_OTP_INVALID);
    end(&x);
}

/* ---- a provider that makes the code -------------------------------------------------------- */

TEST(a_provider_that_makes_the_code_also_judges_it)
{
    begin(&x);
    fake_sender_init(&x.sender, "fake", true);
    CHECK_INT(ask(&x), OK);
    CHECK_INT(strlen(x.sender.code) + strlen(x.sender.text), 0);
    CHECK(!fake_otp_last(&x.store)->row.has_mac);
    CHECK_FAIL(enter(&x, "1234"), R_OTP_INVALID);
    x.sender.right = true;
    CHECK_INT(enter(&x, "٤٣٢١"), OK);
    CHECK_STR(str_c(x.sender.checked), STR("4321"));
    CHECK_INT(x.sender.checks, 2);
    end(&x);
}

TEST(attempts_are_counted_here_even_when_the_provider_judges)
{
    begin(&x);
    fake_sender_init(&x.sender, "fake", true);
    CHECK_INT(ask(&x), OK);
    for (int i = 0; i < 5; i++)
        CHECK_FAIL(enter(&x, "123456"), R_OTP_INVALID);
    x.sender.right = true;
    CHECK_FAIL(enter(&x, "123456"), R_OTP_INVALID);
    CHECK_INT(x.sender.checks, 5);
    end(&x);
}

TEST(a_provider_that_cannot_judge_is_unavailable_not_right)
{
    begin(&x);
    fake_sender_init(&x.sender, "fake", true);
    CHECK_INT(ask(&x), OK);
    x.sender.check_err = ERR_TIMEOUT;
    x.sender.right = true;
    CHECK_FAIL(enter(&x, "123456"), R_OTP_PROVIDER);
    CHECK(x.c->refusal.retry_after_s > 0);
    end(&x);
}

TEST(a_code_of_a_provider_that_is_no_longer_configured_opens_nothing)
{
    begin(&x);
    fake_sender_init(&x.sender, "former", true);
    CHECK_INT(ask(&x), OK);
    fake_sender_init(&x.sender, "fake", true);
    x.sender.right = true;
    CHECK_FAIL(enter(&x, "123456"), R_OTP_INVALID);
    CHECK_INT(x.sender.checks, 0);
    end(&x);
}

/* ---- settings ------------------------------------------------------------------------------ */

TEST(test_numbers_are_a_number_and_six_digits)
{
    struct otp_test_number n;
    CHECK(otp_test_number_parse(STR("+966500000001:000000"), &n));
    CHECK(!otp_test_number_parse(STR("+966500000001"), &n));
    CHECK(!otp_test_number_parse(STR("+966500000001:12345"), &n));
    CHECK(!otp_test_number_parse(STR("+966500000001:12345a"), &n));
    CHECK(!otp_test_number_parse(STR("nobody:123456"), &n));
}

TEST(codes_are_spread_over_all_million)
{
    begin(&x);
    bool first_digit[10] = {false};
    for (int i = 0; i < 1000; i++)
        first_digit[otp_code_random(x.c->clock).digits[0] - '0'] = true;
    for (int i = 0; i < 10; i++)
        CHECK(first_digit[i]);
    end(&x);
}
