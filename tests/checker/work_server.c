/* tests/checker/work_server.c - a process that does nothing but work: the product's runners, store and
 * SQL, on loops of their own, with kinds that are made for being tortured (work.py) and measured
 * (bench/scenarios/work_queue.py).
 *
 *     work-server DATABASE_URL NAME LOOPS
 *
 * Prints "ready" when its loops turn. SIGTERM: drains for DRAIN_SECONDS, then aborts; exit 0 when all
 * of it ended. It watches itself: a lane over its bound ends it at once, with a message. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "embedded.h"
#include "runtime/base/log.h"
#include "server/app.h"
#include "server/work/work_runner.h"
#include "storage/work_store.h"

enum { LANE_CALM, LANE_FLAKY, LANE_STUCK, LANE_BENCH, LANES };
enum {
    LOOPS_MAX = 8,
    CONNECTIONS = 6,
    BENCH_ROOM = 64,
    CHAIN_EVERY = 20, /* so many pieces add another one */
    DRAIN_SECONDS = 3,
    ABORT_SECONDS = 4,
};
static const uint32_t rooms[LANES] = {8, 8, 4, BENCH_ROOM};

struct place { /* one loop, and what hangs on it */
    struct app app;
    struct work_store store;
    struct work_runner runner;
    struct task drain, abort;
    uint32_t running[LANES];
    pthread_t thread;
    bool drained; /* atomic */
    bool begun;   /* atomic */
};
static struct place places[LOOPS_MAX];
static struct work_shared shared;
static const char *url, *name;
static uint32_t loops;

/* ---- statements ---------------------------------------------------------------------------------- */

