/* The Redis driver on the simulated io; the test plays Redis. */
#include "runtime/redis.h"

#include <stdlib.h>

#include "runtime/io_sim.h"
#include "tests/test.h"

static const struct redis_script script = {
    .name = "limits", .source = "return 1", .sha1 = "e0e1f9fabfc9d4800c877a703b823ac0578ff8db"};
#define EVALSHA "EVALSHA e0e1f9fabfc9d4800c877a703b823ac0578ff8db 1 "

/* ---- the driver's side ---------------------------------------------------------------------- */

struct caller {
    struct fixture *f;
    struct ctx c;
    struct arena arena;
    struct str key;
    struct duration patience; /* 0: no deadline */
    struct redis_reply reply;
    enum err err;
    bool done, ping, gone;
};

struct fixture {
    struct loop *loop;
    struct io_sim *sim;
    struct redis_pool *pool;
    struct io_addr addr;
    struct sim_peer *peer; /* the last one that was greeted */
    struct caller callers[64];
    size_t callers_len;
};

static void begin_with(struct fixture *f, const struct sim_options *sim,
                       const struct redis_options *wanted)
{
    struct redis_options options = *wanted;
    f->loop = loop_new(io_sim_new(sim), &(struct loop_options){.fibers_max = 256,
                                                               .stack_bytes = 65536,
                                                               .arena_block_bytes = 4096,
                                                               .slice = milliseconds(1)});
    f->sim = io_sim_of(loop_io(f->loop));
    io_addr_parse(STR("127.0.0.1:6379"), &f->addr);
    options.addr = f->addr;
    if (!options.inflight_max)
        options.inflight_max = 64;
    if (!options.reply_bytes_max)
        options.reply_bytes_max = 65536;
    if (!options.connect_timeout.us)
        options.connect_timeout = seconds(1);
    f->pool = redis_pool_new(f->loop, &options);
    f->peer = NULL;
    f->callers_len = 0;
    sim_listen(f->sim, &f->addr);
}

static void begin(struct fixture *f)
{
    begin_with(f, &(struct sim_options){.seed = 1}, &(struct redis_options){0});
}

/* Its reply, too, is no more. */
static void finish(struct caller *caller)
{
    if (!caller->gone)
        arena_end(&caller->arena);
    caller->gone = true;
}

/* Whatever happened: nothing is left behind. */
static void end(struct test *t, struct fixture *f)
{
    redis_pool_free(f->pool);
    sim_run(f->loop, seconds(10));
    for (size_t i = 0; i < f->callers_len; i++)
        finish(&f->callers[i]);
    CHECK_INT(sim_counts(f->sim).fds_open, 0);
    CHECK_INT(sim_counts(f->sim).ops_pending, 0);
    CHECK_INT(sim_counts(f->sim).buffers_out, 0);
    CHECK_INT(loop_stats(f->loop)->fibers_live, 0);
    loop_free(f->loop);
}

static void caller_run(void *arg)
{
    struct caller *caller = arg;
    if (caller->ping)
        caller->err = redis_ping(&caller->c, caller->f->pool);
    else
        caller->err = redis_run(&caller->c, caller->f->pool, &script, &caller->key, 1, NULL, 0,
                                &caller->reply);
    caller->done = true;
}

static void start(struct fixture *f, struct caller *caller)
{
    caller->f = f;
    caller->done = caller->gone = false;
    arena_begin(&caller->arena, loop_arenas(f->loop));
    ctx_init(&caller->c, &caller->arena, loop_clock(f->loop));
    if (caller->patience.us)
        ctx_within(&caller->c, caller->patience);
    if (!fiber_start(f->loop, caller_run, caller))
        abort();
}

/* Runs the script in a fiber of its own: CALL(&f, .key = STR("one")). Lives as long as the fixture. */
static struct caller *call(struct fixture *f, struct caller wanted)
{
    assert(f->callers_len < ARRAY_LEN(f->callers));
    struct caller *caller = &f->callers[f->callers_len++];
    *caller = wanted;
    if (!caller->key.ptr)
        caller->key = STR("k");
    start(f, caller);
    return caller;
}
#define CALL(f, ...) call((f), (struct caller){__VA_ARGS__})

