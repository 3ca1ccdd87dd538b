/* Slots of random salons against a slow, obvious twin that goes minute by minute and knows nothing of
 * intervals. SLOTS_SEED=n repeats a failure; without it every run has other salons. */
#include "domain/catalogue/slots.h"

#include <stdlib.h>

#include "tests/test.h"

enum { DAY_S = 86400 };

/* ---- the slow twin ---------------------------------------------------------------------------- */

enum {
    TWIN_MINUTES_MAX = (SLOTS_DAYS_MAX + 6) * 1440,
    TWIN_STAFF = 3,
    TWIN_ROOMS = 2,
    TWIN_OWNERS = TWIN_STAFF + TWIN_ROOMS,
};

struct question {
    struct date first;
    int days;
};

/* All times in these tests are whole minutes. */
struct twin {
    const struct slot_facts *facts;
    struct question asked;
    int64_t begin;                     /* UTC, three days before the first local day */
    int64_t minutes;                   /* of them it knows: until three days after the last day */
    int64_t meaning[TWIN_MINUTES_MAX]; /* of each local minute from `begin` on */
    bool open[TWIN_MINUTES_MAX], works[TWIN_STAFF][TWIN_MINUTES_MAX],
        off[TWIN_STAFF][TWIN_MINUTES_MAX], busy[TWIN_OWNERS][TWIN_MINUTES_MAX];
};

static int32_t offset_at(const struct tz *tz, int64_t t)
{
    return tz_offset_at(tz, (struct instant){t * 1000000});
}

/* What Postgres' AT TIME ZONE says of each local minute, by letting the clock run: it shows some twice,
 * and the later time counts; it jumps over some, and they are read as if it had gone on. */
static void twin_run_clock(struct twin *twin)
{
    const struct tz *tz = twin->facts->tz;
    int64_t t = twin->begin - 2 * DAY_S, end = twin->begin + twin->minutes * 60 + 2 * DAY_S;
    int32_t before = offset_at(tz, t - 60);
    for (; t < end; t += 60) {
        int32_t offset = offset_at(tz, t);
        for (int64_t local = MIN(t + before, t + offset); local <= t + offset; local += 60) {
            int64_t minute = (local - twin->begin) / 60;
            if (local >= twin->begin && minute < twin->minutes &&
                (local == t + offset || local >= t + before))
                twin->meaning[minute] = local == t + offset ? t : local - before;
        }
        before = offset;
    }
}

static int64_t twin_instant(const struct twin *twin, struct date date, int64_t minute)
{
    int64_t at = ((int64_t)date.days * DAY_S - twin->begin) / 60 + minute;
    if (at < 0 || at >= twin->minutes)
        abort();
    return twin->meaning[at];
}

static void mark(struct twin *twin, bool *minutes, int64_t from, int64_t to)
{
    for (int64_t t = MAX(from, twin->begin); t < to; t += 60)
        if ((t - twin->begin) / 60 < twin->minutes)
            minutes[(t - twin->begin) / 60] = true;
}

static void mark_weekly(struct twin *twin, bool *minutes, const struct weekly_times *weekly,
                        int64_t owner)
{
    for (int d = -1; d <= twin->asked.days; d++)
        for (size_t i = 0; i < weekly->len; i++) {
            struct date date = {twin->asked.first.days + d};
            if (weekly->weekday[i] == date_weekday(date) &&
                (!weekly->owner || weekly->owner[i] == owner))
                mark(twin, minutes, twin_instant(twin, date, weekly->starts_minute[i]),
                     twin_instant(twin, date, weekly->ends_minute[i]));
        }
}

static void mark_dated(struct twin *twin, bool *minutes, const struct dated_times *dated,
                       int64_t owner)
{
    for (size_t i = 0; i < dated->len; i++)
        if (dated->owner[i] == owner)
            mark(twin, minutes, dated->starts_s[i], dated->ends_s[i]);
}

static bool has_run_out(const struct slot_facts *facts, const struct claims *claims, int64_t claim)
{
    for (size_t i = 0; i < claims->holds_len; i++)
        if (claims->holds[i] == claim)
            return claims->hold_ends_us[i] <= facts->now.us;
    return false;
}