#define STATEMENT(variable, n, count, text)       \
    static const struct pg_statement variable = { \
        .name = #variable, .sql = text, .params = count, .index = SQL_STATEMENTS + (n)}

STATEMENT(torture_fenced, 0, 2, "SELECT torture_fenced($1::bigint, $2::uuid)");
STATEMENT(torture_read, 1, 2, "SELECT torture_read($1::text, $2::bigint)");
STATEMENT(torture_effect, 2, 5,
          "SELECT torture_effect($1::text, $2::bigint, $3::uuid, $4::integer, $5::boolean)");
STATEMENT(torture_stuck, 3, 0, "SELECT stuck FROM torture");
STATEMENT(bench_effect, 4, 1,
          "UPDATE bench_subject SET at = clock_timestamp() WHERE id = $1::bigint");

static enum err ask(struct ctx *c, struct app *app, const struct pg_statement *statement,
                    struct pg_args args, struct pg_rows *rows)
{
    TRY(pg_query(c, app->pg, statement, args, rows));
    return rows->len == 1 ? OK : ERR_NOT_FOUND;
}

/* The version of the subject by now. */
static enum err read_version(struct ctx *c, struct app *app, const struct work *work, int32_t *out)
{
    struct pg_rows rows;
    TRY(ask(c, app, &torture_read, PG_ARGS(pg_text(work->kind), pg_int8(work->subject)), &rows));
    *out = pg_get_int4(&rows, 0, 0);
    return OK;
}

/* What an attempt does: it notes which version it has seen. One in so many adds a piece of its own. */
static enum err effect(struct ctx *c, struct app *app, const struct work *work, int32_t version)
{
    struct place *place = container_of(app, struct place, app);
    bool chains = work->subject % CHAIN_EVERY == 0;
    struct pg_rows rows;
    TRY(ask(c, app, &torture_effect,
            PG_ARGS(pg_text(work->kind), pg_int8(work->subject), pg_uuid(&work->lease),
                    pg_int4(version), pg_bool(chains)),
            &rows));
    if (chains)
        work_runner_nudge(&place->runner);
    return OK;
}

/* ---- handlers ------------------------------------------------------------------------------------ */

static uint32_t roll(struct ctx *c, uint32_t bound)
{
    return (uint32_t)random_below(c->clock, bound);
}

/* Effect and end in one statement, behind the subject's lock. */
static enum err do_fenced(struct ctx *c, struct app *app, struct work *work)
{
    struct pg_rows rows;
    TRY(ask(c, app, &torture_fenced, PG_ARGS(pg_int8(work->subject), pg_uuid(&work->lease)),
            &rows));
    work->ended = pg_get_bool(&rows, 0, 0);
    return OK;
}

static enum err do_plain(struct ctx *c, struct app *app, struct work *work)
{
    int32_t version;
    TRY(read_version(c, app, work, &version));
    return effect(c, app, work, version);
}

static enum err do_flaky(struct ctx *c, struct app *app, struct work *work)
{
    int32_t version;
    uint32_t luck = roll(c, 100);
    TRY(read_version(c, app, work, &version));
    TRY(fiber_sleep(c, milliseconds(roll(c, 30)))); /* long enough to be added again meanwhile */
    if (luck < 15)
        return ERR_UNAVAILABLE;
    if (luck < 20)
        return ERR_CONFLICT; /* for good, until it is added again or replayed */
    TRY(effect(c, app, work, version));
    return luck < 30 ? ERR_TIMEOUT : OK;
}

static enum err do_slow(struct ctx *c, struct app *app, struct work *work)
{
    int32_t version;
    TRY(read_version(c, app, work, &version));
    TRY(fiber_sleep(c, milliseconds(5 + roll(c, 55))));
    return effect(c, app, work, version);
}

static enum err do_stuck(struct ctx *c, struct app *app, struct work *work)
{
    int32_t version;
    struct pg_rows rows;
    TRY(read_version(c, app, work, &version));
    TRY(ask(c, app, &torture_stuck, PG_NO_ARGS, &rows));
    if (pg_get_bool(&rows, 0, 0))
        TRY(fiber_sleep(c, minutes(60)));
    return effect(c, app, work, version);
}

static enum err do_bench(struct ctx *c, struct app *app, struct work *work)
{
    struct pg_rows rows;
    return pg_query(c, app->pg, &bench_effect, PG_ARGS(pg_int8(work->subject)), &rows);
}

static enum err counted(struct ctx *c, struct app *app, struct work *work, int lane, work_fn *run)
{
    struct place *place = container_of(app, struct place, app);
    if (place->running[lane]++ >= rooms[lane])
        base_die(__FILE__, __LINE__, "a lane is over its bound");
    enum err err = run(c, app, work);
    place->running[lane]--;
    return err;
}

#define COUNTED(handler, lane, run)                                            \
    static enum err handler(struct ctx *c, struct app *app, struct work *work) \
    {                                                                          \
        return counted(c, app, work, lane, run);                               \
    }
COUNTED(fenced, LANE_CALM, do_fenced)
COUNTED(plain, LANE_CALM, do_plain)
COUNTED(flaky, LANE_FLAKY, do_flaky)
COUNTED(slow, LANE_FLAKY, do_slow)
COUNTED(stuck, LANE_STUCK, do_stuck)
COUNTED(bench, LANE_BENCH, do_bench)

/* clang-format off */
#define S(n) {(n) * INT64_C(1000000)}
#define MS(n) {(n) * INT64_C(1000)}
static const struct work_kind kinds[] = {
    {"t.fenced", "calm",  fenced, {0, MS(20), MS(500)}, S(2)},
    {"t.plain",  "calm",  plain,  {0, MS(20), MS(500)}, S(2)},
    {"t.flaky",  "flaky", flaky,  {6, MS(20), MS(500)}, S(2)},
    {"t.slow",   "flaky", slow,   {0, MS(20), MS(500)}, S(2)},
    {"t.stuck",  "stuck", stuck,  {0, MS(20), MS(500)}, S(2)},
    {"bench",    "bench", bench,  {0, MS(20), MS(500)}, S(10)},
};
/* clang-format on */
static const struct work_lane lanes[] = {
    {"calm", 8}, {"flaky", 8}, {"stuck", 4}, {"bench", BENCH_ROOM}};
static const struct work_table table = {kinds, ARRAY_LEN(kinds), lanes, ARRAY_LEN(lanes)};

/* ---- one loop ------------------------------------------------------------------------------------- */

static void on_drained(void *arg)
{
    struct place *place = arg;
    __atomic_store_n(&place->drained, true, __ATOMIC_RELEASE);
    loop_stop(place->app.loop);
}

static void on_drain(struct task *task)
{
    struct place *place = container_of(task, struct place, drain);
    work_runner_drain(&place->runner);
    work_runner_when_drained(&place->runner, on_drained, place);
}

static void on_abort(struct task *task)
{
    work_runner_abort(&container_of(task, struct place, abort)->runner);
}

static struct loop *new_loop(void)
{
    const char *why = "";
    struct io_options io_options = {
        .entries = 256, .buffers = 16, .buffer_bytes = 4096, .completions_max = 256};
    struct loop_options options = {.fibers_max = 256,
                                   .stack_bytes = 65536,
                                   .arena_block_bytes = 8192,
                                   .slice = microseconds(500)};
    struct io *io = io_uring_new(&io_options, &why);
    if (!io)
        base_die(__FILE__, __LINE__, why);
    return loop_new(io, &options);
}

static void begin(struct place *place)
{
    struct pg_options pg = {.url = url,
                            .conns = CONNECTIONS,
                            .pipeline_max = 16,
                            .queue_max = 1000,
                            .statement_timeout_ms = 4000,
                            .lock_timeout_ms = 2000,
                            .rows_bytes_max = 1 << 20,
                            .application_name = name};
    place->app.loop = new_loop();
    place->app.pg = place->store.pool = pg_pool_new(place->app.loop, &pg);
    place->drain.run = on_drain;
    place->abort.run = on_abort;
    struct work_runner_options options = {.app = &place->app,
                                          .loop = place->app.loop,
                                          .store = &place->store,
                                          .table = &table,
                                          .shared = &shared,
                                          .worker = (uint32_t)(place - places),
                                          .workers = loops,
                                          .look_every = milliseconds(500),
                                          .lease_more = seconds(2)};
    if (!work_runner_begin(&place->runner, &options))
        base_die(__FILE__, __LINE__, "no fiber");
}

static void *run(void *arg)
{
    struct place *place = arg;
    begin(place);
    __atomic_store_n(&place->begun, true, __ATOMIC_RELEASE);
    loop_run(place->app.loop);
    pg_pool_free(place->app.pg);
    for (int i = 0; i < 200 && loop_stats(place->app.loop)->fibers_live; i++)
        loop_turn(place->app.loop, tick_add(loop_now(place->app.loop), milliseconds(1)));
    loop_free(place->app.loop);
    return NULL;
}

/* ---- the process ----------------------------------------------------------------------------------- */

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static bool all_drained(int for_seconds)
{
    for (int i = 0; i < for_seconds * 100; i++) {
        uint32_t n = 0;
        for (uint32_t p = 0; p < loops; p++)
            n += __atomic_load_n(&places[p].drained, __ATOMIC_ACQUIRE);
        if (n == loops)
            return true;
        pause_ms(10);
    }
    return false;
}

static bool end_all(void)
{
    for (uint32_t i = 0; i < loops; i++)
        loop_post(places[i].app.loop, &places[i].drain);
    if (!all_drained(DRAIN_SECONDS)) {
        for (uint32_t i = 0; i < loops; i++)
            if (!__atomic_load_n(&places[i].drained, __ATOMIC_ACQUIRE))
                loop_post(places[i].app.loop, &places[i].abort);
        if (!all_drained(ABORT_SECONDS))
            return false;
    }
    for (uint32_t i = 0; i < loops; i++)
        pthread_join(places[i].thread, NULL);
    return true;
}

int main(int argc, char **argv)
{
    uint64_t count;
    sigset_t signals;
    int number;
    if (argc != 4 || !str_to_uint64(str_c(argv[3]), &count) || count < 1 || count > LOOPS_MAX) {
        fprintf(stderr, "usage: work-server DATABASE_URL NAME LOOPS\n");
        return 2;
    }
    url = argv[1];
    name = argv[2];
    loops = (uint32_t)count;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    log_start(&(struct log_options){.format = LOG_JSON, .level = LOG_WARN});
    for (uint32_t i = 0; i < loops; i++)
        if (pthread_create(&places[i].thread, NULL, run, &places[i]) != 0)
            base_die(__FILE__, __LINE__, "no thread");
    for (uint32_t i = 0; i < loops; i++)
        while (!__atomic_load_n(&places[i].begun, __ATOMIC_ACQUIRE))
            pause_ms(1);
    printf("ready\n");
    fflush(stdout);
    sigwait(&signals, &number);
    bool ended = end_all();
    log_stop();
    if (!ended)
        _exit(3); /* threads are still at it */
    return 0;
}