#define CHECK_ENDED(caller, expected)         \
    do {                                      \
        CHECK((caller)->done);                \
        CHECK_INT((caller)->err, (expected)); \
    } while (0)

/* ---- Redis' side ---------------------------------------------------------------------------- */

static bool cut_number(struct str *s, char kind, size_t *out)
{
    ptrdiff_t end = str_find(*s, STR("\r\n"));
    uint64_t n;
    if (end < 1 || s->ptr[0] != kind || !str_to_uint64(str_of(s->ptr + 1, (size_t)end - 1), &n))
        return false;
    *s = str_skip(*s, (size_t)end + 2);
    *out = n;
    return true;
}

/* The next whole command, its words joined by spaces; empty when there is none. */
static struct str next_command(struct sim_peer *peer, char *out)
{
    struct str all = sim_received(peer), rest = all;
    size_t words, len, at = 0;
    if (!cut_number(&rest, '*', &words))
        return STR("");
    for (size_t i = 0; i < words; i++) {
        if (!cut_number(&rest, '$', &len) || rest.len < len + 2)
            return STR("");
        if (i)
            out[at++] = ' ';
        memcpy(out + at, rest.ptr, len);
        at += len;
        rest = str_skip(rest, len + 2);
    }
    sim_consume(peer, all.len - rest.len);
    return str_of(out, at);
}

static char command_text[4096];
#define CHECK_COMMAND(f, expected)                                       \
    do {                                                                 \
        sim_settle((f)->loop);                                           \
        CHECK_STR(next_command((f)->peer, command_text), STR(expected)); \
    } while (0)

static void answer(struct fixture *f, const char *bytes)
{
    sim_send(f->peer, str_c(bytes));
    sim_settle(f->loop);
}

/* Takes the connection and answers its greeting. */
static bool greet(struct fixture *f)
{
    sim_settle(f->loop);
    f->peer = sim_accept(f->sim, &f->addr);
    if (!f->peer)
        return false;
    sim_settle(f->loop);
    if (!str_eq(next_command(f->peer, command_text), STR("PING")))
        return false;
    answer(f, "+PONG\r\n");
    return true;
}

/* A pool that is connected, by one call that is done. */
static bool begin_greeted(struct fixture *f)
{
    begin(f);
    struct caller *first = CALL(f, .ping = true);
    if (!greet(f))
        return false;
    sim_settle(f->loop);
    next_command(f->peer, command_text);
    answer(f, "+PONG\r\n");
    return first->done && first->err == OK;
}

/* ---- tests ---------------------------------------------------------------------------------- */

TEST(nothing_is_connected_before_the_first_command)
{
    struct fixture f;
    begin(&f);
    sim_run(f.loop, seconds(5));
    CHECK(sim_accept(f.sim, &f.addr) == NULL);
    end(t, &f);
}

TEST(the_greeting_authenticates_and_selects_before_anything_else)
{
    struct fixture f;
    begin_with(
        &f, &(struct sim_options){.seed = 1},
        &(struct redis_options){.user = STR("app"), .password = STR("s3cret"), .database = 7});
    struct caller *a = CALL(&f);
    sim_settle(f.loop);
    f.peer = sim_accept(f.sim, &f.addr);
    CHECK_COMMAND(&f, "AUTH app s3cret");
    CHECK_COMMAND(&f, "");
    answer(&f, "+OK\r\n");
    CHECK_COMMAND(&f, "SELECT 7");
    answer(&f, "+OK\r\n");
    CHECK_COMMAND(&f, "PING");
    answer(&f, "+PONG\r\n");
    CHECK_COMMAND(&f, EVALSHA "k");
    answer(&f, ":1\r\n");
    CHECK_ENDED(a, OK);
    CHECK(a->reply.integer == 1);
    CHECK_INT(redis_pool_stats(f.pool)->up, 1);
    end(t, &f);
}

