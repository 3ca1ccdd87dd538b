/* The real numbering plans: every mobile prefix of the countries that are served, every region's own examples, and
 * numbers of no plan. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/accounts/phone.h"
#include "domain/accounts/phone_plan.h"
#include "runtime/loop.h"
#include "tests/test.h"

void on_loop_stack(void (*fn)(void *arg), void *arg)
{
    fn(arg);
}

TEST(valid_numbers_of_the_neighbours_are_known_with_their_country)
{
    static const struct {
        const char *typed, *e164, *country;
    } cases[] = {
        {"+971 50 123 4567", "+971501234567", "AE"},   {"00973 3600 1234", "+97336001234", "BH"},
        {"+965 500 12345", "+96550012345", "KW"},      {"+968 9212 3456", "+96892123456", "OM"},
        {"+974 3312 3456", "+97433123456", "QA"},      {"+966 11 200 0001", "+966112000001", "SA"},
        {"+44 (0)7400 123456", "+447400123456", "GB"}, {"+1 415 555 2671", "+14155552671", "US"},
        {"+20 100 123 4567", "+201001234567", "EG"}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct phone phone;
        if (!phone_parse(str_c(cases[i].typed), &phone)) {
            test_fail(t, __FILE__, __LINE__, "refused: %s", cases[i].typed);
            return;
        }
        CHECK_STR(phone_str(&phone), str_c(cases[i].e164));
        CHECK_STR(phone_country(&phone), str_c(cases[i].country));
    }
}

TEST(numbers_of_no_plan_are_refused)
{
    static const char *const bad[] = {"+999123456789", "+97150123",     "+9715012345678",
                                      "+10000000000",  "+966521234567", "+44123"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct phone phone;
        if (!phone_parse(str_c(bad[i]), &phone))
            continue;
        test_fail(t, __FILE__, __LINE__, "accepted: %s", bad[i]);
        return;
    }
}

/* ---- every mobile prefix of the Gulf ------------------------------------------------------------- */

/* Written down from phone_plans.json, so that new plans show here what they change: the shortest prefixes
 * all of whose numbers are mobiles. No other number is one. */
static const struct gulf {
    const char *code;
    int digits;
    const char *mobile;
} gulf[] = {
    {"+966", 9,
     "50 51 53 54 55 56 570 571 572 573 574 575 576 577 578 5790 5791 5792 5793 5794 5795 5796 "
     "5797 5798 58 59"},
    {"+971", 9, "50 52 53 54 55 56 58"},
    {"+968", 8,
     "1505 71 72 74 75 76 77 78 79 901 902 903 904 905 906 907 908 909 91 92 93 94 95 96 97 98 "
     "99"},
    {"+973", 8,
     "30 31 32 33 34 35 36 37 380 381 382 383 384 385 387 388 389 39 6300 6333 6361 6366 6441 "
     "6630 6633 6634 6635 6636 6637 6638 6639 666 6670 6671 6672 6673 6674 6675 6676 6678 6679 "
     "669"},
    {"+965", 8,
     "41 50 510 511 512 513 514 515 516 517 5222 5252 5255 55 565 566 5755 5777 5885 5888 600 "
     "603 604 606 607 609 6100 6111 6161 6166 6222 6262 6333 6363 6444 6464 650 651 655 656 "
     "657 658 659 66 6700 6701 6703 6704 6705 6706 6707 6708 6709 676 677 6868 6888 690 6930 "
     "6933 6939 696 699 90 9100 9110 9111 9199 9200 922 9300 9330 9333 94 9500 955 96 97 980 "
     "985 987 988 989 99"},
    {"+974", 8, "3 5 6 7"},
};

static bool has_mobile_prefix(const struct gulf *country, const char *number)
{
    for (const char *prefix = country->mobile; prefix; prefix = strchr(prefix, ' ')) {
        prefix += *prefix == ' ';
        if (strncmp(number, prefix, strcspn(prefix, " ")) == 0)
            return true;
    }
    return false;
}

static bool is_mobile(const char *number)
{
    struct phone phone;
    return phone_parse(str_c(number), &phone) && phone.receives_sms;
}

