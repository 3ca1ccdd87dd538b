/* A TZif file, version 2 or later:
 *
 *   header | times of 32 bits (skipped) | header | times of 64 bits | \n POSIX TZ rule \n
 *
 * A zone is a list of transitions, each with the offset that holds from it on; the offset before
 * the first; and the rule for the time after the last. Everything is checked here, so that the
 * functions that read a zone need not. */
#include "runtime/base/tz.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    DAY_S = 86400,
    TRANSITIONS_MAX = 8192, /* the largest of today has 236 */
    TYPES_MAX = 256,        /* an index is one byte */
    FILE_BYTES_MAX = 256 * 1024,
    NAME_LEN_MAX = 64,
    DIRECTORY_DEPTH_MAX = 3, /* America/Argentina/Salta */
    OFFSET_MAX_S = 26 * 3600 /* RFC 9636 §3.2 */
};

/* One of the two changes a year of a POSIX TZ rule. */
struct change {
    enum { CHANGE_JULIAN, CHANGE_DAY, CHANGE_WEEKDAY } kind;
    int month, week, day;
    int32_t second; /* of the local day, -167 h to 167 h */
};
struct rule {
    bool exists, has_dst;
    int32_t std_offset, dst_offset;
    struct change dst_begins, dst_ends;
};

struct tz {
    char name[NAME_LEN_MAX + 1];
    int32_t first_offset;
    struct rule rule;
    size_t len;
    int32_t *offsets;
    int64_t times[];
};

/* ---- POSIX TZ rules ------------------------------------------------------------------------- */

static bool cut_char(struct str *s, char c)
{
    if (s->len == 0 || s->ptr[0] != c)
        return false;
    *s = str_skip(*s, 1);
    return true;
}

static bool cut_number(struct str *s, int max, int *out)
{
    size_t len = 0;
    uint64_t n;
    while (len < s->len && len < 4 && s->ptr[len] >= '0' && s->ptr[len] <= '9')
        len++;
    if (!str_to_uint64(str_take(*s, len), &n) || n > (uint64_t)max)
        return false;
    *s = str_skip(*s, len);
    *out = (int)n;
    return true;
}

/* "EST" or "<+0330>"; what it says does not matter. */
static bool cut_name(struct str *s)
{
    size_t len = 0;
    if (cut_char(s, '<')) {
        ptrdiff_t end = str_find_char(*s, '>');
        if (end < 0)
            return false;
        *s = str_skip(*s, (size_t)end + 1);
        return true;
    }
    while (len < s->len && ((s->ptr[len] | 0x20) >= 'a' && (s->ptr[len] | 0x20) <= 'z'))
        len++;
    *s = str_skip(*s, len);
    return len >= 3;
}

/* [+-]hh[:mm[:ss]] */
static bool cut_hms(struct str *s, int hours_max, int32_t *out)
{
    int hour, minute = 0, second = 0;
    bool negative = cut_char(s, '-');
    if (!negative)
        cut_char(s, '+');
    if (!cut_number(s, hours_max, &hour))
        return false;
    if (cut_char(s, ':')) {
        if (!cut_number(s, 59, &minute))
            return false;
        if (cut_char(s, ':') && !cut_number(s, 59, &second))
            return false;
    }
    *out = (hour * 60 + minute) * 60 + second;
    if (negative)
        *out = -*out;
    return true;
}

static bool cut_change(struct str *s, struct change *out)
{
    *out = (struct change){.second = 2 * 3600};
    if (cut_char(s, 'M')) {
        out->kind = CHANGE_WEEKDAY;
        if (!cut_number(s, 12, &out->month) || out->month < 1 || !cut_char(s, '.') ||
            !cut_number(s, 5, &out->week) || out->week < 1 || !cut_char(s, '.') ||
            !cut_number(s, 6, &out->day))
            return false;
    } else if (cut_char(s, 'J')) {
        out->kind = CHANGE_JULIAN;
        if (!cut_number(s, 365, &out->day) || out->day < 1)
            return false;
    } else {
        out->kind = CHANGE_DAY;
        if (!cut_number(s, 365, &out->day))
            return false;
    }
    return !cut_char(s, '/') || cut_hms(s, 167, &out->second);
}