TEST(a_password_alone_is_enough)
{
    struct fixture f;
    begin_with(&f, &(struct sim_options){.seed = 1},
               &(struct redis_options){.password = STR("s3cret")});
    struct caller *a = CALL(&f);
    sim_settle(f.loop);
    f.peer = sim_accept(f.sim, &f.addr);
    CHECK_COMMAND(&f, "AUTH s3cret");
    answer(&f, "-WRONGPASS invalid username-password pair or user is disabled.\r\n");
    CHECK_ENDED(a, ERR_UNAVAILABLE);
    CHECK(sim_closed(f.peer));
    end(t, &f);
}

TEST(replies_go_to_their_callers_in_order)
{
    struct fixture f;
    begin(&f);
    struct caller *a = CALL(&f, .key = STR("one"));
    struct caller *b = CALL(&f, .key = STR("two"));
    struct caller *d = CALL(&f, .ping = true);
    CHECK(greet(&f));
    CHECK_COMMAND(&f, EVALSHA "one");
    CHECK_COMMAND(&f, EVALSHA "two");
    CHECK_COMMAND(&f, "PING");
    CHECK_INT(redis_pool_stats(f.pool)->inflight, 3);
    answer(&f, "$3\r\nfor");
    CHECK(!a->done);
    answer(&f, "\r\n*2\r\n:5\r\n*1\r\n$-1\r\n");
    CHECK(a->done && b->done && !d->done);
    answer(&f, "+PONG\r\n");
    CHECK_ENDED(d, OK);
    CHECK_STR(a->reply.text, STR("for"));
    CHECK(b->reply.type == REDIS_ARRAY && b->reply.len == 2 && b->reply.items[0].integer == 5);
    CHECK(b->reply.items[1].type == REDIS_ARRAY && b->reply.items[1].len == 1);
    CHECK_INT(b->reply.items[1].items[0].type, REDIS_NIL);
    CHECK_INT(a->c.costs.redis_commands, 1);
    CHECK_INT(redis_pool_stats(f.pool)->inflight, 0);
    end(t, &f);
}

TEST(replies_may_arrive_byte_by_byte)
{
    static const char bytes[] =
        "*4\r\n$5\r\nhello\r\n:-42\r\n-ERR inside\r\n*2\r\n+OK\r\n$0\r\n\r\n";
    struct fixture f;
    begin(&f);
    struct caller *a = CALL(&f);
    CHECK(greet(&f));
    for (size_t i = 0; i < sizeof(bytes) - 1; i++) {
        CHECK(!a->done);
        sim_send(f.peer, str_of(bytes + i, 1));
        sim_settle(f.loop);
    }
    CHECK_ENDED(a, OK);
    CHECK(a->reply.len == 4);
    const struct redis_reply *items = a->reply.items;
    CHECK_STR(items[0].text, STR("hello"));
    CHECK_INT(items[1].integer, -42);
    CHECK_INT(items[2].type, REDIS_ERROR);
    CHECK_STR(items[2].text, STR("ERR inside"));
    CHECK_INT(items[3].items[0].type, REDIS_STATUS);
    CHECK(items[3].items[1].type == REDIS_STRING && items[3].items[1].text.len == 0);
    end(t, &f);
}

TEST(an_abandoned_caller_leaves_its_place_in_the_line)
{
    struct fixture f;
    begin(&f);
    struct caller *a = CALL(&f, .patience = milliseconds(100));
    CHECK(greet(&f));
    struct caller *b = CALL(&f, .key = STR("b"));
    sim_run(f.loop, milliseconds(200));
    CHECK_ENDED(a, ERR_TIMEOUT);
    CHECK(!b->done);
    finish(a); /* its arena is gone before its reply comes */
    answer(&f, "*1\r\n$4\r\nlost\r\n$3\r\nown\r\n");
    CHECK_ENDED(b, OK);
    CHECK_STR(b->reply.text, STR("own"));
    CHECK_INT(redis_pool_stats(f.pool)->unknown, 1);
    end(t, &f);
}

