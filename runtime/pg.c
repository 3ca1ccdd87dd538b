/* runtime/pg.c - the pool: who gets which connection, who waits, who is refused; see pg.h.
 *
 *     pg_query --> a connection with room? --> under way --> answered
 *                  \-> the queue (bounded) --^   \-- connection lost, not run --> front of the queue
 *                  \-> refused: queue full, or the server is known to be away
 *
 * A statement goes to the connection with the fewest under way: commits on one connection happen one
 * after the other, and only commits of several connections share a flush of the server's log. So
 * idle connections come first, and statements are pipelined when there is none.
 *
 * 1. The queue holds requests only while no connection has room (pg_pool_drain sees to it).
 * 2. A request is in the queue, or in a slot, or answered. */
#include "runtime/pg.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/counter.h"
#include "runtime/pg_conn.h"
#include "runtime/pg_target.h"

static void pool_start(struct task *task);
static void pool_resolved(void *arg, bool ok);

struct pg_pool *pg_pool_new(struct loop *loop, const struct pg_options *options)
{
    assert(options->conns > 0 && options->pipeline_max > 0 && options->queue_max > 0);
    assert(options->statement_timeout_ms > 0);
    struct pg_pool *pool = calloc(1, sizeof(*pool));
    struct pg_conn *conns = calloc(options->conns, sizeof(*conns));
    if (!pool || !conns)
        base_die(__FILE__, __LINE__, "out of memory");
    pool->loop = loop;
    pool->foreign = foreign_of(loop);
    pool->options = *options;
    pool->options.url = pool->options.application_name = NULL; /* the target keeps what it needs */
    pool->target = pg_target_new(loop, options, pool_resolved, pool);
    pool->conns = conns;
    pool->start.run = pool_start;
    list_init(&pool->queue);
    for (uint32_t i = 0; i < options->conns; i++)
        pg_conn_init(&conns[i], pool);
    loop_soon(loop, &pool->start);
    return pool;
}

static void pool_start(struct task *task)
{
    struct pg_pool *pool = container_of(task, struct pg_pool, start);
    for (uint32_t i = 0; i < pool->options.conns; i++)
        pg_conn_begin(&pool->conns[i]);
}

static void pool_resolved(void *arg, bool ok)
{
    struct pg_pool *pool = arg;
    for (uint32_t i = 0; i < pool->options.conns; i++)
        pg_conn_resolved(&pool->conns[i], ok);
}

static void answer_queue(struct pg_pool *pool, enum err err)
{
    struct list_link *link;
    while ((link = list_take_first(&pool->queue))) {
        struct wait *wait = container_of(link, struct wait, link);
        counter_add(&pool->stats.queued, -1);
        wait_done(wait, err);
    }
    assert(pool->stats.queued == 0);
}

void pg_pool_free(struct pg_pool *pool)
{
    if (!pool)
        return;
    task_cancel(&pool->start);
    for (uint32_t i = 0; i < pool->options.conns; i++)
        pg_conn_fini(&pool->conns[i], ERR_CANCELED);
    answer_queue(pool, ERR_CANCELED);
    pg_target_free(pool->target);
    for (uint32_t i = 0; i < pool->plans_len; i++)
        free(pool->plans[i].types);
    free(pool->plans);
    free(pool->conns);
    free(pool);
}

const struct pg_stats *pg_pool_stats(const struct pg_pool *pool)
{
    return &pool->stats;
}

/* ---- what the connections report ------------------------------------------------------------- */

void pg_pool_conn_up(struct pg_pool *pool)
{
    pool->down = false;
    counter_add(&pool->stats.conns_up, 1);
    assert(pool->stats.conns_up <= pool->options.conns);
    pg_pool_drain(pool);
}

/* Callers wait for a first attempt of each connection, not longer: during an outage an answer at
 * once is worth more than one at the deadline. */
void pg_pool_connect_failed(struct pg_pool *pool)
{
    for (uint32_t i = 0; i < pool->options.conns; i++)
        if (pool->conns[i].state == PG_UP || pool->conns[i].failures == 0)
            return;
    pool->down = true;
    counter_add(&pool->stats.unavailable, (int64_t)pool->stats.queued);
    answer_queue(pool, ERR_UNAVAILABLE);
}

void pg_pool_requeue(struct pg_pool *pool, struct pg_request *request)
{
    assert(!request->slot && !list_linked(&request->wait.link));
    request->sent = false;
    list_push_front(&pool->queue, &request->wait.link);
    counter_add(&pool->stats.queued, 1);
}

