/* runtime/loop.h - one core's event loop: turns, fibers, waits, timers, tasks.
 *
 * A turn: one io_turn, which submits everything and waits for the next event -> its completions (a
 * bounded batch) -> due timers -> ready fibers (a CPU slice) -> flush tasks (responses, commands:
 * one send each). So whatever a turn decided leaves with the next turn's single system call.
 *
 * Threads: a loop and all that hangs on it belong to one thread; loop_post and loop_stop are the
 *          only calls for others.
 * Waits:   exactly the calls that take a ctx. */
#pragma once
#include "runtime/base/ctx.h"
#include "runtime/base/list.h"
#include "runtime/io.h"

struct loop;
struct fiber;

/* ---- the loop ---------------------------------------------------------------------------- */

struct loop_options {
    uint32_t fibers_max;  /* requests in flight; fiber_start refuses beyond */
    uint32_t stack_bytes; /* per fiber, plus one guard page */
    uint32_t arena_block_bytes;
    struct duration slice; /* CPU that ready fibers may use in a turn before I/O is looked at */
    bool stack_census;     /* measure how deep fibers' stacks were used (slow; for the tests) */
};

struct loop_stats { /* read by the metrics endpoint of another thread: relaxed atomics */
    uint64_t turns;
    uint64_t fibers_started, fibers_live, fibers_refused, fibers_parked_max;
    uint64_t lag_max_us; /* longest stretch between two looks at the ring; reset by the reader */
    uint64_t timers_fired;
    uint64_t stack_used_max; /* bytes; with stack_census only */
};

/* Takes over `io`. */
struct loop *loop_new(struct io *io, const struct loop_options *options);
void loop_free(struct loop *loop); /* no fiber is alive; frees `io` too */
/* Turns until loop_stop. */
void loop_run(struct loop *loop);
/* One turn, waiting no longer than `wake_at`: what the tests step with. */
void loop_turn(struct loop *loop, struct tick wake_at);
void loop_stop(struct loop *loop); /* any thread */

struct io *loop_io(struct loop *loop);
const struct clock *loop_clock(struct loop *loop);
/* Monotonic time taken at the start of this turn's current phase: cheap, a little old. */
struct tick loop_now(struct loop *loop);
struct arena_pool *loop_arenas(struct loop *loop);
struct loop_stats *loop_stats(struct loop *loop);
/* The loop that runs on this thread, or NULL. */
struct loop *loop_current(void);

/* What other parts of the runtime keep once per loop; `free` is called by loop_free. */
enum loop_slot_id { LOOP_SLOT_SOCK, LOOP_SLOT_FOREIGN, LOOP_SLOT_COUNT };
struct loop_slot {
    void *ptr;
    void (*free)(void *ptr);
};
struct loop_slot *loop_slot(struct loop *loop, enum loop_slot_id id);

/* ---- tasks --------------------------------------------------------------------------------- */

struct task {
    struct list_link link;
    void (*run)(struct task *task);
};
/* Runs once at the end of this turn, on the loop's own stack. Queued already: nothing happens. */
void loop_flush_later(struct loop *loop, struct task *task);
/* As above but in the ready phase of the next round (this turn if it is still running fibers). */
void loop_soon(struct loop *loop, struct task *task);
void task_cancel(struct task *task); /* fine when not queued */
static inline bool task_queued(const struct task *task)
{
    return list_linked(&task->link);
}
/* From any thread; runs on the loop's stack in its next turn. The task must not be queued. */
void loop_post(struct loop *loop, struct task *task);

/* ---- timers -------------------------------------------------------------------------------- */

struct timer {
    struct list_link link;
    uint64_t at_ms;
    void (*fire)(struct timer *timer);
};
/* (Re)arms; fires in the turn after `at`, to the millisecond, never early. Never allocates. */
void timer_set(struct loop *loop, struct timer *timer, struct tick at);
void timer_cancel(struct timer *timer); /* fine when not armed */
static inline bool timer_armed(const struct timer *timer)
{
    return timer->link.next != NULL;
}

/* ---- fibers -------------------------------------------------------------------------------- */

typedef void fiber_fn(void *arg);

/* Runs `fn` on a fiber at once, on top of the caller, until it first waits or returns; then the
 * caller goes on. False, and nothing ran: the loop has fibers_max of them alive (answer 503). */
NODISCARD bool fiber_start(struct loop *loop, fiber_fn *fn, void *arg);
/* What the running fiber is at, for a panic to tell (base/panic.h): a route and a request's id, say. `note`
 * and its texts stay as long as the fiber. */
struct fiber_note {
    struct str what, id;
};
void fiber_set_note(const struct fiber_note *note);
/* The running fiber; NULL on the loop's own stack. */
struct fiber *fiber_current(void);
/* Runs `fn(arg)` on the loop's own, big stack and comes back: for libraries with deep frames. The
 * function must not wait. Fine to call when already there. */
void on_loop_stack(void (*fn)(void *arg), void *arg);

/* ---- the one wait primitive ------------------------------------------------------------------
 *
 *     struct wait w = {.cancel = my_cancel};     // on the fiber's stack
 *     start something that will call wait_done(&w, err) exactly once
 *     return wait_park(c, &w);
 *
 * wait_park returns only after wait_done: what was lent is the caller's again. When the ctx's
 * deadline passes or it is cancelled meanwhile, `cancel` is called once (on the loop's stack) and
 * must bring wait_done about, now or later; if the operation then reports success, it succeeded.
 * Result: wait_done's own, but a failure after a cancel is ERR_TIMEOUT or ERR_CANCELED. */
struct wait {
    void (*cancel)(struct wait *wait); /* NULL: cannot be cut short (bounded by other means) */
    struct fiber *fiber;
    struct timer timer;
    struct list_link link; /* free for the driver: its queue of waiters */
    enum err result;
    enum err cut; /* why cancel was called; OK while it was not */
    bool done;
};
NODISCARD enum err wait_park(struct ctx *c, struct wait *wait);
void wait_done(struct wait *wait, enum err result);

/* Cancels the ctx: its present wait and every later one fail with ERR_CANCELED. From the loop's
 * stack or from another fiber of the same loop. */
void ctx_cancel(struct ctx *c);
/* Sleeps `d` or until the deadline. */
NODISCARD enum err fiber_sleep(struct ctx *c, struct duration d);
/* Lets other fibers and I/O go first; for long computations. */
NODISCARD enum err fiber_yield(struct ctx *c);