TEST(a_caller_may_go_away_in_the_middle_of_its_reply)
{
    struct fixture f;
    begin(&f);
    struct caller *a = CALL(&f, .patience = milliseconds(100));
    CHECK(greet(&f));
    struct caller *b = CALL(&f, .key = STR("b"));
    answer(&f, "*3\r\n$4\r\nhalf\r\n*2\r\n:1\r\n");
    sim_run(f.loop, milliseconds(200));
    CHECK_ENDED(a, ERR_TIMEOUT);
    finish(a);
    answer(&f, ":2\r\n$4\r\nrest\r\n:7\r\n");
    CHECK(b->done && b->reply.integer == 7);
    end(t, &f);
}

TEST(a_cancelled_caller_is_told_that_it_is_unknown)
{
    struct fixture f;
    begin(&f);
    struct caller *a = CALL(&f);
    CHECK(greet(&f));
    ctx_cancel(&a->c);
    sim_settle(f.loop);
    CHECK_ENDED(a, ERR_CANCELED);
    answer(&f, ":1\r\n"); /* nobody's */
    end(t, &f);
}

TEST(what_is_late_already_is_never_sent)
{
    struct fixture f;
    CHECK(begin_greeted(&f));
    struct caller *late = CALL(&f, .patience = microseconds(-1));
    sim_settle(f.loop);
    CHECK_ENDED(late, ERR_UNAVAILABLE);
    CHECK_COMMAND(&f, "");
    end(t, &f);
}

TEST(a_broken_connection_tells_sent_from_unsent)
{
    struct fixture f;
    CHECK(begin_greeted(&f));
    sim_run(f.loop, seconds(2));
    sim_set_window(f.peer, 10); /* the kernel takes no more: the first send stays under way */
    struct caller *a = CALL(&f, .key = STR("sent"));
    sim_settle(f.loop);
    struct caller *b = CALL(&f, .key = STR("waits behind it"));
    sim_settle(f.loop);
    sim_reset(f.peer);
    sim_settle(f.loop);
    CHECK_ENDED(a, ERR_TIMEOUT);
    CHECK_ENDED(b, ERR_UNAVAILABLE);
    end(t, &f);
}

TEST(after_a_loss_callers_wait_for_the_new_connection)
{
    struct fixture f;
    CHECK(begin_greeted(&f));
    sim_run(f.loop, seconds(2));
    sim_shutdown(f.peer); /* Redis restarts */
    sim_settle(f.loop);
    struct caller *b = CALL(&f, .key = STR("b"));
    CHECK(!b->done);
    CHECK(greet(&f));
    CHECK_COMMAND(&f, EVALSHA "b");
    answer(&f, ":2\r\n");
    CHECK_ENDED(b, OK);
    CHECK(b->reply.integer == 2);
    CHECK_INT(redis_pool_stats(f.pool)->reconnects, 1);
    end(t, &f);
}

TEST(while_redis_is_down_callers_are_refused_at_once)
{
    struct fixture f;
    begin(&f);
    sim_unlisten(f.sim, &f.addr);
    struct caller *a = CALL(&f);
    sim_settle(f.loop);
    CHECK_ENDED(a, ERR_UNAVAILABLE);
    for (int i = 0; i < 50; i++) {
        struct caller *b = CALL(&f);
        sim_settle(f.loop); /* no time passes */
        CHECK_ENDED(b, ERR_UNAVAILABLE);
        sim_run(f.loop, milliseconds(37));
    }
    sim_listen(f.sim, &f.addr);
    bool up = false;
    for (int i = 0; i < 300 && !up; i++) { /* the longest pause, with its jitter, is 2 s */
        sim_run(f.loop, milliseconds(10));
        up = greet(&f);
    }
    CHECK(up);
    struct caller *d = CALL(&f);
    CHECK_COMMAND(&f, EVALSHA "k");
    answer(&f, ":1\r\n");
    CHECK_ENDED(d, OK);
    end(t, &f);
}

TEST(a_redis_that_takes_connections_and_says_nothing_is_down)
{
    struct fixture f;
    begin(&f);
    struct caller *a = CALL(&f);
    struct caller *b = CALL(&f, .patience = milliseconds(200));
    sim_run(f.loop, milliseconds(300));
    CHECK(!a->done);
    CHECK_ENDED(b, ERR_UNAVAILABLE); /* its own deadline: nothing was sent */
    sim_run(f.loop, milliseconds(800));
    CHECK_ENDED(a, ERR_UNAVAILABLE);
    struct caller *d = CALL(&f);
    sim_settle(f.loop);
    CHECK_ENDED(d, ERR_UNAVAILABLE);
    end(t, &f);
}

