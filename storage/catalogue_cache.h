/* storage/catalogue_cache.h - what one core has of the catalogue in memory.
 *
 *   facts       salon id -> all of it (domain/catalogue/salon_facts.h), the least asked for go first
 *   directory   every active salon as a search sees it
 *   claims      when a member of staff is taken (storage/claims_cache.h)
 *   feed        which salons changed since the last look, and whose claims (0040_catalogue_feed.sql,
 *               schema/40_bookings.sql)
 *
 * Postgres has the truth. A look at the feed is one statement, made by a request that finds the last one
 * older than `look_every`; the others go on meanwhile. A look older than CATALOGUE_FRESH_MS makes everyone
 * wait for a new one, so no answer is older than that. An idle process asks nothing.
 *
 *   read ──► last look young? ──────────────────────────────► from memory
 *              │ old: look ──► changed salons forgotten ────────┘
 *              └ Postgres away ──► from memory, while the last look is younger than `stale_max`
 *
 * 1. What is loaded while a change of it comes in is used once and not kept (struct load).
 * 2. `writes` is shared by the process's cores: a core that finds it moved looks before it answers.
 * 3. Claims answer only after a look that began after the request: slots are never old, and with Postgres
 *    away there are none.
 * 4. Everything is forgotten when the feed cannot be continued: after FORGET_AFTER without a look, on
 *    another server or an older copy of it, and after any lost connection, since after a crash Postgres
 *    gives out numbers of transactions again that looks have passed.
 * 5. Facts and directory older than LIVE are loaded anew, whatever the feed says: a transaction that was
 *    open for an hour may have been swept out of the feed by the time it commits.
 *
 * Threads: belongs to its loop.   Waits: what takes a ctx. */
#pragma once
#include "runtime/gate.h"
#include "storage/catalogue_sql.h"
#include "storage/claims_cache.h"

enum {
    CATALOGUE_FRESH_MS = 900,         /* contract: a change is seen by everyone within a second */
    CATALOGUE_LOOK_BYTES_MAX = 16384, /* a snapshot: 20 bytes for each transaction under way */
    CATALOGUE_LISTED_CHANGED_MAX =
        200, /* to take one out costs a walk over all; beyond: load anew */
};

struct catalogue_cache_options {
    size_t bytes_max; /* of all that is remembered, but for the table of salons listed (1.2 MB) */
    struct duration look_every;
    struct duration stale_max;
    uint64_t *writes; /* shared by the cores of a process; NULL: nobody else writes */
};

struct catalogue_cache_stats { /* relaxed atomics, read by /metrics */
    uint64_t entries, bytes, evictions, salons_listed, looked_at_ms;
};

struct catalogue_cache {
    struct pg_pool *pool;
    struct catalogue_cache_options options;
    struct arena_pool arenas;
    struct catalogue_cache_stats stats;
    uint64_t last_version;

    struct claims_cache
        claims; /* who is busy; good only after a look that began with the request */

    struct { /* the feed */
        char look[CATALOGUE_LOOK_BYTES_MAX];
        size_t look_len;
        struct tick looked_at; /* when the last good look began; 0: never */
        struct tick retry_at;  /* after a failure */
        struct instant now;    /* of that look, by the database's clock */
        bool looking;
        uint64_t begun, seen,
            failed; /* numbers of looks: the last one, the last good and bad one */
        uint64_t writes_seen, losses_seen;
        struct gate gate;
    } feed;

    struct {
        struct lru lru;
        struct list loads; /* struct load: under way */
    } facts;

    struct {
        struct directory salons;
        bool whole, too_large, loading, updating;
        uint64_t epoch; /* moves when all is forgotten: what is being loaded then is of no use */
        uint64_t version;
        struct tick loaded_at;
        int64_t changed[CATALOGUE_LISTED_CHANGED_MAX]; /* to be read again before the next search */
        size_t changed_len;
        struct gate gate;
    } directory;
};

/* Neither waits nor fails. `seed`: random. */
void catalogue_cache_init(struct catalogue_cache *cache, struct pg_pool *pool, uint64_t seed,
                          const struct catalogue_cache_options *options);
void catalogue_cache_fini(struct catalogue_cache *cache); /* no fiber waits in it; fine on zeroes */

/* Looks at the feed if the last look is too old; ERR_UNAVAILABLE, ERR_TIMEOUT: that failed, and what is
 * in memory is too old as well. */
NODISCARD enum err catalogue_cache_refresh(struct ctx *c, struct catalogue_cache *cache);
/* By a look that begins now. Postgres away: as above. */
NODISCARD enum err catalogue_cache_catch_up(struct ctx *c, struct catalogue_cache *cache);

/* The facts of a salon, from memory or loaded; valid until the next wait. `version` 0: they are not
 * kept. ERR_NOT_FOUND: Postgres says that there is no such active salon. Refresh first. */
NODISCARD enum err catalogue_cache_facts(struct ctx *c, struct catalogue_cache *cache,
                                         int64_t salon, const struct salon_facts **out,
                                         uint64_t *version);
/* The version in memory, 0: none. */
uint64_t catalogue_cache_version(struct ctx *c, struct catalogue_cache *cache, int64_t salon);

/* The directory up to date; valid until the next wait. NULL: it is being loaded, or too large: ask the
 * database. Refresh first. */
NODISCARD enum err catalogue_cache_directory(struct ctx *c, struct catalogue_cache *cache,
                                             const struct directory **out, uint64_t *version);
/* Its version, 0 when it has to be read (again) first. */
uint64_t catalogue_cache_directory_version(struct ctx *c, struct catalogue_cache *cache);
