/* server/work/work_attempt.h - one piece of work on a fiber of its own: its handler, then its
 * ending.
 *
 * Private to the runner.   Threads: the loop's.   Waits: its own fiber. */
#pragma once
#include "runtime/base/arena.h"
#include "server/work/work_runner.h"

struct work_attempt {
    struct list_link link; /* of the runner's pieces */
    struct work_runner *runner;
    size_t kind, lane; /* in the table */
    struct work work;
    struct arena arena;
    struct ctx handler, ending; /* the second has no deadline of the first, and no cancel */
    bool said;                  /* the handler has returned: the second is in use */
};

/* Begins at once: `work` is the caller's until the call returns. False: no fiber, nothing was
 * done. */
NODISCARD bool work_attempt_begin(struct work_runner *runner, const struct work *work, size_t kind,
                                  size_t lane);
/* The handler's waits fail from now on, and the piece is given back; what is said already is not
 * waited for any more. */
void work_attempt_break_off(struct work_attempt *attempt);

/* ---- of the runner, for this file ---- */

/* An attempt is over and its place free. */
void work_runner_place_free(struct work_runner *runner);