TEST(a_redis_that_is_loading_is_down)
{
    struct fixture f;
    begin(&f);
    struct caller *a = CALL(&f);
    sim_settle(f.loop);
    f.peer = sim_accept(f.sim, &f.addr);
    CHECK_COMMAND(&f, "PING");
    answer(&f, "-LOADING Redis is loading the dataset in memory\r\n");
    CHECK_ENDED(a, ERR_UNAVAILABLE);
    CHECK(sim_closed(f.peer));
    end(t, &f);
}

TEST(a_redis_that_is_full_is_not_hammered)
{
    struct fixture f;
    begin(&f);
    struct caller *a = CALL(&f);
    int connects = 0;
    for (int i = 0; i < 1000; i++) {
        sim_settle(f.loop);
        struct sim_peer *peer = sim_accept(f.sim, &f.addr);
        if (peer) {
            connects++;
            sim_send(peer, STR("-ERR max number of clients reached\r\n"));
            sim_shutdown(peer);
        }
        sim_run(f.loop, milliseconds(10));
    }
    CHECK_ENDED(a, ERR_UNAVAILABLE);
    CHECK(connects >= 5 && connects <= 16); /* in ten seconds */
    end(t, &f);
}

TEST(an_unknown_script_is_sent_whole_and_once)
{
    struct fixture f;
    begin(&f);
    struct caller *a = CALL(&f);
    CHECK(greet(&f));
    CHECK_COMMAND(&f, EVALSHA "k");
    answer(&f, "-NOSCRIPT No matching script. Please use EVAL.\r\n");
    CHECK_COMMAND(&f, "EVAL return 1 1 k");
    answer(&f, ":1\r\n");
    CHECK_ENDED(a, OK);
    CHECK(a->reply.integer == 1);
    CHECK_INT(a->c.costs.redis_commands, 2);
    CHECK_INT(redis_pool_stats(f.pool)->errors, 0);
    end(t, &f);
}

TEST(errors_are_told_apart)
{
    static const struct {
        const char *reply;
        enum err err;
    } rows[] = {
        {"-LOADING Redis is loading\r\n", ERR_UNAVAILABLE},
        {"-READONLY You can't write against a read only replica.\r\n", ERR_UNAVAILABLE},
        {"-MASTERDOWN Link with MASTER is down\r\n", ERR_UNAVAILABLE},
        {"-OOM command not allowed when used memory > 'maxmemory'.\r\n", ERR_UNAVAILABLE},
        {"-NOAUTH Authentication required.\r\n", ERR_UNAVAILABLE},
        {"-BUSY Redis is busy running a script.\r\n", ERR_UNAVAILABLE},
        {"-ERR user_script:1: Script attempted to access nonexistent\r\n", ERR_INTERNAL},
        {"-WRONGTYPE Operation against a key\r\n", ERR_INTERNAL},
        {"-\r\n", ERR_INTERNAL},
    };
    struct fixture f;
    CHECK(begin_greeted(&f));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct caller *a = CALL(&f);
        sim_settle(f.loop);
        answer(&f, rows[i].reply);
        CHECK_ENDED(a, rows[i].err);
    }
    CHECK_INT(redis_pool_stats(f.pool)->errors, ARRAY_LEN(rows));
    end(t, &f);
}

static void drops_on(struct test *t, const char *bytes, size_t repeat)
{
    struct fixture f;
    begin(&f);
    struct caller *a = CALL(&f);
    CHECK(greet(&f));
    for (size_t i = 0; i < repeat; i++)
        answer(&f, bytes);
    CHECK_ENDED(a, ERR_TIMEOUT);
    CHECK(sim_closed(f.peer));
    sim_run(f.loop, seconds(1));
    CHECK(greet(&f));
    struct caller *b = CALL(&f);
    sim_settle(f.loop);
    answer(&f, ":1\r\n");
    CHECK_ENDED(b, OK);
    end(t, &f);
}

