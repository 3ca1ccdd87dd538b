/* Fibers, waits, tasks and posts on the simulated io: the clock is advanced, never slept. */
#include "runtime/loop.h"

#include <pthread.h>
#include <stdlib.h>

#include "runtime/io_sim.h"
#include "tests/test.h"

static struct loop *loop;
static struct ctx ctx;
static struct arena arena;

static void begin_with(uint32_t fibers_max)
{
    struct sim_options sim = {.seed = 7};
    struct loop_options options = {.fibers_max = fibers_max,
                                   .stack_bytes = 65536,
                                   .arena_block_bytes = 4096,
                                   .slice = milliseconds(1),
                                   .stack_census = true};
    loop = loop_new(io_sim_new(&sim), &options);
    arena_begin(&arena, loop_arenas(loop));
    ctx_init(&ctx, &arena, loop_clock(loop));
}
static void begin(void)
{
    begin_with(100);
}
static void end(void)
{
    arena_end(&arena);
    loop_free(loop);
}

static enum err result;
static int steps;

static void sleeper(void *arg)
{
    steps = 1;
    result = fiber_sleep(&ctx, *(struct duration *)arg);
    steps = 2;
}

TEST(fiber_runs_at_once_until_it_first_waits)
{
    begin();
    struct duration d = milliseconds(5);
    CHECK(fiber_start(loop, sleeper, &d));
    CHECK_INT(steps, 1);
    sim_run(loop, milliseconds(4));
    CHECK_INT(steps, 1);
    sim_run(loop, milliseconds(3));
    CHECK_INT(steps, 2);
    CHECK_INT(result, OK);
    end();
}

TEST(deadline_cuts_a_wait_short)
{
    begin();
    ctx.deadline = tick_add(loop_now(loop), milliseconds(20));
    struct duration d = seconds(60);
    CHECK(fiber_start(loop, sleeper, &d));
    sim_run(loop, milliseconds(25));
    CHECK_INT(steps, 2);
    CHECK_INT(result, ERR_TIMEOUT);
    end();
}

TEST(passed_deadline_fails_the_wait_without_parking_past_it)
{
    begin();
    sim_run(loop, milliseconds(10));
    ctx.deadline = loop_now(loop);
    struct duration d = seconds(60);
    CHECK(fiber_start(loop, sleeper, &d));
    CHECK_INT(steps, 2);
    CHECK_INT(result, ERR_TIMEOUT);
    end();
}

TEST(cancel_ends_the_present_wait_and_every_later_one)
{
    begin();
    struct duration d = seconds(60);
    CHECK(fiber_start(loop, sleeper, &d));
    ctx_cancel(&ctx);
    sim_settle(loop);
    CHECK_INT(steps, 2);
    CHECK_INT(result, ERR_CANCELED);
    CHECK(fiber_start(loop, sleeper, &d));
    CHECK_INT(steps, 2);
    CHECK_INT(result, ERR_CANCELED);
    end();
}

/* An operation that reports success although its cancel was already sent. */
static struct wait late_success;
static bool cancel_seen;
static void late_cancel(struct wait *wait)
{
    (void)wait;
    cancel_seen = true;
}
static void late_waiter(void *arg)
{
    (void)arg;
    late_success = (struct wait){.cancel = late_cancel};
    result = wait_park(&ctx, &late_success);
    steps = 3;
}

TEST(wait_returns_only_when_the_operation_says_so_and_success_wins)
{
    begin();
    cancel_seen = false;
    steps = 0;
    ctx.deadline = tick_add(loop_now(loop), milliseconds(10));
    CHECK(fiber_start(loop, late_waiter, NULL));
    sim_run(loop, milliseconds(50));
    CHECK(cancel_seen);
    CHECK_INT(steps, 0); /* still parked: the memory is still lent */
    wait_done(&late_success, OK);
    sim_settle(loop);
    CHECK_INT(steps, 3);
    CHECK_INT(result, OK);
    end();
}

static void nothing(void *arg)
{
    ++*(int *)arg;
}
static void hold(void *arg)
{
    enum err err = fiber_sleep(&ctx, *(struct duration *)arg);
    (void)err;
}

