/* domain/catalogue/slots.h - when a service can be booked: arithmetic over plain facts.
 *
 *   opening hours ∩ (windows ∪ extra time) − time off − claims of bookings, on the salon's grid,
 *   not before the minimum notice, not beyond the horizon
 *
 * A service (starts … ends) must lie inside opening hours and inside the working time of the member
 * of staff; the claim (the service with its buffers) must not meet another claim, hers or the room's.
 * Buffers may reach beyond hours and windows. Local times that a clock change skips or repeats are read as Postgres
 * reads them (local_instant in slots.c), because bookings_decide decides by the same rules in SQL:
 * what is offered here can be booked there.
 *
 * Waits: never.   Keeps: no state. Seconds are since 1970-01-01T00:00:00Z. */
#pragma once
#include "runtime/base/arena.h"
#include "runtime/base/tz.h"

enum {
    SLOTS_DAYS_MAX = 31,
    SLOTS_STAFF_MAX = 256, /* of one service of one salon; the query reads no more */
};

/* Every week again, in minutes of the salon's local day; the end may be past midnight (≤ 2880).
 * Weekdays: 0 = Sunday. Grouped by owner, the owners in ascending order. */
struct weekly_times {
    size_t len;
    const int64_t *owner; /* NULL: all are the salon's */
    const int64_t *weekday, *starts_minute, *ends_minute;
};
/* Certain points in time; grouped by owner in ascending order, then by start. */
struct dated_times {
    size_t len;
    const int64_t *owner;
    const int64_t *starts_s, *ends_s;
};
/* When one member of staff (or one room) is taken: claims of active bookings, which never overlap, in
 * order. Each is one number, as the database keeps it: its start in seconds times 2^17, plus its length
 * in seconds. Those of holds are listed once more, with the time (microseconds since 1970) at which they
 * end: from then on they claim nothing, written down or not. */
enum { CLAIM_LENGTH_BITS = 17 };
struct claims {
    size_t len;
    const int64_t *items;
    size_t holds_len;
    const int64_t *holds;
    const int64_t *hold_ends_us;
};
static inline int64_t claim_make(int64_t start_s, int64_t end_s)
{
    assert(end_s >= start_s && end_s - start_s < 1 << CLAIM_LENGTH_BITS);
    return start_s * (1 << CLAIM_LENGTH_BITS) + (end_s - start_s);
}
static inline int64_t claim_start(int64_t claim)
{
    return claim >> CLAIM_LENGTH_BITS;
}
static inline int64_t claim_end(int64_t claim)
{
    return claim_start(claim) + (claim & ((1 << CLAIM_LENGTH_BITS) - 1));
}

/* A booking that looks for another time: it keeps its length and buffers, and what it takes now is not
 * in its way. */
struct slots_moving {
    int64_t staff, room; /* taken by its claim; room 0: none */
    int64_t claim;
    int32_t duration_minutes, buffer_before_minutes, buffer_after_minutes;
};

/* Another service of the same visit: it will be taken, though it is not written down. */
struct slots_sibling {
    int64_t staff; /* 0: it may be anybody, so it counts for all */
    int64_t claim;
};

/* All that is known about a service of a salon. */
struct slot_facts {
    bool service_found;                         /* else only the timezone is filled in */
    bool staff_found, staff_here, staff_offers; /* she who was asked for, if one was */
    struct str timezone;
    const struct tz *tz;
    struct instant now;
    int32_t grid_minutes, notice_minutes, horizon_days;
    int32_t duration_minutes, buffer_before_minutes, buffer_after_minutes;
    struct weekly_times opening;
    size_t staff_len;
    const int64_t *staff; /* who offers the service, ascending */
    struct weekly_times windows;
    struct dated_times extra, off;
    const struct claims *busy; /* of each member, in the order of `staff` */
    bool needs_room;           /* one of `rooms` must be free too, for the same time */
    size_t rooms_len;
    const int64_t *room_ids;
    const struct claims *rooms; /* of each room that fits */
    size_t siblings_len;
    const struct slots_sibling *siblings;
    const struct slots_moving *moving; /* NULL: a new booking is looked for */
};

/* Who is free is one bit per member: a month of twenty people is a few kilobytes. */
struct slots {
    const struct tz *tz; /* the facts' */
    size_t len;
    const int64_t *starts_s; /* ascending */
    int32_t duration_s;
    size_t staff_len;
    const int64_t *staff; /* the facts' */
    size_t words;         /* of 64 members each, per slot */
    const uint64_t *free; /* at least one bit of each slot is set */
};

/* Starts on the local days `from` … `from + days - 1`; 1 ≤ days ≤ SLOTS_DAYS_MAX. */
void slots_compute(struct arena *arena, const struct slot_facts *facts, struct date from, int days,
                   struct slots *out);

static inline bool slots_is_free(const struct slots *slots, size_t slot, size_t member)
{
    assert(slot < slots->len && member < slots->staff_len);
    return slots->free[slot * slots->words + member / 64] >> (member % 64) & 1;
}

/* Indexes of the up to `max` slots nearest to `wanted_s`, nearest first, the earlier of two equally
 * near ones first. */
size_t slots_nearest(const struct slots *slots, int64_t wanted_s, size_t max, size_t *out);
