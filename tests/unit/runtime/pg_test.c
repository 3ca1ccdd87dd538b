/* The Postgres driver against a private Postgres of its own, on the real ring. */
#include "runtime/pg.h"

#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>

#include "tests/unit/private_servers.h"
#include "tests/unit/runtime/real_loop.h"

#define STATEMENT(name_, params_, sql_)        \
    static const struct pg_statement name_ = { \
        .name = #name_, .sql = sql_, .params = params_, .index = __COUNTER__}

/* ---- fixture --------------------------------------------------------------------------------- */

struct fixture {
    struct real real;
    struct pg_pool *pool;
    struct arena arena; /* results of `run` live until the end */
    struct pg_rows rows;
    enum err err;
};

static struct pg_options options_default(void)
{
    return (struct pg_options){.url = private_pg_url(),
                               .conns = 1,
                               .pipeline_max = 16,
                               .queue_max = 2000,
                               .statement_timeout_ms = 10000,
                               .lock_timeout_ms = 5000,
                               .rows_bytes_max = 8 << 20,
                               .application_name = "mawid-test"};
}

static void fixture_begin(struct fixture *f, const struct pg_options *options)
{
    *f = (struct fixture){.real = real_begin()};
    arena_begin(&f->arena, loop_arenas(f->real.loop));
    f->pool = pg_pool_new(f->real.loop, options);
}

static void fixture_end(struct fixture *f)
{
    pg_pool_free(f->pool);
    real_finish(&f->real, 5000);
    arena_end(&f->arena);
    real_end(&f->real);
}

struct run {
    struct fixture *f;
    const struct pg_statement *stmt;
    struct pg_args args;
    int64_t within_ms;
};

static void run_main(struct ctx *c, void *arg)
{
    struct run *run = arg;
    c->arena = &run->f->arena;
    struct ctx_scope scope SCOPED(ctx_restore) = ctx_within(c, milliseconds(run->within_ms));
    run->f->err = pg_query(c, run->f->pool, run->stmt, run->args, &run->f->rows);
}

/* One statement to its end; its rows stay until fixture_end. */
static enum err run(struct fixture *f, const struct pg_statement *stmt, struct pg_args args)
{
    struct run run = {.f = f, .stmt = stmt, .args = args, .within_ms = 30000};
    struct job job;
    job_start(&f->real, &job, run_main, &run);
    if (!real_finish(&f->real, 60000))
        base_die(__FILE__, __LINE__, "a statement was never answered");
    return f->err;
}

/* Sets up tables: one statement per call, in a pool of its own connection. */
#define RUN_ALL(f, ...)                                    \
    do {                                                   \
        const struct pg_statement *all_[] = {__VA_ARGS__}; \
        for (size_t i_ = 0; i_ < ARRAY_LEN(all_); i_++)    \
            CHECK_INT(run(f, all_[i_], PG_NO_ARGS), OK);   \
    } while (0)

/* Many at once: each notes its own answer. */
struct call {
    struct job job;
    struct fixture *f;
    const struct pg_statement *stmt;
    int64_t in, out; /* one int8 each */
    int64_t within_ms;
    enum err err;
    char constraint[64], sqlstate[6];
};

static void call_main(struct ctx *c, void *arg)
{
    struct call *call = arg;
    struct ctx_scope scope SCOPED(ctx_restore) = ctx_within(c, milliseconds(call->within_ms));
    struct pg_args args = PG_ARGS(pg_int8(call->in));
    args.len = call->stmt->params;
    struct pg_rows rows;
    call->err = pg_query(c, call->f->pool, call->stmt, args, &rows);
    if (call->err == OK && rows.len == 1 && rows.columns > 0 && rows.cells[0].len == 8)
        call->out = pg_get_int8(&rows, 0, 0);
    snprintf(call->constraint, sizeof(call->constraint), "%.*s", STR_FMT(rows.constraint));
    memcpy(call->sqlstate, rows.sqlstate, sizeof(call->sqlstate));
}

static void call_start(struct fixture *f, struct call *call, const struct pg_statement *stmt,
                       int64_t in)
{
    int64_t within_ms = call->within_ms ? call->within_ms : 30000;
    *call = (struct call){.f = f, .stmt = stmt, .in = in, .within_ms = within_ms, .out = -1};
    job_start(&f->real, &call->job, call_main, call);
}

/* ---- values ---------------------------------------------------------------------------------- */

STATEMENT(echo_all, 11,
          "SELECT $1::bool, $2::int2, $3::int4, $4::int8, $5::text, $6::bytea, $7::uuid,"
          " $8::timestamptz, $9::date, $10::int8[], $11::text, 4.8::float8, $8::text, $9::text");

TEST(values_survive_the_round_trip)
{
    struct fixture f;
    struct pg_options options = options_default();
    fixture_begin(&f, &options);
    struct uuid id;
    CHECK(uuid_parse(STR("0f7bb6a8-3c0f-4a4e-9d5c-8a8b5f1d2e3f"), &id));
    int64_t items[] = {3, -4};
    struct instant at = {1795276800000000}; /* 2026-11-21T16:00:00Z */
    CHECK_INT(run(&f, &echo_all,
                  PG_ARGS(pg_bool(true), pg_int2(-2), pg_int4(1 << 30), pg_int8(INT64_MIN),
                          pg_text(STR("موعد")), pg_bytea(STR("\0\1")), pg_uuid(&id), pg_instant(at),
                          pg_date(date_from_civil(2026, 11, 21)), pg_int8_array(&f.arena, items, 2),
                          pg_text_or_null(STR("")))),
              OK);
    const struct pg_rows *rows = &f.rows;
    const int64_t *back;
    CHECK_INT(rows->len, 1);
    CHECK(pg_get_bool(rows, 0, 0));
    CHECK_INT(pg_get_int4(rows, 0, 1), -2);
    CHECK_INT(pg_get_int4(rows, 0, 2), 1 << 30);
    CHECK_INT(pg_get_int8(rows, 0, 3), INT64_MIN);
    CHECK_STR(pg_get_text(rows, 0, 4), STR("موعد"));
    CHECK_STR(pg_get_text(rows, 0, 5), STR("\0\1"));
    CHECK(uuid_eq(pg_get_uuid(rows, 0, 6), id));
    CHECK_INT(pg_get_instant(rows, 0, 7).us, at.us);
    CHECK_INT(pg_get_date(rows, 0, 8).days, date_from_civil(2026, 11, 21).days);
    CHECK_INT(pg_get_int8_array(&f.arena, rows, 0, 9, &back), 2);
    CHECK(memcmp(back, items, sizeof(items)) == 0);
    CHECK(pg_is_null(rows, 0, 10));
    CHECK(pg_get_float8(rows, 0, 11) == 4.8);
    CHECK_STR(pg_get_text(rows, 0, 12), STR("2026-11-21 16:00:00+00")); /* and the zone is UTC */
    CHECK_STR(pg_get_text(rows, 0, 13), STR("2026-11-21"));
    fixture_end(&f);
}

STATEMENT(int8_or_other, 1, "SELECT coalesce($1, 9::int8)");

TEST(a_bare_null_may_come_before_the_typed_value)
{
    struct fixture f;
    struct pg_options options = options_default();
    fixture_begin(&f, &options);
    CHECK_INT(run(&f, &int8_or_other, PG_ARGS(pg_null())), OK);
    CHECK_INT(pg_get_int8(&f.rows, 0, 0), 9);
    CHECK_INT(run(&f, &int8_or_other, PG_ARGS(pg_int8(5))), OK);
    CHECK_INT(pg_get_int8(&f.rows, 0, 0), 5);
    CHECK_INT(run(&f, &int8_or_other, PG_ARGS(pg_null())), OK);
    CHECK_INT(pg_get_int8(&f.rows, 0, 0), 9);
    fixture_end(&f);
}

STATEMENT(settings, 0,
          "SELECT current_setting('statement_timeout'), current_setting('lock_timeout'),"
          " current_setting('application_name'), current_setting('TimeZone'),"
          " current_setting('client_encoding')");

TEST(a_connection_starts_with_its_limits_set)
{
    struct fixture f;
    struct pg_options options = options_default();
    fixture_begin(&f, &options);
    CHECK_INT(run(&f, &settings, PG_NO_ARGS), OK);
    static const char *const expected[] = {"10s", "5s", "mawid-test", "UTC", "UTF8"};
    for (uint32_t i = 0; i < ARRAY_LEN(expected); i++)
        CHECK_STR(pg_get_text(&f.rows, 0, i), str_c(expected[i]));
    fixture_end(&f);
}

/* ---- many callers ---------------------------------------------------------------------------- */

STATEMENT(negate, 1, "SELECT -$1 FROM pg_sleep(0.0001 * ($1 % 7))");

TEST(a_thousand_answers_find_their_own_callers)
{
    enum { CALLS = 1000 };
    static struct call calls[CALLS];
    struct fixture f;
    struct pg_options options = options_default();
    options.conns = 4;
    fixture_begin(&f, &options);
    for (int i = 0; i < CALLS; i++)
        call_start(&f, &calls[i], &negate, i + 1);
    CHECK(real_finish(&f.real, 60000));
    for (int i = 0; i < CALLS; i++) {
        CHECK_INT(calls[i].err, OK);
        CHECK_INT(calls[i].out, -(i + 1));
    }
    const struct pg_stats *stats = pg_pool_stats(f.pool);
    CHECK_INT(stats->statements, CALLS);
    CHECK_INT(stats->conns_up, 4);
    CHECK_INT(stats->inflight, 0);
    CHECK_INT(stats->queued, 0);
    CHECK_INT(stats->reconnects, 0);
    fixture_end(&f);
}

STATEMENT(my_pid, 1, "SELECT pg_backend_pid()::int8 FROM pg_sleep($1::int8 / 1000.0)");

TEST(idle_connections_are_used_before_a_busy_one)
{
    struct call calls[4] = {0};
    struct fixture f;
    struct pg_options options = options_default();
    options.conns = 4;
    fixture_begin(&f, &options);
    while (pg_pool_stats(f.pool)->conns_up < 4)
        loop_turn(f.real.loop, TICK_NEVER);
    for (int i = 0; i < 4; i++)
        call_start(&f, &calls[i], &my_pid, 20);
    CHECK(real_finish(&f.real, 10000));
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < i; j++)
            CHECK(calls[i].out != calls[j].out);
    fixture_end(&f);
}

