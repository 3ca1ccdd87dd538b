/* Time as numbers, and back. Years are proleptic Gregorian, days count from 1970, nothing knows a zone (tz.h)
 * or the C library's calendar: its functions read TZ and take locks.
 *
 * Calendar dates are counted in years that begin in March, so that the leap day is the last of its year and
 * no month needs a table; 400 of them are one era of 146,097 days (Hinnant, "chrono-Compatible Low-Level
 * Date Algorithms"). Texts are read strictly: what RFC 3339 leaves open is refused, not guessed. */
#include "runtime/base/clock.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

/* ---- the system's clock and randomness ------------------------------------------------------ */

static struct instant system_wall(const struct clock *clock)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (struct instant){(int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000};
}

static struct tick system_mono(const struct clock *clock)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (struct tick){(uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec};
}

/* getrandom(2) hands out at most 256 bytes without the chance of a short read, and one call for
 * many UUIDs is cheaper than one each. Bytes are wiped as they are handed out: memory that leaks
 * later tells nothing about tokens made before. The program never forks, so no two processes hold
 * the same bytes. */
enum { RANDOM_BATCH = 256 };
static _Thread_local struct {
    unsigned char bytes[RANDOM_BATCH];
    size_t left;
} pool;

static void random_fill(void *out, size_t len)
{
    /* Fails only before the kernel has gathered entropy (it waits then), or on a bad pointer. */
    ssize_t got;
    do
        got = getrandom(out, len, 0);
    while (got < 0);
    assert((size_t)got == len);
}

static void system_random(const struct clock *clock, void *out, size_t len)
{
    char *to = out;
    while (len) {
        if (pool.left == 0) {
            random_fill(pool.bytes, RANDOM_BATCH);
            pool.left = RANDOM_BATCH;
        }
        size_t n = MIN(len, pool.left);
        pool.left -= n;
        memcpy(to, pool.bytes + pool.left, n);
        mem_wipe(pool.bytes + pool.left, n);
        to += n;
        len -= n;
    }
}

const struct clock clock_system = {
    .wall = system_wall, .mono = system_mono, .random = system_random};

struct uuid uuid_random(const struct clock *clock)
{
    struct uuid id;
    clock->random(clock, id.bytes, sizeof(id.bytes));
    id.bytes[6] = (id.bytes[6] & 0x0f) | 0x40;
    id.bytes[8] = (id.bytes[8] & 0x3f) | 0x80;
    return id;
}

uint64_t random_below(const struct clock *clock, uint64_t bound)
{
    assert(bound > 0);
    /* 2^64 mod bound: values below it would make the small results likelier. */
    uint64_t uneven = (0 - bound) % bound, n;
    do
        clock->random(clock, &n, sizeof(n));
    while (n < uneven);
    return n % bound;
}

int64_t duration_seconds_up(struct duration d)
{
    return d.us / 1000000 + (d.us % 1000000 > 0);
}

/* ---- calendar ------------------------------------------------------------------------------- */

enum { DAYS_PER_ERA = 146097, DAYS_0000_03_01_TO_1970 = 719468, DAY_S = 86400 };

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* Years are counted from 1 March, so that the leap day is the last; eras are 400 years. */
struct date date_from_civil(int year, int month, int day)
{
    year -= month <= 2;
    int era = (int)floor_div(year, 400);
    int year_of_era = year - era * 400;
    int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return (struct date){era * DAYS_PER_ERA + day_of_era - DAYS_0000_03_01_TO_1970};
}

void date_to_civil(struct date d, int *year, int *month, int *day)
{
    int64_t days = (int64_t)d.days + DAYS_0000_03_01_TO_1970;
    int64_t era = floor_div(days, DAYS_PER_ERA);
    int day_of_era = (int)(days - era * DAYS_PER_ERA);
    int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) /
                      365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int month_from_march = (5 * day_of_year + 2) / 153;
    *day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    *month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    *year = (int)(year_of_era + era * 400) + (*month <= 2);
}

int date_weekday(struct date d)
{
    return (int)((((int64_t)d.days + 4) % 7 + 7) % 7); /* day 0 was a Thursday */
}

