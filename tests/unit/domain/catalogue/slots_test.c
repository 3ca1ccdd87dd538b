/* Slots: single rules by example; all of them at once are in slots_random_test.c. */
#include "domain/catalogue/slots.c"

#include <stdlib.h>

#include "tests/test.h"

struct fixture {
    struct arena_pool pool;
    struct arena arena;
};

static struct fixture fixture_begin(void)
{
    struct fixture f = {0};
    char why[200];
    if (tz_database_len() == 0 && !tz_database_load(NULL, why, sizeof(why)))
        abort();
    arena_pool_init(&f.pool, 65536, 4);
    return f;
}

static void fixture_end(struct fixture *f)
{
    arena_end(&f->arena);
    arena_pool_fini(&f->pool);
}

static struct instant at(const char *rfc3339)
{
    struct instant out;
    if (!instant_parse_rfc3339(str_c(rfc3339), &out))
        abort();
    return out;
}

static struct date day(const char *text)
{
    struct date out;
    if (!date_parse(str_c(text), &out))
        abort();
    return out;
}

static int64_t s(const char *rfc3339)
{
    return at(rfc3339).us / 1000000;
}

/* ---- a salon of one or two, open and staffed from 10:00 to 12:00 every day --------------------- */

static const int64_t week[7] = {0, 1, 2, 3, 4, 5, 6}, nobody[1];
#define SEVEN(n)            \
    {                       \
        n, n, n, n, n, n, n \
    }
static const int64_t opens[7] = SEVEN(600), closes[7] = SEVEN(720), owner_1[7] = SEVEN(1);
static const int64_t staff_1[1] = {1};
static const struct claims not_busy[100];

static struct slot_facts plain(const char *zone)
{
    return (struct slot_facts){
        .tz = tz_find(str_c(zone)),
        .now = at("2026-01-01T00:00:00Z"),
        .grid_minutes = 30,
        .horizon_days = 366,
        .duration_minutes = 60,
        .opening = {7, NULL, week, opens, closes},
        .staff_len = 1,
        .staff = staff_1,
        .windows = {7, owner_1, week, opens, closes},
        .extra = {0, nobody, nobody, nobody},
        .off = {0, nobody, nobody, nobody},
        .busy = not_busy,
    };
}

static struct slots compute(struct fixture *f, const struct slot_facts *facts, const char *from,
                            int days)
{
    struct slots slots;
    arena_begin(&f->arena, &f->pool);
    slots_compute(&f->arena, facts, day(from), days, &slots);
    return slots;
}

TEST(slots_start_on_the_local_grid_and_end_by_closing_time)
{
    struct fixture f = fixture_begin();
    struct slot_facts facts = plain("Asia/Riyadh");
    struct slots slots = compute(&f, &facts, "2026-03-10", 1);
    CHECK_INT(slots.len, 3);
    CHECK_INT(slots.starts_s[0], s("2026-03-10T10:00:00+03:00"));
    CHECK_INT(slots.starts_s[2], s("2026-03-10T11:00:00+03:00"));
    CHECK(slots_is_free(&slots, 0, 0));
    fixture_end(&f);
}

TEST(the_grid_counts_from_local_midnight)
{
    struct fixture f = fixture_begin();
    struct slot_facts facts = plain("Asia/Kathmandu"); /* +05:45 */
    struct slots slots = compute(&f, &facts, "2026-03-10", 1);
    CHECK_INT(slots.len, 3);
    CHECK_INT(slots.starts_s[0], s("2026-03-10T10:00:00+05:45"));
    fixture_end(&f);
}

TEST(notice_cuts_the_first_slots)
{
    struct fixture f = fixture_begin();
    struct slot_facts facts = plain("Asia/Riyadh");
    facts.now = at("2026-03-10T09:15:00+03:00");
    facts.notice_minutes = 60;
    struct slots slots = compute(&f, &facts, "2026-03-10", 1);
    CHECK_INT(slots.len, 2);
    CHECK_INT(slots.starts_s[0], s("2026-03-10T10:30:00+03:00"));
    fixture_end(&f);
}

TEST(nothing_is_offered_in_the_past_even_without_notice)
{
    struct fixture f = fixture_begin();
    struct slot_facts facts = plain("Asia/Riyadh");
    facts.now = at("2026-03-10T10:30:00+03:00");
    struct slots slots = compute(&f, &facts, "2026-03-09", 2);
    CHECK_INT(slots.len, 1);
    CHECK_INT(slots.starts_s[0], s("2026-03-10T11:00:00+03:00"));
    fixture_end(&f);
}

TEST(the_horizon_is_the_last_start)
{
    struct fixture f = fixture_begin();
    struct slot_facts facts = plain("Asia/Riyadh");
    facts.now = at("2026-03-08T10:30:00+03:00");
    facts.horizon_days = 2;
    struct slots slots = compute(&f, &facts, "2026-03-10", 5);
    CHECK_INT(slots.len, 2);
    CHECK_INT(slots.starts_s[1], s("2026-03-10T10:30:00+03:00"));
    fixture_end(&f);
}