TEST(a_full_queue_refuses_at_once)
{
    struct call calls[5] = {0};
    struct fixture f;
    struct pg_options options = options_default();
    options.pipeline_max = 1;
    options.queue_max = 3;
    fixture_begin(&f, &options);
    CHECK_INT(run(&f, &my_pid, PG_ARGS(pg_int8(0))), OK);
    for (int i = 0; i < 5; i++)
        call_start(&f, &calls[i], &my_pid, 20);
    CHECK_INT(calls[4].err, ERR_UNAVAILABLE); /* before any turn */
    CHECK_INT(pg_pool_stats(f.pool)->queued, 3);
    CHECK(real_finish(&f.real, 10000));
    for (int i = 0; i < 4; i++)
        CHECK_INT(calls[i].err, OK);
    fixture_end(&f);
}

TEST(each_statement_is_counted_in_the_ctx)
{
    struct fixture f;
    struct pg_options options = options_default();
    fixture_begin(&f, &options);
    struct arena arena;
    struct ctx c;
    arena_begin(&arena, loop_arenas(f.real.loop));
    ctx_init(&c, &arena, loop_clock(f.real.loop));
    c.canceled = true; /* so it need not wait */
    struct pg_rows rows;
    CHECK_INT(pg_query(&c, f.pool, &my_pid, PG_ARGS(pg_int8(0)), &rows), ERR_CANCELED);
    CHECK_INT(c.costs.pg_statements, 1);
    arena_end(&arena);
    fixture_end(&f);
}

