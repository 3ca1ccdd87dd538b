/* storage/booking_combiner.h - the flights of domain/bookings/combiner.h: each is one statement,
 * bookings_create, on a fiber of its own.
 *
 * What an answer of the flight means to each who is on it:
 *   decided        her own verdict, copied into her own arena, after the durable commit
 *   refused as a whole (a constraint, a lock that was not to be had, a value that Postgres will not
 *                  take)   everything was rolled back: each asks again alone, on her own fiber, so one
 *                  that cannot be decided harms nobody else
 *   not done (ERR_UNAVAILABLE), unknown (ERR_TIMEOUT)   the same for all of them
 * Her own deadline or cancellation takes her off: "not done" before the flight left, "unknown" after.
 *
 * Threads: a combiner belongs to its loop.   Waits: booking_combiner_create. */
#pragma once
#include "domain/bookings/booking_store.h"
#include "domain/bookings/combiner.h"
#include "runtime/pg.h"

struct booking_passenger;
struct booking_combiner;

enum { BOOKING_FLIGHTS_MAX = 16, BOOKING_FLIGHT_SERVICES_MAX = 128 };

struct booking_flight {
    struct booking_combiner *combiner;
    struct booking_passenger *passengers[BOOKING_FLIGHT_SERVICES_MAX]; /* NULL: taken off */
    uint32_t passengers_len;
    uint32_t requests; /* in the statement: fewer, when twins are on it */
    bool under_way;
};

struct booking_combiner {
    struct loop *loop;
    struct pg_pool *pool;
    struct combiner rules;
    struct task departure;
    bool closed;
    struct booking_flight flights[BOOKING_FLIGHTS_MAX];
};

struct booking_combiner_options {
    uint32_t flights;     /* statements under way at once */
    uint32_t waiting_max; /* requests; beyond: R_OVERLOADED */
};
/* `combiner` stays where it is. */
void booking_combiner_begin(struct booking_combiner *combiner, struct loop *loop,
                            struct pg_pool *pool, const struct booking_combiner_options *options);
/* Who waits gets ERR_CANCELED; flights under way land by themselves (when their pool ends, if not
 * before). The loop must turn until they have. Zeroes are fine. */
void booking_combiner_end(struct booking_combiner *combiner);

/* As booking_store_create. */
NODISCARD enum err booking_combiner_create(struct ctx *c, struct booking_combiner *combiner,
                                           const struct booking_limits *limits, int64_t customer,
                                           const struct booking_request *in,
                                           struct booking_answer *answer,
                                           struct bookings_made *out);

/* What the statement had judged by was changed before it had its locks (0021): nothing was done, and to ask
 * again is to be judged by what is now. Not for ever: each round means that somebody else's change was made. */
enum { BOOKING_JUDGED_MAX = 3 };
bool booking_is_to_be_judged_anew(enum err err, const struct pg_rows *rows);

/* The statement met a constraint: somebody wrote without taking the locks first, and has the time. */
bool booking_was_overtaken(enum err err, const struct pg_rows *rows);
