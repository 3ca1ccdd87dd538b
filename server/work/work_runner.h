/* server/work/work_runner.h - takes what is due and does it: one runner on every loop.
 *
 *      rest ---- it is this loop's turn to look, or somebody nudged, or a full lane has room again
 *       ^            |
 *       |            v
 *       +-------- look: one claim for all lanes ----> a fiber per piece: handler, then its ending
 *
 * 1. Looking is shared: the loops of a process take turns, so that an empty queue costs one
 *    statement per `look_every` and process, however many loops it has. A nudge (a request of this
 *    loop added a piece) and a claim that filled a lane are followed by a claim at once.
 * 2. A lane has so many places on each loop. A handler that hangs keeps its own place until its
 *    kind's time-out, and nobody else's.
 * 3. The lease outlasts the time-out by `lease_more`, of which half is for the claim's way here and
 *    half for saying how it ended. Whoever is later than that meets the fence.
 * 4. How an attempt ended is said until Postgres has taken it, as long as the lease lasts. What
 *    could not be said is done once more, by somebody.
 * 5. While Postgres is away nothing is claimed: back-off up to WORK_AWAY_SECONDS_MAX, one line in
 *    the log per process when it begins and one when it ends.
 *
 * Threads: a runner belongs to its loop; counts are read by any.   Waits: its own fibers. */
#pragma once
#include "domain/work/work_store.h"
#include "runtime/gate.h"
#include "server/work/work_shared.h"

struct app;

/* Does one piece: reads its subject, calls one domain function. What it returns is what every
 * function here returns (work_judge says what comes of it); the ctx has the piece's request id, and
 * the time-out of its kind as deadline. */
typedef enum err work_fn(struct ctx *c, struct app *app, struct work *work);

struct work_kind {
    const char *name, *lane; /* the lane it begins in */
    work_fn *fn;
    struct work_patience patience;
    struct duration timeout; /* of one attempt, whole seconds */
    /* Whole seconds; 0: once. Else it comes round by itself, and is planted when a process starts:
     * subjects 0 … subjects - 1. */
    struct duration every;
    int64_t subjects;
};
struct work_lane {
    const char *name;
    uint32_t room;                         /* places on each loop */
    bool (*closed)(const struct app *app); /* NULL: never. True: nothing is taken here now */
};
struct work_table {
    const struct work_kind *kinds;
    size_t kinds_len;
    const struct work_lane *lanes;
    size_t lanes_len;
};
enum { WORK_KINDS_MAX = 32, WORK_LANES_MAX = 12, WORK_AWAY_SECONDS_MAX = 5 };

enum work_outcome {
    WORK_COUNT_DONE,
    WORK_COUNT_AGAIN,
    WORK_COUNT_DEAD,
    WORK_COUNT_OVERTAKEN,  /* the lease was in force no more */
    WORK_COUNT_GIVEN_BACK, /* the process ends */
    WORK_COUNT_UNSAID,     /* Postgres could not be told: somebody does it once more */
    WORK_OUTCOMES
};

struct work_runner_options {
    struct app *app; /* for the handlers */
    struct loop *loop;
    struct work_store *store;
    const struct work_table *table;
    struct work_shared *shared;
    uint32_t worker, workers;   /* this loop, and how many share the looking */
    struct duration look_every; /* an idle process asks so often; others' pieces wait so long */
    struct duration lease_more;
};

struct work_runner {
    struct work_runner_options options;
    struct str kinds[WORK_KINDS_MAX], lanes[WORK_LANES_MAX];
    int64_t lease_s[WORK_KINDS_MAX];
    uint32_t running[WORK_LANES_MAX]; /* places taken */
    bool filled[WORK_LANES_MAX];      /* by the last claim that asked for it: there may be more */
    struct list pieces;
    uint32_t pieces_len;
    struct gate gate; /* what ends a rest */
    bool nudged, draining, aborted, ended, looking;
    bool away;              /* the last claim failed, */
    uint32_t failures;      /* so many in a row, */
    struct tick away_until; /* and it is not tried again before */
    void (*drained)(void *arg);
    void *drained_arg;
    /* [kind][lane]; relaxed atomics */
    uint64_t counts[WORK_KINDS_MAX][WORK_LANES_MAX][WORK_OUTCOMES];
};

/* Begins to look. `runner` stays where it is until it is drained, or its loop has ended. False: the
 * loop has no fiber for it. */
NODISCARD bool work_runner_begin(struct work_runner *runner,
                                 const struct work_runner_options *options);
/* A piece was added by somebody on this loop and may be due: looks at once. NULL is fine. */
void work_runner_nudge(struct work_runner *runner);
/* Claims nothing any more. What is under way is finished, but for what comes round by itself: that
 * is broken off and given back. */
void work_runner_drain(struct work_runner *runner);
/* Calls back once when nothing is under way any more, perhaps from within this call. */
void work_runner_when_drained(struct work_runner *runner, void (*drained)(void *arg), void *arg);
/* What is still under way is broken off and given back, within two seconds unless a handler sits in
 * a wait that cannot be cut. */
void work_runner_abort(struct work_runner *runner);
/* As abort, and nothing is said to the store any more: it may go now. Twice is fine. */
void work_runner_end(struct work_runner *runner);
