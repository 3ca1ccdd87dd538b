#include "server/process/housekeeping.h"

#include "domain/desk/photos.h"
#include "runtime/base/arena.h"
#include "runtime/base/log.h"
#include "runtime/base/stats.h"
#include "storage/booking_store.h"
#include "storage/login_sweep.h"

enum { AT_MOST = 200, SWEEP_ROUNDS_MAX = 500, SWEEP_MINUTES = 60, SHELF_SECONDS = 30 };

/* As many rounds as it takes: after an evening of abandoned holds there are thousands. */
static enum err tidy_bookings(struct ctx *c, struct booking_store *store)
{
    bool more = true;
    while (more) {
        int64_t holds;
        TRY(booking_store_tidy(c, store, AT_MOST, &holds, &more));
        stat_add(STAT_BOOKING_EXPIRED, (uint64_t)holds);
    }
    return OK;
}

typedef enum err sweep_fn(struct ctx *c, struct pg_pool *pool, struct instant before,
                          int32_t at_most, int64_t *gone);

/* A table that was never swept takes several times: others need the disk as well. */
static enum err sweep(struct housekeeping *keeping, sweep_fn *once, enum stat counted)
{
    struct ctx *c = &keeping->ctx;
    struct instant before = {ctx_now(c).us - keeping->options.logins_kept.us};
    int64_t gone = AT_MOST;
    for (int round = 0; round < SWEEP_ROUNDS_MAX && gone == AT_MOST; round++) {
        TRY(once(c, keeping->options.pool, before, AT_MOST, &gone));
        stat_add(counted, (uint64_t)gone);
    }
    return OK;
}

static enum err sweep_logins(struct housekeeping *keeping)
{
    struct tick now = loop_now(keeping->loop);
    if (now.ns < keeping->sweep_at.ns)
        return OK;
    keeping->sweep_at = tick_add(now, minutes(SWEEP_MINUTES));
    TRY(sweep(keeping, login_sweep_codes, STAT_CODES_FORGOTTEN));
    return sweep(keeping, login_sweep_sessions, STAT_SESSIONS_FORGOTTEN);
}

/* One shelf after the other, all of them in two hours. */
static enum err sweep_photos(struct housekeeping *keeping)
{
    struct tick now = loop_now(keeping->loop);
    if (!keeping->options.photos || now.ns < keeping->shelf_at.ns)
        return OK;
    uint32_t shelf = keeping->shelf;
    keeping->shelf_at = tick_add(now, seconds(SHELF_SECONDS));
    keeping->shelf = (shelf + 1) % PHOTO_SHELVES;
    return photos_sweep(&keeping->ctx, keeping->options.photos, shelf);
}

static void keep(struct housekeeping *keeping)
{
    struct ctx *c = &keeping->ctx;
    while (fiber_sleep(c, keeping->options.interval) == OK) {
        struct arena arena;
        arena_begin(&arena, loop_arenas(keeping->loop));
        c->arena = &arena;
        enum err err = tidy_bookings(c, keeping->options.bookings);
        if (!err)
            err = sweep_logins(keeping);
        if (!err)
            err = sweep_photos(keeping);
        /* The server being away is told elsewhere, and the next time will do. */
        if (err && err != ERR_UNAVAILABLE && err != ERR_TIMEOUT && err != ERR_CANCELED)
            log_event(LOG_WARN, "housekeeping_failed", "class %d", (int)err);
        c->arena = NULL;
        arena_end(&arena);
    }
}

static void keeping_fiber(void *arg)
{
    struct housekeeping *keeping = arg;
    keep(keeping);
    keeping->alive = false;
}

void housekeeping_begin(struct housekeeping *keeping, struct loop *loop,
                        const struct housekeeping_options *options)
{
    *keeping = (struct housekeeping){.loop = loop, .options = *options};
    ctx_init(&keeping->ctx, NULL, loop_clock(loop));
    keeping->alive = true;
    if (!fiber_start(loop, keeping_fiber, keeping))
        keeping->alive = false;
}

void housekeeping_end(struct housekeeping *keeping)
{
    if (keeping->alive)
        ctx_cancel(&keeping->ctx);
}