/* POSIX counts offsets west of Greenwich, we count them east. */
static bool rule_parse(struct str s, struct rule *out)
{
    *out = (struct rule){.exists = true};
    if (!cut_name(&s) || !cut_hms(&s, 24, &out->std_offset))
        return false;
    out->std_offset = -out->std_offset;
    if (s.len == 0)
        return true;
    out->has_dst = true;
    out->dst_offset = out->std_offset + 3600;
    if (!cut_name(&s))
        return false;
    if (s.len && s.ptr[0] != ',') {
        if (!cut_hms(&s, 24, &out->dst_offset))
            return false;
        out->dst_offset = -out->dst_offset;
    }
    return cut_char(&s, ',') && cut_change(&s, &out->dst_begins) && cut_char(&s, ',') &&
           cut_change(&s, &out->dst_ends) && s.len == 0;
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Seconds since 1970 on the local clock that is about to be changed. */
static int64_t change_in_year(const struct change *change, int year)
{
    int32_t days;
    if (change->kind == CHANGE_WEEKDAY) {
        struct date first = date_from_civil(year, change->month, 1);
        struct date after = change->month == 12 ? date_from_civil(year + 1, 1, 1)
                                                : date_from_civil(year, change->month + 1, 1);
        days = first.days + (change->day - date_weekday(first) + 7) % 7 + (change->week - 1) * 7;
        if (days >= after.days)
            days -= 7; /* week 5 means the last one */
    } else {
        days = date_from_civil(year, 1, 1).days + change->day;
        if (change->kind == CHANGE_JULIAN)
            days -= !(is_leap(year) && change->day >= 60); /* 29 February is never counted */
    }
    return (int64_t)days * DAY_S + change->second;
}

struct transition {
    int64_t at;
    int32_t offset; /* from then on */
};

/* A change may be set up to a week outside its year, so that the last one before the beginning of a
 * year can be that of two years ago: two neighbours on each side are looked at. Where one year's end
 * of summer time is the next one's begin, summer time goes on: begins come first here and win. */
enum { RULE_YEARS = 5, RULE_TRANSITIONS = 2 * RULE_YEARS };
static void rule_around(const struct rule *rule, int64_t t, struct transition out[RULE_TRANSITIONS])
{
    int year, month, day;
    int64_t days = MAX(-1000000, MIN(t / DAY_S, 1000000)); /* the years -768 to 4707 */
    date_to_civil((struct date){(int32_t)days}, &year, &month, &day);
    year -= RULE_YEARS / 2;
    for (int i = 0; i < RULE_YEARS; i++, year++) {
        out[i] = (struct transition){change_in_year(&rule->dst_begins, year) - rule->std_offset,
                                     rule->dst_offset};
        out[i + RULE_YEARS] = (struct transition){
            change_in_year(&rule->dst_ends, year) - rule->dst_offset, rule->std_offset};
    }
}

static int32_t rule_offset_at(const struct rule *rule, int64_t t)
{
    if (!rule->has_dst)
        return rule->std_offset;
    struct transition around[RULE_TRANSITIONS], *last = NULL;
    rule_around(rule, t, around);
    for (struct transition *i = around; i < around + RULE_TRANSITIONS; i++) {
        if (i->at <= t && (!last || i->at > last->at))
            last = i;
    }
    return last ? last->offset : rule->std_offset;
}

/* ---- reading a zone ------------------------------------------------------------------------- */

static int64_t floor_seconds(int64_t us)
{
    return us / 1000000 - (us % 1000000 < 0);
}

/* How many transitions happened at or before `t`. */
static size_t transitions_until(const struct tz *tz, int64_t t)
{
    size_t low = 0, high = tz->len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (tz->times[middle] <= t)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int32_t offset_at(const struct tz *tz, int64_t t)
{
    size_t passed = transitions_until(tz, t);
    if (passed == tz->len && tz->rule.exists)
        return rule_offset_at(&tz->rule, t);
    return passed ? tz->offsets[passed - 1] : tz->first_offset;
}

/* The first moment after `t` when the offset may change; INT64_MAX: never again. */
static int64_t next_transition(const struct tz *tz, int64_t t)
{
    size_t passed = transitions_until(tz, t);
    if (passed < tz->len)
        return tz->times[passed];
    int64_t next = INT64_MAX;
    if (tz->rule.exists && tz->rule.has_dst) {
        struct transition around[RULE_TRANSITIONS];
        rule_around(&tz->rule, t, around);
        for (size_t i = 0; i < RULE_TRANSITIONS; i++) {
            if (around[i].at > t)
                next = MIN(next, around[i].at);
        }
    }
    return next;
}

struct str tz_name(const struct tz *tz)
{
    return str_c(tz->name);
}

int32_t tz_offset_at(const struct tz *tz, struct instant t)
{
    return offset_at(tz, floor_seconds(t.us));
}

void tz_to_local(const struct tz *tz, struct instant t, struct date *date, int32_t *second_of_day)
{
    int64_t utc = floor_seconds(t.us), local = utc + offset_at(tz, utc);
    int64_t days = local / DAY_S - (local % DAY_S < 0);
    date->days = (int32_t)days;
    *second_of_day = (int32_t)(local - days * DAY_S);
}

/* Walks the stretches of constant offset that can hold the reading: in each of them it means
 * exactly one instant, which counts if it lies within. */
enum tz_local tz_from_local(const struct tz *tz, struct date date, int32_t second_of_day,
                            struct instant *out)
{
    int64_t local = (int64_t)date.days * DAY_S + second_of_day;
    int64_t begin = local - OFFSET_MAX_S, end, earlier = 0, after_gap = begin;
    int hits = 0;
    for (; begin <= local + OFFSET_MAX_S; begin = end) {
        int64_t utc = local - offset_at(tz, begin);
        end = next_transition(tz, begin);
        if (utc >= begin && utc < end && hits++ == 0)
            earlier = utc;
        if (utc >= end && end != INT64_MAX)
            after_gap = end; /* the clock had not come to it when it was changed */
        if (end == INT64_MAX)
            break;
    }
    out->us = (hits ? earlier : after_gap) * 1000000;
    return hits == 0 ? TZ_LOCAL_NEVER : hits == 1 ? TZ_LOCAL_ONCE : TZ_LOCAL_TWICE;
}

/* ---- TZif ----------------------------------------------------------------------------------- */

struct header {
    char version;
    uint32_t utc_marks, std_marks, leaps, times, types, chars;
};
enum { HEADER_BYTES = 44 };

static uint32_t get_be32(const char *p)
{
    uint32_t n;
    memcpy(&n, p, sizeof(n));
    return __builtin_bswap32(n);
}

static int64_t get_time(const char *p, size_t width)
{
    if (width == 4)
        return (int32_t)get_be32(p);
    return (int64_t)((uint64_t)get_be32(p) << 32 | get_be32(p + 4));
}

static bool cut_header(struct str *s, struct header *out)
{
    if (s->len < HEADER_BYTES || !str_starts(*s, STR("TZif")))
        return false;
    const char *counts = s->ptr + 20;
    *out = (struct header){
        .version = s->ptr[4],
        .utc_marks = get_be32(counts),
        .std_marks = get_be32(counts + 4),
        .leaps = get_be32(counts + 8),
        .times = get_be32(counts + 12),
        .types = get_be32(counts + 16),
        .chars = get_be32(counts + 20),
    };
    *s = str_skip(*s, HEADER_BYTES);
    /* Our instants have no leap seconds; zones that count them are refused. */
    return out->times <= TRANSITIONS_MAX && out->types >= 1 && out->types <= TYPES_MAX &&
           out->chars <= FILE_BYTES_MAX && out->leaps == 0 && out->utc_marks <= out->types &&
           out->std_marks <= out->types;
}

static size_t data_bytes(const struct header *h, size_t time_width)
{
    return h->times * (time_width + 1) + h->types * 6 + h->chars + h->std_marks + h->utc_marks;
}

static bool read_data(struct tz *tz, const struct header *h, const char *data, size_t time_width)
{
    const char *indexes = data + h->times * time_width, *types = indexes + h->times;
    for (size_t i = 0; i < h->types; i++) {
        int32_t offset = (int32_t)get_be32(types + i * 6);
        if (offset <= -OFFSET_MAX_S || offset >= OFFSET_MAX_S)
            return false;
    }
    for (size_t i = 0; i < h->times; i++) {
        uint8_t type = (uint8_t)indexes[i];
        tz->times[i] = get_time(data + i * time_width, time_width);
        if (type >= h->types || (i > 0 && tz->times[i] <= tz->times[i - 1]))
            return false;
        tz->offsets[i] = (int32_t)get_be32(types + type * 6);
    }
    tz->first_offset = (int32_t)get_be32(types);
    return true;
}

static bool read_footer(struct tz *tz, struct str footer)
{
    if (!cut_char(&footer, '\n'))
        return false;
    ptrdiff_t end = str_find_char(footer, '\n');
    if (end < 0)
        return false;
    /* Empty: the file does not say; its last transition goes on. */
    return end == 0 || rule_parse(str_take(footer, (size_t)end), &tz->rule);
}

static struct tz *tz_alloc(struct str name, size_t transitions)
{
    struct tz *tz = calloc(1, sizeof(*tz) + transitions * (sizeof(int64_t) + sizeof(int32_t)));
    if (!tz)
        base_die(__FILE__, __LINE__, "out of memory");
    memcpy(tz->name, name.ptr, name.len);
    tz->len = transitions;
    tz->offsets = (int32_t *)(tz->times + transitions);
    return tz;
}

struct tz *tz_new(struct str name, struct str tzif)
{
    struct header h;
    size_t time_width = 4;
    if (name.len == 0 || name.len > NAME_LEN_MAX || !cut_header(&tzif, &h))
        return NULL;
    bool has_footer = h.version >= '2';
    if (has_footer) {
        if (tzif.len < data_bytes(&h, 4))
            return NULL;
        tzif = str_skip(tzif, data_bytes(&h, 4));
        time_width = 8;
        if (!cut_header(&tzif, &h))
            return NULL;
    }
    size_t data_len = data_bytes(&h, time_width);
    if (tzif.len < data_len)
        return NULL;
    struct tz *tz = tz_alloc(name, h.times);
    if (!read_data(tz, &h, tzif.ptr, time_width) ||
        (has_footer && !read_footer(tz, str_skip(tzif, data_len)))) {
        tz_free(tz);
        return NULL;
    }
    return tz;
}

void tz_free(struct tz *tz)
{
    free(tz);
}

/* ---- the database --------------------------------------------------------------------------- */

static struct {
    struct tz **zones; /* sorted by name */
    size_t len, cap;
} database;

static void database_add(struct tz *tz)
{
    if (database.len == database.cap) {
        database.cap = database.cap ? database.cap * 2 : 512;
        database.zones = realloc(database.zones, database.cap * sizeof(struct tz *));
        if (!database.zones)
            base_die(__FILE__, __LINE__, "out of memory");
    }
    database.zones[database.len++] = tz;
}

static void load_file(int fd, struct str name)
{
    static char bytes[FILE_BYTES_MAX];
    size_t len = 0;
    ssize_t n;
    while (len < sizeof(bytes) && (n = read(fd, bytes + len, sizeof(bytes) - len)) > 0)
        len += (size_t)n;
    struct tz *tz = tz_new(name, str_of(bytes, len));
    if (tz)
        database_add(tz);
}

struct folder {
    DIR *dir;
    size_t name_len; /* of the path that leads to it, with its slash */
};

static bool folder_open(struct folder *folder, int fd, size_t name_len)
{
    *folder = (struct folder){.dir = fdopendir(fd), .name_len = name_len};
    if (!folder->dir)
        close(fd);
    return folder->dir != NULL;
}

/* "posix" holds the same zones again, "right" those with leap seconds. */
static bool is_skipped(const char *entry)
{
    return entry[0] == '.' || strcmp(entry, "posix") == 0 || strcmp(entry, "right") == 0;
}

/* Opens what `entry` is; a file is loaded, a directory is handed back in `*sub`. */
static bool visit(const struct folder *folder, const char *entry, char *name, struct folder *sub)
{
    size_t len = strlen(entry), name_len = folder->name_len + len;
    if (is_skipped(entry) || name_len >= NAME_LEN_MAX)
        return false;
    memcpy(name + folder->name_len, entry, len + 1);
    int fd = openat(dirfd(folder->dir), entry, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    if (fd < 0)
        return false;
    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        memcpy(name + name_len, "/", 2);
        return folder_open(sub, fd, name_len + 1);
    }
    if (S_ISREG(st.st_mode))
        load_file(fd, str_of(name, name_len));
    close(fd);
    return false;
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(struct tz *const *)a)->name, (*(struct tz *const *)b)->name);
}

