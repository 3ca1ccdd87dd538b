/* A pool is one connection that all fibers of the loop share (redis_conn.c), and the fiber that
 * makes it:
 *
 *   NEW --(first command)--> CONNECTING --(greeted)--> UP
 *                              |    ^                  |
 *                          (failed) +-----(lost)-------+
 *                              v                       |
 *                            DOWN <--(lost at once)----+
 *
 * DOWN: tried again and again with growing pauses until UP. While CONNECTING callers wait: it was
 * never tried, or it worked a moment ago. While DOWN they are refused at once: an answer now (and a
 * fallback) is worth more than one at the deadline.
 *
 * UP means that Redis answered a PING: one that takes the connection and then says that it is
 * loading, or has too many clients, is not up.
 *
 * The memory is shared by the owner, the connecting fiber and the calls under way; the last one
 * frees it. */
#include "runtime/redis.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/counter.h"
#include "runtime/base/log.h"
#include "runtime/redis_conn.h"
#include "runtime/sock.h"

#define RETRY_FIRST milliseconds(50)
#define RETRY_LAST seconds(2)
/* A connection that breaks sooner was no good: the next one is not made at once. */
#define GOOD_AFTER seconds(1)
/* Longer than any script takes; short, because callers wait for their deadlines meanwhile. */
#define SILENCE_MAX seconds(2)
#define REFUSALS_LOGGED_EVERY seconds(1)

enum redis_state { REDIS_NEW, REDIS_CONNECTING, REDIS_UP, REDIS_DOWN };

struct redis_pool {
    struct loop *loop;
    struct redis_options options;
    struct redis_stats stats;
    enum redis_state state;
    struct redis_conn *conn; /* UP, or being greeted */
    struct tick up_since;
    struct list waiting; /* `struct waiting` of callers, while CONNECTING */
    uint32_t waiting_len;
    struct ctx *connector; /* of the connecting fiber, while there is one */
    struct tick refusal_logged;
    uint32_t refs;
    bool closing;
    char why[160]; /* what went wrong last */
};

static void pool_unref(struct redis_pool *pool)
{
    assert(pool->refs > 0);
    if (--pool->refs > 0)
        return;
    assert(list_empty(&pool->waiting) && !pool->conn && !pool->connector);
    mem_wipe((char *)pool->options.password.ptr, pool->options.password.len);
    free((char *)pool->options.password.ptr);
    free((char *)pool->options.user.ptr);
    free(pool);
}
static void pool_let_go(struct redis_pool **pool)
{
    pool_unref(*pool);
}

/* ---- callers that wait for a connection ------------------------------------------------------ */

struct waiting {
    struct wait wait;
    struct redis_pool *pool;
};

static void waiting_cancel(struct wait *wait)
{
    struct waiting *waiting = container_of(wait, struct waiting, wait);
    assert(waiting->pool->waiting_len > 0);
    list_remove(&wait->link);
    waiting->pool->waiting_len--;
    wait_done(wait, ERR_TIMEOUT);
}

static void wake_waiting(struct redis_pool *pool, enum err result)
{
    struct list_link *link;
    while ((link = list_take_first(&pool->waiting))) {
        pool->waiting_len--;
        wait_done(container_of(link, struct wait, link), result);
    }
    assert(pool->waiting_len == 0);
}

static enum err wait_for_connection(struct ctx *c, struct redis_pool *pool)
{
    if (pool->waiting_len == pool->options.inflight_max)
        return ERR_UNAVAILABLE;
    struct waiting waiting = {.wait.cancel = waiting_cancel, .pool = pool};
    list_push_back(&pool->waiting, &waiting.wait.link);
    pool->waiting_len++;
    enum err err = wait_park(c, &waiting.wait);
    return err == ERR_TIMEOUT ? ERR_UNAVAILABLE : err; /* nothing was sent */
}

/* ---- connecting ------------------------------------------------------------------------------ */

static void connect_start(struct redis_pool *pool, enum redis_state state);

static void conn_lost(struct redis_conn *conn, void *owner, const char *why)
{
    struct redis_pool *pool = owner;
    assert(pool->conn == conn);
    pool->conn = NULL;
    snprintf(pool->why, sizeof(pool->why), "%s", why);
    if (pool->state != REDIS_UP)
        return; /* the greeting has failed with it */
    log_event(LOG_WARN, "redis_lost", "%s", pool->why);
    counter_add(&pool->stats.up, -1ull);
    bool was_good = loop_now(pool->loop).ns >= tick_add(pool->up_since, GOOD_AFTER).ns;
    connect_start(pool, was_good ? REDIS_CONNECTING : REDIS_DOWN);
}

/* One command of the greeting. What Redis says against it is the reason why we are down. */
static enum err greet(struct ctx *c, struct redis_pool *pool, const struct str *words,
                      size_t words_len)
{
    struct redis_reply reply;
    TRY(pool->conn ? redis_conn_call(c, pool->conn, words, words_len, &reply) : ERR_UNAVAILABLE);
    if (reply.type != REDIS_ERROR)
        return OK;
    snprintf(pool->why, sizeof(pool->why), "%.*s: %.*s", STR_FMT(words[0]), STR_FMT(reply.text));
    return ERR_UNAVAILABLE;
}

