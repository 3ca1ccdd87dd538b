/* Intervals of seconds, sorted and merged, walked in step with the candidates.
 *
 *   opening hours  ──────────────────        candidates: starts on the grid, inside opening hours
 *   candidates     | | | | | | | | |         (the same for all staff)
 *   one member     ─────   ───────────       windows ∪ extra − off
 *   her claims        ▒▒▒     ▒▒             and a bit for each candidate that fits between
 *
 * Cost: claims + candidates per member, about a nanosecond each; no allocation but the arena's.
 * Bitmaps of minutes, eroded by shifts, take three times as long (docs/benchmarks.md). */
#include "domain/catalogue/slots.h"

#include <string.h>

enum { DAY_S = 86400 };

struct span {
    int64_t start, end;
};
struct spans {
    struct span *items;
    size_t len;
};

/* The local days that matter, from the one before the first: an evening may end after midnight. */
struct calendar {
    const struct tz *tz;
    int32_t first_day;
    size_t len;
    struct calendar_day {
        int32_t offset_s;
        bool steady; /* no clock change near it: local time is arithmetic */
    } days[SLOTS_DAYS_MAX + 2];
};

static int64_t seconds_of(struct instant t)
{
    return t.us >= 0 ? t.us / 1000000 : -((-t.us + 999999) / 1000000);
}

static int32_t offset_at(const struct tz *tz, int64_t t)
{
    return tz_offset_at(tz, (struct instant){t * 1000000});
}

/* A minute of a local day as Postgres' AT TIME ZONE reads it: a local time that occurs twice means
 * the second time, a skipped one is read with the offset before the change. */
static int64_t local_instant(const struct tz *tz, struct date day, int64_t minute)
{
    int64_t local = (int64_t)day.days * DAY_S + minute * 60;
    struct date date = {day.days + (int32_t)(minute / 1440)};
    struct instant found;
    enum tz_local kind = tz_from_local(tz, date, (int32_t)(minute % 1440) * 60, &found);
    int64_t t = seconds_of(found);
    if (kind == TZ_LOCAL_NEVER)
        return local - offset_at(tz, t - 1);
    if (kind == TZ_LOCAL_TWICE) {
        /* No clock was ever set back by more than a day, and none twice in two. */
        int64_t later = local - offset_at(tz, t + DAY_S);
        return later > t ? later : t;
    }
    return t;
}

static void calendar_init(struct calendar *calendar, const struct tz *tz, struct date first,
                          size_t len)
{
    assert(len <= ARRAY_LEN(calendar->days));
    *calendar = (struct calendar){.tz = tz, .first_day = first.days, .len = len};
    int32_t around[ARRAY_LEN(calendar->days) + 4]; /* from two days before to two after */
    for (size_t i = 0; i < len + 4; i++)
        around[i] = offset_at(tz, ((int64_t)first.days + (int64_t)i - 2) * DAY_S);
    for (size_t i = 0; i < len; i++) {
        calendar->days[i].offset_s = around[i + 2];
        calendar->days[i].steady = around[i] == around[i + 1] && around[i + 1] == around[i + 2] &&
                                   around[i + 2] == around[i + 3] && around[i + 3] == around[i + 4];
    }
}

static int64_t calendar_instant(const struct calendar *calendar, size_t day, int64_t minute)
{
    struct date date = {calendar->first_day + (int32_t)day};
    if (!calendar->days[day].steady)
        return local_instant(calendar->tz, date, minute);
    return (int64_t)date.days * DAY_S + minute * 60 - calendar->days[day].offset_s;
}

/* ---- spans ---------------------------------------------------------------------------------- */

/* By insertion: the lists come almost in order, and qsort would allocate. */
static void spans_sort(struct spans *spans)
{
    for (size_t i = 1; i < spans->len; i++) {
        struct span moved = spans->items[i];
        size_t at = i;
        for (; at > 0 && spans->items[at - 1].start > moved.start; at--)
            spans->items[at] = spans->items[at - 1];
        spans->items[at] = moved;
    }
}