TEST(of_the_gulf_every_mobile_prefix_is_known_and_no_other)
{
    static const char *const ends[] = {"00000", "98765"};
    int mobiles = 0;
    for (size_t i = 0; i < 2 * ARRAY_LEN(gulf) * 10000; i++) {
        const struct gulf *country = &gulf[i / 20000];
        char number[16];
        snprintf(number, sizeof(number), "%s%04d%.*s", country->code, (int)(i / 2 % 10000),
                 country->digits - 4, ends[i % 2]);
        bool mobile = has_mobile_prefix(country, number + 4);
        mobiles += mobile;
        if (is_mobile(number) == mobile)
            continue;
        test_fail(t, __FILE__, __LINE__, "%s: %s", mobile ? "refused" : "taken for a mobile",
                  number);
        return;
    }
    CHECK_INT(mobiles, 19424);
}

TEST(a_mobile_of_the_gulf_has_neither_a_digit_less_nor_one_more)
{
    for (size_t i = 0; i < ARRAY_LEN(gulf); i++) {
        int prefix = (int)strcspn(gulf[i].mobile, " ");
        for (int digits = gulf[i].digits - 1; digits <= gulf[i].digits + 1; digits++) {
            char number[20];
            snprintf(number, sizeof(number), "%s%.*s%.*s", gulf[i].code, prefix, gulf[i].mobile,
                     digits - prefix, "123456789");
            if (is_mobile(number) != (digits == gulf[i].digits))
                test_fail(t, __FILE__, __LINE__, "%s", number);
        }
    }
}

TEST(landlines_and_services_are_valid_and_get_no_text_messages)
{
    static const char *const silent[] = {"+966112000001", "+966920012345", "+9668001234567",
                                         "+97142345678",  "+97122345678",  "+97317001234",
                                         "+96522345678",  "+96823123456",  "+97444123456",
                                         "+442079460000", "+448001234567"};
    for (size_t i = 0; i < ARRAY_LEN(silent); i++) {
        struct phone phone;
        if (!phone_parse(str_c(silent[i]), &phone) || phone.receives_sms)
            test_fail(t, __FILE__, __LINE__, "%s", silent[i]);
    }
    CHECK(is_mobile("+14155552671")); /* a plan that does not tell the two apart */
    CHECK(is_mobile("+447400123456"));
}

/* ---- every region's own examples ----------------------------------------------------------------- */

/* What stands behind `"key": `, or NULL. */
static const char *value_of(const char *line, const char *key)
{
    char quoted[40];
    snprintf(quoted, sizeof(quoted), "\"%s\": ", key);
    const char *found = strstr(line, quoted);
    return found ? found + strlen(quoted) : NULL;
}

/* One line of the file: a kind of numbers of the region that the lines before told. */
static bool example_is_known(const char *line, int country_code, bool *told)
{
    char number[40], *end = number;
    const char *example = value_of(line, "example_number");
    *told = example && !value_of(line, "general_desc");
    if (!*told)
        return true;
    end += snprintf(number, 8, "+%d", country_code);
    for (example++; isdigit((unsigned char)*example) && end < number + 30; example++)
        *end++ = *example;
    *end = '\0';
    struct phone phone;
    bool known = phone_plan_parse(str_c(number), &phone) &&
                 str_eq(phone_str(&phone), str_c(number));
    return known && (phone.receives_sms || !value_of(line, "mobile"));
}

TEST(every_example_of_every_region_is_valid_and_its_mobiles_get_text_messages)
{
    char path[512], line[16384];
    snprintf(path, sizeof(path), "%s/providers/phone_plans.json", getenv("MAWID_SOURCE_ROOT"));
    FILE *file = fopen(path, "r");
    CHECK(file != NULL);
    int country_code = 0, regions = 0, examples = 0;
    while (fgets(line, sizeof(line), file)) {
        const char *code = value_of(line, "country_code");
        bool told;
        if (code)
            country_code = (int)strtol(code, NULL, 10), regions++;
        if (!example_is_known(line, country_code, &told))
            test_fail(t, __FILE__, __LINE__, "+%d, %s", country_code, line);
        examples += told;
    }
    fclose(file);
    CHECK(regions > 240);
    CHECK(examples > 1000);
}