TEST(nonsense_drops_the_connection)
{
    drops_on(t, "HTTP/1.1 400 Bad Request\r\n", 1);
    drops_on(t, "$abc\r\n", 1);
    drops_on(t, "$-7\r\n", 1);
    drops_on(t, "%1\r\n", 1);
    drops_on(t, "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", 1);
}

TEST(a_reply_over_the_cap_drops_the_connection)
{
    static char chunk[8193];
    memset(chunk, 'x', sizeof(chunk) - 1);
    memcpy(chunk, "$9999999\r\n", 10);
    drops_on(t, chunk, 9);
    drops_on(t, "*2000000000\r\n", 1);
}

TEST(an_unasked_reply_drops_the_connection)
{
    struct fixture f;
    begin(&f);
    struct caller *a = CALL(&f);
    CHECK(greet(&f));
    answer(&f, ":1\r\n:2\r\n");
    CHECK_ENDED(a, OK);
    CHECK(a->reply.integer == 1);
    CHECK(sim_closed(f.peer));
    end(t, &f);
}

TEST(a_redis_that_hangs_is_left_after_two_seconds)
{
    struct fixture f;
    begin(&f);
    struct caller *a = CALL(&f, .patience = milliseconds(500));
    CHECK(greet(&f));
    sim_run(f.loop, milliseconds(600));
    CHECK_ENDED(a, ERR_TIMEOUT);
    struct caller *b = CALL(&f);
    sim_run(f.loop, milliseconds(1300));
    CHECK(!b->done && !sim_closed(f.peer));
    sim_run(f.loop, milliseconds(300));
    CHECK_ENDED(b, ERR_TIMEOUT);
    CHECK(sim_closed(f.peer));
    CHECK(greet(&f));
    struct caller *d = CALL(&f);
    sim_settle(f.loop);
    answer(&f, ":1\r\n");
    CHECK_ENDED(d, OK);
    sim_run(f.loop, seconds(60)); /* nothing due: silence is fine */
    CHECK(!sim_closed(f.peer));
    end(t, &f);
}

TEST(the_line_has_an_end)
{
    struct fixture f;
    struct caller *callers[6];
    begin_with(&f, &(struct sim_options){.seed = 1}, &(struct redis_options){.inflight_max = 4});
    for (int i = 0; i < 4; i++)
        callers[i] = CALL(&f);
    callers[4] = CALL(&f);
    CHECK_ENDED(callers[4], ERR_UNAVAILABLE); /* four wait to be connected */
    CHECK(greet(&f));
    callers[5] = CALL(&f);
    CHECK_ENDED(callers[5], ERR_UNAVAILABLE); /* four replies are due */
    answer(&f, ":1\r\n:1\r\n:1\r\n:1\r\n");
    for (int i = 0; i < 6; i++)
        CHECK_ENDED(callers[i], i < 4 ? OK : ERR_UNAVAILABLE);
    end(t, &f);
}

TEST(freeing_the_pool_cancels_everybody)
{
    for (int stage = 0; stage < 4; stage++) {
        struct fixture f;
        begin(&f);
        struct caller *a = CALL(&f);
        struct caller *b = CALL(&f);
        if (stage == 1)
            sim_settle(f.loop); /* being greeted */
        if (stage >= 2)
            CHECK(greet(&f));
        if (stage == 3)
            sim_settle(f.loop); /* commands are under way */
        redis_pool_free(f.pool);
        f.pool = NULL;
        sim_settle(f.loop);
        CHECK_ENDED(a, ERR_CANCELED);
        CHECK_ENDED(b, ERR_CANCELED);
        end(t, &f);
    }
}

TEST(freeing_a_pool_that_is_down_ends_its_retries)
{
    struct fixture f;
    begin(&f);
    sim_unlisten(f.sim, &f.addr);
    CALL(&f);
    sim_run(f.loop, seconds(3));
    end(t, &f);
}

/* ---- many seeds ------------------------------------------------------------------------------ */

