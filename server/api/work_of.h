/* server/api/work_of.h - from a worker's app to its part in the work. Filled in
 * server/work_services.c.
 *
 * Waits: what takes a ctx.   Threads: the app's loop, but for work_runner_of. */
#pragma once
#include "runtime/base/base.h"

struct app;
struct work_store;
struct work_runner;

/* From now on this worker takes pieces of work. False: the loop has no fiber for it. */
NODISCARD bool work_begin(struct app *app);
/* A request of this worker has added a piece that is due: it is looked for at once. */
void work_nudge(const struct app *app);
/* As work_runner_drain, _when_drained and _abort; fine, and drained at once, where it never began. */
void work_drain(const struct app *app);
void work_when_drained(const struct app *app, void (*drained)(void *arg), void *arg);
void work_abort(const struct app *app);

struct work_store *work_store_of(const struct app *app);
const struct work_runner *work_runner_of(const struct app *app); /* for what it counts */
