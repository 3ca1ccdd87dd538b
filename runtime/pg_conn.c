/* runtime/pg_conn.c - see pg_conn.h. Talking libpq's pipeline mode.
 *
 * Per request:   [Parse]  Bind Execute  Sync      one transaction, closed by its Sync
 * Per answer:    [result NULL]  result NULL  sync  (after an error: "aborted" in place of results)
 *
 * 1. A request is answered at its sync, never before: the commit happens there, and may fail.
 * 2. "Not done" is said only when the server refused this very statement. A connection that ends
 *    without such an answer leaves the first slot unknown, and the others too: whether the server
 *    had begun them cannot be told. But when it said good-bye (a FATAL error) in place of the first
 *    answer, the later ones were never begun, and go to another connection.
 * 3. libpq may have read while it was sending (both socket buffers full), so after a send its buffer
 *    is looked at, not only the socket.
 * 4. When libpq finds the connection closed it forgets what it was waiting for, and an answer in its
 *    buffer that has not been taken by then is lost: the good-bye of invariant 2 above all. So before
 *    anything that reads or sends, what is there is taken. */
#include "runtime/pg_conn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "runtime/base/counter.h"
#include "runtime/base/log.h"
#include "runtime/pg_answer.h"
#include "runtime/pg_target.h"

enum {
    PARAMS_MAX = 64,
    NAME_LEN_MAX = 80,
    CONNECT_TIMEOUT_S = 5,
    /* A back-off is drawn between the shortest and three times the last one ("decorrelated jitter"):
     * the connections of a whole fleet do not come back in step. */
    BACKOFF_MIN_MS = 50,
    BACKOFF_MAX_MS = 2000,
    SILENCE_GRACE_S = 5, /* past statement_timeout: the server or the way to it is gone */
};

static void conn_ready(struct foreign_fd *io, uint32_t events);
static void conn_timer(struct timer *timer);
static void conn_look(struct task *task);
static void conn_work(struct pg_conn *conn);
static void conn_cut(struct pg_conn *conn, const char *why);

/* ---- small things ---------------------------------------------------------------------------- */

static struct pg_slot *slot_at(struct pg_conn *conn, uint32_t i)
{
    return &conn->slots[(conn->slots_head + i) % conn->pool->options.pipeline_max];
}

static void set_timer(struct pg_conn *conn, struct duration d)
{
    timer_set(conn->pool->loop, &conn->timer, tick_add(loop_now(conn->pool->loop), d));
}

static struct str first_line(const char *text)
{
    struct str line = str_c(text);
    ptrdiff_t end = str_find_char(line, '\n');
    return end < 0 ? line : str_take(line, (size_t)end);
}