/* Every EVALSHA is answered with its key; replies of several connections never mix. */
static void serve(struct fixture *f, struct sim_peer **peers, size_t *peers_len, uint64_t dice)
{
    struct sim_peer *fresh;
    while ((fresh = sim_accept(f->sim, &f->addr)) && *peers_len < 64)
        peers[(*peers_len)++] = fresh;
    for (size_t i = 0; i < *peers_len; i++) {
        struct str command;
        if (sim_closed(peers[i]))
            continue;
        while ((command = next_command(peers[i], command_text)).len) {
            char reply[128];
            struct str key = str_skip(command, sizeof(EVALSHA) - 1);
            int len = str_eq(command, STR("PING"))
                          ? snprintf(reply, sizeof(reply), "+PONG\r\n")
                          : snprintf(reply, sizeof(reply), "*2\r\n$%zu\r\n%.*s\r\n:1\r\n", key.len,
                                     STR_FMT(key));
            sim_send(peers[i], str_of(reply, (size_t)len));
        }
        if (dice % 61 == 0 && i + 1 == *peers_len)
            sim_reset(peers[i]);
    }
}

TEST(no_caller_ever_gets_another_ones_reply)
{
    enum { CALLERS = 40, SEEDS = 60, STEPS = 150 };
    int ok = 0, failed = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct fixture f;
        static struct caller callers[CALLERS];
        static char keys[CALLERS][24];
        struct sim_peer *peers[64];
        size_t peers_len = 0;
        unsigned dice = (unsigned)seed;
        begin_with(&f,
                   &(struct sim_options){.seed = seed,
                                         .buffers = 4,
                                         .buffer_bytes = 64,
                                         .recv_max = (uint32_t)(seed % 5) * 7,
                                         .send_max = (uint32_t)(seed % 3) * 60,
                                         .late_percent = 30,
                                         .overflow_percent = 10},
                   &(struct redis_options){.inflight_max = 32});
        memset(callers, 0, sizeof(callers));
        for (int step = 0; step < STEPS; step++) {
            struct caller *caller = &callers[rand_r(&dice) % CALLERS];
            if (!caller->f || caller->done) {
                if (caller->f) {
                    if (caller->err == OK) {
                        ok++;
                        CHECK(caller->reply.len == 2);
                        CHECK_STR(caller->reply.items[0].text, caller->key);
                    } else {
                        failed++;
                    }
                    finish(caller);
                }
                char *key = keys[caller - callers];
                caller->key =
                    str_of(key, (size_t)snprintf(key, 24, "key-%d-%u", step, rand_r(&dice) % 1000));
                caller->patience = rand_r(&dice) % 3 ? seconds(1)
                                                     : microseconds(rand_r(&dice) % 20000);
                start(&f, caller);
            } else if (rand_r(&dice) % 10 == 0) {
                ctx_cancel(&caller->c);
            }
            sim_run(f.loop, microseconds(rand_r(&dice) % 3000));
            if (rand_r(&dice) % 4)
                serve(&f, peers, &peers_len, (uint64_t)rand_r(&dice));
        }
        redis_pool_free(f.pool);
        f.pool = NULL;
        sim_run(f.loop, seconds(5));
        for (int i = 0; i < CALLERS; i++) {
            CHECK(!callers[i].f || callers[i].done);
            if (callers[i].f)
                finish(&callers[i]);
        }
        end(t, &f);
    }
    if (ok < 1000 || failed < 500) /* both are to happen, often */
        test_fail(t, __FILE__, __LINE__, "%d ok, %d failed", ok, failed);
}

/* ---- addresses -------------------------------------------------------------------------------- */

