#include "runtime/base/tz.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/test.h"

static bool loaded(void)
{
    char why[200];
    return tz_database_len() > 0 || tz_database_load(NULL, why, sizeof(why));
}

static const struct tz *zone(const char *name)
{
    return loaded() ? tz_find(str_c(name)) : NULL;
}

static struct instant at(const char *rfc3339)
{
    struct instant out = {0};
    if (!instant_parse_rfc3339(str_c(rfc3339), &out))
        abort();
    return out;
}

TEST(zones_are_found_by_name)
{
    CHECK(loaded());
    CHECK(tz_database_len() > 300);
    CHECK(zone("Asia/Riyadh") && zone("America/Argentina/Buenos_Aires") && zone("UTC"));
    CHECK_STR(tz_name(zone("Asia/Riyadh")), STR("Asia/Riyadh"));
    CHECK(!zone("Asia/Riyad") && !zone("Asia/Riyadh2") && !zone("") && !zone("asia/riyadh"));
    CHECK(!zone("../../etc/passwd") && !zone("right/Asia/Riyadh") && !zone("tzdata.zi"));
}

TEST(known_offsets)
{
    static const struct {
        const char *zone, *when;
        int32_t offset_s;
    } rows[] = {
        {"Asia/Riyadh", "2026-01-01T00:00:00Z", 10800},
        {"Asia/Riyadh", "2026-07-01T00:00:00Z", 10800},
        {"Asia/Riyadh", "2500-07-01T00:00:00Z", 10800},
        {"Europe/London", "2026-03-29T00:59:59Z", 0},
        {"Europe/London", "2026-03-29T01:00:00Z", 3600},
        {"Europe/London", "2026-10-25T00:59:59Z", 3600},
        {"Europe/London", "2026-10-25T01:00:00Z", 0},
        {"Europe/London", "2090-07-01T00:00:00Z", 3600}, /* by the rule */
        {"Europe/Dublin", "2026-07-01T00:00:00Z", 3600}, /* summer is standard time there */
        {"Europe/Dublin", "2090-01-01T00:00:00Z", 0},
        {"America/New_York", "2026-03-08T06:59:59Z", -18000},
        {"America/New_York", "2026-03-08T07:00:00Z", -14400},
        {"America/New_York", "2060-07-01T00:00:00Z", -14400},
        {"Australia/Lord_Howe", "2026-01-01T00:00:00Z", 39600},
        {"Australia/Lord_Howe", "2026-07-01T00:00:00Z", 37800},
        {"Australia/Lord_Howe", "2070-01-01T00:00:00Z", 39600}, /* over the turn of a year */
        {"Africa/Casablanca", "2026-02-10T00:00:00Z", 3600},
        {"Africa/Casablanca", "2026-03-01T00:00:00Z", 0}, /* Ramadan */
        {"Asia/Tehran", "2022-06-01T00:00:00Z", 16200},
        {"Asia/Tehran", "2026-06-01T00:00:00Z", 12600},
        {"Pacific/Apia", "2011-12-30T09:59:59Z", -36000},
        {"Pacific/Apia", "2011-12-30T10:00:00Z", 50400},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct tz *tz = zone(rows[i].zone);
        CHECK(tz != NULL);
        if (tz_offset_at(tz, at(rows[i].when)) != rows[i].offset_s)
            test_fail(t, __FILE__, __LINE__, "%s at %s: %d", rows[i].zone, rows[i].when,
                      tz_offset_at(tz, at(rows[i].when)));
    }
}

/* libc reads the same files with code of its own. */
TEST(every_zone_agrees_with_libc)
{
    CHECK(loaded());
    unsigned seed = 1;
    for (size_t i = 0; i < tz_database_len(); i++) {
        const struct tz *tz = tz_database_at(i);
        char name[80];
        snprintf(name, sizeof(name), "%.*s", STR_FMT(tz_name(tz)));
        setenv("TZ", name, 1);
        tzset();
        for (int n = 0; n < 2000; n++) {
            /* 1910 to 2110, half of it near a change of a year's clocks */
            time_t when = -1893456000 + (time_t)(rand_r(&seed) % 73000) * 86400;
            when += rand_r(&seed) % 86400;
            struct tm local;
            localtime_r(&when, &local);
            int32_t ours = tz_offset_at(tz, (struct instant){when * 1000000});
            if (ours != local.tm_gmtoff) {
                test_fail(t, __FILE__, __LINE__, "%s at %lld: %d, libc %ld", name, (long long)when,
                          ours, local.tm_gmtoff);
                return;
            }
        }
    }
    unsetenv("TZ");
    tzset();
}

TEST(to_local_and_back)
{
    CHECK(loaded());
    unsigned seed = 2;
    for (size_t i = 0; i < tz_database_len(); i++) {
        const struct tz *tz = tz_database_at(i);
        for (int n = 0; n < 500; n++) {
            int64_t s = 946684800 + (int64_t)(rand_r(&seed) % 36500) * 86400 +
                        rand_r(&seed) % 86400;
            struct instant when = {s * 1000000}, back;
            struct date date;
            int32_t second;
            tz_to_local(tz, when, &date, &second);
            CHECK(second >= 0 && second < 86400);
            enum tz_local kind = tz_from_local(tz, date, second, &back);
            CHECK(kind != TZ_LOCAL_NEVER);
            if (kind == TZ_LOCAL_ONCE)
                CHECK_INT(back.us, when.us);
            else
                CHECK(back.us <= when.us && back.us >= when.us - 86400000000);
        }
    }
}