/* ---- refusals -------------------------------------------------------------------------------- */

STATEMENT(drop_refusals, 0, "DROP TABLE IF EXISTS refusals");
STATEMENT(create_refusals, 0,
          "CREATE TABLE refusals (id int8 CONSTRAINT refusals_id_unique UNIQUE"
          " DEFERRABLE INITIALLY DEFERRED, n int8 CONSTRAINT refusals_n_positive CHECK (n > 0))");
STATEMENT(insert_refusal, 1, "INSERT INTO refusals (id, n) VALUES (1, $1)");
STATEMENT(wrong, 1, "SELEC $1");
STATEMENT(divide, 1, "SELECT 10 / $1");

TEST(a_broken_constraint_is_a_conflict_with_its_name)
{
    struct call call = {0};
    struct fixture f;
    struct pg_options options = options_default();
    fixture_begin(&f, &options);
    RUN_ALL(&f, &drop_refusals, &create_refusals);
    call_start(&f, &call, &insert_refusal, -1);
    CHECK(real_finish(&f.real, 10000));
    CHECK_INT(call.err, ERR_CONFLICT);
    CHECK_STR(str_c(call.constraint), STR("refusals_n_positive"));
    CHECK_STR(str_c(call.sqlstate), STR("23514"));
    fixture_end(&f);
}

TEST(a_refusal_of_the_commit_itself_is_not_a_success)
{
    struct call calls[2] = {0};
    struct fixture f;
    struct pg_options options = options_default();
    fixture_begin(&f, &options);
    RUN_ALL(&f, &drop_refusals, &create_refusals);
    call_start(&f, &calls[0], &insert_refusal, 1);
    call_start(&f, &calls[1], &insert_refusal, 2);
    CHECK(real_finish(&f.real, 10000));
    CHECK_INT(calls[0].err, OK);
    CHECK_INT(calls[1].err, ERR_CONFLICT); /* the unique constraint is deferred to the commit */
    CHECK_STR(str_c(calls[1].constraint), STR("refusals_id_unique"));
    fixture_end(&f);
}

TEST(affected_rows_are_told)
{
    struct fixture f;
    struct pg_options options = options_default();
    fixture_begin(&f, &options);
    RUN_ALL(&f, &drop_refusals, &create_refusals);
    CHECK_INT(run(&f, &insert_refusal, PG_ARGS(pg_int8(4))), OK);
    CHECK_INT(f.rows.affected, 1);
    CHECK_INT(f.rows.len, 0);
    fixture_end(&f);
}

