/* runtime/loop.c - the turn, tasks, waits; see loop.h.
 *
 * Invariants
 *  1. One fiber or the loop runs at a time, all on the thread that made the loop.
 *  2. A parked fiber is woken by exactly one wait_done; its stack is never freed under it.
 *  3. When io_turn is entered with a wake_at in the future, no fiber is ready and no flush is due.
 *  4. Completions see the time at which they are delivered (`now` is read after the wait): a
 *     deadline set by one must not begin in the past by as long as the loop slept.
 *  5. Ready fibers get at most a slice per turn; what is left goes first in the next one. */
#include "runtime/loop.h"

#include <pthread.h>
#include <stdlib.h>

#include "runtime/base/counter.h"
#include "runtime/fiber.h"
#include "runtime/timer.h"

struct loop {
    struct io *io;
    struct loop_options options;
    struct fiber_pool fibers;
    struct arena_pool arenas;
    struct timer_wheel wheel;
    struct list ready;       /* fibers */
    struct list soon, flush; /* tasks */
    struct tick now;
    struct loop_slot slots[LOOP_SLOT_COUNT];
    struct loop_stats stats;
    bool stopping; /* atomic: set from any thread */

    pthread_mutex_t posted_lock;
    struct list posted;
    bool posted_any; /* atomic: saves the lock in the usual, empty case */
};

enum { ARENA_BLOCKS_KEPT = 4096 };

static _Thread_local struct loop *current_loop;

static struct tick mono(struct loop *loop)
{
    loop->now = loop->io->clock.mono(&loop->io->clock);
    return loop->now;
}

static void look_at_clock(void *arg)
{
    mono(arg);
}

struct loop *loop_new(struct io *io, const struct loop_options *options)
{
    struct loop *loop = calloc(1, sizeof(*loop));
    if (!loop)
        base_die(__FILE__, __LINE__, "out of memory");
    loop->io = io;
    loop->options = *options;
    loop->now = io->clock.mono(&io->clock);
    fiber_pool_init(&loop->fibers, options->stack_bytes, options->fibers_max,
                    options->stack_census);
    arena_pool_init(&loop->arenas, options->arena_block_bytes, ARENA_BLOCKS_KEPT);
    wheel_init(&loop->wheel, loop->now);
    io->waited = look_at_clock;
    io->waited_arg = loop;
    list_init(&loop->ready);
    list_init(&loop->soon);
    list_init(&loop->flush);
    list_init(&loop->posted);
    pthread_mutex_init(&loop->posted_lock, NULL);
    return loop;
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    for (int i = LOOP_SLOT_COUNT - 1; i >= 0; i--)
        if (loop->slots[i].free)
            loop->slots[i].free(loop->slots[i].ptr);
    fiber_pool_fini(&loop->fibers);
    io_free(loop->io);
    arena_pool_fini(&loop->arenas);
    pthread_mutex_destroy(&loop->posted_lock);
    if (current_loop == loop)
        current_loop = NULL;
    free(loop);
}

struct io *loop_io(struct loop *loop)
{
    return loop->io;
}
const struct clock *loop_clock(struct loop *loop)
{
    return &loop->io->clock;
}
struct tick loop_now(struct loop *loop)
{
    return loop->now;
}
struct arena_pool *loop_arenas(struct loop *loop)
{
    return &loop->arenas;
}
struct loop_stats *loop_stats(struct loop *loop)
{
    return &loop->stats;
}
struct loop *loop_current(void)
{
    return current_loop;
}
struct loop_slot *loop_slot(struct loop *loop, enum loop_slot_id id)
{
    return &loop->slots[id];
}

/* ---- tasks ----------------------------------------------------------------------------------- */

void loop_flush_later(struct loop *loop, struct task *task)
{
    if (!list_linked(&task->link))
        list_push_back(&loop->flush, &task->link);
}

void loop_soon(struct loop *loop, struct task *task)
{
    if (!list_linked(&task->link))
        list_push_back(&loop->soon, &task->link);
}

void task_cancel(struct task *task)
{
    if (list_linked(&task->link))
        list_remove(&task->link);
}

void loop_post(struct loop *loop, struct task *task)
{
    pthread_mutex_lock(&loop->posted_lock);
    list_push_back(&loop->posted, &task->link);
    __atomic_store_n(&loop->posted_any, true, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&loop->posted_lock);
    io_wake(loop->io);
}

static void take_posted(struct loop *loop)
{
    if (LIKELY(!__atomic_load_n(&loop->posted_any, __ATOMIC_ACQUIRE)))
        return;
    pthread_mutex_lock(&loop->posted_lock);
    list_take_all(&loop->soon, &loop->posted);
    __atomic_store_n(&loop->posted_any, false, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&loop->posted_lock);
}

/* Runs what is queued now; what these queue again runs in the next round. */
static void run_tasks(struct list *queue)
{
    struct list now;
    list_init(&now);
    list_take_all(&now, queue);
    struct list_link *link;
    while ((link = list_take_first(&now))) {
        struct task *task = container_of(link, struct task, link);
        task->run(task);
    }
}

/* ---- timers ---------------------------------------------------------------------------------- */

void timer_set(struct loop *loop, struct timer *timer, struct tick at)
{
    timer_cancel(timer);
    wheel_add(&loop->wheel, timer, at);
}

/* ---- fibers ---------------------------------------------------------------------------------- */

bool fiber_start(struct loop *loop, fiber_fn *fn, void *arg)
{
    struct fiber *fiber = fiber_new(&loop->fibers, loop, fn, arg);
    if (!fiber) {
        counter_add(&loop->stats.fibers_refused, 1);
        return false;
    }
    counter_add(&loop->stats.fibers_started, 1);
    fiber_resume(&loop->fibers, fiber);
    return true;
}

