/* domain/work/work.h - what is to be done after an answer, and will be, whoever falls over
 * meanwhile.
 *
 *   work_add (SQL), in the transaction of the effect
 *        |
 *        v        claim: due_at moves to the lease's end
 *   +-> DUE ----------------------> LEASED --+-- done --------------> the row is gone
 *   |    ^ ^                                 +-- next (periodic) --+
 *   |    | |                                 +-- again (a pause) --+--> DUE, later
 *   |    | +-- the lease ran out ------------+-- given back -------+
 *   |    |                                   |
 *   |    +-- added again, from any state     +-- refused for good, or out of attempts --> DEAD
 *   +-------------------------------------------------- replay, or added again ------------+
 *
 * 1. A piece exists exactly if its effect was committed: only SQL adds one, no C does.
 * 2. At least once: a handler bears being run twice. What a partner must not get twice bears a uuid
 *    of ours.
 * 3. One piece per kind and subject. To add it again takes the lease away: whoever is at it cannot
 *    finish it, and it runs once more and sees what is new. No change is missed, none piles up. Two
 *    may then be at it at once: a handler decides behind the lock of its subject's row, as
 *    everybody does. Locks in this order: the subject's row, then the piece's.
 * 4. A lease is a fence: with an old one nothing is finished (work_done takes it, in the effect's
 *    statement where that matters).
 * 5. A lane is named after who can be slow. One that is full is not claimed from; nobody else waits
 *    for it.
 * 6. Times are Postgres' own (due_at, the lease's end): here are only pauses, so that the clocks of
 *    machines need not agree.
 *
 * Data and the pure part. Who does the work: server/work/work_runner.h; what there is to do:
 * server/work/work_table.c; the rows: storage/schema/50_work.sql.   Waits: never. */
#pragma once
#include "domain/reason.h"

/* One piece, lent out under a lease. Views live as long as the attempt. */
struct work {
    struct str kind, lane; /* "booking.holds", "house" */
    int64_t subject;       /* of what: a booking, a payment, a shard … */
    struct uuid lease;
    uint32_t attempt; /* from 1; those that were broken off by a crash count too */
    struct str
        request_id; /* of the request that caused it, or empty: one thread through all logs */
    bool ended; /* the handler sets it when its own statement has finished the piece (work_done) */
};

/* How long a kind is tried. */
struct work_patience {
    uint32_t attempts_max;          /* 0: never dead, whatever goes wrong */
    struct duration first, longest; /* back-off: bounds of the first pause, and of any */
};

/* What comes of an attempt. */
enum work_end { WORK_DONE, WORK_AGAIN, WORK_DEAD };

/* OK: done. "Not done" and "unknown" (ERR_UNAVAILABLE, ERR_TIMEOUT, ERR_CANCELED) and a limit of
 * frequency: again while there are attempts left. All others will not get better: dead. */
enum work_end work_judge(const struct work_patience *patience, uint32_t attempt, enum err err);
/* The attempt has begun in vain: those before it used up all there are, and none could say how it
 * ended (a handler that takes its process with it would otherwise do so for ever). */
bool work_is_used_up(const struct work_patience *patience, uint32_t attempt);

/* Until the next attempt, after that one: "full jitter", that is uniform in [0, bound], where the
 * bound doubles from `first` to `longest`. So those who failed together do not come back together.
 * `hint_s`: what the partner asked for, or 0: then never sooner than that (a day at most is
 * believed). `random`: uniform over all of its values. */
struct duration work_pause(const struct work_patience *patience, uint32_t attempt, int32_t hint_s,
                           uint64_t random);

/* For last_error and the log: the refusal's code, or else the class of the error. */
struct str work_error_text(enum err err, enum reason reason);
