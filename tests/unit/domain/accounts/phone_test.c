#include "domain/accounts/phone.h"

#include "tests/test.h"

static const char *const saudi_forms[] = {
    "0512345678",
    "512345678",
    "966512345678",
    "00966512345678",
    "+966512345678",
    "+9660512345678",
    "9660512345678",
    "009660512345678",
    "٠٥١٢٣٤٥٦٧٨",
    "۰۵۱۲۳۴۵۶۷۸",
    "+٩٦٦ ٥١٢ ٣٤٥ ٦٧٨",
    "051 234 5678",
    "051-234-5678",
    "(051) 234.5678",
    "+966 (0) 512345678",
    "\u200e+966512345678\u200f",
    "\u202a+966 51 234 5678\u202c",
    "\u2066+966512345678\u2069",
    "\uff0b966512345678",
    "+966\u00a0512\u00a0345\u00a0678",
    "\t0512345678 ",
    "05/1234/5678",
};

TEST(every_way_to_write_a_saudi_mobile_is_one_number)
{
    for (size_t i = 0; i < ARRAY_LEN(saudi_forms); i++) {
        struct phone phone;
        if (!phone_parse(str_c(saudi_forms[i]), &phone)) {
            test_fail(t, __FILE__, __LINE__, "refused: \"%s\"", saudi_forms[i]);
            return;
        }
        CHECK_STR(phone_str(&phone), STR("+966512345678"));
        CHECK_STR(phone_country(&phone), STR("SA"));
    }
}

TEST(every_allocated_saudi_prefix_is_a_mobile)
{
    static const char *const prefixes[] = {"50", "51",  "53",  "54",  "55",   "56",  "58",
                                           "59", "570", "571", "578", "5790", "5798"};
    for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
        char text[32];
        snprintf(text, sizeof(text), "0%s", prefixes[i]);
        while (strlen(text) < 10)
            strcat(text, "7");
        struct phone phone;
        CHECK(phone_parse(str_c(text), &phone));
    }
}

static const char *const refused[] = {
    "",
    " ",
    "+",
    "0",
    "051234567",   /* a digit short */
    "05123456789", /* a digit long */
    "0521234567",  /* 052 is not allocated */
    "0579912345",  /* nor is 0579 9 */
    "0612345678",
    "0112345678", /* a fixed line in local form */
    "+96651234567a",
    "+966+512345678",
    "512345678+",
    "++966512345678",
    "5123 45678 ext 9",
    "+9665123456789012345678",
    "customer@example.com",
    "0512345678\n0512345679",
    "05123\xff\x34\x35",
    "٠٥١٢٣٤٥٦٧",
    "971501234567", /* international, without saying so */
    "+999123456789",
    "+1234",
};

TEST(what_is_no_phone_number_is_refused)
{
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        struct phone phone;
        if (phone_parse(str_c(refused[i]), &phone)) {
            test_fail(t, __FILE__, __LINE__, "accepted: \"%s\"", refused[i]);
            return;
        }
    }
}

TEST(other_countries_are_judged_by_their_numbering_plan)
{
    struct phone phone;
    CHECK(phone_parse(STR("+971 50 123 4567"), &phone));
    CHECK_STR(phone_str(&phone), STR("+971501234567"));
    CHECK_STR(phone_country(&phone), STR("AE"));
    CHECK(phone_parse(STR("00971501234567"), &phone));
    CHECK_STR(phone_str(&phone), STR("+971501234567"));
}

TEST(endless_decoration_is_refused)
{
    char text[PHONE_TYPED_BYTES_MAX + 16];
    memset(text, ' ', sizeof(text));
    memcpy(text, "0512345678", 10);
    struct phone phone;
    CHECK(phone_parse(str_of(text, PHONE_TYPED_BYTES_MAX), &phone));
    CHECK(!phone_parse(str_of(text, PHONE_TYPED_BYTES_MAX + 1), &phone));
}

TEST(a_cut_character_at_the_end_is_refused)
{
    struct phone phone;
    CHECK(!phone_parse(str_of("0512345678\xd9", 11), &phone));
    CHECK(!phone_parse(str_of("0512345678\xe2\x80", 12), &phone));
}
