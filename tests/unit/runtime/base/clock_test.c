#include "runtime/base/clock.h"

#include <pthread.h>

#include "tests/test.h"

TEST(rfc3339_is_read)
{
    static const struct {
        const char *text;
        int64_t us;
    } rows[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01t00:00:00z", 0},
        {"1970-01-01T00:00:00-00:00", 0},
        {"2026-11-21T18:30:00+03:00", 1795275000000000},
        {"2026-11-21T15:30:00Z", 1795275000000000},
        {"2024-02-29T12:00:00Z", 1709208000000000},
        {"1969-12-31T23:59:59.5Z", -500000},
        {"1970-01-01T00:00:00.1Z", 100000},
        {"1970-01-01T00:00:00.000001Z", 1},
        {"1970-01-01T00:00:00.0000019Z", 1},
        {"1970-01-01T00:00:00.123456789012Z", 123456},
        {"1990-12-31T15:59:59-08:00", 662687999000000},
        {"0000-01-01T00:00:00Z", -62167219200000000},
        {"9999-12-31T23:59:59-23:59", 253402387139000000},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct instant at = {-1};
        CHECK(instant_parse_rfc3339(str_c(rows[i].text), &at));
        CHECK_INT(at.us, rows[i].us);
    }
}

TEST(rfc3339_refuses_what_it_is_not)
{
    static const char *const rows[] = {
        "",
        "2026-11-21",
        "2026-11-21T18:30:00", /* no offset: whose time? */
        "2026-11-21 18:30:00Z",
        "2026-11-21T18:30Z",
        "2026-11-21T24:00:00Z",
        "2026-11-21T23:60:00Z",
        "2016-12-31T23:59:60Z", /* a real leap second: our instants have none */
        "2026-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2026-00-10T00:00:00Z",
        "2026-13-10T00:00:00Z",
        "2026-11-00T00:00:00Z",
        "2026-11-31T00:00:00Z",
        "2026-11-21T18:30:00.Z",
        "2026-11-21T18:30:00,5Z",
        "2026-11-21T18:30:00+3:00",
        "2026-11-21T18:30:00+0300",
        "2026-11-21T18:30:00+24:00",
        "2026-11-21T18:30:00+03:60",
        "2026-11-21T18:30:00Zx",
        "2026-11-21T18:30:00Z ",
        " 2026-11-21T18:30:00Z",
        "+026-11-21T18:30:00Z",
        "26-11-21T18:30:00Z",
        "12026-11-21T18:30:00Z",
        "2026-1-21T18:30:00Z",
        "2026-11-21T-8:30:00Z",
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct instant at = {-1};
        if (instant_parse_rfc3339(str_c(rows[i]), &at) || at.us != -1)
            test_fail(t, __FILE__, __LINE__, "took \"%s\"", rows[i]);
    }
}

static struct str formatted(int64_t us, int32_t offset_s, char out[RFC3339_LEN_MAX])
{
    return str_of(out, instant_format_rfc3339((struct instant){us}, offset_s, out));
}

TEST(rfc3339_is_written)
{
    char out[RFC3339_LEN_MAX];
    CHECK_STR(formatted(0, 0, out), STR("1970-01-01T00:00:00Z"));
    CHECK_STR(formatted(1795275000000000, 10800, out), STR("2026-11-21T18:30:00+03:00"));
    CHECK_STR(formatted(1795275000000000, -12600, out), STR("2026-11-21T12:00:00-03:30"));
    CHECK_STR(formatted(-1, 0, out), STR("1969-12-31T23:59:59Z"));
    CHECK_STR(formatted(0, 11212, out), STR("1970-01-01T03:07:00+03:07")); /* a local mean time */
    CHECK_STR(formatted(INT64_MAX, 0, out), STR("9999-12-31T23:59:59Z"));
    CHECK_STR(formatted(INT64_MIN, 3600, out), STR("0000-01-01T00:00:00+01:00"));
}

TEST(rfc3339_round_trips)
{
    char out[RFC3339_LEN_MAX];
    for (int i = 0; i < 20000; i++) {
        int64_t us = ((int64_t)random_below(&clock_system, 300000000000) - 60000000000) * 1000000;
        int32_t offset_s = ((int32_t)random_below(&clock_system, 1600) - 800) * 60;
        if (us > 253370764800000000 - 86400000000)
            continue;
        struct instant at;
        struct str text = formatted(us, offset_s, out);
        CHECK(instant_parse_rfc3339(text, &at));
        CHECK_INT(at.us, us);
    }
}

TEST(dates_round_trip)
{
    for (int days = -800000; days < 3000000; days += 7) {
        int year, month, day;
        date_to_civil((struct date){days}, &year, &month, &day);
        CHECK(month >= 1 && month <= 12 && day >= 1 && day <= 31);
        CHECK_INT(date_from_civil(year, month, day).days, days);
    }
}