TEST(a_wrong_statement_harms_neither_connection_nor_neighbours)
{
    enum { CALLS = 9 };
    struct call calls[CALLS] = {0};
    struct fixture f;
    struct pg_options options = options_default();
    fixture_begin(&f, &options);
    CHECK_INT(run(&f, &my_pid, PG_ARGS(pg_int8(0))), OK);
    for (int i = 0; i < CALLS; i++) /* all in one pipeline */
        call_start(&f, &calls[i],
                   i % 3 == 0   ? &wrong
                   : i % 3 == 1 ? &divide
                                : &negate,
                   i % 3 == 1 ? 0 : i);
    CHECK(real_finish(&f.real, 10000));
    for (int i = 0; i < CALLS; i++) {
        CHECK_INT(calls[i].err, i % 3 == 2 ? OK : ERR_INTERNAL);
        CHECK_STR(str_c(calls[i].sqlstate), str_c(i % 3 == 0   ? "42601"
                                                  : i % 3 == 1 ? "22012"
                                                               : ""));
        if (i % 3 == 2)
            CHECK_INT(calls[i].out, -i);
    }
    CHECK_INT(pg_pool_stats(f.pool)->reconnects, 0);
    CHECK_INT(pg_pool_stats(f.pool)->errors, 6);
    fixture_end(&f);
}

STATEMENT(long_text, 1, "SELECT repeat('x', $1::int4)");

TEST(a_result_over_the_cap_is_refused)
{
    struct fixture f;
    struct pg_options options = options_default();
    options.rows_bytes_max = 10000;
    fixture_begin(&f, &options);
    CHECK_INT(run(&f, &long_text, PG_ARGS(pg_int8(9000))), OK);
    CHECK_INT(run(&f, &long_text, PG_ARGS(pg_int8(10000))), ERR_INTERNAL);
    CHECK_INT(run(&f, &long_text, PG_ARGS(pg_int8(9000))), OK);
    fixture_end(&f);
}

/* ---- time ------------------------------------------------------------------------------------ */

TEST(a_late_result_is_nobody_elses)
{
    struct call late = {.within_ms = 30}, next = {0};
    struct fixture f;
    struct pg_options options = options_default();
    fixture_begin(&f, &options);
    CHECK_INT(run(&f, &my_pid, PG_ARGS(pg_int8(0))), OK);
    call_start(&f, &late, &my_pid, 200);
    call_start(&f, &next, &negate, 42);
    while (late.job.c)
        loop_turn(f.real.loop, TICK_NEVER);
    CHECK_INT(late.err, ERR_TIMEOUT);
    CHECK(next.job.c != NULL); /* still behind it */
    CHECK(real_finish(&f.real, 10000));
    CHECK_INT(next.err, OK);
    CHECK_INT(next.out, -42);
    CHECK_INT(pg_pool_stats(f.pool)->unknown, 1);
    CHECK_INT(pg_pool_stats(f.pool)->inflight, 0);
    fixture_end(&f);
}

TEST(a_deadline_in_the_queue_means_not_done)
{
    struct call busy = {0}, queued = {.within_ms = 30};
    struct fixture f;
    struct pg_options options = options_default();
    options.pipeline_max = 1;
    fixture_begin(&f, &options);
    CHECK_INT(run(&f, &my_pid, PG_ARGS(pg_int8(0))), OK);
    call_start(&f, &busy, &my_pid, 200);
    call_start(&f, &queued, &my_pid, 0);
    CHECK(real_finish(&f.real, 10000));
    CHECK_INT(busy.err, OK);
    CHECK_INT(queued.err, ERR_UNAVAILABLE);
    fixture_end(&f);
}

TEST(a_cancelled_caller_leaves_at_once)
{
    struct call call = {0};
    struct fixture f;
    struct pg_options options = options_default();
    fixture_begin(&f, &options);
    CHECK_INT(run(&f, &my_pid, PG_ARGS(pg_int8(0))), OK);
    call_start(&f, &call, &my_pid, 300);
    ctx_cancel(call.job.c);
    loop_turn(f.real.loop, (struct tick){0});
    CHECK_INT(f.real.live, 0);
    CHECK_INT(call.err, ERR_CANCELED);
    CHECK_INT(run(&f, &negate, PG_ARGS(pg_int8(8))), OK);
    CHECK_INT(pg_get_int8(&f.rows, 0, 0), -8);
    fixture_end(&f);
}

TEST(the_statement_timeout_of_the_server_means_not_done)
{
    struct call call = {0};
    struct fixture f;
    struct pg_options options = options_default();
    options.statement_timeout_ms = 50;
    fixture_begin(&f, &options);
    call_start(&f, &call, &my_pid, 5000);
    CHECK(real_finish(&f.real, 4000));
    CHECK_INT(call.err, ERR_UNAVAILABLE);
    CHECK_STR(str_c(call.sqlstate), STR("57014"));
    CHECK_INT(pg_pool_stats(f.pool)->reconnects, 0);
    fixture_end(&f);
}

STATEMENT(lock_one, 0, "SELECT pg_advisory_lock(1)");

TEST(a_lock_timeout_means_not_done)
{
    struct fixture holder, f;
    struct pg_options options = options_default();
    fixture_begin(&holder, &options);
    CHECK_INT(run(&holder, &lock_one, PG_NO_ARGS), OK); /* for as long as its connection lives */
    options.lock_timeout_ms = 30;
    fixture_begin(&f, &options);
    CHECK_INT(run(&f, &lock_one, PG_NO_ARGS), ERR_UNAVAILABLE);
    CHECK_STR(str_c(f.rows.sqlstate), STR("55P03"));
    fixture_end(&f);
    fixture_end(&holder);
}

