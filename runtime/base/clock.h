/* runtime/base/clock.h - time and randomness as values and as one replaceable source.
 *
 * Rules take both from their ctx, so that tests advance time instead of sleeping.
 *
 * Waits: never. */
#pragma once
#include "runtime/base/encoding.h"

/* A point on the calendar: microseconds since 1970-01-01T00:00:00Z, as Postgres keeps it. */
struct instant {
    int64_t us;
};
struct duration {
    int64_t us;
};
/* A point on the monotonic clock: deadlines and measurements, never shown to anyone. */
struct tick {
    uint64_t ns;
};
#define TICK_NEVER ((struct tick){UINT64_MAX})

static inline struct duration microseconds(int64_t n)
{
    return (struct duration){n};
}
static inline struct duration milliseconds(int64_t n)
{
    return (struct duration){n * 1000};
}
static inline struct duration seconds(int64_t n)
{
    return (struct duration){n * 1000000};
}
static inline struct duration minutes(int64_t n)
{
    return seconds(n * 60);
}
static inline struct instant instant_add(struct instant t, struct duration d)
{
    return (struct instant){t.us + d.us};
}
static inline struct duration instant_since(struct instant later, struct instant earlier)
{
    return (struct duration){later.us - earlier.us};
}
static inline bool instant_before(struct instant a, struct instant b)
{
    return a.us < b.us;
}
static inline struct tick tick_add(struct tick t, struct duration d)
{
    return (struct tick){t.ns + (uint64_t)d.us * 1000};
}
/* Whole seconds, rounded up; what a Retry-After says. */
int64_t duration_seconds_up(struct duration d);

/* Where time and randomness come from. One per loop; the simulated one is seeded. */
struct clock {
    struct instant (*wall)(const struct clock *clock);
    struct tick (*mono)(const struct clock *clock);
    void (*random)(const struct clock *clock, void *out, size_t len); /* CSPRNG; cannot fail */
};
extern const struct clock clock_system;

/* A random UUID, version 4 (RFC 9562 §5.4). */
struct uuid uuid_random(const struct clock *clock);
/* Uniform in [0, bound). */
uint64_t random_below(const struct clock *clock, uint64_t bound);

/* RFC 3339 with an offset: "2026-11-21T18:30:00+03:00"; fractions of a second are read, to the
 * microsecond; leap second 60 is refused. */
bool instant_parse_rfc3339(struct str text, struct instant *out);
enum { RFC3339_LEN_MAX = 32 };
/* Writes without fraction; `offset_s` is the zone's offset from UTC at that instant, 0 is written
 * "Z". RFC 3339 has no seconds in an offset: those of local mean times are rounded to minutes.
 * Years outside 0000 to 9999 are pinned to the ends. */
size_t instant_format_rfc3339(struct instant t, int32_t offset_s, char out[RFC3339_LEN_MAX]);

/* Calendar days, proleptic Gregorian; day 0 is 1970-01-01. */
struct date {
    int32_t days;
};
struct date date_from_civil(int year, int month, int day);
void date_to_civil(struct date d, int *year, int *month, int *day);
int date_weekday(struct date d); /* 0 = Sunday … 6 = Saturday */
bool date_parse(struct str yyyy_mm_dd, struct date *out);
