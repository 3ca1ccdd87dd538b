/* domain/work/work_store.h - port: the rows of pieces of work. Each call is one statement.
 *
 * Every ending names its piece and its lease, and tells `*ours`: false, the lease was not in force
 * any more (the piece was added again, or lent out again after its end, or done), and nothing was
 * changed.
 *
 * Waits: all.   Errors: as runtime/pg.h says them. A claim whose answer was lost (ERR_TIMEOUT) may
 * have lent pieces out: they are due again when that lease has run out. An ending whose answer was
 * lost may be said again. */
#pragma once
#include "domain/work/work.h"

struct work_store;

/* What somebody can take now. */
struct work_wish {
    const struct str *lanes;
    const int64_t *room; /* of each lane; 0: none */
    size_t lanes_len;
    const struct str *kinds;
    const int64_t *lease_s; /* of each kind */
    size_t kinds_len;
    struct uuid lease; /* a fresh one */
};
/* Rows in the ctx's arena, at most `room` of each lane, in no order. */
NODISCARD enum err work_store_claim(struct ctx *c, struct work_store *store,
                                    const struct work_wish *wish, struct work **out, size_t *len);

NODISCARD enum err work_store_done(struct ctx *c, struct work_store *store, const struct work *work,
                                   bool *ours);
/* Periodic: done, and due again in `every`. */
NODISCARD enum err work_store_next(struct ctx *c, struct work_store *store, const struct work *work,
                                   struct duration every, bool *ours);
NODISCARD enum err work_store_again(struct ctx *c, struct work_store *store,
                                    const struct work *work, struct duration pause,
                                    struct str error, bool *ours);
/* The attempt does not count; the piece is due at once, for others. */
NODISCARD enum err work_store_give_back(struct ctx *c, struct work_store *store,
                                        const struct work *work, bool *ours);
NODISCARD enum err work_store_dead(struct ctx *c, struct work_store *store, const struct work *work,
                                   struct str error, bool *ours);

/* Pieces that come round by themselves: subjects 0 … subjects - 1 of each kind. Idempotent. */
struct work_plant {
    struct str kind, lane;
    int64_t subjects, every_s;
};
NODISCARD enum err work_store_plant(struct ctx *c, struct work_store *store,
                                    const struct work_plant *plants, size_t len);

/* ---- for operators ---- */

struct work_count {
    struct str kind, lane;
    int64_t due, leased, waiting, dead;
    int64_t oldest_s; /* how long the one that is due longest has been */
};
NODISCARD enum err work_store_counts(struct ctx *c, struct work_store *store,
                                     struct work_count **out, size_t *len);

struct work_query {
    struct str kind;        /* empty: any */
    const int64_t *subject; /* NULL: any */
    enum { WORK_ANY, WORK_ALIVE, WORK_DEAD_ONLY } which;
    int32_t limit;
};
struct work_row {
    struct work work; /* without its lease */
    struct str state; /* "due", "leased", "waiting", "dead" */
    int64_t due_in_s; /* negative: overdue, or dead for so long */
    struct str error;
};
NODISCARD enum err work_store_list(struct ctx *c, struct work_store *store,
                                   const struct work_query *query, struct work_row **out,
                                   size_t *len);
/* Dead pieces of the query's kind, and subject, are due again; `*count` of them. */
NODISCARD enum err work_store_replay(struct ctx *c, struct work_store *store,
                                     const struct work_query *query, int64_t *count);
