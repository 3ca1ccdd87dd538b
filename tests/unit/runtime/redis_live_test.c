/* The Redis driver against a private Redis of its own, on the real ring: what the simulated one
 * cannot know is what Redis really says, and what the kernel really does. */
#include "runtime/redis.h"

#include "tests/unit/private_servers.h"
#include "tests/unit/runtime/real_loop.h"

static const struct redis_script describe = {
    .name = "describe",
    .source = "return {KEYS[1], ARGV[1], 42, false, {ok='fine'}}",
    .sha1 = "104f58acbe16f118c32c3a0ab1815503c21f0f87"};
static const struct redis_script increment = {.name = "increment",
                                              .source = "return redis.call('INCR', KEYS[1])",
                                              .sha1 = "61636018f4e6b5817b89791bbed242f93fa089e3"};
static const struct redis_script nonsense = {.name = "nonsense",
                                             .source = "return nonsense()",
                                             .sha1 = "cecb31c82e3ec18260b9e1753a34c7134d688d17"};

/* ---- fixture --------------------------------------------------------------------------------- */

struct fixture {
    struct real real;
    struct redis_pool *pool;
};

static void fixture_begin(struct fixture *f, struct str password)
{
    struct arena arena;
    struct str why;
    struct redis_options options = {
        .inflight_max = 2048, .reply_bytes_max = 65536, .connect_timeout = seconds(1)};
    f->real = real_begin();
    arena_begin(&arena, loop_arenas(f->real.loop));
    if (!redis_options_parse(str_c(private_redis_url()), &arena, &options, &why))
        base_die(__FILE__, __LINE__, "the private Redis has an odd URL");
    options.password = password;
    f->pool = redis_pool_new(f->real.loop, &options);
    arena_end(&arena);
}

static void fixture_end(struct fixture *f)
{
    redis_pool_free(f->pool);
    real_finish(&f->real, 5000);
    real_turn_until(&f->real, NULL, 20); /* the socket lets go */
    real_end(&f->real);
}

struct call {
    struct job job;
    struct fixture *f;
    const struct redis_script *script; /* NULL: ping */
    struct str key;
    struct duration patience;
    enum err err;
    int64_t integer;
    bool done;
};

static void call_run(struct ctx *c, void *arg)
{
    struct call *call = arg;
    struct redis_reply reply = {0};
    ctx_within(c, call->patience.us ? call->patience : seconds(10));
    call->err = call->script ? redis_run(c, call->f->pool, call->script, &call->key, 1, &STR("arg"),
                                         1, &reply)
                             : redis_ping(c, call->f->pool);
    call->integer = reply.integer;
    call->done = true;
}

static void call_start(struct fixture *f, struct call *call)
{
    call->f = f;
    call->done = false;
    job_start(&f->real, &call->job, call_run, call);
}