TEST(freeing_the_pool_cancels_who_waits)
{
    struct call calls[3] = {0};
    struct fixture f;
    struct pg_options options = options_default();
    options.pipeline_max = 2;
    fixture_begin(&f, &options);
    CHECK_INT(run(&f, &my_pid, PG_ARGS(pg_int8(0))), OK);
    for (int i = 0; i < 3; i++) /* two under way, one queued */
        call_start(&f, &calls[i], &my_pid, 5000);
    fixture_end(&f);
    for (int i = 0; i < 3; i++)
        CHECK_INT(calls[i].err, ERR_CANCELED);
}

/* ---- plans that go stale --------------------------------------------------------------------- */

STATEMENT(deallocate, 0, "DEALLOCATE ALL");
STATEMENT(drop_plans, 0, "DROP TABLE IF EXISTS plans");
STATEMENT(create_plans, 0, "CREATE TABLE plans (id int8)");
STATEMENT(insert_plan, 0, "INSERT INTO plans VALUES (1)");
STATEMENT(alter_plans, 0, "ALTER TABLE plans ADD COLUMN IF NOT EXISTS name text DEFAULT 'x'");
STATEMENT(select_plans, 0, "SELECT * FROM plans");

TEST(a_statement_that_the_server_forgot_is_prepared_again)
{
    struct fixture f;
    struct pg_options options = options_default();
    fixture_begin(&f, &options);
    CHECK_INT(run(&f, &negate, PG_ARGS(pg_int8(8))), OK);
    CHECK_INT(run(&f, &deallocate, PG_NO_ARGS), OK);
    CHECK_INT(run(&f, &negate, PG_ARGS(pg_int8(9))), OK);
    CHECK_INT(pg_get_int8(&f.rows, 0, 0), -9);
    fixture_end(&f);
}

TEST(a_plan_whose_result_type_changed_is_made_again)
{
    struct call calls[4] = {0};
    struct fixture f;
    struct pg_options options = options_default();
    fixture_begin(&f, &options);
    RUN_ALL(&f, &drop_plans, &create_plans, &insert_plan, &select_plans, &alter_plans);
    for (int i = 0; i < 4; i++) /* several in one pipeline meet the stale plan */
        call_start(&f, &calls[i], &select_plans, 0);
    CHECK(real_finish(&f.real, 10000));
    for (int i = 0; i < 4; i++)
        CHECK_INT(calls[i].err, OK);
    CHECK_INT(run(&f, &select_plans, PG_NO_ARGS), OK);
    CHECK_INT(f.rows.columns, 2);
    fixture_end(&f);
}

/* ---- sizes ----------------------------------------------------------------------------------- */

/* libpq reads once per call: what it leaves behind is told again by nobody but a level trigger. */
TEST(large_results_arrive_whole)
{
    static const int64_t sizes[] = {8000, 16384, 32768, 40000, 65536, 1 << 20, 5 << 20};
    struct fixture f;
    struct pg_options options = options_default();
    fixture_begin(&f, &options);
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        CHECK_INT(run(&f, &long_text, PG_ARGS(pg_int8(sizes[i]))), OK);
        CHECK_INT(pg_get_text(&f.rows, 0, 0).len, sizes[i]);
    }
    fixture_end(&f);
}

STATEMENT(many_rows, 1, "SELECT i, 'row ' || i FROM generate_series(1, $1::int8) i");

TEST(many_rows_arrive_in_order)
{
    struct fixture f;
    struct pg_options options = options_default();
    fixture_begin(&f, &options);
    CHECK_INT(run(&f, &many_rows, PG_ARGS(pg_int8(20000))), OK);
    CHECK_INT(f.rows.len, 20000);
    for (uint32_t i = 0; i < f.rows.len; i++)
        CHECK_INT(pg_get_int8(&f.rows, i, 0), i + 1);
    CHECK_STR(pg_get_text(&f.rows, 19999, 1), STR("row 20000"));
    fixture_end(&f);
}

STATEMENT(echo, 1, "SELECT $1::text");

struct echo_call {
    struct job job;
    struct fixture *f;
    char *text;
    bool same;
};
enum { ECHO_LEN = 3 << 20 };

static void echo_main(struct ctx *c, void *arg)
{
    struct echo_call *call = arg;
    struct pg_rows rows;
    struct str sent = str_of(call->text, ECHO_LEN);
    call->same = pg_query(c, call->f->pool, &echo, PG_ARGS(pg_text(sent)), &rows) == OK &&
                 str_eq(pg_get_text(&rows, 0, 0), sent);
}