static void fiber_make_ready(struct fiber *fiber)
{
    list_push_back(&fiber->loop->ready, &fiber->link);
}

/* The clock is read after every few fibers: often enough for a slice of hundreds of µs. */
static void run_ready(struct loop *loop)
{
    enum { CLOCK_EVERY = 8 };
    struct tick stop = tick_add(loop->now, loop->options.slice);
    run_tasks(&loop->soon);
    struct list_link *link;
    for (unsigned n = 1; (link = list_take_first(&loop->ready)); n++) {
        fiber_resume(&loop->fibers, container_of(link, struct fiber, link));
        if (n % CLOCK_EVERY == 0 && mono(loop).ns >= stop.ns)
            break;
    }
}

/* ---- the turn -------------------------------------------------------------------------------- */

void loop_turn(struct loop *loop, struct tick wake_at)
{
    current_loop = loop;
    struct tick begun = loop->now;
    take_posted(loop);
    if (!list_empty(&loop->ready) || !list_empty(&loop->soon) || !list_empty(&loop->flush))
        wake_at.ns = 0;
    struct tick next = wheel_next(&loop->wheel);
    counter_raise(&loop->stats.lag_max_us, (mono(loop).ns - begun.ns) / 1000);
    io_turn(loop->io, next.ns < wake_at.ns ? next : wake_at);
    wheel_advance(&loop->wheel, mono(loop));
    take_posted(loop);
    run_ready(loop);
    run_tasks(&loop->flush);
    counter_add(&loop->stats.turns, 1);
    counter_set(&loop->stats.fibers_live, loop->fibers.live);
    counter_set(&loop->stats.timers_fired, loop->wheel.fired);
    counter_raise(&loop->stats.fibers_parked_max, loop->fibers.live);
    counter_raise(&loop->stats.stack_used_max, loop->fibers.used_max);
}

void loop_run(struct loop *loop)
{
    while (!__atomic_load_n(&loop->stopping, __ATOMIC_ACQUIRE))
        loop_turn(loop, TICK_NEVER);
    __atomic_store_n(&loop->stopping, false, __ATOMIC_RELEASE); /* may run again, to drain */
}

void loop_stop(struct loop *loop)
{
    __atomic_store_n(&loop->stopping, true, __ATOMIC_RELEASE);
    io_wake(loop->io);
}

/* ---- waits ----------------------------------------------------------------------------------- */

static void run_cancel(void *arg)
{
    struct wait *wait = arg;
    wait->cancel(wait);
}

static void cut_short(struct wait *wait, enum err why)
{
    if (wait->done || wait->cut || !wait->cancel)
        return;
    wait->cut = why;
    on_loop_stack(run_cancel, wait);
}

static void wait_deadline(struct timer *timer)
{
    cut_short(container_of(timer, struct wait, timer), ERR_TIMEOUT);
}

enum err wait_park(struct ctx *c, struct wait *wait)
{
    struct fiber *self = fiber_current();
    assert(self && self->no_wait == 0 && !self->waiting);
    wait->fiber = self;
    c->fiber = self;
    if (!wait->done && c->canceled)
        cut_short(wait, ERR_CANCELED);
    else if (!wait->done && c->deadline.ns <= self->loop->now.ns)
        cut_short(wait, ERR_TIMEOUT);
    if (!wait->done && !wait->cut && wait->cancel && c->deadline.ns != TICK_NEVER.ns) {
        wait->timer.fire = wait_deadline;
        timer_set(self->loop, &wait->timer, c->deadline);
    }
    if (!wait->done) {
        self->waiting = wait;
        fiber_park();
        assert(wait->done && self->waiting == NULL);
    }
    timer_cancel(&wait->timer);
    c->fiber = NULL;
    return wait->result && wait->cut ? wait->cut : wait->result;
}

void wait_done(struct wait *wait, enum err result)
{
    assert(!wait->done);
    wait->done = true;
    wait->result = result;
    struct fiber *fiber = wait->fiber;
    if (!fiber || fiber->waiting != wait) /* not parked yet: wait_park will see `done` */
        return;
    fiber->waiting = NULL;
    fiber_make_ready(fiber);
}

void ctx_cancel(struct ctx *c)
{
    c->canceled = true;
    struct fiber *fiber = c->fiber;
    if (fiber && fiber->waiting)
        cut_short(fiber->waiting, ERR_CANCELED);
}

struct sleep {
    struct wait wait;
    struct timer timer;
};

static void sleep_cancel(struct wait *wait)
{
    struct sleep *sleep = container_of(wait, struct sleep, wait);
    timer_cancel(&sleep->timer);
    wait_done(wait, ERR_TIMEOUT);
}

static void sleep_over(struct timer *timer)
{
    wait_done(&container_of(timer, struct sleep, timer)->wait, OK);
}

enum err fiber_sleep(struct ctx *c, struct duration d)
{
    struct loop *loop = fiber_current()->loop;
    struct sleep sleep = {.wait.cancel = sleep_cancel, .timer.fire = sleep_over};
    timer_set(loop, &sleep.timer, tick_add(mono(loop), d));
    return wait_park(c, &sleep.wait);
}

struct yield {
    struct wait wait;
    struct task task;
};

static void yield_over(struct task *task)
{
    wait_done(&container_of(task, struct yield, task)->wait, OK);
}

enum err fiber_yield(struct ctx *c)
{
    if (c->canceled)
        return ERR_CANCELED;
    struct yield yield = {.task.run = yield_over};
    loop_soon(fiber_current()->loop, &yield.task);
    return wait_park(c, &yield.wait);
}
