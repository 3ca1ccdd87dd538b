/* storage/booking_store.h - the port domain/bookings/booking_store.h on Postgres.
 *
 * Waits: booking_store_tidy, and as its port. */
#pragma once
#include "domain/bookings/booking_store.h"
#include "storage/batch.h"

struct booking_store {
    struct pg_pool *pool;
    struct batcher creations;
};
struct booking_store_options {
    uint32_t batches_max; /* of creations, under way at once */
    uint32_t waiting_max; /* creations; beyond: R_OVERLOADED */
};
/* `store` stays where it is. */
void booking_store_begin(struct booking_store *store, struct loop *loop, struct pg_pool *pool,
                         const struct booking_store_options *options);
/* As batcher_end. Zeroes are fine. */
void booking_store_end(struct booking_store *store);
