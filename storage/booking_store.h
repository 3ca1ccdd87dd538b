/* storage/booking_store.h - the port domain/bookings/booking_store.h on Postgres. */
#pragma once
#include "domain/bookings/booking_store.h"
#include "storage/booking_combiner.h"

struct pg_pool;

struct booking_store {
    struct pg_pool *pool;
    struct booking_combiner combiner;
};

/* Holds that have run out and old keys of requests, at most so many of each: `*more` when there may be
 * others. `*holds`: how many expired. */
NODISCARD enum err booking_store_tidy(struct ctx *c, struct booking_store *store, int32_t at_most,
                                      int64_t *holds, bool *more);
