/* The real numbering plans: a few numbers of the countries that are served, and some of none. */
#include "domain/accounts/phone.h"
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
