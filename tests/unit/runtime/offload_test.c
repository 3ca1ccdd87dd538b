/* On the real ring: completions come from other threads. */
#include "runtime/offload.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "tests/test.h"

struct fixture {
    struct loop *loop;
    struct offload_pool *pool;
    struct arena arena;
    int running;
};

static bool fixture_begin(struct fixture *f, uint32_t threads, uint32_t queue_max)
{
    const char *why;
    struct io *io = io_uring_new(
        &(struct io_options){
            .entries = 64, .buffers = 8, .buffer_bytes = 4096, .completions_max = 64},
        &why);
    if (!io) {
        printf("# %s\n", why);
        return false;
    }
    f->loop = loop_new(io, &(struct loop_options){.fibers_max = 64,
                                                  .stack_bytes = 65536,
                                                  .arena_block_bytes = 4096,
                                                  .slice = milliseconds(1)});
    struct offload_options each = {.threads = threads, .queue_max = queue_max};
    f->pool = offload_pool_new((struct offload_options[OFFLOAD_CLASSES]){each, each});
    f->running = 0;
    arena_begin(&f->arena, loop_arenas(f->loop));
    return true;
}

static void fixture_end(struct fixture *f)
{
    offload_pool_free(f->pool);
    arena_end(&f->arena);
    loop_free(f->loop);
}

struct work {
    struct fixture *f;
    enum offload_class class;
    bool surely;
    struct ctx c;
    pthread_t ran_on;
    _Atomic bool *gate; /* held back until it opens */
    enum err err;
    bool ran, finished;
};

static void work_run(void *arg)
{
    struct work *work = arg;
    while (work->gate && !atomic_load(work->gate))
        usleep(500);
    work->ran_on = pthread_self();
    work->ran = true;
}

static void work_fiber(void *arg)
{
    struct work *work = arg;
    if (work->surely)
        offload_surely(&work->c, work->f->pool, work->class, work_run, work);
    else
        work->err = offload(&work->c, work->f->pool, work->class, work_run, work);
    work->finished = true;
    work->f->running--;
}

static bool work_start_in(struct fixture *f, struct work *work, enum offload_class class,
                          _Atomic bool *gate)
{
    *work = (struct work){.f = f, .class = class, .gate = gate};
    ctx_init(&work->c, &f->arena, loop_clock(f->loop));
    loop_turn(f->loop, (struct tick){0});
    f->running++;
    return fiber_start(f->loop, work_fiber, work);
}

static bool work_start(struct fixture *f, struct work *work, _Atomic bool *gate)
{
    return work_start_in(f, work, OFFLOAD_IO, gate);
}

static void wait_until_taken(struct fixture *f, enum offload_class class)
{
    while (offload_stats(f->pool, class).queued)
        usleep(500);
}

static void run_until_idle(struct fixture *f)
{
    while (f->running)
        loop_turn(f->loop, TICK_NEVER); /* woken by the thread, or it hangs */
}

TEST(a_job_runs_on_another_thread)
{
    struct fixture f;
    struct work work;
    CHECK(fixture_begin(&f, 2, 4));
    CHECK(work_start(&f, &work, NULL));
    run_until_idle(&f);
    CHECK_INT(work.err, OK);
    CHECK(work.ran && !pthread_equal(work.ran_on, pthread_self()));
    fixture_end(&f);
}

TEST(a_full_queue_refuses_and_runs_nothing)
{
    struct fixture f;
    struct work works[6];
    _Atomic bool gate = false;
    CHECK(fixture_begin(&f, 1, 2));
    CHECK(work_start(&f, &works[0], &gate));
    wait_until_taken(&f, OFFLOAD_IO); /* by the only thread */
    for (size_t i = 1; i < ARRAY_LEN(works); i++)
        CHECK(work_start(&f, &works[i], &gate));
    struct offload_stats stats = offload_stats(f.pool, OFFLOAD_IO);
    CHECK(stats.queued == 2 && stats.running == 1 && stats.refused == 3);
    for (size_t i = 1; i < ARRAY_LEN(works); i++)
        CHECK_INT(works[i].finished, i > 2);
    atomic_store(&gate, true);
    run_until_idle(&f);
    for (size_t i = 0; i < ARRAY_LEN(works); i++) {
        CHECK_INT(works[i].err, i > 2 ? ERR_UNAVAILABLE : OK);
        CHECK_INT(works[i].ran, i <= 2);
    }
    struct work again;
    CHECK(work_start(&f, &again, NULL)); /* there is room again */
    run_until_idle(&f);
    CHECK_INT(again.err, OK);
    fixture_end(&f);
}

/* Every thread of `stuck` is held back and its queue is full; a job of the other class still ends. */
static void one_class_stuck(struct test *t, enum offload_class stuck)
{
    enum { THREADS = 2, QUEUE = 2 };
    enum offload_class other = stuck == OFFLOAD_IO ? OFFLOAD_HEAVY : OFFLOAD_IO;
    struct fixture f;
    struct work held[THREADS + QUEUE], refused, free_way[3 * QUEUE];
    _Atomic bool gate = false;
    CHECK(fixture_begin(&f, THREADS, QUEUE));
    for (size_t i = 0; i < ARRAY_LEN(held); i++) {
        CHECK(work_start_in(&f, &held[i], stuck, &gate));
        if (i < THREADS)
            wait_until_taken(&f, stuck);
    }
    CHECK(work_start_in(&f, &refused, stuck, NULL));
    CHECK(refused.finished && refused.err == ERR_UNAVAILABLE);
    for (size_t i = 0; i < ARRAY_LEN(free_way); i++) {
        CHECK(work_start_in(&f, &free_way[i], other, NULL));
        while (!free_way[i].finished)
            loop_turn(f.loop, TICK_NEVER); /* woken by the thread, or it hangs */
        CHECK(free_way[i].err == OK && free_way[i].ran);
    }
    struct offload_stats stats = offload_stats(f.pool, stuck);
    CHECK(stats.running == THREADS && stats.queued == QUEUE && stats.refused == 1);
    CHECK_INT(offload_stats(f.pool, other).refused, 0);
    atomic_store(&gate, true);
    run_until_idle(&f);
    for (size_t i = 0; i < ARRAY_LEN(held); i++)
        CHECK(held[i].err == OK && held[i].ran);
    fixture_end(&f);
}

