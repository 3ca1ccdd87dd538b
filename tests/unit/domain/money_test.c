#include "domain/money.h"

#include "tests/test.h"

static const struct currency sar = {"SAR"};

static struct money riyals(int64_t halalas)
{
    return (struct money){halalas, sar};
}

/* The share, or -777 when it does not fit. */
static int64_t share(int64_t of, int64_t part, int64_t whole)
{
    struct money out;
    return money_share(riyals(of), (struct ratio){part, whole}, &out) ? out.minor : -777;
}

TEST(a_currency_is_three_capital_letters)
{
    struct currency currency;
    CHECK(currency_parse(STR("KWD"), &currency));
    CHECK_STR(currency_code(&currency), STR("KWD"));
    CHECK(!currency_eq(currency, sar));
    const struct str bad[] = {STR(""), STR("SA"), STR("SARS"), STR("sar"), STR("S R"), STR("SA1")};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        CHECK(!currency_parse(bad[i], &currency));
    CHECK_STR(currency_code(&currency), STR("KWD")); /* as it was */
}

TEST(a_share_is_rounded_to_the_nearest_unit)
{
    CHECK_INT(share(10000, 15, 100), 1500);
    CHECK_INT(share(33, 15, 100), 5);       /* 4.95 */
    CHECK_INT(share(11500, 15, 115), 1500); /* the tax inside */
    CHECK_INT(share(100, 1, 3), 33);
    CHECK_INT(share(200, 1, 3), 67);
    CHECK_INT(share(0, 15, 100), 0);
    CHECK_INT(share(100, 0, 100), 0);
    CHECK_INT(share(7, 3, 1), 21);
}

TEST(halves_are_rounded_away_from_zero)
{
    CHECK_INT(share(1, 1, 2), 1);
    CHECK_INT(share(-1, 1, 2), -1);
    CHECK_INT(share(3, 1, 2), 2);
    CHECK_INT(share(-3, 1, 2), -2);
    CHECK_INT(share(3, -1, 2), -2);
    CHECK_INT(share(30, 15, 100), 5); /* 4.5 */
    CHECK_INT(share(-30, 15, 100), -5);
}

TEST(a_share_and_the_rest_make_the_whole)
{
    for (int64_t whole = -1000; whole <= 1000; whole++)
        for (int32_t percent = 0; percent <= 100; percent++) {
            struct money part, rest, sum;
            CHECK(money_share(riyals(whole), ratio_percent(percent), &part));
            CHECK(money_sub(riyals(whole), part, &rest));
            CHECK(money_add(part, rest, &sum));
            CHECK_INT(sum.minor, whole);
            /* At most half a unit off: twice the error, in hundredths of a unit, is at most 100. */
            int64_t off = 2 * (part.minor * 100 - whole * percent);
            CHECK(off >= -100 && off <= 100);
        }
}

TEST(a_product_beyond_64_bits_is_no_problem_a_result_is)
{
    CHECK_INT(share(INT64_MAX, INT64_MAX, INT64_MAX), INT64_MAX);
    CHECK_INT(share(INT64_MIN, 1, 1), INT64_MIN);
    CHECK_INT(share(INT64_MAX, 100, 99), -777);
    CHECK_INT(share(INT64_MIN, -1, 1), -777);
    CHECK_INT(share(INT64_MIN, 1, INT64_MAX), -1);
}

TEST(sums_that_do_not_fit_are_refused)
{
    struct money out = riyals(5);
    CHECK(money_add(riyals(INT64_MAX - 1), riyals(1), &out));
    CHECK_INT(out.minor, INT64_MAX);
    CHECK(!money_add(riyals(INT64_MAX), riyals(1), &out));
    CHECK(!money_sub(riyals(INT64_MIN), riyals(1), &out));
    CHECK_INT(out.minor, INT64_MAX); /* as it was */

    const struct money items[] = {riyals(INT64_MAX), riyals(-1), riyals(1), riyals(1)};
    CHECK(money_sum(sar, items, 3, &out));
    CHECK_INT(out.minor, INT64_MAX);
    CHECK(!money_sum(sar, items, 4, &out));
    CHECK(money_sum(sar, items, 0, &out));
    CHECK_INT(out.minor, 0);
    CHECK(currency_eq(out.currency, sar));
}

TEST(millions_of_the_largest_amounts_fit_into_one_sum)
{
    struct money sum = riyals(0);
    for (int i = 0; i < 10000000; i++)
        CHECK(money_add(sum, riyals(MONEY_MAX), &sum));
}
