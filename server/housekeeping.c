#include "server/housekeeping.h"

#include "runtime/base/arena.h"
#include "runtime/base/log.h"
#include "runtime/base/stats.h"
#include "storage/booking_store.h"

enum { AT_MOST = 200 };

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

static void keep(struct housekeeping *keeping)
{
    struct ctx *c = &keeping->ctx;
    while (fiber_sleep(c, keeping->interval) == OK) {
        struct arena arena;
        arena_begin(&arena, loop_arenas(keeping->loop));
        c->arena = &arena;
        enum err err = tidy_bookings(c, keeping->bookings);
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
                        struct booking_store *bookings, struct duration interval)
{
    *keeping = (struct housekeeping){.loop = loop, .bookings = bookings, .interval = interval};
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
