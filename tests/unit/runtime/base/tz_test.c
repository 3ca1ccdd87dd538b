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

/* ---- files made by hand --------------------------------------------------------------------- */

struct tzif {
    char bytes[512];
    size_t len;
};
static void put(struct tzif *f, const void *bytes, size_t len)
{
    memcpy(f->bytes + f->len, bytes, len);
    f->len += len;
}
static void put_be(struct tzif *f, uint64_t n, size_t width)
{
    for (size_t i = width; i-- > 0;)
        put(f, &(char){(char)(n >> (8 * i))}, 1);
}
static void put_header(struct tzif *f, char version, const uint32_t counts[6])
{
    static const char zeros[15];
    put(f, "TZif", 4);
    put(f, &version, 1);
    put(f, zeros, sizeof(zeros));
    for (int i = 0; i < 6; i++)
        put_be(f, counts[i], 4);
}
struct recipe {
    uint32_t times_len, types_len, leaps, marks;
    int64_t times[4];
    uint8_t indexes[4];
    int32_t offsets[4];
    const char *footer;
};
static struct tzif tzif_of(const struct recipe *r)
{
    struct tzif f = {.len = 0};
    put_header(&f, '2', (uint32_t[6]){0, 0, 0, 0, 1, 1});
    put(&f, "\0\0\0\0\0\0\0", 7);
    put_header(&f, '2', (uint32_t[6]){r->marks, 0, r->leaps, r->times_len, r->types_len, 4});
    for (uint32_t i = 0; i < r->times_len; i++)
        put_be(&f, (uint64_t)r->times[i], 8);
    for (uint32_t i = 0; i < r->times_len; i++)
        put(&f, &r->indexes[i], 1);
    for (uint32_t i = 0; i < r->types_len; i++) {
        put_be(&f, (uint32_t)r->offsets[i], 4);
        put(&f, "\0\0", 2);
    }
    put(&f, "XXX", 4);
    for (uint32_t i = 0; i < r->marks; i++)
        put(&f, "", 1);
    put(&f, r->footer, strlen(r->footer));
    return f;
}
static struct tz *tz_of(const struct recipe *r)
{
    struct tzif f = tzif_of(r);
    return tz_new(STR("Test/Zone"), str_of(f.bytes, f.len));
}

TEST(a_zone_with_a_rule_only)
{
    struct tz *tz = tz_of(&(struct recipe){.types_len = 1, .footer = "\n<+03>-3\n"});
    CHECK(tz != NULL);
    CHECK_INT(tz_offset_at(tz, (struct instant){0}), 10800);
    tz_free(tz);
}

TEST(without_a_rule_the_last_transition_goes_on)
{
    struct tz *tz = tz_of(&(struct recipe){.types_len = 2,
                                           .times_len = 1,
                                           .times = {1000},
                                           .indexes = {1},
                                           .offsets = {60, 7200},
                                           .footer = "\n\n"});
    CHECK(tz != NULL);
    CHECK_INT(tz_offset_at(tz, (struct instant){999999999}), 60);
    CHECK_INT(tz_offset_at(tz, (struct instant){1000000000}), 7200);
    CHECK_INT(tz_offset_at(tz, at("2900-01-01T00:00:00Z")), 7200);
    tz_free(tz);
}

TEST(summer_time_all_year)
{
    struct tz *tz = tz_of(&(struct recipe){.types_len = 1, .footer = "\nXXX3EDT4,0/0,J365/23\n"});
    CHECK(tz != NULL);
    for (int64_t day = 0; day < 1000; day++)
        CHECK_INT(tz_offset_at(tz, (struct instant){day * 86400000000}), -14400);
    CHECK_INT(tz_offset_at(tz, at("2027-01-01T03:59:59Z")), -14400);
    CHECK_INT(tz_offset_at(tz, at("2027-01-01T04:00:00Z")), -14400);
    tz_free(tz);
}

TEST(julian_days_skip_the_leap_day)
{
    struct tz *tz = tz_of(&(struct recipe){.types_len = 1, .footer = "\nAAA0BBB,J60/0,J300/0\n"});
    CHECK(tz != NULL);
    CHECK_INT(tz_offset_at(tz, at("2028-02-29T23:59:59Z")), 0); /* leap year: 1 March still */
    CHECK_INT(tz_offset_at(tz, at("2028-03-01T00:00:00Z")), 3600);
    CHECK_INT(tz_offset_at(tz, at("2027-02-28T23:59:59Z")), 0);
    CHECK_INT(tz_offset_at(tz, at("2027-03-01T00:00:00Z")), 3600);
    tz_free(tz);
}

TEST(a_change_may_be_hours_outside_its_day)
{
    struct tz *tz =
        tz_of(&(struct recipe){.types_len = 1, .footer = "\n<-02>2<-01>,M3.5.0/-1,M10.5.0/0\n"});
    CHECK(tz != NULL); /* Nuuk: 23:00 on the Saturday before */
    CHECK_INT(tz_offset_at(tz, at("2026-03-29T00:59:59Z")), -7200);
    CHECK_INT(tz_offset_at(tz, at("2026-03-29T01:00:00Z")), -3600);
    tz_free(tz);
}