/* Unread notices pile up in some programs' logs; ours are for debugging. */
static void notice(void *arg, const PGresult *result)
{
    struct str text = str_c(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
    log_event(LOG_DEBUG, "pg_notice", "%.*s", STR_FMT(text));
}

void pg_conn_init(struct pg_conn *conn, struct pg_pool *pool)
{
    *conn = (struct pg_conn){
        .pool = pool, .io.ready = conn_ready, .timer.fire = conn_timer, .look.run = conn_look};
    conn->slots = calloc(pool->options.pipeline_max, sizeof(*conn->slots));
    if (!conn->slots)
        base_die(__FILE__, __LINE__, "out of memory");
}

static void conn_close(struct pg_conn *conn)
{
    foreign_forget(&conn->io); /* before libpq gives the number back */
    task_cancel(&conn->look);
    timer_cancel(&conn->timer);
    PQfinish(conn->pg);
    conn->pg = NULL;
    conn->retire = false;
}

/* ---- connecting ------------------------------------------------------------------------------ */

static void back_off(struct pg_conn *conn, int64_t shortest_ms)
{
    const struct clock *clock = loop_clock(conn->pool->loop);
    int64_t longest_ms = MIN(MAX(conn->delay_ms, BACKOFF_MIN_MS) * 3, (int64_t)BACKOFF_MAX_MS);
    uint64_t spread = (uint64_t)(longest_ms - shortest_ms + 1);
    conn->delay_ms = shortest_ms + (int64_t)random_below(clock, spread);
    conn->state = PG_DOWN;
    set_timer(conn, milliseconds(conn->delay_ms));
}

static void connect_failed(struct pg_conn *conn, struct str why)
{
    log_event(LOG_WARN, "pg_connect_failed", "%.*s", STR_FMT(why));
    conn_close(conn);
    conn->failures++;
    back_off(conn, BACKOFF_MIN_MS);
    pg_pool_connect_failed(conn->pool);
}

static void connect_up(struct pg_conn *conn)
{
    if (PQsetnonblocking(conn->pg, 1) != 0 || PQenterPipelineMode(conn->pg) != 1 ||
        !foreign_watch(conn->pool->foreign, &conn->io, PQsocket(conn->pg), EPOLLIN)) {
        connect_failed(conn, STR("no pipeline mode"));
        return;
    }
    timer_cancel(&conn->timer);
    if (conn->prepared)
        memset(conn->prepared, 0, conn->prepared_len * sizeof(*conn->prepared));
    conn->state = PG_UP;
    conn->failures = 0;
    conn->delay_ms = 0;
    log_event(LOG_INFO, "pg_up", "%s", PQhost(conn->pg));
    pg_pool_conn_up(conn->pool);
}

/* The socket may become another one with every step (the next host, or again without TLS), even one
 * with the same number: so it is always watched anew. */
static void connect_step(struct pg_conn *conn)
{
    foreign_forget(&conn->io);
    PostgresPollingStatusType status = PQconnectPoll(conn->pg);
    if (status == PGRES_POLLING_OK) {
        connect_up(conn);
        return;
    }
    uint32_t events = status == PGRES_POLLING_READING ? EPOLLIN : EPOLLOUT;
    if (status == PGRES_POLLING_FAILED ||
        !foreign_watch(conn->pool->foreign, &conn->io, PQsocket(conn->pg), events))
        connect_failed(conn, first_line(PQerrorMessage(conn->pg)));
}

static void connect_start(struct pg_conn *conn)
{
    conn->state = PG_CONNECTING;
    conn->pg = pg_target_connect(conn->pool->target);
    if (!conn->pg || PQstatus(conn->pg) == CONNECTION_BAD) {
        connect_failed(conn, conn->pg ? first_line(PQerrorMessage(conn->pg)) : STR("no target"));
        return;
    }
    PQsetNoticeReceiver(conn->pg, notice, NULL);
    set_timer(conn, seconds(CONNECT_TIMEOUT_S));
    if (!foreign_watch(conn->pool->foreign, &conn->io, PQsocket(conn->pg), EPOLLOUT))
        connect_failed(conn, STR("the socket cannot be watched"));
}

void pg_conn_begin(struct pg_conn *conn)
{
    assert(conn->state == PG_DOWN && !conn->pg);
    if (pg_target_ready(conn->pool->target)) {
        connect_start(conn);
        return;
    }
    conn->state = PG_RESOLVING;
    pg_target_resolve(conn->pool->target);
}

void pg_conn_resolved(struct pg_conn *conn, bool ok)
{
    if (conn->state != PG_RESOLVING)
        return;
    if (ok)
        connect_start(conn);
    else
        connect_failed(conn, STR("the database's host name cannot be looked up"));
}

static void conn_timer(struct timer *timer)
{
    struct pg_conn *conn = container_of(timer, struct pg_conn, timer);
    if (conn->state == PG_DOWN) {
        pg_conn_begin(conn);
    } else if (conn->state == PG_CONNECTING) {
        pg_target_rotate(conn->pool->target);
        connect_failed(conn, STR("no answer in time"));
    } else if (conn->slots_len > 0) {
        struct duration limit = seconds(SILENCE_GRACE_S);
        limit.us += (int64_t)conn->pool->options.statement_timeout_ms * 1000;
        struct tick until = tick_add(conn->head_since, limit);
        if (loop_now(conn->pool->loop).ns < until.ns) {
            timer_set(conn->pool->loop, &conn->timer, until);
            return;
        }
        conn_cut(conn, "silent for longer than the statement timeout");
        pg_pool_drain(conn->pool);
    }
}

/* ---- sending --------------------------------------------------------------------------------- */

bool pg_conn_has_room(const struct pg_conn *conn)
{
    return conn->state == PG_UP && !conn->retire && !task_queued(&conn->look) &&
           conn->slots_len < conn->pool->options.pipeline_max;
}

static struct pg_prepared *prepared_of(struct pg_conn *conn, const struct pg_statement *stmt)
{
    if (stmt->index >= conn->prepared_len) {
        uint32_t len = MAX(stmt->index + 1u, conn->prepared_len * 2);
        struct pg_prepared *grown = realloc(conn->prepared, len * sizeof(*grown));
        if (!grown)
            base_die(__FILE__, __LINE__, "out of memory");
        memset(grown + conn->prepared_len, 0, (len - conn->prepared_len) * sizeof(*grown));
        conn->prepared = grown;
        conn->prepared_len = len;
    }
    return &conn->prepared[stmt->index];
}

static const char *name_of(const struct pg_statement *stmt, const struct pg_prepared *prepared,
                           char buffer[NAME_LEN_MAX])
{
    if (prepared->serial == 0)
        return stmt->name;
    snprintf(buffer, NAME_LEN_MAX, "%.60s.%u", stmt->name, prepared->serial);
    return buffer;
}

static bool send_parse(struct pg_conn *conn, const struct pg_request *request,
                       struct pg_prepared *prepared, struct pg_slot *slot)
{
    const struct pg_plan *plan = pg_pool_plan(conn->pool, request);
    if (prepared->ready && prepared->version == plan->version)
        return true;
    if (prepared->ready)
        prepared->serial++;
    prepared->version = plan->version;
    prepared->ready = true;
    slot->preparing = true;
    char buffer[NAME_LEN_MAX];
    return PQsendPrepare(conn->pg, name_of(request->stmt, prepared, buffer), request->stmt->sql,
                         request->stmt->params, plan->types);
}

static bool send_execute(struct pg_conn *conn, const struct pg_request *request,
                         const struct pg_prepared *prepared)
{
    const char *values[PARAMS_MAX];
    int lengths[PARAMS_MAX], formats[PARAMS_MAX];
    assert(request->args.len <= PARAMS_MAX);
    for (uint32_t i = 0; i < request->args.len; i++) {
        const struct pg_arg *arg = &request->args.items[i];
        values[i] = arg->len < 0 ? NULL : arg->ptr ? arg->ptr : (const char *)&arg->v;
        lengths[i] = arg->len;
        formats[i] = 1;
    }
    char buffer[NAME_LEN_MAX];
    return PQsendQueryPrepared(conn->pg, name_of(request->stmt, prepared, buffer),
                               (int)request->args.len, values, lengths, formats, 1);
}

/* What libpq could not hand to the kernel waits for room there. */
static bool conn_flush(struct pg_conn *conn)
{
    int left = PQflush(conn->pg);
    if (left < 0 || PQsocket(conn->pg) < 0)
        return false;
    uint32_t events = EPOLLIN | (left ? EPOLLOUT : 0);
    return foreign_watch(conn->pool->foreign, &conn->io, PQsocket(conn->pg), events);
}

static struct pg_slot *slot_push(struct pg_conn *conn, struct pg_request *request)
{
    struct pg_slot *slot = slot_at(conn, conn->slots_len);
    *slot = (struct pg_slot){.request = request, .stmt = request->stmt};
    if (conn->slots_len++ == 0) {
        conn->head_since = loop_now(conn->pool->loop);
        if (!timer_armed(&conn->timer)) /* one that a former statement set is as good */
            set_timer(conn, milliseconds(conn->pool->options.statement_timeout_ms));
    }
    counter_add(&conn->pool->stats.inflight, 1);
    request->slot = slot;
    return slot;
}

void pg_conn_send(struct pg_conn *conn, struct pg_request *request)
{
    assert(pg_conn_has_room(conn) && !request->slot);
    struct pg_slot *slot = slot_push(conn, request);
    struct pg_prepared *prepared = prepared_of(conn, request->stmt);
    /* Without its Sync nothing of it can commit: until then it counts as not sent. */
    if (!send_parse(conn, request, prepared, slot) || !send_execute(conn, request, prepared)) {
        conn_cut(conn, "cannot send");
        return;
    }
    request->sent = true;
    if (!PQpipelineSync(conn->pg) || !conn_flush(conn)) {
        conn_cut(conn, "cannot send");
        return;
    }
    if (!PQisBusy(conn->pg)) /* invariant 3 */
        loop_soon(conn->pool->loop, &conn->look);
}

/* ---- answers --------------------------------------------------------------------------------- */

/* The statement is not what this connection thinks it is: prepared anew, it will go well. */
static bool is_stale(struct pg_prepared *prepared, const PGresult *error)
{
    if (pg_sqlstate_is(error, "26000")) { /* not there */
        prepared->ready = false;
        return true;
    }
    if (pg_sqlstate_is(error, "42P05")) { /* there already */
        prepared->ready = false;
        prepared->serial++;
        return true;
    }
    if (pg_sqlstate_is(error, "0A000") &&
        str_eq(pg_field(error, PG_DIAG_SOURCE_FUNCTION), STR("RevalidateCachedQuery"))) {
        prepared->ready = false; /* "cached plan must not change result type" */
        prepared->serial++;
        return true;
    }
    return false;
}

static void answer(struct pg_request *request, enum err err)
{
    struct pg_stats *stats = &request->pool->stats;
    if (err == ERR_TIMEOUT)
        counter_add(&stats->unknown, 1);
    else if (err == ERR_UNAVAILABLE)
        counter_add(&stats->unavailable, 1);
    else if (err && err != ERR_CANCELED)
        counter_add(&stats->errors, 1);
    wait_done(&request->wait, err);
}

/* Takes the first slot out of the ring; NULL: its caller has gone. */
static struct pg_request *slot_pop(struct pg_conn *conn)
{
    struct pg_slot *slot = slot_at(conn, 0);
    struct pg_request *request = slot->request;
    if (request)
        request->slot = NULL;
    slot->request = NULL;
    conn->slots_head = (conn->slots_head + 1) % conn->pool->options.pipeline_max;
    conn->slots_len--;
    conn->head_since = loop_now(conn->pool->loop);
    counter_add(&conn->pool->stats.inflight, -1);
    return request;
}

/* Its sync came: the transaction is over, one way or the other. */
static void slot_over(struct pg_conn *conn)
{
    struct pg_slot slot = *slot_at(conn, 0);
    struct pg_request *request = slot_pop(conn);
    bool stale = slot.failed && is_stale(prepared_of(conn, slot.stmt), slot.answer);
    if (pg_sqlstate_is(slot.answer, "25006"))
        conn->retire = true;
    if (request && stale && !request->retried) {
        request->retried = true;
        pg_pool_requeue(conn->pool, request);
    } else if (request && slot.failed) {
        answer(request, pg_answer_error(request, slot.answer));
    } else if (request) {
        answer(request, slot.answer ? pg_answer_rows(request, slot.answer) : ERR_INTERNAL);
    }
    PQclear(slot.answer);
}

static void slot_fail(struct pg_conn *conn, struct pg_slot *slot, PGresult *error)
{
    if (slot->failed) { /* the first error counts */
        PQclear(error);
        return;
    }
    if (slot->preparing)
        prepared_of(conn, slot->stmt)->ready = false;
    PQclear(slot->answer);
    slot->answer = error;
    slot->failed = true;
}

static void slot_take(struct pg_conn *conn, PGresult *result)
{
    struct pg_slot *slot = slot_at(conn, 0);
    switch (PQresultStatus(result)) {
    case PGRES_PIPELINE_SYNC:
        PQclear(result);
        slot_over(conn);
        break;
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
    case PGRES_EMPTY_QUERY:
        if (slot->preparing) {
            slot->preparing = false;
            PQclear(result);
            break;
        }
        PQclear(slot->answer);
        slot->answer = result;
        slot->executed = true;
        break;
    case PGRES_PIPELINE_ABORTED: PQclear(result); break;
    default: slot_fail(conn, slot, result); break;
    }
}

/* Nothing that can go on: the server has said good-bye, or the statement is a COPY. */
static bool ends_connection(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return pg_is_fatal(result) || status == PGRES_COPY_IN || status == PGRES_COPY_OUT ||
           status == PGRES_COPY_BOTH;
}

/* True: the connection is of no more use. */
static bool take_results(struct pg_conn *conn)
{
    bool paused = false; /* a NULL ends each statement's results; two in a row are not to be */
    while (!PQisBusy(conn->pg) && conn->slots_len > 0) {
        PGresult *result = PQgetResult(conn->pg);
        if (!result) {
            if (paused)
                break;
            paused = true;
            continue;
        }
        paused = false;
        bool ends = ends_connection(result);
        slot_take(conn, result);
        if (ends || PQstatus(conn->pg) == CONNECTION_BAD)
            return true;
    }
    return false;
}

/* True: the connection is of no more use. */
static bool read_and_take(struct pg_conn *conn)
{
    bool ok = PQconsumeInput(conn->pg);
    return take_results(conn) || !ok;
}

static void conn_work(struct pg_conn *conn)
{
    bool over = take_results(conn) || read_and_take(conn); /* invariant 4 */
    /* A TLS record may be larger than the room that one call reads into; nothing would tell of the
     * rest, which is in memory by then. */
    if (!over && PQsslInUse(conn->pg))
        over = read_and_take(conn);
    if (over || !conn_flush(conn))
        conn_cut(conn, "the server closed the connection");
    else if (conn->retire && conn->slots_len == 0)
        conn_cut(conn, "no longer the primary");
    pg_pool_drain(conn->pool);
}

static void conn_look(struct task *task)
{
    conn_work(container_of(task, struct pg_conn, look));
}

static void conn_ready(struct foreign_fd *io, uint32_t events)
{
    struct pg_conn *conn = container_of(io, struct pg_conn, io);
    if (conn->state == PG_CONNECTING)
        connect_step(conn);
    else
        conn_work(conn);
}

/* ---- the end of a connection ----------------------------------------------------------------- */

/* Back to the front of the pool's queue, the first one first. */
static void requeue_rest(struct pg_conn *conn)
{
    for (uint32_t i = conn->slots_len; i-- > 0;) {
        struct pg_slot *slot = slot_at(conn, i);
        struct pg_request *request = slot->request;
        if (!request)
            continue;
        slot->request = NULL;
        request->slot = NULL;
        pg_pool_requeue(conn->pool, request);
    }
}

/* What a slot's caller hears when the connection ended; see invariant 2. `unsent`: as it came back. */
static enum err fate_of(const struct pg_slot *slot)
{
    if (slot->failed && !slot->executed && pg_field(slot->answer, PG_DIAG_SQLSTATE).len > 0)
        return pg_answer_error(slot->request, slot->answer);
    return ERR_TIMEOUT;
}

static void answer_slots(struct pg_conn *conn, enum err err)
{
    bool goodbye = false;
    for (bool first = true; conn->slots_len > 0; first = false) {
        struct pg_slot slot = *slot_at(conn, 0);
        if (first && !err)
            goodbye = slot.failed && pg_is_fatal(slot.answer);
        struct pg_request *request = slot.request;
        enum err fate = err ? err : request ? fate_of(&slot) : OK;
        slot_pop(conn);
        PQclear(slot.answer);
        if (request && !err && !request->sent)
            pg_pool_requeue(conn->pool, request);
        else if (request)
            answer(request, fate);
        if (goodbye && first)
            requeue_rest(conn);
    }
}

static void conn_cut(struct pg_conn *conn, const char *why)
{
    assert(conn->state == PG_UP);
    struct str text = first_line(PQerrorMessage(conn->pg));
    log_event(LOG_WARN, "pg_lost", "%s: %.*s", why, STR_FMT(text));
    conn->state = PG_DOWN; /* before anything is queued again: it takes nothing more */
    answer_slots(conn, OK);
    conn_close(conn);
    counter_add(&conn->pool->stats.conns_up, -1);
    counter_add(&conn->pool->stats.reconnects, 1);
    back_off(conn, 0);
}

void pg_conn_fini(struct pg_conn *conn, enum err err)
{
    answer_slots(conn, err);
    conn_close(conn);
    free(conn->slots);
    free(conn->prepared);
}
