#include "domain/work/work.h"
#include "tests/test.h"

static const struct work_patience patience = {
    .attempts_max = 5, .first = {1000000}, .longest = {60000000}};

/* A cheap generator with the whole range of values, the ends among them. */
static uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    switch (*state >> 60) {
    case 0: return 0;
    case 1: return UINT64_MAX;
    default: return *state;
    }
}

TEST(the_pause_lies_between_nothing_and_a_bound_that_doubles)
{
    int64_t bounds[] = {1, 2, 4, 8, 16, 32, 60, 60, 60};
    for (uint32_t attempt = 1; attempt <= ARRAY_LEN(bounds); attempt++) {
        int64_t bound = seconds(bounds[attempt - 1]).us;
        CHECK_INT(work_pause(&patience, attempt, 0, 0).us, 0);
        CHECK_INT(work_pause(&patience, attempt, 0, UINT64_MAX).us, bound);
        CHECK_INT(work_pause(&patience, attempt, 0, UINT64_MAX / 2).us, bound / 2);
    }
}

TEST(whatever_the_attempt_the_pause_stays_in_its_bounds)
{
    static const uint32_t attempts[] = {1,
                                        2,
                                        3,
                                        31,
                                        32,
                                        33,
                                        63,
                                        64,
                                        65,
                                        1000000,
                                        INT32_MAX,
                                        1u << 31,
                                        (1u << 31) + 1,
                                        UINT32_MAX - 1,
                                        UINT32_MAX};
    static const struct work_patience all[] = {
        {0, {1}, {1}},
        {0, {1}, {INT64_MAX / 4}},
        {0, {INT64_MAX / 4}, {INT64_MAX / 4}},
        {0, {3}, {INT64_MAX / 4 - 1}},
        {0, {1000000}, {3600000000}},
    };
    uint64_t state = 1;
    for (size_t p = 0; p < ARRAY_LEN(all); p++)
        for (size_t a = 0; a < ARRAY_LEN(attempts); a++)
            for (int i = 0; i < 200; i++) {
                int64_t pause = work_pause(&all[p], attempts[a], 0, next_random(&state)).us;
                CHECK(pause >= 0 && pause <= all[p].longest.us);
                if (attempts[a] == 1)
                    CHECK(pause <= all[p].first.us);
            }
}

TEST(pauses_of_many_are_spread_over_the_whole_bound)
{
    enum { MANY = 10000, PARTS = 10 };
    int in_part[PARTS] = {0};
    uint64_t state = 7;
    for (int i = 0; i < MANY; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        in_part[work_pause(&patience, 4, 0, state).us * PARTS / (seconds(8).us + 1)]++;
    }
    for (int i = 0; i < PARTS; i++)
        CHECK(in_part[i] > MANY / PARTS * 8 / 10 && in_part[i] < MANY / PARTS * 12 / 10);
}

TEST(a_partners_wish_is_the_least_there_is)
{
    CHECK_INT(work_pause(&patience, 1, 30, 0).us, seconds(30).us);
    CHECK_INT(work_pause(&patience, 1, 30, UINT64_MAX).us, seconds(31).us);
    CHECK_INT(work_pause(&patience, 1, -5, 0).us, 0);
    CHECK_INT(work_pause(&patience, 1, INT32_MAX, 0).us, seconds(86400).us); /* no further */
}

TEST(what_may_get_better_is_tried_again_until_the_attempts_are_used_up)
{
    static const enum err better[] = {ERR_UNAVAILABLE, ERR_TIMEOUT, ERR_CANCELED, ERR_TOO_MANY};
    for (size_t i = 0; i < ARRAY_LEN(better); i++) {
        for (uint32_t attempt = 1; attempt < 5; attempt++)
            CHECK_INT(work_judge(&patience, attempt, better[i]), WORK_AGAIN);
        CHECK_INT(work_judge(&patience, 5, better[i]), WORK_DEAD);
        CHECK_INT(work_judge(&patience, UINT32_MAX, better[i]), WORK_DEAD);
    }
}

TEST(a_refusal_is_for_good)
{
    static const enum err worse[] = {ERR_INVALID,  ERR_FORBIDDEN, ERR_NOT_FOUND,
                                     ERR_CONFLICT, ERR_GONE,      ERR_INTERNAL};
    for (size_t i = 0; i < ARRAY_LEN(worse); i++)
        CHECK_INT(work_judge(&patience, 1, worse[i]), WORK_DEAD);
}

TEST(success_is_success_at_any_attempt)
{
    CHECK_INT(work_judge(&patience, 1, OK), WORK_DONE);
    CHECK_INT(work_judge(&patience, UINT32_MAX, OK), WORK_DONE);
}

TEST(without_a_number_of_attempts_nothing_ever_dies)
{
    const struct work_patience forever = {0, {1}, {1}};
    for (enum err err = ERR_INVALID; err <= ERR_INTERNAL; err++)
        CHECK_INT(work_judge(&forever, UINT32_MAX, err), WORK_AGAIN);
    CHECK(!work_is_used_up(&forever, UINT32_MAX));
}

TEST(an_attempt_past_the_last_one_is_none)
{
    CHECK(!work_is_used_up(&patience, 5));
    CHECK(work_is_used_up(&patience, 6));
}

TEST(every_error_has_a_text_and_a_refusal_its_code)
{
    for (enum err err = OK; err <= ERR_INTERNAL; err++)
        CHECK(work_error_text(err, R_NONE).len > 0);
    CHECK_STR(work_error_text(ERR_CONFLICT, R_SLOT_TAKEN), STR("booking.slot_taken"));
    CHECK_STR(work_error_text(ERR_TIMEOUT, R_NONE), STR("unknown: out of time"));
}