static enum err greet_all(struct ctx *c, struct redis_pool *pool)
{
    const struct redis_options *options = &pool->options;
    struct str user = options->user, password = options->password;
    if (user.len)
        TRY(greet(c, pool, (struct str[]){STR("AUTH"), user, password}, 3));
    else if (password.len)
        TRY(greet(c, pool, (struct str[]){STR("AUTH"), password}, 2));
    struct str database = str_printf(c->arena, "%u", options->database);
    if (options->database)
        TRY(greet(c, pool, (struct str[]){STR("SELECT"), database}, 2));
    return greet(c, pool, &STR("PING"), 1);
}

static enum err connect_once(struct ctx *c, struct redis_pool *pool)
{
    struct ctx_scope scope SCOPED(ctx_restore) = ctx_within(c, pool->options.connect_timeout);
    char host[IO_ADDR_TEXT_MAX];
    int fd;
    io_addr_format_host(&pool->options.addr, host);
    snprintf(pool->why, sizeof(pool->why), "cannot connect to %s", host);
    TRY(sock_connect(c, pool->loop, &pool->options.addr, &fd));
    struct redis_conn_options options = {.inflight_max = pool->options.inflight_max,
                                         .reply_bytes_max = pool->options.reply_bytes_max,
                                         .silence_max = SILENCE_MAX,
                                         .stats = &pool->stats,
                                         .lost = conn_lost,
                                         .owner = pool};
    snprintf(pool->why, sizeof(pool->why), "no answer from %s", host);
    pool->conn = redis_conn_new(pool->loop, fd, &options);
    enum err err = greet_all(c, pool);
    if (!err && !pool->conn)
        err = ERR_UNAVAILABLE; /* lost between the last answer and now */
    if (err && pool->conn) {
        redis_conn_end(pool->conn, ERR_TIMEOUT);
        pool->conn = NULL;
    }
    return err;
}

static void now_up(struct redis_pool *pool)
{
    assert(pool->conn && pool->state != REDIS_UP);
    if (pool->up_since.ns)
        counter_add(&pool->stats.reconnects, 1);
    counter_add(&pool->stats.up, 1);
    pool->state = REDIS_UP;
    pool->up_since = loop_now(pool->loop);
    log_event(LOG_INFO, "redis_up", "connected");
    wake_waiting(pool, OK);
}

static void now_down(struct redis_pool *pool)
{
    assert(!pool->conn);
    if (pool->state != REDIS_DOWN)
        log_event(LOG_WARN, "redis_down", "%s", pool->why);
    pool->state = REDIS_DOWN;
    wake_waiting(pool, ERR_UNAVAILABLE);
}

/* Half of it and up to as much again: the workers of a machine do not all come at once. */
static struct duration jittered(struct redis_pool *pool, struct duration d)
{
    uint64_t half = (uint64_t)d.us / 2;
    return microseconds((int64_t)(half + random_below(loop_clock(pool->loop), half + 1)));
}

static void connector_run(struct ctx *c, struct redis_pool *pool)
{
    struct duration pause = RETRY_FIRST;
    while (!pool->closing) {
        if (pool->state == REDIS_DOWN) {
            if (fiber_sleep(c, jittered(pool, pause)))
                return; /* only ever cancelled: the pool is closing */
            pause.us = MIN(pause.us * 2, RETRY_LAST.us);
        }
        if (!connect_once(c, pool)) {
            now_up(pool);
            return;
        }
        if (!pool->closing)
            now_down(pool);
        arena_end(c->arena);
    }
}

static void connector_main(void *arg)
{
    struct redis_pool *pool = arg;
    struct arena arena;
    struct ctx c;
    arena_begin(&arena, loop_arenas(pool->loop));
    ctx_init(&c, &arena, loop_clock(pool->loop));
    pool->connector = &c;
    connector_run(&c, pool);
    pool->connector = NULL;
    arena_end(&arena);
    pool_unref(pool);
}

static void connect_start(struct redis_pool *pool, enum redis_state state)
{
    assert(!pool->connector);
    pool->state = state;
    pool->refs++;
    if (fiber_start(pool->loop, connector_main, pool))
        return;
    pool->refs--;
    pool->state = REDIS_NEW; /* the next command tries again */
}

/* ---- commands -------------------------------------------------------------------------------- */

/* What Redis refuses because of its own state: nothing was done, and it may pass. */
static bool refused_for_now(struct str error)
{
    static const char *const kinds[] = {
        "LOADING ",    "READONLY ",   "MASTERDOWN ", "OOM ",   "NOAUTH ", "BUSY ",   "MISCONF ",
        "NOREPLICAS ", "CLUSTERDOWN", "TRYAGAIN ",   "MOVED ", "ASK ",    "NOPERM ", "UNKILLABLE "};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (str_starts(error, str_c(kinds[i])))
            return true;
    }
    return false;
}