/* Both socket buffers are full in both directions: who only writes would wait for ever. */
TEST(large_parameters_and_results_meet_in_one_pipeline)
{
    enum { CALLS = 6 };
    struct echo_call calls[CALLS] = {0};
    struct fixture f;
    struct pg_options options = options_default();
    fixture_begin(&f, &options);
    CHECK_INT(run(&f, &my_pid, PG_ARGS(pg_int8(0))), OK);
    for (int i = 0; i < CALLS; i++) {
        calls[i] = (struct echo_call){.f = &f, .text = malloc(ECHO_LEN)};
        memset(calls[i].text, 'a' + i, ECHO_LEN);
        job_start(&f.real, &calls[i].job, echo_main, &calls[i]);
    }
    bool finished = real_finish(&f.real, 30000);
    for (int i = 0; i < CALLS; i++) {
        CHECK(calls[i].same);
        free(calls[i].text);
    }
    CHECK(finished);
    fixture_end(&f);
}

STATEMENT(create_noisy, 0,
          "CREATE OR REPLACE FUNCTION noisy(n int8) RETURNS int8 LANGUAGE plpgsql AS $$ BEGIN"
          " FOR i IN 1..n LOOP RAISE NOTICE 'notice % %', i, repeat('z', 100); END LOOP;"
          " RETURN n; END $$");
STATEMENT(noisy, 1, "SELECT noisy($1)");

TEST(notices_do_not_get_in_the_way)
{
    struct fixture f;
    struct pg_options options = options_default();
    fixture_begin(&f, &options);
    RUN_ALL(&f, &create_noisy);
    CHECK_INT(run(&f, &noisy, PG_ARGS(pg_int8(5000))), OK);
    CHECK_INT(pg_get_int8(&f.rows, 0, 0), 5000);
    fixture_end(&f);
}

/* ---- bad days -------------------------------------------------------------------------------- */

STATEMENT(drop_days, 0, "DROP TABLE IF EXISTS days");
STATEMENT(create_days, 0, "CREATE TABLE days (id int8 PRIMARY KEY)");
STATEMENT(insert_day, 1, "INSERT INTO days VALUES ($1) RETURNING id");
STATEMENT(has_days, 1, "SELECT coalesce(array_agg(id), '{}') FROM days WHERE id >= $1::int8");
STATEMENT(end_others, 0,
          "SELECT count(*) FROM (SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
          " WHERE application_name = 'mawid-victim') t");

enum { WRITERS = 40, DAYS_MAX = 200000 };
struct writers {
    struct fixture *f;
    bool stop;
    int64_t next;
    enum err answers[DAYS_MAX];
    int counts[ERR_INTERNAL + 1];
    struct job jobs[WRITERS];
};

/* Writes one new row after the other and notes what it was told of each. */
static void writer_main(struct ctx *c, void *arg)
{
    struct writers *w = arg;
    while (!w->stop && w->next < DAYS_MAX) {
        int64_t id = w->next++;
        struct pg_rows rows;
        struct ctx_scope scope SCOPED(ctx_restore) = ctx_within(c, seconds(20));
        enum err err = pg_query(c, w->f->pool, &insert_day, PG_ARGS(pg_int8(id)), &rows);
        w->answers[id] = err;
        w->counts[err]++;
        if (err && fiber_sleep(c, milliseconds(5)) != OK)
            return;
    }
}

static void writers_start(struct writers *w, struct fixture *f)
{
    memset(w, 0, sizeof(*w));
    w->f = f;
    for (int i = 0; i < WRITERS; i++)
        job_start(&f->real, &w->jobs[i], writer_main, w);
}

/* What was said "done" is there, what was said "not done" is not; -1, or the first id that is
 * otherwise. */
static int64_t writers_liar(struct writers *w, struct fixture *judge)
{
    static bool there[DAYS_MAX];
    memset(there, 0, sizeof(there));
    if (run(judge, &has_days, PG_ARGS(pg_int8(0))) != OK)
        base_die(__FILE__, __LINE__, "cannot count");
    const int64_t *ids;
    size_t len = pg_get_int8_array(&judge->arena, &judge->rows, 0, 0, &ids);
    for (size_t i = 0; i < len; i++)
        there[ids[i]] = true;
    for (int64_t id = 0; id < w->next; id++)
        if (w->answers[id] == OK ? !there[id] : w->answers[id] == ERR_UNAVAILABLE && there[id])
            return id;
    return -1;
}

static struct writers writers;

TEST(ended_backends_lose_nothing_that_was_promised)
{
    struct fixture judge, f;
    struct pg_options options = options_default();
    fixture_begin(&judge, &options);
    RUN_ALL(&judge, &drop_days, &create_days);
    options.conns = 4;
    options.application_name = "mawid-victim";
    fixture_begin(&f, &options);
    writers_start(&writers, &f);
    for (int round = 0; round < 10; round++) {
        real_turn_until(&f.real, NULL, 60);
        RUN_ALL(&judge, &end_others);
    }
    int ok_before = writers.counts[OK];
    real_turn_until(&f.real, NULL, 600);
    writers.stop = true;
    CHECK(real_finish(&f.real, 30000));
    CHECK(pg_pool_stats(f.pool)->reconnects >= 10);
    CHECK(writers.counts[OK] > ok_before); /* it goes on */
    CHECK_INT(writers.counts[ERR_INTERNAL], 0);
    CHECK_INT(writers.counts[ERR_CONFLICT], 0);
    CHECK_INT(writers_liar(&writers, &judge), -1);
    CHECK_INT(pg_pool_stats(f.pool)->conns_up, 4);
    CHECK_INT(pg_pool_stats(f.pool)->inflight, 0);
    fixture_end(&f);
    fixture_end(&judge);
}

