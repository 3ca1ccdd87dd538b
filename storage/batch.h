/* storage/batch.h - what many ask at the same time is asked of Postgres once.
 *
 *     batch_query --> waiting --(a place is free)--> under way --> answered
 *         \-> full         \-> gave up: not done        \-> gave up: unknown
 *                                                       \-> failed as a whole: asked again, each alone
 *
 * Natural batching: while all places are taken those who come wait, and the next batch takes all of
 * them. Nobody waits for company: with a place free a waiter leaves at once, if need be alone. Those who
 * came in the same turn of the loop leave together.
 *
 * 1. First come, first in, and nobody overtakes one who is too heavy for what is left of a batch: within a
 *    batch the order of arrival is the order of the statement.
 * 2. Duplicates (same owner and key) that ask for the same are one entry of the statement, asked for by
 *    their leader, who came first; each of them gets the leader's rows. With another fingerprint a waiter
 *    never shares a batch with the first: it is to see what that one did.
 * 3. An answer is sent after the statement's commit, to each in its own arena.
 * 4. Not done (ERR_UNAVAILABLE) and unknown (ERR_TIMEOUT) are the same for all of a batch. What rolled it
 *    back as a whole and may be the fault of one (a constraint, a lock that was not to be had, a value that
 *    Postgres will not take) has each ask again alone: one that cannot be decided harms nobody else.
 * 5. Who gives up, by deadline or cancellation, leaves the others be: the statement goes on as long as one of
 *    them can wait.
 *
 * To batch another kind of request: a statement that takes arrays, an encoder that fills them, and, where
 * pg_query would have been called, batch_query.
 *
 * Threads: a batcher belongs to its loop.   Waits: batch_query. */
#pragma once
#include "runtime/loop.h"
#include "runtime/pg.h"

struct batch_waiter;
struct batcher;

enum { BATCH_WEIGHT_MAX = 128, BATCHES_MAX = 16, BATCH_SIZES = 5 };

/* What is asked, static: one for each kind of request. */
struct batch_kind {
    /* The first column of each of its rows, int4, says which entry the row is about, from 1. An entry may
     * have any number of rows, in any order. */
    const struct pg_statement *statement;
    /* Writes the statement's arguments, as many as it has, about these entries in this order. A waiter is sure
     * to be there during this call only: what the arguments point at is copied into the arena, or outlives
     * the whole query. */
    void (*encode)(struct arena *arena, struct batch_waiter *const *entries, size_t len,
                   struct pg_arg *args);
    /* Counters (enum stat of runtime/base/stats.h): batches of 1, 2 to 4, 5 to 16, 17 to 64, more waiters;
     * waiters that asked again alone. */
    uint16_t sizes[BATCH_SIZES];
    uint16_t alone;
};

struct batcher_options {
    uint32_t under_way_max; /* batches; at most BATCHES_MAX */
    uint32_t weight_max;    /* of one batch; at most BATCH_WEIGHT_MAX */
    uint32_t waiting_max;   /* waiters */
};

struct batch {
    struct batcher *batcher;
    struct batch_waiter
        *waiters[BATCH_WEIGHT_MAX]; /* by seat, in the order of arrival; NULL: gave up */
    uint32_t waiters_len;
    uint32_t entries; /* fewer, when there are duplicates */
    bool under_way;
};
struct batcher {
    struct loop *loop;
    struct pg_pool *pool;
    const struct batch_kind *kind;
    struct batcher_options options;
    struct list waiting;
    uint32_t waiting_len, under_way;
    struct task departure;
    bool closed;
    struct batch batches[BATCHES_MAX];
};

/* Whose request this is, and what it calls itself; `key` empty: nothing is its duplicate. */
struct batch_key {
    int64_t owner;
    struct str key;
    struct str fingerprint; /* of all that it asks for */
};

/* One who asks: embedded in what the encoder reads, and there until batch_query returns. */
struct batch_waiter {
    uint32_t weight; /* 1 to the batcher's weight_max */
    struct batch_key key;
    bool duplicate; /* written: the rows are those of its leader */

    /* The batcher's own. */
    struct list_link link; /* waiting */
    struct wait wait;
    struct ctx *c;
    struct batcher *batcher;
    struct batch *batch; /* under way in it, */
    uint32_t seat;       /* there */
    uint32_t entry;      /* of the statement; a duplicate's is its leader's */
    struct pg_rows *rows;
    bool left;  /* under way, or was */
    bool alone; /* the batch could not decide */
};

/* `batcher` stays where it is; `kind` outlives it. */
void batcher_begin(struct batcher *batcher, struct loop *loop, struct pg_pool *pool,
                   const struct batch_kind *kind, const struct batcher_options *options);
/* Who waits gets ERR_CANCELED; batches under way end by themselves (when their pool does, if not before),
 * and the loop must turn until they have. Zeroes are fine. */
void batcher_end(struct batcher *batcher);

/* As many wait as may: the next is not taken. For callers with a word of their own for that. */
static inline bool batcher_full(const struct batcher *batcher)
{
    return batcher->waiting_len >= batcher->options.waiting_max;
}
/* How many wait, and how many batches are under way: from any thread. */
uint32_t batcher_waiting(const struct batcher *batcher);
uint32_t batcher_under_way(const struct batcher *batcher);

/* As pg_query, together with others: the rows about this waiter's entry, in the ctx's arena, maybe none. `waiter`
 * has its weight and key. ERR_UNAVAILABLE also when as many wait as may. With an error other than of
 * the whole batch, `rows` has SQLSTATE and constraint. */
NODISCARD enum err batch_query(struct ctx *c, struct batcher *batcher, struct batch_waiter *waiter,
                               struct pg_rows *rows);
