/* storage/claims_cache.h - when the staff of busy salons are taken, in memory, and never old.
 *
 *   a request for slots ──► a look at the feed, begun after it ──► forget those whose bookings changed
 *                                                              └─► read the forgotten again, use the rest
 *
 * On an evening when everybody looks at the same salons, a look and a few changed members of staff are
 * read instead of a month of claims of all of them. Nothing is decided here: the database judges each
 * booking by itself.
 *
 * What is read while a look forgets it may be older than that look: it answers the request that read it,
 * and is not kept (`log`). Claims of rooms are read each time.
 *
 * Threads: belongs to its loop.   Waits: what takes a ctx. */
#pragma once
#include "domain/catalogue/salon_facts.h"
#include "runtime/base/lru.h"
#include "runtime/loop.h"

struct pg_pool;

enum { CLAIMS_LOG_LEN = 4096 };

struct claims_cache {
    struct lru lru;
    struct arena_pool arenas;
    struct list loads;           /* under way */
    int64_t log[CLAIMS_LOG_LEN]; /* whom the last looks told of, a ring */
    uint64_t logged, clears;
};

void claims_cache_init(struct claims_cache *cache, size_t bytes_max, uint64_t seed);
void claims_cache_fini(struct claims_cache *cache); /* no fiber waits in it */

/* By a look at the feed. */
void claims_cache_changed(struct claims_cache *cache, const int64_t *staff, size_t len);
void claims_cache_clear(struct claims_cache *cache);

/* Fills in who is busy, as of the last look or later; valid until the next wait. `salon` names who may
 * share what is being read. */
NODISCARD enum err claims_cache_fill(struct ctx *c, struct claims_cache *cache,
                                     struct pg_pool *pool, int64_t salon, struct slot_facts *facts);