static void mark_claims(struct twin *twin, bool *minutes, const struct claims *claims)
{
    for (size_t i = 0; i < claims->len; i++)
        if (!has_run_out(twin->facts, claims, claims->items[i]))
            mark(twin, minutes, claim_start(claims->items[i]), claim_end(claims->items[i]));
}

static struct twin *twin_new(const struct slot_facts *facts, struct question asked)
{
    struct twin *twin = calloc(1, sizeof(*twin));
    twin->facts = facts;
    twin->asked = asked;
    twin->begin = (int64_t)(asked.first.days - 3) * DAY_S;
    twin->minutes = (int64_t)(asked.days + 6) * 1440;
    twin_run_clock(twin);
    mark_weekly(twin, twin->open, &facts->opening, 0);
    for (size_t i = 0; i < facts->staff_len; i++) {
        mark_weekly(twin, twin->works[i], &facts->windows, facts->staff[i]);
        mark_dated(twin, twin->works[i], &facts->extra, facts->staff[i]);
        mark_dated(twin, twin->off[i], &facts->off, facts->staff[i]);
        mark_claims(twin, twin->busy[i], &facts->busy[i]);
    }
    for (size_t i = 0; i < facts->rooms_len; i++)
        mark_claims(twin, twin->busy[TWIN_STAFF + i], &facts->rooms[i]);
    return twin;
}

static bool is_unclaimed(const struct twin *twin, int64_t minute, size_t owner)
{
    const struct slot_facts *facts = twin->facts;
    for (int64_t m = minute - facts->buffer_before_minutes;
         m < minute + facts->duration_minutes + facts->buffer_after_minutes; m++)
        if (twin->busy[owner][m])
            return false;
    return true;
}

static bool has_room(const struct twin *twin, int64_t minute)
{
    bool any = !twin->facts->needs_room;
    for (size_t i = 0; i < twin->facts->rooms_len; i++)
        any |= is_unclaimed(twin, minute, TWIN_STAFF + i);
    return any;
}

static bool twin_free(const struct twin *twin, int64_t t, size_t member)
{
    const struct slot_facts *facts = twin->facts;
    int64_t minute = (t - twin->begin) / 60;
    for (int64_t m = minute; m < minute + facts->duration_minutes; m++)
        if (!twin->open[m] || !twin->works[member][m] || twin->off[member][m])
            return false;
    return is_unclaimed(twin, minute, member) && has_room(twin, minute);
}

/* ---- random salons ---------------------------------------------------------------------------- */

static uint64_t random_state;

static int64_t below(int64_t bound)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (int64_t)((random_state >> 33) % (uint64_t)bound);
}

enum { MADE_MAX = 128 };

struct made {
    int64_t owner[MADE_MAX], weekday[MADE_MAX], from[MADE_MAX], to[MADE_MAX];
    size_t len;
};

static void made_add(struct made *made, int64_t owner, int64_t weekday, int64_t from, int64_t to)
{
    assert(made->len < MADE_MAX);
    made->owner[made->len] = owner;
    made->weekday[made->len] = weekday;
    made->from[made->len] = from;
    made->to[made->len++] = to;
}

static void random_week(struct made *made, int64_t owner)
{
    for (int64_t weekday = 0; weekday < 7; weekday++) {
        int64_t from = below(16) * 30, intervals = 1 + below(2);
        for (int64_t i = 0; i < intervals && from < 1440; i++) {
            int64_t to = MIN(from + 120 + below(24) * 30, 1440 + 360);
            made_add(made, owner, weekday, from, to);
            from = to + below(4) * 15;
        }
    }
}

/* Never overlapping, as the database keeps claims. */
static void random_claims(struct made *made, int64_t owner, int64_t begin, int days)
{
    int64_t t = begin;
    for (int i = 0; i < 6 + 3 * days; i++) {
        t += below(500) * 60;
        int64_t to = t + (5 + below(180)) * 60;
        made_add(made, owner, 0, t, to);
        t = to;
    }
}

/* A time off or of extra work. */
static void random_stretch(struct made *made, int64_t owner, int64_t begin, int days)
{
    int64_t from = begin + below(1200 * days) * 60;
    made_add(made, owner, 0, from, from + (1 + below(300 * (days + 4))) * 60);
}