TEST(a_killed_server_that_comes_back_is_used_again)
{
    struct fixture judge, f;
    struct pg_options options = options_default();
    fixture_begin(&judge, &options);
    RUN_ALL(&judge, &drop_days, &create_days);
    fixture_end(&judge);
    options.conns = 4;
    fixture_begin(&f, &options);
    struct call long_one = {0};
    call_start(&f, &long_one, &my_pid, 60000);
    writers_start(&writers, &f);
    while (!writers.counts[OK])
        real_turn_until(&f.real, NULL, 50);
    CHECK(private_servers("kill-pg"));
    /* Those that come from now on are told at once that it was not done. */
    for (int i = 0; i < 200 && !writers.counts[ERR_UNAVAILABLE]; i++)
        real_turn_until(&f.real, NULL, 50);
    CHECK(writers.counts[ERR_UNAVAILABLE] > 0);
    CHECK_INT(long_one.err, ERR_TIMEOUT); /* under way: unknown */
    int ok_before = writers.counts[OK];
    CHECK(private_servers("start-pg"));
    for (int i = 0; i < 200 && writers.counts[OK] == ok_before; i++)
        real_turn_until(&f.real, NULL, 50);
    writers.stop = true;
    CHECK(real_finish(&f.real, 30000));
    CHECK(writers.counts[OK] > ok_before);
    CHECK_INT(writers.counts[ERR_INTERNAL], 0);
    fixture_begin(&judge, &options);
    CHECK_INT(writers_liar(&writers, &judge), -1);
    fixture_end(&judge);
    fixture_end(&f);
}

TEST(a_server_that_starts_later_is_found)
{
    struct fixture f;
    struct pg_options options = options_default();
    CHECK(private_servers("stop-pg"));
    fixture_begin(&f, &options);
    uint64_t begun = real_now_ms();
    CHECK_INT(run(&f, &negate, PG_ARGS(pg_int8(1))), ERR_UNAVAILABLE);
    CHECK(real_now_ms() - begun < 5000); /* not the deadline of 30 s */
    CHECK_INT(run(&f, &negate, PG_ARGS(pg_int8(1))), ERR_UNAVAILABLE);
    CHECK(private_servers("start-pg"));
    bool up = false;
    for (int i = 0; i < 100 && !up; i++) {
        real_turn_until(&f.real, NULL, 50);
        up = run(&f, &negate, PG_ARGS(pg_int8(1))) == OK;
    }
    CHECK(up);
    fixture_end(&f);
}

STATEMENT(end_myself, 1, "SELECT pg_terminate_backend(pg_backend_pid()), $1::int8");

TEST(a_good_bye_in_place_of_the_answer_means_not_done_and_the_rest_runs_elsewhere)
{
    struct call calls[3] = {0};
    struct fixture f;
    struct pg_options options = options_default();
    fixture_begin(&f, &options);
    CHECK_INT(run(&f, &my_pid, PG_ARGS(pg_int8(0))), OK);
    call_start(&f, &calls[0], &end_myself, 1);
    call_start(&f, &calls[1], &negate, 2); /* behind it in the pipeline, never begun */
    call_start(&f, &calls[2], &negate, 3);
    CHECK(real_finish(&f.real, 10000));
    CHECK_INT(calls[0].err, ERR_UNAVAILABLE);
    CHECK_STR(str_c(calls[0].sqlstate), STR("57P01"));
    CHECK_INT(calls[1].err, OK);
    CHECK_INT(calls[1].out, -2);
    CHECK_INT(calls[2].out, -3);
    CHECK_INT(pg_pool_stats(f.pool)->reconnects, 1);
    fixture_end(&f);
}

STATEMENT(create_end_at_commit, 0,
          "CREATE OR REPLACE FUNCTION end_at_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
          " PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$");
STATEMENT(add_end_at_commit, 0,
          "CREATE CONSTRAINT TRIGGER end_at_commit AFTER INSERT ON refusals"
          " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION end_at_commit()");

TEST(a_good_bye_after_the_answer_and_before_its_commit_is_unknown)
{
    struct call calls[2] = {0};
    struct fixture f;
    struct pg_options options = options_default();
    fixture_begin(&f, &options);
    RUN_ALL(&f, &drop_refusals, &create_refusals, &create_end_at_commit, &add_end_at_commit);
    call_start(&f, &calls[0], &insert_refusal, 1);
    call_start(&f, &calls[1], &negate, 2);
    CHECK(real_finish(&f.real, 10000));
    CHECK_INT(calls[0].err, ERR_TIMEOUT);
    CHECK_INT(calls[1].err, OK);
    fixture_end(&f);
}

STATEMENT(backend_pid, 0, "SELECT pg_backend_pid()");