TEST(dates_follow_one_another)
{
    int year, month, day, before_year = 1999, before_month = 12, before_day = 31;
    for (int days = date_from_civil(2000, 1, 1).days; days < date_from_civil(2101, 1, 1).days;
         days++) {
        date_to_civil((struct date){days}, &year, &month, &day);
        if (day == 1 && month == 1)
            CHECK(before_month == 12 && before_day == 31 && year == before_year + 1);
        else if (day == 1)
            CHECK(month == before_month + 1 && before_day >= 28);
        else
            CHECK(day == before_day + 1 && month == before_month);
        before_year = year;
        before_month = month;
        before_day = day;
    }
}

TEST(known_dates)
{
    CHECK_INT(date_from_civil(1970, 1, 1).days, 0);
    CHECK_INT(date_from_civil(2000, 3, 1).days, 11017);
    CHECK_INT(date_from_civil(2026, 11, 21).days, 20778);
    CHECK_INT(date_weekday(date_from_civil(1970, 1, 1)), 4);
    CHECK_INT(date_weekday(date_from_civil(2026, 11, 21)), 6);
    CHECK_INT(date_weekday(date_from_civil(1969, 12, 28)), 0);
    struct date d = {-7};
    CHECK(date_parse(STR("2024-02-29"), &d));
    CHECK_INT(d.days, date_from_civil(2024, 2, 29).days);
    CHECK(!date_parse(STR("2023-02-29"), &d) && !date_parse(STR("2024-2-29"), &d));
    CHECK(!date_parse(STR("2024-02-29T"), &d) && !date_parse(STR(""), &d));
}

TEST(retry_after_rounds_up)
{
    CHECK_INT(duration_seconds_up(seconds(60)), 60);
    CHECK_INT(duration_seconds_up(microseconds(60000001)), 61);
    CHECK_INT(duration_seconds_up(microseconds(1)), 1);
    CHECK_INT(duration_seconds_up(microseconds(0)), 0);
    CHECK_INT(duration_seconds_up(microseconds(-1)), 0);
    CHECK_INT(duration_seconds_up(microseconds(-1000000)), -1);
}

TEST(random_below_is_even)
{
    int seen[7] = {0};
    for (int i = 0; i < 70000; i++)
        seen[random_below(&clock_system, 7)]++;
    for (int i = 0; i < 7; i++)
        CHECK(seen[i] > 9400 && seen[i] < 10600); /* six standard deviations */
    CHECK_INT(random_below(&clock_system, 1), 0);
}

/* A source that first gives what a plain modulo would map unevenly. */
static uint64_t scripted[] = {5, UINT64_MAX};
static size_t scripted_at;
static void scripted_random(const struct clock *clock, void *out, size_t len)
{
    memcpy(out, &scripted[scripted_at++], len);
}

TEST(random_below_throws_uneven_values_away)
{
    struct clock clock = {.random = scripted_random};
    uint64_t bound = (1ull << 63) + 1; /* 2^64 mod bound is 2^63 - 1: nearly half is thrown away */
    scripted_at = 0;
    CHECK(random_below(&clock, bound) == UINT64_MAX % bound);
    CHECK_INT(scripted_at, 2);
}

TEST(uuids_are_version_4)
{
    struct uuid first = uuid_random(&clock_system);
    for (int i = 0; i < 100; i++) {
        struct uuid id = uuid_random(&clock_system);
        CHECK_INT(id.bytes[6] >> 4, 4);
        CHECK_INT(id.bytes[8] >> 6, 2);
        CHECK(!uuid_eq(id, first));
    }
}

TEST(random_fills_any_length)
{
    static unsigned char bytes[1000];
    for (size_t len = 0; len <= sizeof(bytes); len += 111) {
        memset(bytes, 0, sizeof(bytes));
        clock_system.random(&clock_system, bytes, len);
        size_t zeros = 0;
        for (size_t i = 0; i < len; i++)
            zeros += bytes[i] == 0;
        CHECK(zeros <= 3 + len / 40);
        for (size_t i = len; i < sizeof(bytes); i++)
            CHECK_INT(bytes[i], 0);
    }
}

static void *one_uuid(void *out)
{
    *(struct uuid *)out = uuid_random(&clock_system);
    return NULL;
}

TEST(threads_share_no_random_bytes)
{
    struct uuid ids[8];
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        pthread_t thread;
        CHECK_INT(pthread_create(&thread, NULL, one_uuid, &ids[i]), 0);
        pthread_join(thread, NULL);
        for (size_t j = 0; j < i; j++)
            CHECK(!uuid_eq(ids[i], ids[j]));
    }
}

TEST(the_system_clocks_go_forward)
{
    struct tick a = clock_system.mono(&clock_system), b = clock_system.mono(&clock_system);
    CHECK(b.ns >= a.ns);
    CHECK(clock_system.wall(&clock_system).us > 1700000000000000);
}