static enum err call_once(struct fixture *f, const struct redis_script *script)
{
    struct call call = {.script = script, .key = STR("key")};
    call_start(f, &call);
    real_turn_until(&f->real, &call.done, 15000);
    return call.err;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void describe_run(struct ctx *c, void *arg)
{
    struct call *call = arg;
    struct test *t = (struct test *)(void *)call->key.ptr;
    struct redis_reply reply;
    static char binary[] = "\0\r\n$5\r\n\xff";
    struct str key = str_of(binary, sizeof(binary)), value = STR("");
    call->err = redis_run(c, call->f->pool, &describe, &key, 1, &value, 1, &reply);
    CHECK_INT(call->err, OK);
    CHECK(reply.type == REDIS_ARRAY && reply.len == 5);
    CHECK_STR(reply.items[0].text, key);
    CHECK(reply.items[1].type == REDIS_STRING && reply.items[1].text.len == 0);
    CHECK_INT(reply.items[2].integer, 42);
    CHECK_INT(reply.items[3].type, REDIS_NIL);
    CHECK(reply.items[4].type == REDIS_STATUS && str_eq(reply.items[4].text, STR("fine")));
    CHECK_INT(c->costs.redis_commands, 2); /* EVALSHA, and EVAL because nobody ran it before */
}

TEST(replies_of_every_kind_come_back)
{
    struct fixture f;
    fixture_begin(&f, STR(""));
    struct call call = {.f = &f, .key = {(const char *)t, 0}};
    job_start(&f.real, &call.job, describe_run, &call);
    CHECK(real_finish(&f.real, 10000));
    fixture_end(&f);
}

TEST(a_thousand_fibers_share_one_connection)
{
    enum { CALLS = 1000 };
    static struct call calls[CALLS];
    static bool seen[CALLS + 1];
    struct fixture f;
    fixture_begin(&f, STR(""));
    CHECK_INT(call_once(&f, &increment), OK);
    for (int i = 0; i < CALLS; i++) {
        calls[i] = (struct call){.script = &increment, .key = STR("thousand")};
        call_start(&f, &calls[i]);
    }
    uint64_t enters = loop_io(f.real.loop)->counters.enters;
    CHECK(real_finish(&f.real, 20000));
    enters = loop_io(f.real.loop)->counters.enters - enters;
    for (int i = 0; i < CALLS; i++) {
        CHECK_INT(calls[i].err, OK);
        CHECK(calls[i].integer >= 1 && calls[i].integer <= CALLS && !seen[calls[i].integer]);
        seen[calls[i].integer] = true;
    }
    printf("# %d commands, %llu system calls\n", CALLS, (unsigned long long)enters);
    CHECK(enters < CALLS / 2);
    fixture_end(&f);
}

TEST(a_broken_script_is_our_fault)
{
    struct fixture f;
    fixture_begin(&f, STR(""));
    CHECK_INT(call_once(&f, &nonsense), ERR_INTERNAL);
    CHECK_INT(call_once(&f, NULL), OK);
    fixture_end(&f);
}

TEST(a_wrong_password_makes_it_unavailable)
{
    struct fixture f;
    fixture_begin(&f, STR("wrong"));
    CHECK_INT(call_once(&f, NULL), ERR_UNAVAILABLE);
    fixture_end(&f);
}

/* Calls one after the other until one succeeds; how many failed on the way, or -1. */
static int failures_until_up(struct test *t, struct fixture *f, int ms_max)
{
    uint64_t stop = real_now_ms() + (uint64_t)ms_max;
    for (int failures = 0; real_now_ms() < stop; failures++) {
        enum err err = call_once(f, &increment);
        if (!err)
            return failures;
        if (err != ERR_UNAVAILABLE && err != ERR_TIMEOUT)
            test_fail(t, __FILE__, __LINE__, "err is %d", err);
        real_turn_until(&f->real, NULL, 10);
    }
    return -1;
}

TEST(a_restart_is_survived_and_scripts_are_loaded_again)
{
    struct fixture f;
    fixture_begin(&f, STR(""));
    CHECK_INT(call_once(&f, &increment), OK);
    CHECK(private_servers("restart-redis"));
    CHECK(failures_until_up(t, &f, 5000) >= 0);
    CHECK(redis_pool_stats(f.pool)->reconnects == 1);
    fixture_end(&f);
}

TEST(a_crash_under_traffic_is_answered_at_once_and_survived)
{
    enum { CALLS = 200 };
    static struct call calls[CALLS];
    struct fixture f;
    fixture_begin(&f, STR(""));
    CHECK_INT(call_once(&f, &increment), OK);
    kill(private_redis_pid(), SIGSTOP); /* so that all of them are under way when it dies */
    for (int i = 0; i < CALLS; i++) {
        calls[i] = (struct call){.script = &increment, .key = STR("crash")};
        call_start(&f, &calls[i]);
    }
    real_turn_until(&f.real, NULL, 50);
    CHECK(private_servers("kill-redis"));
    uint64_t before = real_now_ms();
    CHECK(real_finish(&f.real, 5000));
    CHECK(real_now_ms() - before < 1000);
    for (int i = 0; i < CALLS; i++)
        CHECK_INT(calls[i].err, ERR_TIMEOUT); /* they may have run */
    before = real_now_ms();
    CHECK_INT(call_once(&f, &increment), ERR_UNAVAILABLE);
    CHECK(real_now_ms() - before < 200);
    CHECK(private_servers("start-redis"));
    CHECK(failures_until_up(t, &f, 5000) >= 0);
    fixture_end(&f);
}

TEST(a_redis_that_hangs_costs_callers_their_deadline_and_no_more)
{
    struct fixture f;
    fixture_begin(&f, STR(""));
    CHECK_INT(call_once(&f, &increment), OK);
    pid_t pid = private_redis_pid();
    kill(pid, SIGSTOP);
    struct call late = {.script = &increment, .key = STR("k"), .patience = milliseconds(200)};
    uint64_t before = real_now_ms();
    call_start(&f, &late);
    CHECK(real_turn_until(&f.real, &late.done, 5000));
    CHECK_INT(late.err, ERR_TIMEOUT);
    CHECK(real_now_ms() - before < 1000);
    /* Left after two seconds of silence, and then it is known to be down. */
    struct call longer = {.script = &increment, .key = STR("k")};
    call_start(&f, &longer);
    CHECK(real_turn_until(&f.real, &longer.done, 5000));
    CHECK_INT(longer.err, ERR_TIMEOUT);
    CHECK_INT(call_once(&f, &increment), ERR_UNAVAILABLE);
    kill(pid, SIGCONT);
    CHECK(failures_until_up(t, &f, 8000) >= 0);
    fixture_end(&f);
}
