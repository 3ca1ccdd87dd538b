/* server/process/one_off.h - a loop for a command that asks one thing and ends (`mawid token mint`,
 * `mawid work`): begin, make what hangs on it, run, end that, end.
 *
 * Threads: the caller's, which turns the loop.   Waits: blocks until it is done. */
#pragma once
#include "runtime/loop.h"

/* From now on only errors are logged: what pools have to say belongs into a server's log, not
 * between a script and its answer. NULL, with one line in `why`: there is no ring here. */
struct loop *one_off_begin(char *why, size_t why_len);
/* On a fiber, with an arena and a deadline in the ctx. */
void one_off_run(struct loop *loop, struct duration within, void (*run)(struct ctx *c, void *arg),
                 void *arg);
/* What hung on it has ended; it gets the turns it needs to let go. */
void one_off_end(struct loop *loop);