static struct pg_plan *plan_of(struct pg_pool *pool, const struct pg_statement *stmt)
{
    if (stmt->index >= pool->plans_len) {
        uint32_t len = MAX(stmt->index + 1u, pool->plans_len * 2);
        struct pg_plan *grown = realloc(pool->plans, len * sizeof(*grown));
        if (!grown)
            base_die(__FILE__, __LINE__, "out of memory");
        memset(grown + pool->plans_len, 0, (len - pool->plans_len) * sizeof(*grown));
        pool->plans = grown;
        pool->plans_len = len;
    }
    struct pg_plan *plan = &pool->plans[stmt->index];
    if (!plan->stmt) {
        plan->stmt = stmt;
        plan->types = calloc(stmt->params + 1u, sizeof(*plan->types));
        if (!plan->types)
            base_die(__FILE__, __LINE__, "out of memory");
    }
    assert(plan->stmt == stmt); /* an index is one statement's */
    return plan;
}

const struct pg_plan *pg_pool_plan(struct pg_pool *pool, const struct pg_request *request)
{
    struct pg_plan *plan = plan_of(pool, request->stmt);
    bool learned = false;
    for (uint32_t i = 0; i < request->args.len; i++) {
        if (plan->types[i] || !request->args.items[i].type)
            continue;
        plan->types[i] = request->args.items[i].type;
        learned = true;
    }
    plan->version += learned;
    return plan;
}

/* ---- sending --------------------------------------------------------------------------------- */

static struct pg_conn *choose(struct pg_pool *pool)
{
    struct pg_conn *best = NULL;
    for (uint32_t i = 0; i < pool->options.conns; i++) {
        struct pg_conn *conn = &pool->conns[i];
        if (pg_conn_has_room(conn) && (!best || conn->slots_len < best->slots_len))
            best = conn;
    }
    return best;
}

void pg_pool_drain(struct pg_pool *pool)
{
    struct pg_conn *conn;
    while (!list_empty(&pool->queue) && (conn = choose(pool))) {
        struct wait *wait = container_of(list_take_first(&pool->queue), struct wait, link);
        counter_add(&pool->stats.queued, -1);
        pg_conn_send(conn, container_of(wait, struct pg_request, wait));
    }
}

static void submit(void *arg)
{
    struct pg_request *request = arg;
    struct pg_pool *pool = request->pool;
    request->refused = pool->down || pool->stats.queued >= pool->options.queue_max;
    if (!request->refused) {
        list_push_back(&pool->queue, &request->wait.link);
        counter_add(&pool->stats.queued, 1);
        pg_pool_drain(pool);
    }
}

/* On the loop's stack. A statement under way is left to the server: statement_timeout bounds it. */
static void request_cancel(struct wait *wait)
{
    struct pg_request *request = container_of(wait, struct pg_request, wait);
    struct pg_stats *stats = &request->pool->stats;
    if (request->slot) {
        assert(request->slot->request == request);
        request->slot->request = NULL;
        request->slot = NULL;
        counter_add(&stats->unknown, 1);
    } else {
        list_remove(&wait->link);
        counter_add(&stats->queued, -1);
        counter_add(&stats->unavailable, 1);
    }
    wait_done(wait, ERR_TIMEOUT);
}

enum err pg_query_into(struct ctx *c, struct arena *arena, struct pg_pool *pool,
                       const struct pg_statement *stmt, struct pg_args args, struct pg_rows *rows)
{
    assert(args.len == stmt->params && arena);
    *rows = (struct pg_rows){0};
    c->costs.pg_statements++;
    counter_add(&pool->stats.statements, 1);
    if (c->canceled)
        return ERR_CANCELED;
    struct pg_request request = {.wait.cancel = request_cancel,
                                 .arena = arena,
                                 .pool = pool,
                                 .stmt = stmt,
                                 .args = args,
                                 .rows = rows};
    bool late = ctx_left(c).us == 0;
    if (!late)
        on_loop_stack(submit, &request);
    if (late || request.refused) {
        counter_add(&pool->stats.unavailable, 1);
        return ERR_UNAVAILABLE;
    }
    enum err err = wait_park(c, &request.wait);
    return err == ERR_TIMEOUT && !request.sent ? ERR_UNAVAILABLE : err;
}

enum err pg_query(struct ctx *c, struct pg_pool *pool, const struct pg_statement *stmt,
                  struct pg_args args, struct pg_rows *rows)
{
    return pg_query_into(c, c->arena, pool, stmt, args, rows);
}