static void log_refusal(struct redis_pool *pool, struct str command, struct str error)
{
    struct tick now = loop_now(pool->loop);
    if (pool->refusal_logged.ns &&
        now.ns < tick_add(pool->refusal_logged, REFUSALS_LOGGED_EVERY).ns)
        return;
    pool->refusal_logged = now;
    struct log_line line;
    log_begin(&line, LOG_ERROR, "redis_refused");
    log_str(&line, "command", command);
    log_str(&line, "error", error);
    log_end(&line);
}

static enum err judge_reply(struct redis_pool *pool, struct str command,
                            const struct redis_reply *reply)
{
    if (reply->type != REDIS_ERROR)
        return OK;
    counter_add(&pool->stats.errors, 1);
    log_refusal(pool, command, reply->text);
    return refused_for_now(reply->text) ? ERR_UNAVAILABLE : ERR_INTERNAL;
}

static enum err call_once(struct ctx *c, struct redis_pool *pool, const struct str *words,
                          size_t words_len, struct redis_reply *out)
{
    enum err err = OK;
    if (c->canceled)
        return ERR_CANCELED;
    if (pool->state == REDIS_NEW && !pool->closing)
        connect_start(pool, REDIS_CONNECTING);
    if (pool->state == REDIS_CONNECTING && !pool->closing)
        err = wait_for_connection(c, pool);
    /* A deadline that has passed already: not sending is the better answer, it is a certain one. */
    if (!err &&
        (pool->state != REDIS_UP || !pool->conn || c->deadline.ns <= loop_now(pool->loop).ns))
        err = ERR_UNAVAILABLE;
    if (err) {
        counter_add(&pool->stats.unavailable, 1);
        return err;
    }
    return redis_conn_call(c, pool->conn, words, words_len, out);
}

enum err redis_run(struct ctx *c, struct redis_pool *pool, const struct redis_script *script,
                   const struct str *keys, size_t keys_len, const struct str *args, size_t args_len,
                   struct redis_reply *out)
{
    struct redis_pool *held SCOPED(pool_let_go) = pool; /* it may be freed while we wait */
    pool->refs++;
    size_t words_len = 3 + keys_len + args_len;
    struct str *words = arena_array(c->arena, struct str, words_len);
    words[0] = STR("EVALSHA");
    words[1] = str_c(script->sha1);
    words[2] = str_printf(c->arena, "%zu", keys_len);
    if (keys_len)
        memcpy(words + 3, keys, keys_len * sizeof(*keys));
    if (args_len)
        memcpy(words + 3 + keys_len, args, args_len * sizeof(*args));

    struct redis_reply reply;
    TRY(call_once(c, held, words, words_len, &reply));
    if (reply.type == REDIS_ERROR && str_starts(reply.text, STR("NOSCRIPT"))) {
        /* A Redis that has not seen it, or was restarted. EVAL runs it and keeps it. */
        words[0] = STR("EVAL");
        words[1] = str_c(script->source);
        TRY(call_once(c, held, words, words_len, &reply));
    }
    TRY(judge_reply(held, str_c(script->name), &reply));
    *out = reply;
    return OK;
}

enum err redis_ping(struct ctx *c, struct redis_pool *pool)
{
    struct redis_pool *held SCOPED(pool_let_go) = pool;
    pool->refs++;
    struct redis_reply reply;
    TRY(call_once(c, held, &STR("PING"), 1, &reply));
    return judge_reply(held, STR("PING"), &reply);
}

/* ---- the pool -------------------------------------------------------------------------------- */

static struct str str_keep(struct str s)
{
    char *copy = malloc(s.len + 1);
    if (!copy)
        base_die(__FILE__, __LINE__, "out of memory");
    if (s.len)
        memcpy(copy, s.ptr, s.len);
    copy[s.len] = '\0';
    return str_of(copy, s.len);
}

struct redis_pool *redis_pool_new(struct loop *loop, const struct redis_options *options)
{
    struct redis_pool *pool = calloc(1, sizeof(*pool));
    if (!pool)
        base_die(__FILE__, __LINE__, "out of memory");
    pool->loop = loop;
    pool->options = *options;
    pool->options.user = str_keep(options->user);
    pool->options.password = str_keep(options->password);
    pool->refs = 1;
    list_init(&pool->waiting);
    return pool;
}

void redis_pool_free(struct redis_pool *pool)
{
    if (!pool)
        return;
    pool->closing = true;
    if (pool->conn)
        redis_conn_end(pool->conn, ERR_CANCELED);
    pool->conn = NULL;
    wake_waiting(pool, ERR_CANCELED);
    if (pool->connector)
        ctx_cancel(pool->connector);
    pool_unref(pool);
}

const struct redis_stats *redis_pool_stats(const struct redis_pool *pool)
{
    return &pool->stats;
}
