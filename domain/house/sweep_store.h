/* domain/house/sweep_store.h - port: rows that are over, or old.
 *
 * Each call removes (or, of holds, moves) at most `at_most` rows in one statement and tells how many;
 * fewer than that: there are no more, or others are at work on them, and nobody is waited for.
 *
 * Waits: all.   Errors: ERR_UNAVAILABLE, ERR_TIMEOUT. */
#pragma once
#include "runtime/base/ctx.h"

struct sweep_store;

NODISCARD enum err sweep_store_holds(struct ctx *c, struct sweep_store *store, int32_t at_most,
                                     int64_t *gone);
NODISCARD enum err sweep_store_keys(struct ctx *c, struct sweep_store *store, int32_t at_most,
                                    int64_t *gone);
/* Asked for before then, the oldest first. */
NODISCARD enum err sweep_store_codes(struct ctx *c, struct sweep_store *store,
                                     struct instant before, int32_t at_most, int64_t *gone);
/* Ended before then, the longest ended first. */
NODISCARD enum err sweep_store_sessions(struct ctx *c, struct sweep_store *store,
                                        struct instant before, int32_t at_most, int64_t *gone);