TEST(urls_are_read)
{
    static const struct {
        const char *url, *user, *password;
        unsigned database;
        const char *addr;
    } rows[] = {
        {"redis://127.0.0.1:6380", "", "", 0, "127.0.0.1:6380"},
        {"redis://localhost", "", "", 0, "127.0.0.1:6379"},
        {"redis://localhost:7000/3", "", "", 3, "127.0.0.1:7000"},
        {"redis://10.1.2.3/", "", "", 0, "10.1.2.3:6379"},
        {"redis://[::1]:6379/15", "", "", 15, "[::1]:6379"},
        {"redis://[::1]", "", "", 0, "[::1]:6379"},
        {"redis://:pw@localhost", "", "pw", 0, "127.0.0.1:6379"},
        {"redis://app:p%40ss%2f@localhost/1", "app", "p@ss/", 1, "127.0.0.1:6379"},
        {"redis://app:a@b@localhost", "app", "a@b", 0, "127.0.0.1:6379"},
        {"redis://pw@localhost", "", "pw", 0, "127.0.0.1:6379"},
        {"redis://@localhost", "", "", 0, "127.0.0.1:6379"},
        {"redis://app:a?b#c[d]e:%0af@localhost/2", "app", "a?b#c[d]e:\nf", 2, "127.0.0.1:6379"},
        {"unix:///run/redis/redis.sock", "", "", 0, "unix:///run/redis/redis.sock"},
        {"unix:///run/redis.sock?db=2", "", "", 2, "unix:///run/redis.sock"},
    };
    struct arena_pool pool;
    struct arena arena;
    arena_pool_init(&pool, 4096, 2);
    arena_begin(&arena, &pool);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct redis_options options = {.inflight_max = 9};
        struct io_addr expected;
        struct str why = STR("");
        CHECK(io_addr_parse(str_c(rows[i].addr), &expected));
        if (!redis_options_parse(str_c(rows[i].url), &arena, &options, &why))
            test_fail(t, __FILE__, __LINE__, "%s: %.*s", rows[i].url, STR_FMT(why));
        CHECK_STR(options.user, str_c(rows[i].user));
        CHECK_STR(options.password, str_c(rows[i].password));
        CHECK_INT(options.database, rows[i].database);
        CHECK_INT(options.addr.len, expected.len);
        CHECK(memcmp(&options.addr.any, &expected.any, expected.len) == 0);
        CHECK_INT(options.inflight_max, 9);
    }
    arena_end(&arena);
    arena_pool_fini(&pool);
}

TEST(urls_that_are_none_are_explained)
{
    static const char *const rows[][2] = {
        {"", "begins with redis:// or unix://"},
        {"http://localhost", "begins with redis:// or unix://"},
        {"rediss://localhost", "not supported"},
        {"redis://", "numeric host or localhost"},
        {"redis://redis.example.com:6379", "numeric host or localhost, and a port, not"
                                           " \"redis.example.com:6379\""},
        {"redis:///1", "scheme://host"},
        {"redis://:6379", "No host part"},
        {"redis://localhost:port", "numeric host or localhost: Port number was not"},
        {"redis://localhost:70000", "between 0 and 65535"},
        {"redis://3", "its host is not written out"}, /* 0.0.0.3, says libcurl */
        {"redis://[fe80::1%eth0]", "its host is not written out"},
        {"redis://[::1", "numeric host"},
        {"redis://localhost/1#2", "it has a fragment"},
        {"redis://localhost/1?2", "number of a database, not with \"1?2\""},
        {"redis://localhost/x", "number of a database, not with \"x\""},
        {"redis://localhost/99999999", "number of a database"},
        {"redis://user@:@localhost", "a user needs a password"},
        {"redis://u:%zz@localhost", "percent-encoded"},
        {"redis://u:%4@localhost", "percent-encoded"},
        {"redis://u:@localhost", "a user needs a password"},
        {"unix://relative", "absolute path"},
        {"unix:///sock?password=x", "takes ?db=NUMBER"},
        {"unix:///sock?db=x", "takes ?db=NUMBER"},
    };
    struct arena_pool pool;
    struct arena arena;
    arena_pool_init(&pool, 4096, 2);
    arena_begin(&arena, &pool);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct redis_options options = {0};
        struct str why = STR("");
        if (redis_options_parse(str_c(rows[i][0]), &arena, &options, &why))
            test_fail(t, __FILE__, __LINE__, "took \"%s\"", rows[i][0]);
        else if (str_find(why, str_c(rows[i][1])) < 0)
            test_fail(t, __FILE__, __LINE__, "\"%s\": %.*s", rows[i][0], STR_FMT(why));
        else if (str_find(why, STR("pw")) >= 0)
            test_fail(t, __FILE__, __LINE__, "the password is told");
    }
    arena_end(&arena);
    arena_pool_fini(&pool);
}