TEST(an_evening_may_end_after_midnight)
{
    struct fixture f = fixture_begin();
    static const int64_t weekday[] = {4}, from[] = {1320}, to[] = {1530}; /* Thursday 22:00-01:30 */
    struct slot_facts facts = plain("Asia/Riyadh");
    facts.opening = (struct weekly_times){1, NULL, weekday, from, to};
    facts.windows = (struct weekly_times){1, owner_1, weekday, from, to};
    facts.grid_minutes = 60;
    struct slots thursday = compute(&f, &facts, "2026-03-12", 1);
    CHECK_INT(thursday.len, 2); /* 22:00 and 23:00 */
    arena_end(&f.arena);
    struct slots friday = compute(&f, &facts, "2026-03-13", 1);
    CHECK_INT(friday.len, 1); /* 00:00 belongs to Thursday's evening */
    CHECK_INT(friday.starts_s[0], s("2026-03-13T00:00:00+03:00"));
    fixture_end(&f);
}

TEST(windows_that_touch_count_as_one)
{
    struct fixture f = fixture_begin();
    static const int64_t owner[] = {1, 1}, weekday[] = {2, 2}, from[] = {600, 660},
                         to[] = {660, 720};
    struct slot_facts facts = plain("Asia/Riyadh");
    facts.windows = (struct weekly_times){2, owner, weekday, from, to};
    struct slots slots = compute(&f, &facts, "2026-03-10", 1);
    CHECK_INT(slots.len, 3);
    fixture_end(&f);
}

TEST(claims_keep_the_buffers_free)
{
    struct fixture f = fixture_begin();
    const int64_t claim =
        claim_make(s("2026-03-10T10:30:00+03:00"), s("2026-03-10T11:00:00+03:00"));
    struct slot_facts facts = plain("Asia/Riyadh");
    facts.duration_minutes = 15;
    facts.busy = &(struct claims){.len = 1, .items = &claim};
    struct slots slots = compute(&f, &facts, "2026-03-10", 1);
    CHECK_INT(slots.len, 3); /* 10:00, 11:00, 11:30 */
    arena_end(&f.arena);
    facts.buffer_before_minutes = 5;
    facts.buffer_after_minutes = 20;
    slots = compute(&f, &facts, "2026-03-10", 1);
    CHECK_INT(slots.len, 1); /* 10:00 would need until 10:35, 11:00 from 10:55 */
    CHECK_INT(slots.starts_s[0], s("2026-03-10T11:30:00+03:00"));
    fixture_end(&f);
}

TEST(a_hold_that_ran_out_keeps_nothing_free)
{
    struct fixture f = fixture_begin();
    const int64_t claims[] = {
        claim_make(s("2026-03-10T10:00:00+03:00"), s("2026-03-10T10:30:00+03:00")),
        claim_make(s("2026-03-10T10:30:00+03:00"), s("2026-03-10T11:00:00+03:00")),
        claim_make(s("2026-03-10T11:30:00+03:00"), s("2026-03-10T12:00:00+03:00"))};
    struct slot_facts facts = plain("Asia/Riyadh");
    facts.duration_minutes = 30;
    facts.busy = &(struct claims){.len = 3, .items = claims};
    CHECK_INT(compute(&f, &facts, "2026-03-10", 1).len, 1); /* 11:00 */
    arena_end(&f.arena);
    const int64_t ends[] = {facts.now.us, facts.now.us + 1};
    facts.busy = &(struct claims){
        .len = 3, .items = claims, .holds_len = 2, .holds = &claims[1], .hold_ends_us = ends};
    struct slots slots = compute(&f, &facts, "2026-03-10", 1);
    CHECK_INT(slots.len, 2);
    CHECK_INT(slots.starts_s[0], s("2026-03-10T10:30:00+03:00"));
    fixture_end(&f);
}

TEST(a_service_with_rooms_needs_a_free_one)
{
    struct fixture f = fixture_begin();
    const int64_t first =
        claim_make(s("2026-03-10T10:00:00+03:00"), s("2026-03-10T11:00:00+03:00"));
    const int64_t late = claim_make(s("2026-03-10T10:30:00+03:00"), s("2026-03-10T12:00:00+03:00"));
    struct slot_facts facts = plain("Asia/Riyadh");
    facts.needs_room = true;
    CHECK_INT(compute(&f, &facts, "2026-03-10", 1).len, 0); /* it has none */
    arena_end(&f.arena);
    const struct claims rooms[] = {{.len = 1, .items = &first}, {.len = 1, .items = &late}};
    facts.rooms = rooms;
    facts.rooms_len = 1;
    CHECK_INT(compute(&f, &facts, "2026-03-10", 1).len, 1); /* 11:00 */
    arena_end(&f.arena);
    facts.rooms_len = 2;
    CHECK_INT(compute(&f, &facts, "2026-03-10", 1).len,
              1); /* 10:30 would need either of them whole */
    arena_end(&f.arena);
    facts.duration_minutes = 30;
    CHECK_INT(compute(&f, &facts, "2026-03-10", 1).len, 3); /* 10:00 in the second, 11:00, 11:30 */
    fixture_end(&f);
}