/* The day of a change of the clocks there, and zones that are odd without one. */
static const struct {
    const char *zone, *date;
} seasons[] = {
    {"Asia/Riyadh", "2026-05-01"},         {"Europe/Berlin", "2026-03-29"},
    {"Europe/Berlin", "2026-10-25"},       {"America/New_York", "2026-03-08"},
    {"America/New_York", "2026-11-01"},    {"Australia/Lord_Howe", "2026-04-05"}, /* half an hour */
    {"Australia/Lord_Howe", "2026-10-04"}, {"Pacific/Kiritimati", "2026-06-01"},  /* +14 */
    {"Asia/Kathmandu", "2026-06-01"},                                             /* +05:45 */
    {"Africa/Cairo", "2026-04-24"}, /* at midnight: a day begins at one */
    {"Africa/Cairo", "2026-10-29"}, /* the last hour of a day comes twice */
    {"Asia/Beirut", "2026-03-29"},         {"Asia/Beirut", "2026-10-24"},
    {"America/Santiago", "2026-09-06"},    {"Africa/Casablanca", "2026-02-15"},
    {"Africa/Casablanca", "2026-03-22"},   {"Antarctica/Troll", "2026-03-29"}, /* two hours */
    {"Pacific/Apia", "2011-12-30"}, /* the 30th did not happen */
};

static struct weekly_times weekly_of(const struct made *made, bool owned)
{
    return (struct weekly_times){made->len, owned ? made->owner : NULL, made->weekday, made->from,
                                 made->to};
}

static struct dated_times dated_of(const struct made *made)
{
    return (struct dated_times){made->len, made->owner, made->from, made->to};
}

static const int64_t random_staff[TWIN_STAFF] = {3, 7, 20};
static struct {
    struct made opening, windows, extra, off, busy[TWIN_OWNERS];
    int64_t packed[TWIN_OWNERS][MADE_MAX], holds[TWIN_OWNERS][MADE_MAX],
        hold_ends_us[TWIN_OWNERS][MADE_MAX];
    struct claims claims[TWIN_OWNERS];
} made;

/* A third of them are holds, of which half have run out. */
static void pack_claims(int owner, struct instant now)
{
    const struct made *busy = &made.busy[owner];
    size_t holds = 0;
    for (size_t i = 0; i < busy->len; i++) {
        made.packed[owner][i] = claim_make(busy->from[i], busy->to[i]);
        if (below(3) > 0)
            continue;
        made.holds[owner][holds] = made.packed[owner][i];
        made.hold_ends_us[owner][holds++] = now.us + below(2);
    }
    made.claims[owner] = (struct claims){busy->len, made.packed[owner], holds, made.holds[owner],
                                         made.hold_ends_us[owner]};
}

static void random_people(struct question asked, struct instant now)
{
    int64_t begin = (int64_t)(asked.first.days - 1) * DAY_S;
    memset(&made, 0, sizeof(made));
    random_week(&made.opening, 0);
    for (int i = 0; i < TWIN_OWNERS; i++) {
        int64_t id = i < TWIN_STAFF ? random_staff[i] : 0;
        random_claims(&made.busy[i], id, begin, asked.days);
        pack_claims(i, now);
        if (i >= TWIN_STAFF)
            continue;
        random_week(&made.windows, id);
        random_stretch(&made.extra, id, begin, asked.days);
        random_stretch(&made.off, id, begin, asked.days);
    }
}

static struct slot_facts random_salon(const char *zone, struct question asked)
{
    static const int grids[] = {5, 15, 20, 30, 60};
    /* Often on the grid to the second, where notice and horizon end. */
    int64_t step = below(2) ? 300 : 1, minutes = below(2) ? 5 : 1;
    int64_t eve = (int64_t)(asked.first.days - 1) * DAY_S;
    struct instant now = {(eve + below(2 * DAY_S / step) * step) * 1000000 + below(2)};
    random_people(asked, now);
    return (struct slot_facts){
        .tz = tz_find(str_c(zone)),
        .now = now,
        .notice_minutes = (int32_t)(below(300 / minutes) * minutes),
        .horizon_days = (int32_t)(2 + below(asked.days + 2)),
        .grid_minutes = grids[below(ARRAY_LEN(grids))],
        .duration_minutes = (int32_t)(5 + below(180)),
        .buffer_before_minutes = (int32_t)below(30),
        .buffer_after_minutes = (int32_t)below(30),
        .opening = weekly_of(&made.opening, false),
        .staff_len = TWIN_STAFF,
        .staff = random_staff,
        .windows = weekly_of(&made.windows, true),
        .extra = dated_of(&made.extra),
        .off = dated_of(&made.off),
        .busy = made.claims,
        .needs_room = below(2) == 0,
        .rooms_len = (size_t)below(TWIN_ROOMS + 1),
        .rooms = made.claims + TWIN_STAFF,
    };
}

