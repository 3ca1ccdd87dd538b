/* The work on one worker: its store on the worker's pool, and its runner. */
#include "server/api/work_of.h"
#include "server/area.h"
#include "server/work/work_table.h"
#include "storage/work_store.h"

enum { LOOK_MS = 500, LEASE_MORE_SECONDS = 10 };

struct work_services {
    struct work_store store;
    struct work_runner runner;
    bool begun;
};

static void begin(struct app *app)
{
    app->work = arena_new(&app->arena, struct work_services);
    app->work->store.pool = app->pg;
}

static void end(struct app *app)
{
    if (app->work->begun)
        work_runner_end(&app->work->runner);
}

bool work_begin(struct app *app)
{
    struct work_runner_options options = {
        .app = app,
        .loop = app->loop,
        .store = &app->work->store,
        .table = &work_table,
        .shared = &app->process->work,
        .worker = app->worker,
        .workers = app->process->workers,
        .look_every = milliseconds(LOOK_MS),
        .lease_more = seconds(LEASE_MORE_SECONDS),
    };
    app->work->begun = work_runner_begin(&app->work->runner, &options);
    return app->work->begun;
}

void work_nudge(const struct app *app)
{
    if (app->work->begun)
        work_runner_nudge(&app->work->runner);
}

void work_drain(const struct app *app)
{
    if (app->work->begun)
        work_runner_drain(&app->work->runner);
}

void work_when_drained(const struct app *app, void (*drained)(void *arg), void *arg)
{
    if (app->work->begun)
        work_runner_when_drained(&app->work->runner, drained, arg);
    else
        drained(arg);
}

void work_abort(const struct app *app)
{
    if (app->work->begun)
        work_runner_abort(&app->work->runner);
}

struct work_store *work_store_of(const struct app *app)
{
    return &app->work->store;
}

const struct work_runner *work_runner_of(const struct app *app)
{
    return &app->work->runner;
}

const struct area work_area = {.begin = begin, .end = end};