bool tz_database_load(const char *directory, char *why, size_t why_len)
{
    const char *root = directory ? directory : "/usr/share/zoneinfo";
    struct folder folders[DIRECTORY_DEPTH_MAX];
    char name[NAME_LEN_MAX + 2];
    size_t depth = 0;
    tz_database_free();
    int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 && folder_open(&folders[0], fd, 0))
        depth = 1;
    while (depth) {
        struct dirent *entry = readdir(folders[depth - 1].dir);
        struct folder sub;
        if (!entry) {
            closedir(folders[--depth].dir);
        } else if (visit(&folders[depth - 1], entry->d_name, name, &sub)) {
            if (depth < DIRECTORY_DEPTH_MAX)
                folders[depth++] = sub;
            else
                closedir(sub.dir);
        }
    }
    if (database.len == 0) {
        snprintf(why, why_len, "no time zones in %s: install the package tzdata", root);
        return false;
    }
    qsort(database.zones, database.len, sizeof(struct tz *), by_name);
    return true;
}

void tz_database_free(void)
{
    for (size_t i = 0; i < database.len; i++)
        tz_free(database.zones[i]);
    free(database.zones);
    database.zones = NULL;
    database.len = database.cap = 0;
}

size_t tz_database_len(void)
{
    return database.len;
}

const struct tz *tz_database_at(size_t index)
{
    assert(index < database.len);
    return database.zones[index];
}

const struct tz *tz_find(struct str name)
{
    size_t low = 0, high = database.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct str at = tz_name(database.zones[middle]);
        int order = memcmp(at.ptr, name.ptr, MIN(at.len, name.len));
        if (order == 0 && at.len == name.len)
            return database.zones[middle];
        if (order < 0 || (order == 0 && at.len < name.len))
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}