TEST(fibers_beyond_the_cap_are_refused_and_stacks_are_reused)
{
    begin_with(3);
    struct duration d = milliseconds(5);
    struct ctx saved = ctx;
    for (int i = 0; i < 3; i++)
        CHECK(fiber_start(loop, hold, &d));
    int ran = 0;
    CHECK(!fiber_start(loop, nothing, &ran));
    CHECK_INT(loop_stats(loop)->fibers_refused, 1);
    sim_run(loop, milliseconds(10));
    ctx = saved;
    CHECK(fiber_start(loop, nothing, &ran));
    CHECK_INT(ran, 1);
    end();
}

static void *low_stack;
static void note_stack(void *arg)
{
    char here;
    *(void **)arg = &here;
    low_stack = __builtin_frame_address(0);
    steps++;
}
static void calls_loop_stack(void *arg)
{
    char mine;
    on_loop_stack(note_stack, arg);
    *(bool *)arg = llabs((char *)low_stack - &mine) > 65536;
    result = fiber_sleep(&ctx, milliseconds(1)); /* and the fiber still works */
    on_loop_stack(note_stack, &low_stack);
}

TEST(on_loop_stack_leaves_the_fibers_small_stack)
{
    begin();
    steps = 0;
    void *far = NULL;
    CHECK(fiber_start(loop, calls_loop_stack, &far));
    CHECK(*(bool *)&far);
    sim_run(loop, milliseconds(5));
    CHECK_INT(steps, 2);
    CHECK_INT(result, OK);
    end();
}

static int order[4], order_len;
struct numbered {
    struct task task;
    int number;
};
static void numbered_run(struct task *task)
{
    order[order_len++] = container_of(task, struct numbered, task)->number;
}

TEST(soon_tasks_run_before_flush_tasks_of_the_same_turn)
{
    begin();
    order_len = 0;
    struct numbered flush = {{.run = numbered_run}, 2}, soon = {{.run = numbered_run}, 1};
    loop_flush_later(loop, &flush.task);
    loop_soon(loop, &soon.task);
    loop_soon(loop, &soon.task); /* twice is once */
    sim_settle(loop);
    CHECK_INT(order_len, 2);
    CHECK_INT(order[0], 1);
    CHECK_INT(order[1], 2);
    end();
}

static void *poster(void *arg)
{
    loop_post(loop, arg);
    return NULL;
}

TEST(another_thread_can_post_a_task)
{
    begin();
    order_len = 0;
    struct numbered posted = {{.run = numbered_run}, 4};
    pthread_t thread;
    CHECK_INT(pthread_create(&thread, NULL, poster, &posted.task), 0);
    pthread_join(thread, NULL);
    sim_settle(loop);
    CHECK_INT(order_len, 1);
    end();
}

static void yields(void *arg)
{
    for (int i = 0; i < 3; i++) {
        order[order_len++ % 4] = *(int *)arg;
        result = fiber_yield(&ctx);
    }
}

TEST(yield_lets_the_others_go_first)
{
    begin();
    order_len = 0;
    int one = 1, two = 2;
    CHECK(fiber_start(loop, yields, &one));
    CHECK(fiber_start(loop, yields, &two));
    CHECK_INT(order[0], 1);
    CHECK_INT(order[1], 2);
    sim_settle(loop);
    CHECK_INT(order_len, 6);
    end();
}

static void starts_another(void *arg)
{
    struct duration d = milliseconds(1);
    steps = fiber_start(loop, nothing, arg) ? 10 : 0;
    result = fiber_sleep(&ctx, d);
    steps++;
}

TEST(a_fiber_may_start_another_and_goes_on_after_it)
{
    begin();
    int ran = 0;
    CHECK(fiber_start(loop, starts_another, &ran));
    CHECK_INT(ran, 1);
    CHECK_INT(steps, 10);
    sim_run(loop, milliseconds(5));
    CHECK_INT(steps, 11);
    end();
}

__attribute__((noinline, noclone)) static void deep(int n)
{
    volatile char frame[512];
    frame[0] = (char)n;
    if (n > 0)
        deep(n - 1);
    frame[1] = frame[0];
}
static void goes_deep(void *arg)
{
    (void)arg;
    deep(40);
}

TEST(census_sees_how_deep_a_stack_was_used)
{
    begin();
    CHECK(fiber_start(loop, goes_deep, NULL));
    sim_settle(loop);
    CHECK(loop_stats(loop)->stack_used_max > 40 * 512);
    CHECK(loop_stats(loop)->stack_used_max <= 65536);
    end();
}