static bool may_start(const struct slot_facts *facts, int64_t t)
{
    int64_t us = t * 1000000;
    return (t + offset_at(facts->tz, t)) / 60 % facts->grid_minutes == 0 && us > facts->now.us &&
           us >= facts->now.us + facts->notice_minutes * INT64_C(60000000) &&
           us <= facts->now.us + facts->horizon_days * INT64_C(86400000000);
}

/* Of the slots and the twin: -1, or the first start about which they differ. */
static int64_t disagreement(const struct slots *slots, const struct twin *twin)
{
    const struct slot_facts *facts = twin->facts;
    struct date first = twin->asked.first, after = {first.days + twin->asked.days};
    int64_t t = twin_instant(twin, first, 0), until = twin_instant(twin, after, 0);
    size_t next = 0;
    for (; t < until; t += 60) {
        bool asked = may_start(facts, t), any = false;
        bool offered = next < slots->len && slots->starts_s[next] == t;
        for (size_t i = 0; i < TWIN_STAFF; i++) {
            bool free = asked && twin_free(twin, t, i);
            any |= free;
            if (offered && slots_is_free(slots, next, i) != free)
                return t;
        }
        if (any != offered)
            return t;
        next += offered;
    }
    return next == slots->len ? -1 : slots->starts_s[next];
}

static uint64_t first_seed(void)
{
    const char *asked = getenv("SLOTS_SEED");
    uint64_t seed = asked ? strtoull(asked, NULL, 10) : 0;
    while (seed == 0)
        clock_system.random(&clock_system, &seed, sizeof(seed));
    printf("# SLOTS_SEED=%llu\n", (unsigned long long)seed);
    return seed;
}

/* Mostly a few days, for the sake of time; one in eight as long as any. The change is somewhere from the
 * day before the first to the day after the last. */
static struct question random_question(struct date change)
{
    int days = (int)(below(8) > 0 ? 1 + below(4) : 1 + below(SLOTS_DAYS_MAX));
    return (struct question){{change.days + 1 - (int32_t)below(days + 2)}, days};
}

static int64_t wrong_start(struct arena *arena, const char *zone, struct question asked,
                           uint64_t *offered)
{
    struct slot_facts facts = random_salon(zone, asked);
    struct slots slots;
    slots_compute(arena, &facts, asked.first, asked.days, &slots);
    struct twin *twin = twin_new(&facts, asked);
    int64_t wrong = disagreement(&slots, twin);
    free(twin);
    *offered += slots.len;
    return wrong;
}

TEST(random_salons_agree_with_a_search_by_the_minute)
{
    enum { ROUNDS = 250 };
    char why[200];
    struct arena_pool pool;
    struct arena arena;
    uint64_t offered = 0;
    CHECK(tz_database_load(NULL, why, sizeof(why)));
    arena_pool_init(&pool, 65536, 4);
    random_state = first_seed();
    for (int round = 0; round < ROUNDS; round++)
        for (size_t season = 0; season < ARRAY_LEN(seasons); season++) {
            struct date change;
            CHECK(date_parse(str_c(seasons[season].date), &change));
            struct question asked = random_question(change);
            arena_begin(&arena, &pool);
            int64_t wrong = wrong_start(&arena, seasons[season].zone, asked, &offered);
            arena_end(&arena);
            if (wrong >= 0)
                test_fail(t, __FILE__, __LINE__, "%s, round %d, %d days: %lld",
                          seasons[season].zone, round, asked.days, (long long)wrong);
            if (wrong >= 0)
                return;
        }
    printf("# %d salons, %llu slots\n", ROUNDS * (int)ARRAY_LEN(seasons),
           (unsigned long long)offered);
    CHECK(offered > 50000);
    arena_pool_fini(&pool);
    tz_database_free();
}
