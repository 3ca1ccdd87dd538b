#include "runtime/breaker.h"

#include "tests/test.h"

static struct tick at(int64_t ms)
{
    return (struct tick){(uint64_t)ms * 1000000};
}

static struct breaker breaker(void)
{
    return (struct breaker){.failures_max = 3, .open_for = milliseconds(100)};
}

static struct breaker opened_at(int64_t ms)
{
    struct breaker b = breaker();
    for (int i = 0; i < 3; i++)
        breaker_judge(&b, at(ms), false);
    return b;
}

TEST(only_failures_in_a_row_open_it)
{
    struct breaker b = breaker();
    for (int i = 0; i < 10; i++) {
        breaker_judge(&b, at(0), false);
        breaker_judge(&b, at(0), false);
        breaker_judge(&b, at(0), true);
    }
    CHECK(breaker_admit(&b, at(0)));
    for (int i = 0; i < 3; i++)
        breaker_judge(&b, at(0), false);
    CHECK(!breaker_admit(&b, at(0)));
}

TEST(after_its_time_one_trial_passes)
{
    struct breaker b = opened_at(0);
    CHECK(!breaker_admit(&b, at(99)));
    CHECK(breaker_admit(&b, at(100)));
    CHECK(!breaker_admit(&b, at(100)));
    CHECK(!breaker_admit(&b, at(199)));
}

TEST(a_good_trial_closes_it)
{
    struct breaker b = opened_at(0);
    CHECK(breaker_admit(&b, at(100)));
    breaker_judge(&b, at(110), true);
    CHECK(breaker_admit(&b, at(110)));
    CHECK(breaker_admit(&b, at(110)));
}

TEST(a_bad_trial_opens_it_again_for_the_whole_time)
{
    struct breaker b = opened_at(0);
    CHECK(breaker_admit(&b, at(100)));
    breaker_judge(&b, at(150), false);
    CHECK(!breaker_admit(&b, at(249)));
    CHECK(breaker_admit(&b, at(250)));
}

TEST(a_trial_without_a_verdict_is_followed_by_another)
{
    struct breaker b = opened_at(0);
    CHECK(breaker_admit(&b, at(100)));
    CHECK(breaker_admit(&b, at(200)));
}

TEST(late_verdicts_of_earlier_calls_count_for_nothing)
{
    struct breaker b = opened_at(0);
    breaker_judge(&b, at(50), true);
    CHECK(!breaker_admit(&b, at(50)));
    breaker_judge(&b, at(90), false);
    CHECK(breaker_admit(&b, at(100)));
}