/* Sorts; what touches or overlaps becomes one, what is empty goes. */
static void spans_merge(struct spans *spans)
{
    spans_sort(spans);
    size_t len = 0;
    for (size_t i = 0; i < spans->len; i++) {
        struct span next = spans->items[i];
        if (next.end <= next.start)
            continue;
        if (len && next.start <= spans->items[len - 1].end)
            spans->items[len - 1].end = MAX(spans->items[len - 1].end, next.end);
        else
            spans->items[len++] = next;
    }
    assert(len <= spans->len);
    spans->len = len;
}

/* [*at, end) of the rows that belong to `owner`; rows of smaller owners are passed over. */
static size_t owner_rows(const int64_t *owner, size_t len, int64_t id, size_t *at)
{
    while (*at < len && owner[*at] < id)
        (*at)++;
    size_t end = *at;
    while (end < len && owner[end] == id)
        end++;
    return end;
}

static void add_weekly(struct spans *spans, const struct calendar *calendar,
                       const struct weekly_times *weekly, size_t begin, size_t end)
{
    int weekday = date_weekday((struct date){calendar->first_day});
    for (size_t day = 0; day < calendar->len; day++, weekday = (weekday + 1) % 7)
        for (size_t row = begin; row < end; row++)
            if (weekly->weekday[row] == weekday)
                spans->items[spans->len++] =
                    (struct span){calendar_instant(calendar, day, weekly->starts_minute[row]),
                                  calendar_instant(calendar, day, weekly->ends_minute[row])};
}

/* Merged: rows [begin, end) of `weekly` on every day of the calendar, and rows of `dated`. */
static struct spans spans_of(struct arena *arena, const struct calendar *calendar,
                             const struct weekly_times *weekly, size_t begin, size_t end,
                             const struct dated_times *dated, size_t dated_begin, size_t dated_end)
{
    size_t cap = (end - begin) * (calendar->len / 7 + 1) + (dated_end - dated_begin);
    struct spans spans = {arena_array(arena, struct span, cap + 1), 0};
    add_weekly(&spans, calendar, weekly, begin, end);
    for (size_t row = dated_begin; row < dated_end; row++)
        spans.items[spans.len++] = (struct span){dated->starts_s[row], dated->ends_s[row]};
    assert(spans.len <= cap);
    spans_merge(&spans);
    return spans;
}

/* What is left of merged `spans` outside of merged `cut`. */
static struct spans spans_without(struct arena *arena, struct spans spans, struct spans cut)
{
    if (cut.len == 0)
        return spans;
    struct spans left = {arena_array(arena, struct span, spans.len + cut.len), 0};
    for (size_t i = 0; i < spans.len; i++) {
        int64_t start = spans.items[i].start, end = spans.items[i].end;
        for (size_t j = 0; j < cut.len && start < end; j++) {
            if (cut.items[j].end <= start || cut.items[j].start >= end)
                continue;
            if (cut.items[j].start > start)
                left.items[left.len++] = (struct span){start, cut.items[j].start};
            start = cut.items[j].end;
        }
        if (start < end)
            left.items[left.len++] = (struct span){start, end};
    }
    assert(left.len <= spans.len + cut.len);
    return left;
}

/* ---- candidates ----------------------------------------------------------------------------- */

/* The first instant from `t` on whose local clock shows a multiple of the grid. The grid divides the
 * day, so multiples counted from 1970 are multiples counted from midnight. */
static int64_t grid_align(const struct tz *tz, int64_t t, int64_t grid_s)
{
    for (;;) {
        int64_t past = (t + offset_at(tz, t)) % grid_s;
        if (past < 0)
            past += grid_s;
        if (past == 0)
            return t;
        t += grid_s - past;
    }
}

struct candidates {
    int64_t *starts_s;
    size_t len;
};

