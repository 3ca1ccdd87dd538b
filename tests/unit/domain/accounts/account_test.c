#include "domain/accounts/account.h"

#include "tests/test.h"
#include "tests/unit/fakes/fake_clock.h"
#include "tests/unit/fakes/login_fakes.h"

TEST(people_are_shown_by_name_else_by_phone)
{
    struct fake_ctx f;
    fake_ctx_begin(&f);
    struct str phone = STR("+966512345678");
    struct arena *a = &f.arena;
    CHECK_STR(account_display_name(a, STR("Noura"), STR("Alotaibi"), phone), STR("Noura Alotaibi"));
    CHECK_STR(account_display_name(a, STR("نورة"), STR(""), phone), STR("نورة"));
    CHECK_STR(account_display_name(a, STR(""), STR("Alotaibi"), phone), STR("Alotaibi"));
    CHECK_STR(account_display_name(a, STR(""), STR(""), phone), phone);
    CHECK_STR(account_display_name(a, STR("  "), STR(" "), phone), phone);
    fake_ctx_end(&f);
}

TEST(email_addresses_get_a_lower_case_domain)
{
    struct fake_ctx f;
    fake_ctx_begin(&f);
    struct str out;
    CHECK(email_parse(&f.arena, STR(" Noura.A+x@Example.COM "), &out));
    CHECK_STR(out, STR("Noura.A+x@example.com"));
    fake_ctx_end(&f);
}

TEST(what_is_no_email_address_is_refused)
{
    static const char *const bad[] = {
        "",        "a",         "@",        "a@",       "@b.co",    "a@b",       "a@b.",
        "a@.co",   "a@b..co",   "a@-b.co",  "a@b-.co",  "a b@c.co", "a@b@c.co",  ".a@b.co",
        "a.@b.co", "a..b@c.co", "a\n@b.co", "a@b.co\n", "a@b_c.co", "\"a\"@b.co"};
    struct fake_ctx f;
    fake_ctx_begin(&f);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct str out;
        if (!email_parse(&f.arena, str_c(bad[i]), &out))
            continue;
        test_fail(t, __FILE__, __LINE__, "accepted: %s", bad[i]);
        return;
    }
    fake_ctx_end(&f);
}

TEST(names_are_trimmed_and_bounded_in_characters)
{
    struct fake_ctx f;
    fake_ctx_begin(&f);
    struct str out;
    CHECK(name_parse(&f.arena, STR("  Noura   bint  Saad "), &out));
    CHECK_STR(out, STR("Noura bint Saad"));
    CHECK(name_parse(&f.arena, STR("  "), &out));
    CHECK_INT(out.len, 0);
    CHECK(!name_parse(&f.arena, STR("a\nb"), &out));
    CHECK(!name_parse(&f.arena, STR("a\u202eb"), &out));
    char text[2 * (ACCOUNT_NAME_MAX + 1)];
    for (size_t i = 0; i <= ACCOUNT_NAME_MAX; i++)
        memcpy(text + 2 * i, "ن", 2);
    CHECK(name_parse(&f.arena, str_of(text, 2 * ACCOUNT_NAME_MAX), &out));
    CHECK(!name_parse(&f.arena, str_of(text, sizeof(text)), &out));
    fake_ctx_end(&f);
}

static struct account_store store; /* too big for a stack */

static void two_people(void)
{
    store = (struct account_store){
        .accounts = {{.id = 1, .phone = STR("+966500000001"), .email = STR("one@example.com")},
                     {.id = 2, .phone = STR("+966500000002")}},
        .len = 2};
}

TEST(a_profile_changes_only_where_it_says_so)
{
    struct fake_ctx f;
    fake_ctx_begin(&f);
    two_people();
    struct account out;
    enum lang en = LANG_EN;
    CHECK_INT(account_change(
                  &f.c, &store, 1,
                  &(struct account_changes){.first_name = STR(" Noura "), .language = &en}, &out),
              OK);
    CHECK_STR(out.first_name, STR("Noura"));
    CHECK_STR(out.email, STR("one@example.com"));
    CHECK_INT(out.language, LANG_EN);
    CHECK_INT(account_change(&f.c, &store, 1, &(struct account_changes){.email_clear = true}, &out),
              OK);
    CHECK_INT(out.email.len, 0);
    fake_ctx_end(&f);
}

TEST(an_email_address_of_another_account_is_refused_by_its_field)
{
    struct fake_ctx f;
    fake_ctx_begin(&f);
    two_people();
    struct account out;
    CHECK_INT(account_change(&f.c, &store, 2,
                             &(struct account_changes){.email = STR("ONE@example.com")}, &out),
              ERR_INVALID);
    CHECK_INT(f.c.refusal.reason, R_EMAIL_TAKEN);
    CHECK_STR(f.c.refusal.field, STR("email"));
    CHECK_INT(
        account_change(&f.c, &store, 2, &(struct account_changes){.email = STR("nonsense")}, &out),
        ERR_INVALID);
    CHECK_INT(f.c.refusal.reason, R_EMAIL_INVALID);
    fake_ctx_end(&f);
}

TEST(a_token_of_an_account_that_is_gone_means_nobody)
{
    struct fake_ctx f;
    fake_ctx_begin(&f);
    two_people();
    struct account out;
    CHECK_INT(account_get(&f.c, &store, 3, &out), ERR_UNAUTHORIZED);
    CHECK_INT(f.c.refusal.reason, R_TOKEN_INVALID);
    fake_ctx_end(&f);
}