TEST(broken_rules_are_refused)
{
    static const char *const rows[] = {
        "\nX3\n",
        "\nXXX\n",
        "\nXXX25\n",
        "\nXXX3YYY\n",
        "\nXXX3YYY,M3.5\n",
        "\nXXX3YYY,M3.5.0\n",
        "\nXXX3YYY,M13.1.0,M10.5.0\n",
        "\nXXX3YYY,M3.6.0,M10.5.0\n",
        "\nXXX3YYY,M3.5.7,M10.5.0\n",
        "\nXXX3YYY,J0,J5\n",
        "\nXXX3YYY,J366,J5\n",
        "\nXXX3YYY,366,5\n",
        "\nXXX3YYY,M3.5.0/168,M10.5.0\n",
        "\nXXX3YYY,M3.5.0,M10.5.0x\n",
        "\n<+03-3\n",
        "\nXXX3:60\n",
        "\nXXX-\n",
        "\nXXX3",
        "",
        "XXX3\n",
        "\nXXX99999999999\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct tz *tz = tz_of(&(struct recipe){.types_len = 1, .footer = rows[i]});
        if (tz)
            test_fail(t, __FILE__, __LINE__, "took \"%s\"", rows[i]);
        tz_free(tz);
    }
}

TEST(broken_files_are_refused)
{
    static const struct recipe good = {.types_len = 2,
                                       .times_len = 2,
                                       .times = {1000, 2000},
                                       .indexes = {1, 0},
                                       .offsets = {60, 7200},
                                       .footer = "\nXXX3\n"};
    struct tz *tz = tz_of(&good);
    CHECK(tz != NULL);
    tz_free(tz);
    struct recipe rows[6];
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        rows[i] = good;
    rows[0].times[1] = 1000; /* does not ascend */
    rows[1].indexes[1] = 2;  /* no such type */
    rows[2].offsets[0] = 26 * 3600;
    rows[3].offsets[1] = INT32_MIN;
    rows[4].leaps = 1;
    rows[5].marks = 3;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        tz = tz_of(&rows[i]);
        if (tz)
            test_fail(t, __FILE__, __LINE__, "took row %zu", i);
        tz_free(tz);
    }
}

TEST(a_cut_file_is_refused_at_every_length)
{
    struct tzif f = tzif_of(&(struct recipe){.types_len = 2,
                                             .times_len = 2,
                                             .times = {1000, 2000},
                                             .indexes = {1, 0},
                                             .offsets = {60, 7200},
                                             .footer = "\nXXX3YYY,M3.5.0,M10.5.0\n"});
    for (size_t len = 0; len < f.len; len++) {
        char *exact = malloc(len + 1); /* so that a read past the end is seen */
        memcpy(exact, f.bytes, len);
        struct tz *tz = tz_new(STR("Test/Zone"), str_of(exact, len));
        free(exact);
        if (tz)
            test_fail(t, __FILE__, __LINE__, "took %zu bytes", len);
        tz_free(tz);
    }
}

TEST(counts_that_overflow_are_refused)
{
    static const uint32_t huge[][6] = {
        {UINT32_MAX, 0, 0, 0, 1, 1}, {0, UINT32_MAX, 0, 0, 1, 1}, {0, 0, UINT32_MAX, 0, 1, 1},
        {0, 0, 0, UINT32_MAX, 1, 1}, {0, 0, 0, 0, UINT32_MAX, 1}, {0, 0, 0, 0, 1, UINT32_MAX},
        {0, 0, 0, 0, 0, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(huge); i++) {
        struct tzif f = {.len = 0};
        put_header(&f, '2', huge[i]);
        CHECK(tz_new(STR("x"), str_of(f.bytes, f.len)) == NULL);
        f.len = 0;
        put_header(&f, '\0', huge[i]);
        CHECK(tz_new(STR("x"), str_of(f.bytes, f.len)) == NULL);
    }
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

TEST(strange_files_in_the_directory_are_passed_over)
{
    char directory[] = "/tmp/tz_test.XXXXXX", path[300], why[200];
    CHECK(mkdtemp(directory) != NULL);
    struct tzif f = tzif_of(&(struct recipe){.types_len = 1, .footer = "\n<+05>-5\n"});
    static const char *const folders[] = {"A", "A/B", "A/B/C"};
    for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
        snprintf(path, sizeof(path), "%s/%s", directory, folders[i]);
        CHECK_INT(mkdir(path, 0700), 0);
    }
    static const char *const files[] = {"A/B/Deep", "A/B/C/TooDeep", "junk"};
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        snprintf(path, sizeof(path), "%s/%s", directory, files[i]);
        FILE *file = fopen(path, "w");
        CHECK(file != NULL);
        fwrite(f.bytes, 1, i == 2 ? 10 : f.len, file);
        fclose(file);
    }
    snprintf(path, sizeof(path), "%s/loop", directory);
    CHECK_INT(symlink(directory, path), 0);
    CHECK(tz_database_load(directory, why, sizeof(why)));
    CHECK(tz_find(STR("A/B/Deep")) && !tz_find(STR("A/B/C/TooDeep")) && !tz_find(STR("junk")));
    CHECK_INT(tz_offset_at(tz_find(STR("A/B/Deep")), (struct instant){0}), 18000);
    tz_database_free();
    snprintf(path, sizeof(path), "rm -r '%s'", directory);
    CHECK_INT(system(path), 0);
}