static void add_candidates(struct candidates *out, const struct tz *tz, struct span open,
                           struct span asked, int64_t grid_s, int64_t duration_s)
{
    int64_t last = MIN(open.end - duration_s, asked.end - 1);
    int64_t t = grid_align(tz, MAX(open.start, asked.start), grid_s);
    while (t <= last) {
        /* A day at a time: without a clock change in it, steps on the grid stay on it. */
        int64_t until = MIN(t + DAY_S, last);
        bool steady = offset_at(tz, t) == offset_at(tz, until);
        for (; t <= until; t = steady ? t + grid_s : grid_align(tz, t + grid_s, grid_s))
            out->starts_s[out->len++] = t;
        t = grid_align(tz, t, grid_s);
    }
}

static struct candidates candidates_of(struct arena *arena, const struct slot_facts *facts,
                                       const struct spans *opening, struct span asked)
{
    int64_t grid_s = (int64_t)facts->grid_minutes * 60;
    size_t cap = 0;
    for (size_t i = 0; i < opening->len; i++) {
        int64_t length = MIN(opening->items[i].end, asked.end) -
                         MAX(opening->items[i].start, asked.start);
        cap += length > 0 ? (size_t)(length / grid_s) + 1 : 0;
    }
    struct candidates found = {arena_array(arena, int64_t, cap + 1), 0};
    for (size_t i = 0; i < opening->len; i++)
        add_candidates(&found, facts->tz, opening->items[i], asked, grid_s,
                       (int64_t)facts->duration_minutes * 60);
    assert(found.len <= cap);
    return found;
}

/* ---- members of staff ----------------------------------------------------------------------- */

/* Where in the facts' arrays the walk over members has come. */
struct walk {
    size_t windows, extra, off;
};

static struct spans working_time(struct arena *arena, const struct slot_facts *facts,
                                 const struct calendar *calendar, int64_t member, struct walk *at)
{
    size_t windows = owner_rows(facts->windows.owner, facts->windows.len, member, &at->windows);
    size_t extra = owner_rows(facts->extra.owner, facts->extra.len, member, &at->extra);
    size_t off = owner_rows(facts->off.owner, facts->off.len, member, &at->off);
    struct spans there = spans_of(arena, calendar, &facts->windows, at->windows, windows,
                                  &facts->extra, at->extra, extra);
    struct spans gone =
        spans_of(arena, calendar, &facts->windows, windows, windows, &facts->off, at->off, off);
    at->windows = windows;
    at->extra = extra;
    at->off = off;
    return spans_without(arena, there, gone);
}

/* What a candidate needs around its start. */
struct shape {
    int64_t duration_s, before_s, after_s;
    int64_t now_us;
};

/* Where in the claims of one owner the walk has come. */
struct claim_walk {
    size_t claim, hold;
};

static bool has_lapsed(const struct claims *claims, int64_t now_us, size_t *hold, int64_t claim)
{
    while (*hold < claims->holds_len && claims->holds[*hold] < claim)
        (*hold)++;
    return *hold < claims->holds_len && claims->holds[*hold] == claim &&
           claims->hold_ends_us[*hold] <= now_us;
}

/* Past the claims that are over before a service may start at `first`, and past holds that ran out. */
static void skip_claims(const struct claims *claims, const struct shape *shape, int64_t first,
                        struct claim_walk *at)
{
    for (; at->claim < claims->len; at->claim++) {
        int64_t claim = claims->items[at->claim];
        if (claim_end(claim) + shape->before_s > first &&
            !has_lapsed(claims, shape->now_us, &at->hold, claim))
            return;
    }
}

/* Sets `bit` of every candidate that fits into `there` and between the claims. Between two claims the
 * starts that fit are one interval, so the cost is a step per claim, per candidate and per bit set. */