TEST(a_silent_server_is_given_up)
{
    struct call calls[2] = {0};
    struct fixture f;
    struct pg_options options = options_default();
    options.statement_timeout_ms = 100;
    options.pipeline_max = 1;
    fixture_begin(&f, &options);
    CHECK_INT(run(&f, &backend_pid, PG_NO_ARGS), OK);
    pid_t pid = pg_get_int4(&f.rows, 0, 0);
    CHECK_INT(kill(pid, SIGSTOP), 0);
    call_start(&f, &calls[0], &negate, 1);
    call_start(&f, &calls[1], &negate, 2); /* queued behind it */
    bool finished = real_finish(&f.real, 15000);
    kill(pid, SIGCONT);
    CHECK(finished);
    CHECK_INT(calls[0].err, ERR_TIMEOUT);
    CHECK_INT(calls[1].err, OK);
    CHECK_INT(calls[1].out, -2);
    fixture_end(&f);
}

/* ---- where to connect ------------------------------------------------------------------------ */

TEST(the_next_host_is_tried_when_one_is_down)
{
    struct fixture f;
    struct pg_options options = options_default();
    char several[1024];
    const char *sockets = strstr(private_pg_url(), "?host=") + 6;
    snprintf(several, sizeof(several),
             "host=/nonexistent,localhost,127.0.0.1,%s port=5432,1,1,5432 user=mawid dbname=mawid "
             "target_session_attrs=read-write",
             sockets);
    options.url = several;
    fixture_begin(&f, &options);
    CHECK_INT(run(&f, &negate, PG_ARGS(pg_int8(3))), OK);
    fixture_end(&f);
}

TEST(an_unusable_url_is_unavailable_and_nothing_worse)
{
    struct fixture f;
    struct pg_options options = options_default();
    options.url = "postgresql://u:secret@[half/db";
    fixture_begin(&f, &options);
    CHECK_INT(run(&f, &negate, PG_ARGS(pg_int8(3))), ERR_UNAVAILABLE);
    fixture_end(&f);
}

/* In place of the C library's: a name server that takes its time. libpq finds this one as well. */
static struct {
    int names;
    pthread_t by;
} lookups;

int getaddrinfo(const char *restrict name, const char *restrict service,
                const struct addrinfo *restrict hints, struct addrinfo **restrict out)
{
    int (*libc)(const char *, const char *, const struct addrinfo *, struct addrinfo **) =
        (int (*)(const char *, const char *, const struct addrinfo *, struct addrinfo **))dlsym(
            RTLD_NEXT, "getaddrinfo");
    if (!name || strcmp(name, "database.test") != 0)
        return libc(name, service, hints, out);
    lookups.names++;
    lookups.by = pthread_self();
    usleep(300000);
    return libc("127.0.0.1", service, hints, out);
}

struct ticker {
    int ticks;
    bool stop;
};

static void ticker_main(struct ctx *c, void *arg)
{
    struct ticker *ticker = arg;
    while (!ticker->stop && fiber_sleep(c, milliseconds(1)) == OK)
        ticker->ticks++;
}

TEST(looking_a_name_up_does_not_hold_up_the_loop)
{
    struct fixture f;
    struct call call = {0};
    struct ticker ticker = {0};
    struct job job;
    struct pg_options options = options_default();
    char several[1024];
    snprintf(several, sizeof(several), "host=database.test,%s port=1,5432 user=mawid dbname=mawid",
             strstr(private_pg_url(), "?host=") + 6);
    options.url = several;
    options.conns = 3;
    lookups.names = 0;
    fixture_begin(&f, &options);
    job_start(&f.real, &job, ticker_main, &ticker);
    call_start(&f, &call, &negate, 7);
    while (call.job.c)
        loop_turn(f.real.loop, TICK_NEVER);
    ticker.stop = true;
    CHECK(real_finish(&f.real, 5000));
    CHECK_INT(call.err, OK); /* nobody listens at the first place, the second one is it */
    CHECK_INT(lookups.names, 1);
    CHECK(!pthread_equal(lookups.by, pthread_self()));
    CHECK(ticker.ticks >= 50);
    fixture_end(&f);
}

TEST(a_pool_may_go_while_a_name_is_looked_up)
{
    struct fixture f;
    struct call call = {0};
    struct pg_options options = options_default();
    options.url = "postgresql://u@database.test/db";
    fixture_begin(&f, &options);
    call_start(&f, &call, &negate, 1);
    real_turn_until(&f.real, NULL, 20);
    fixture_end(&f);
    CHECK_INT(call.err, ERR_CANCELED);
    usleep(400000); /* the look-up ends, and finds nobody */
}

TEST(a_name_that_is_not_found_is_unavailable)
{
    struct call call = {.within_ms = 500};
    struct fixture f;
    struct pg_options options = options_default();
    options.url = "postgresql://u@database.invalid/db";
    fixture_begin(&f, &options);
    call_start(&f, &call, &negate, 1);
    CHECK(real_finish(&f.real, 5000));
    CHECK_INT(call.err, ERR_UNAVAILABLE);
    fixture_end(&f);
}