static int days_in_month(int year, int month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

/* Exactly `n` digits off the front. */
static bool cut_digits(struct str *s, size_t n, int *out)
{
    uint64_t value;
    if (s->len < n || !str_to_uint64(str_take(*s, n), &value))
        return false;
    *out = (int)value;
    *s = str_skip(*s, n);
    return true;
}

static bool cut_char(struct str *s, char c)
{
    if (s->len == 0 || s->ptr[0] != c)
        return false;
    *s = str_skip(*s, 1);
    return true;
}

static bool cut_date(struct str *s, struct date *out)
{
    int year, month, day;
    if (!cut_digits(s, 4, &year) || !cut_char(s, '-') || !cut_digits(s, 2, &month) ||
        !cut_char(s, '-') || !cut_digits(s, 2, &day))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
        return false;
    *out = date_from_civil(year, month, day);
    return true;
}

bool date_parse(struct str yyyy_mm_dd, struct date *out)
{
    struct date d;
    if (!cut_date(&yyyy_mm_dd, &d) || yyyy_mm_dd.len != 0)
        return false;
    *out = d;
    return true;
}

/* ---- RFC 3339 ------------------------------------------------------------------------------- */

static bool cut_time(struct str *s, int *second_of_day, int *us)
{
    int hour, minute, second;
    if (!cut_digits(s, 2, &hour) || !cut_char(s, ':') || !cut_digits(s, 2, &minute) ||
        !cut_char(s, ':') || !cut_digits(s, 2, &second))
        return false;
    if (hour > 23 || minute > 59 || second > 59)
        return false;
    *second_of_day = (hour * 60 + minute) * 60 + second;
    *us = 0;
    if (!cut_char(s, '.'))
        return true;
    int digits = 0, digit;
    for (; cut_digits(s, 1, &digit); digits++) {
        if (digits < 6)
            *us = *us * 10 + digit; /* finer than we keep: cut off */
    }
    for (int missing = digits; missing < 6; missing++)
        *us *= 10;
    return digits > 0;
}

static bool cut_offset(struct str *s, int *offset_s)
{
    int hour, minute;
    *offset_s = 0;
    if (cut_char(s, 'Z') || cut_char(s, 'z'))
        return true;
    bool west = cut_char(s, '-');
    if (!west && !cut_char(s, '+'))
        return false;
    if (!cut_digits(s, 2, &hour) || !cut_char(s, ':') || !cut_digits(s, 2, &minute) || hour > 23 ||
        minute > 59)
        return false;
    *offset_s = (hour * 60 + minute) * (west ? -60 : 60);
    return true;
}

bool instant_parse_rfc3339(struct str text, struct instant *out)
{
    struct date d;
    int second_of_day, us, offset_s;
    if (!cut_date(&text, &d) || !(cut_char(&text, 'T') || cut_char(&text, 't')) ||
        !cut_time(&text, &second_of_day, &us) || !cut_offset(&text, &offset_s) || text.len != 0)
        return false;
    out->us = ((int64_t)d.days * DAY_S + second_of_day - offset_s) * 1000000 + us;
    return true;
}

static void put_digits(char *out, size_t n, int value)
{
    for (; n; value /= 10)
        out[--n] = (char)('0' + value % 10);
}

size_t instant_format_rfc3339(struct instant t, int32_t offset_s, char out[RFC3339_LEN_MAX])
{
    int offset_min = (int)floor_div((int64_t)offset_s + 30, 60);
    int64_t local_s = floor_div(t.us, 1000000) + offset_min * 60;
    int64_t first_s = (int64_t)date_from_civil(0, 1, 1).days * DAY_S;
    int64_t last_s = (int64_t)date_from_civil(10000, 1, 1).days * DAY_S - 1;
    local_s = MAX(first_s, MIN(local_s, last_s));

    int64_t days = floor_div(local_s, DAY_S);
    int second_of_day = (int)(local_s - days * DAY_S), year, month, day;
    date_to_civil((struct date){(int32_t)days}, &year, &month, &day);
    memcpy(out, "0000-00-00T00:00:00+00:00", 25);
    put_digits(out, 4, year);
    put_digits(out + 5, 2, month);
    put_digits(out + 8, 2, day);
    put_digits(out + 11, 2, second_of_day / 3600);
    put_digits(out + 14, 2, second_of_day / 60 % 60);
    put_digits(out + 17, 2, second_of_day % 60);
    if (offset_min == 0) {
        out[19] = 'Z';
        return 20;
    }
    if (offset_min < 0)
        out[19] = '-';
    put_digits(out + 20, 2, abs(offset_min) / 60);
    put_digits(out + 23, 2, abs(offset_min) % 60);
    return 25;
}