static void mark_free(const struct candidates *candidates, const struct shape *shape,
                      struct spans there, const struct claims *claims, uint64_t *bits, size_t words,
                      uint64_t bit)
{
    size_t i = 0;
    struct claim_walk at = {0};
    for (size_t span = 0; span < there.len; span++) {
        int64_t first = there.items[span].start;
        int64_t last = there.items[span].end - shape->duration_s;
        while (first <= last) {
            int64_t until = last;
            skip_claims(claims, shape, first, &at);
            if (at.claim < claims->len)
                until = MIN(last, claim_start(claims->items[at.claim]) - shape->after_s -
                                      shape->duration_s);
            while (i < candidates->len && candidates->starts_s[i] < first)
                i++;
            for (; i < candidates->len && candidates->starts_s[i] <= until; i++)
                bits[i * words] |= bit;
            if (until == last)
                break;
            first = claim_end(claims->items[at.claim]) + shape->before_s;
        }
    }
}

/* The claims but for one; as they are, when that is not among them. */
static struct claims claims_without(struct arena *arena, const struct claims *claims, int64_t claim)
{
    size_t at = 0;
    while (at < claims->len && claims->items[at] < claim)
        at++;
    if (at == claims->len || claims->items[at] != claim)
        return *claims;
    int64_t *left = arena_array(arena, int64_t, claims->len);
    memcpy(left, claims->items, at * sizeof(*left));
    memcpy(left + at, claims->items + at + 1, (claims->len - at - 1) * sizeof(*left));
    struct claims out = *claims;
    out.items = left;
    out.len--;
    return out;
}

/* Her claims and those of the visit that may become hers, which may overlap. Holds that ran out are gone
 * from them: in the list of holds they could not be told from a sibling of the same time. */
static struct claims claims_with_siblings(struct arena *arena, const struct slot_facts *facts,
                                          const struct claims *claims, int64_t member)
{
    int64_t *all = arena_array(arena, int64_t, claims->len + facts->siblings_len);
    size_t len = 0, hold = 0;
    for (size_t i = 0; i < claims->len; i++)
        if (!has_lapsed(claims, facts->now.us, &hold, claims->items[i]))
            all[len++] = claims->items[i];
    for (size_t i = 0; i < facts->siblings_len; i++) {
        const struct slots_sibling *sibling = &facts->siblings[i];
        if (sibling->staff && sibling->staff != member)
            continue;
        size_t at = len++;
        for (; at > 0 && all[at - 1] > sibling->claim; at--)
            all[at] = all[at - 1];
        all[at] = sibling->claim;
    }
    return (struct claims){.len = len, .items = all};
}

static struct claims busy_of(struct arena *arena, const struct slot_facts *facts, size_t member)
{
    const struct slots_moving *moving = facts->moving;
    if (moving && moving->staff == facts->staff[member])
        return claims_without(arena, &facts->busy[member], moving->claim);
    if (facts->siblings_len)
        return claims_with_siblings(arena, facts, &facts->busy[member], facts->staff[member]);
    return facts->busy[member];
}

static struct claims taken_of(struct arena *arena, const struct slot_facts *facts, size_t room)
{
    const struct slots_moving *moving = facts->moving;
    if (moving && moving->room == facts->room_ids[room])
        return claims_without(arena, &facts->rooms[room], moving->claim);
    return facts->rooms[room];
}

/* A bit per candidate: is any of the rooms free? */
static uint64_t *rooms_free(struct arena *arena, const struct slot_facts *facts,
                            const struct candidates *candidates, const struct shape *shape)
{
    struct span always = {INT64_MIN / 4, INT64_MAX / 4};
    uint64_t *bits = arena_array(arena, uint64_t, candidates->len + 1);
    for (size_t i = 0; i < facts->rooms_len; i++) {
        struct claims taken = taken_of(arena, facts, i);
        mark_free(candidates, shape, (struct spans){&always, 1}, &taken, bits, 1, 1);
    }
    return bits;
}

/* ---- all together --------------------------------------------------------------------------- */