TEST(wall_clock_readings)
{
    static const struct {
        const char *zone;
        int year, month, day, hour, minute;
        enum tz_local kind;
        const char *utc;
    } rows[] = {
        {"Asia/Riyadh", 2026, 11, 21, 18, 30, TZ_LOCAL_ONCE, "2026-11-21T15:30:00Z"},
        {"Asia/Riyadh", 2026, 11, 21, 24, 0, TZ_LOCAL_ONCE, "2026-11-21T21:00:00Z"},
        {"Europe/London", 2026, 3, 29, 0, 59, TZ_LOCAL_ONCE, "2026-03-29T00:59:00Z"},
        {"Europe/London", 2026, 3, 29, 1, 0, TZ_LOCAL_NEVER, "2026-03-29T01:00:00Z"},
        {"Europe/London", 2026, 3, 29, 1, 59, TZ_LOCAL_NEVER, "2026-03-29T01:00:00Z"},
        {"Europe/London", 2026, 3, 29, 2, 0, TZ_LOCAL_ONCE, "2026-03-29T01:00:00Z"},
        {"Europe/London", 2026, 10, 25, 0, 59, TZ_LOCAL_ONCE, "2026-10-24T23:59:00Z"},
        {"Europe/London", 2026, 10, 25, 1, 0, TZ_LOCAL_TWICE, "2026-10-25T00:00:00Z"},
        {"Europe/London", 2026, 10, 25, 1, 59, TZ_LOCAL_TWICE, "2026-10-25T00:59:00Z"},
        {"Europe/London", 2026, 10, 25, 2, 0, TZ_LOCAL_ONCE, "2026-10-25T02:00:00Z"},
        {"America/New_York", 2026, 3, 8, 2, 30, TZ_LOCAL_NEVER, "2026-03-08T07:00:00Z"},
        {"America/New_York", 2026, 11, 1, 1, 30, TZ_LOCAL_TWICE, "2026-11-01T05:30:00Z"},
        {"America/New_York", 2080, 11, 3, 1, 30, TZ_LOCAL_TWICE, "2080-11-03T05:30:00Z"},
        {"Australia/Lord_Howe", 2026, 4, 5, 1, 45, TZ_LOCAL_TWICE, "2026-04-04T14:45:00Z"},
        {"Australia/Lord_Howe", 2026, 4, 5, 1, 29, TZ_LOCAL_ONCE, "2026-04-04T14:29:00Z"},
        {"Australia/Lord_Howe", 2026, 10, 4, 2, 15, TZ_LOCAL_NEVER, "2026-10-03T15:30:00Z"},
        {"Africa/Casablanca", 2026, 2, 15, 2, 30, TZ_LOCAL_TWICE, "2026-02-15T01:30:00Z"},
        {"Asia/Tehran", 2022, 3, 22, 0, 30, TZ_LOCAL_NEVER, "2022-03-21T20:30:00Z"},
        /* Samoa left out a whole day. */
        {"Pacific/Apia", 2011, 12, 30, 12, 0, TZ_LOCAL_NEVER, "2011-12-30T10:00:00Z"},
        {"Pacific/Apia", 2011, 12, 31, 12, 0, TZ_LOCAL_ONCE, "2011-12-30T22:00:00Z"},
        {"Pacific/Apia", 2011, 12, 29, 12, 0, TZ_LOCAL_ONCE, "2011-12-29T22:00:00Z"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct instant got;
        struct date date = date_from_civil(rows[i].year, rows[i].month, rows[i].day);
        const struct tz *tz = zone(rows[i].zone);
        CHECK(tz != NULL);
        enum tz_local kind =
            tz_from_local(tz, date, (rows[i].hour * 60 + rows[i].minute) * 60, &got);
        if (kind != rows[i].kind || got.us != at(rows[i].utc).us) {
            char text[RFC3339_LEN_MAX];
            test_fail(t, __FILE__, __LINE__, "row %zu: kind %d, %.*s", i, kind,
                      (int)instant_format_rfc3339(got, 0, text), text);
        }
    }
}

/* ---- other directories ---------------------------------------------------------------------- */

/* A zone that is always five hours ahead, as the smallest file says it (RFC 9636 §3): twice a header,
 * which is the version and, after 15 unused bytes, six counts of which only the last two are not 0. */
#define TZIF_ZEROS "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define TZIF_HEADER(types, chars) "TZif2" TZIF_ZEROS TZIF_ZEROS "\0\0\0\0" types "\0\0\0" chars
static const char five_ahead[] =
    TZIF_HEADER("\1", "\1") "\0\0\0\0\0\0\0" TZIF_HEADER("\1", "\4") "\0\0\x46\x50\0\0"
                                                                     "+05\0"
                                                                     "\n<+05>-5\n";
enum { FIVE_AHEAD_BYTES = sizeof(five_ahead) - 1 };

struct directory {
    char path[64];
};
static bool directory_begin(struct directory *d)
{
    strcpy(d->path, "/tmp/tz_test.XXXXXX");
    return mkdtemp(d->path) != NULL;
}
static bool directory_end(struct directory *d)
{
    char command[100];
    snprintf(command, sizeof(command), "rm -r '%s'", d->path);
    tz_database_free();
    return system(command) == 0;
}
static bool directory_load(struct directory *d)
{
    char why[200];
    return tz_database_load(d->path, why, sizeof(why));
}
static bool directory_add(struct directory *d, const char *name, size_t len)
{
    char path[200];
    snprintf(path, sizeof(path), "%s/%s", d->path, name);
    FILE *file = fopen(path, "w");
    return file && fwrite(five_ahead, 1, len, file) == len && fclose(file) == 0;
}
static bool directory_add_folder(struct directory *d, const char *name)
{
    char path[200];
    snprintf(path, sizeof(path), "%s/%s", d->path, name);
    return mkdir(path, 0700) == 0;
}
static bool directory_add_link(struct directory *d, const char *name, const char *to)
{
    char path[200];
    snprintf(path, sizeof(path), "%s/%s", d->path, name);
    return symlink(to, path) == 0;
}

TEST(an_empty_directory_gives_a_clear_line)
{
    char directory[] = "/tmp/tz_test.XXXXXX", why[200], expected[200];
    CHECK(mkdtemp(directory) != NULL);
    snprintf(expected, sizeof(expected), "no time zones in %s: install the package tzdata",
             directory);
    CHECK(!tz_database_load(directory, why, sizeof(why)));
    CHECK_STR(str_c(why), str_c(expected));
    rmdir(directory);
    CHECK(!tz_database_load(directory, why, sizeof(why)));
    CHECK_INT(tz_database_len(), 0);
}

TEST(zones_lie_up_to_three_names_deep_and_links_are_names)
{
    struct directory d;
    CHECK(directory_begin(&d));
    CHECK(directory_add_folder(&d, "A") && directory_add_folder(&d, "A/B") &&
          directory_add_folder(&d, "A/B/C") && directory_add_folder(&d, "right"));
    CHECK(directory_add(&d, "A/B/Deep", FIVE_AHEAD_BYTES) &&
          directory_add(&d, "A/B/C/TooDeep", FIVE_AHEAD_BYTES) &&
          directory_add(&d, "right/Leaping", FIVE_AHEAD_BYTES) &&
          directory_add(&d, ".hidden", FIVE_AHEAD_BYTES));
    CHECK(directory_add_link(&d, "Old", "A/B/Deep") && directory_add_link(&d, "loop", d.path) &&
          directory_add_link(&d, "nowhere", "not/there"));
    CHECK(directory_load(&d));
    CHECK_INT(tz_database_len(), 2);
    CHECK(tz_find(STR("A/B/Deep")) && tz_find(STR("Old")));
    CHECK_STR(tz_name(tz_find(STR("Old"))), STR("Old"));
    CHECK_INT(tz_offset_at(tz_find(STR("A/B/Deep")), (struct instant){0}), 18000);
    CHECK_INT(tz_offset_at(tz_find(STR("Old")), at("2400-01-01T00:00:00Z")), 18000);
    CHECK(directory_end(&d));
}

/* Names that the library makes up are no zones: each name means one file, or nothing. */
TEST(names_without_a_file_are_refused)
{
    static const char *const names[] = {"Fixed/UTC+03:00:00",
                                        "Fixed/UTC",
                                        "libc:localtime",
                                        "file:/usr/share/zoneinfo/UTC",
                                        "/usr/share/zoneinfo/Asia/Riyadh",
                                        "Asia/./Riyadh",
                                        "Asia//Riyadh",
                                        "Asia/Riyadh/",
                                        "Asia",
                                        "+03:00",
                                        "EST+5"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (zone(names[i]))
            test_fail(t, __FILE__, __LINE__, "took \"%s\"", names[i]);
    setenv("TZDIR", "/nonexistent", 1);
    tz_database_free();
    CHECK(zone("Asia/Riyadh") != NULL); /* ours is the directory we were told */
    unsetenv("TZDIR");
}

TEST(a_cut_file_is_passed_over_at_every_length)
{
    struct directory d;
    char name[20];
    CHECK(directory_begin(&d));
    for (size_t len = 0; len <= FIVE_AHEAD_BYTES; len++) {
        snprintf(name, sizeof(name), "Cut%zu", len);
        CHECK(directory_add(&d, name, len));
    }
    CHECK(directory_load(&d));
    CHECK_INT(tz_database_len(), 1); /* the whole one */
    snprintf(name, sizeof(name), "Cut%d", FIVE_AHEAD_BYTES);
    CHECK(tz_find(str_c(name)) != NULL);
    CHECK(directory_end(&d));
}