TEST(heavy_work_that_hangs_delays_no_file_work)
{
    one_class_stuck(t, OFFLOAD_HEAVY);
}

TEST(file_work_that_hangs_delays_no_heavy_work)
{
    one_class_stuck(t, OFFLOAD_IO);
}

TEST(what_must_be_done_is_done_by_a_cancelled_fiber_and_past_a_full_queue)
{
    struct fixture f;
    struct work held[2], sure = {.surely = true};
    _Atomic bool gate = false;
    CHECK(fixture_begin(&f, 1, 1));
    loop_turn(f.loop, (struct tick){0});
    sure.f = &f;
    ctx_init(&sure.c, &f.arena, loop_clock(f.loop));
    sure.c.canceled = true;
    f.running = 1;
    CHECK(fiber_start(f.loop, work_fiber, &sure));
    run_until_idle(&f);
    CHECK(sure.ran && !pthread_equal(sure.ran_on, pthread_self()));
    for (size_t i = 0; i < ARRAY_LEN(held); i++) {
        CHECK(work_start(&f, &held[i], &gate));
        if (i == 0)
            wait_until_taken(&f, OFFLOAD_IO);
    }
    sure.ran = sure.finished = false;
    f.running++;
    CHECK(fiber_start(f.loop, work_fiber, &sure));
    CHECK(sure.ran && sure.finished && pthread_equal(sure.ran_on, pthread_self()));
    atomic_store(&gate, true);
    run_until_idle(&f);
    fixture_end(&f);
}

TEST(a_deadline_does_not_cut_a_job_short)
{
    struct fixture f;
    struct work work;
    _Atomic bool gate = false;
    CHECK(fixture_begin(&f, 1, 2));
    work = (struct work){.f = &f, .gate = &gate};
    ctx_init(&work.c, &f.arena, loop_clock(f.loop));
    loop_turn(f.loop, (struct tick){0});
    work.c.deadline = tick_add(loop_now(f.loop), milliseconds(5));
    f.running++;
    CHECK(fiber_start(f.loop, work_fiber, &work));
    struct tick end = tick_add(loop_now(f.loop), milliseconds(30));
    while (loop_now(f.loop).ns < end.ns)
        loop_turn(f.loop, end);
    CHECK(!work.finished); /* `arg` is still lent out */
    ctx_cancel(&work.c);
    CHECK(!work.finished);
    atomic_store(&gate, true);
    run_until_idle(&f);
    CHECK_INT(work.err, OK);
    fixture_end(&f);
}

TEST(what_is_late_or_cancelled_already_is_not_begun)
{
    struct fixture f;
    struct work late = {.f = &f}, canceled = {.f = &f};
    CHECK(fixture_begin(&f, 1, 2));
    loop_turn(f.loop, (struct tick){0});
    ctx_init(&late.c, &f.arena, loop_clock(f.loop));
    late.c.deadline = loop_now(f.loop);
    ctx_init(&canceled.c, &f.arena, loop_clock(f.loop));
    canceled.c.canceled = true;
    f.running = 2;
    CHECK(fiber_start(f.loop, work_fiber, &late) && fiber_start(f.loop, work_fiber, &canceled));
    CHECK(late.err == ERR_UNAVAILABLE && canceled.err == ERR_CANCELED);
    CHECK(!late.ran && !canceled.ran);
    fixture_end(&f);
}

TEST(many_jobs_of_many_fibers_all_finish)
{
    enum { JOBS = 60 };
    struct fixture f;
    static struct work works[JOBS];
    CHECK(fixture_begin(&f, 4, JOBS));
    for (int round = 0; round < 50; round++) {
        for (size_t i = 0; i < JOBS; i++)
            CHECK(work_start(&f, &works[i], NULL));
        run_until_idle(&f);
        for (size_t i = 0; i < JOBS; i++)
            CHECK(works[i].err == OK && works[i].ran);
    }
    fixture_end(&f);
}

static void *free_pool(void *arg)
{
    offload_pool_free(arg);
    return NULL;
}

TEST(freeing_the_pool_finishes_what_is_queued)
{
    struct fixture f;
    struct work works[4];
    _Atomic bool gate = false;
    pthread_t thread;
    CHECK(fixture_begin(&f, 1, 8));
    for (size_t i = 0; i < ARRAY_LEN(works); i++)
        CHECK(work_start(&f, &works[i], &gate));
    CHECK_INT(pthread_create(&thread, NULL, free_pool, f.pool), 0);
    atomic_store(&gate, true);
    pthread_join(thread, NULL);
    f.pool = NULL;
    run_until_idle(&f);
    for (size_t i = 0; i < ARRAY_LEN(works); i++)
        CHECK(works[i].err == OK && works[i].ran);
    fixture_end(&f);
}