/* Starts that are asked for and allowed. Empty when start >= end. */
static struct span asked_span(const struct slot_facts *facts, struct date from, int days)
{
    int64_t now = seconds_of(facts->now); /* begun: a start in it is past already */
    bool whole = facts->now.us == now * 1000000;
    int64_t noticed = now + (int64_t)facts->notice_minutes * 60 + !whole;
    int64_t horizon_s = (int64_t)facts->horizon_days * DAY_S;
    struct date until = {from.days + days};
    return (struct span){
        MAX(local_instant(facts->tz, from, 0), MAX(noticed, now + 1)),
        MIN(local_instant(facts->tz, until, 0), now + horizon_s + 1),
    };
}

/* `rooms` NULL: none is needed. */
static void drop_unfree(struct slots *slots, int64_t *starts_s, uint64_t *bits,
                        const uint64_t *rooms)
{
    size_t len = 0, words = slots->words;
    for (size_t i = 0; i < slots->len; i++) {
        uint64_t any = 0;
        for (size_t word = 0; word < words; word++)
            any |= bits[i * words + word];
        if (!any || (rooms && !rooms[i]))
            continue;
        starts_s[len] = starts_s[i];
        for (size_t word = 0; word < words; word++)
            bits[len * words + word] = bits[i * words + word];
        len++;
    }
    slots->len = len;
}

void slots_compute(struct arena *arena, const struct slot_facts *facts, struct date from, int days,
                   struct slots *out)
{
    assert(days >= 1 && days <= SLOTS_DAYS_MAX);
    assert(facts->grid_minutes > 0 && facts->staff_len <= SLOTS_STAFF_MAX);
    *out = (struct slots){.tz = facts->tz,
                          .duration_s = facts->duration_minutes * 60,
                          .staff = facts->staff,
                          .staff_len = facts->staff_len,
                          .words = facts->staff_len / 64 + 1};
    struct span asked = asked_span(facts, from, days);
    if (asked.start >= asked.end || facts->staff_len == 0)
        return;

    struct calendar calendar;
    calendar_init(&calendar, facts->tz, (struct date){from.days - 1}, (size_t)days + 2);
    struct spans opening = spans_of(arena, &calendar, &facts->opening, 0, facts->opening.len,
                                    &(struct dated_times){0}, 0, 0);
    struct candidates candidates = candidates_of(arena, facts, &opening, asked);
    struct shape shape = {(int64_t)facts->duration_minutes * 60,
                          (int64_t)facts->buffer_before_minutes * 60,
                          (int64_t)facts->buffer_after_minutes * 60, facts->now.us};
    uint64_t *bits = arena_array(arena, uint64_t, candidates.len * out->words + 1);
    struct walk at = {0};
    for (size_t i = 0; i < facts->staff_len; i++) {
        struct spans there = working_time(arena, facts, &calendar, facts->staff[i], &at);
        struct claims busy = busy_of(arena, facts, i);
        mark_free(&candidates, &shape, there, &busy, bits + i / 64, out->words,
                  UINT64_C(1) << (i % 64));
    }
    assert(out->words * 64 > facts->staff_len);
    out->len = candidates.len;
    out->starts_s = candidates.starts_s;
    out->free = bits;
    drop_unfree(out, candidates.starts_s, bits,
                facts->needs_room ? rooms_free(arena, facts, &candidates, &shape) : NULL);
}

size_t slots_nearest(const struct slots *slots, int64_t wanted_s, size_t max, size_t *out)
{
    size_t after = 0, found = 0;
    while (after < slots->len && slots->starts_s[after] < wanted_s)
        after++;
    size_t before = after;
    while (found < max && (before > 0 || after < slots->len)) {
        bool earlier = after == slots->len ||
                       (before > 0 && wanted_s - slots->starts_s[before - 1] <=
                                          slots->starts_s[after] - wanted_s);
        out[found++] = earlier ? --before : after++;
    }
    return found;
}