TEST(time_off_wins_over_extra_time_and_windows)
{
    struct fixture f = fixture_begin();
    const int64_t owner[] = {1}, off_from[] = {s("2026-03-10T10:00:00+03:00")},
                  off_to[] = {s("2026-03-10T11:00:00+03:00")};
    const int64_t extra_from[] = {s("2026-03-10T09:00:00+03:00")},
                  extra_to[] = {s("2026-03-10T13:00:00+03:00")};
    struct slot_facts facts = plain("Asia/Riyadh");
    facts.windows = (struct weekly_times){0, nobody, nobody, nobody, nobody};
    CHECK_INT(compute(&f, &facts, "2026-03-10", 1).len, 0);
    arena_end(&f.arena);
    facts.extra = (struct dated_times){1, owner, extra_from, extra_to};
    CHECK_INT(compute(&f, &facts, "2026-03-10", 1).len, 3); /* the salon's hours still hold */
    arena_end(&f.arena);
    facts.off = (struct dated_times){1, owner, off_from, off_to};
    struct slots slots = compute(&f, &facts, "2026-03-10", 1);
    CHECK_INT(slots.len, 1);
    CHECK_INT(slots.starts_s[0], s("2026-03-10T11:00:00+03:00"));
    fixture_end(&f);
}

TEST(a_short_day_loses_an_hour_and_a_long_one_gains_one)
{
    struct fixture f = fixture_begin();
    static const int64_t from[7] = SEVEN(0), to[7] = SEVEN(1440);
    static const struct {
        const char *zone, *date;
        size_t slots;
    } cases[] = {
        {"Europe/London", "2026-03-28", 24},    {"Europe/London", "2026-03-29", 23},
        {"Europe/London", "2026-10-25", 25},    {"America/New_York", "2026-03-08", 23},
        {"America/New_York", "2026-11-01", 25}, {"Asia/Riyadh", "2026-03-29", 24},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct slot_facts facts = plain(cases[i].zone);
        facts.grid_minutes = 60;
        facts.opening = (struct weekly_times){7, NULL, week, from, to};
        facts.windows = (struct weekly_times){7, owner_1, week, from, to};
        struct slots slots = compute(&f, &facts, cases[i].date, 1);
        CHECK_INT(slots.len, cases[i].slots);
        arena_end(&f.arena);
    }
    fixture_end(&f);
}

TEST(more_than_64_staff_have_a_bit_each)
{
    struct fixture f = fixture_begin();
    int64_t ids[100], weekday[100], from[100], to[100];
    for (int i = 0; i < 100; i++) {
        ids[i] = 1000 + i;
        weekday[i] = 2;
        from[i] = i == 77 ? 660 : 600; /* one comes later */
        to[i] = 720;
    }
    struct slot_facts facts = plain("Asia/Riyadh");
    facts.staff_len = 100;
    facts.staff = ids;
    facts.windows = (struct weekly_times){100, ids, weekday, from, to};
    struct slots slots = compute(&f, &facts, "2026-03-10", 1);
    CHECK_INT(slots.len, 3);
    CHECK(slots_is_free(&slots, 0, 99) && !slots_is_free(&slots, 0, 77));
    CHECK(slots_is_free(&slots, 2, 77));
    fixture_end(&f);
}

TEST(the_nearest_come_first_the_earlier_of_two)
{
    static const int64_t starts[] = {0, 100, 200, 400};
    struct slots slots = {.len = 4, .starts_s = starts};
    size_t found[3];
    CHECK_INT(slots_nearest(&slots, 150, 3, found), 3);
    CHECK(found[0] == 1 && found[1] == 2 && found[2] == 0);
    CHECK_INT(slots_nearest(&slots, 1000, 2, found), 2);
    CHECK(found[0] == 3 && found[1] == 2);
    slots.len = 0;
    CHECK_INT(slots_nearest(&slots, 150, 3, found), 0);
}

/* ---- local times ----------------------------------------------------------------------------- */

TEST(local_times_at_a_clock_change_are_read_as_postgres_reads_them)
{
    static const struct {
        const char *zone, *date;
        int minute;
        const char *means;
    } cases[] = {
        {"Europe/London", "2026-03-29", 90, "2026-03-29T01:30:00Z"}, /* skipped */
        {"Europe/London", "2026-10-25", 90, "2026-10-25T01:30:00Z"}, /* the second time */
        {"America/New_York", "2026-03-08", 150, "2026-03-08T07:30:00Z"},
        {"America/New_York", "2026-11-01", 90, "2026-11-01T06:30:00Z"},
        {"Australia/Lord_Howe", "2026-04-05", 105, "2026-04-04T15:15:00Z"},
        {"Asia/Riyadh", "2026-03-29", 1470, "2026-03-29T21:30:00Z"},
    };
    struct fixture f = fixture_begin();
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        CHECK_INT(local_instant(tz_find(str_c(cases[i].zone)), day(cases[i].date), cases[i].minute),
                  s(cases[i].means));
    arena_begin(&f.arena, &f.pool);
    fixture_end(&f);
}
