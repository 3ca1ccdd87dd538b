/* HTTP/1 on a connection (the states: h1.h). Bytes are understood as they come, in the buffer that they came
 * in; only what is not complete is kept. One request is under way at a time: what a client sends behind it
 * waits, and enough of it pauses the socket. */
#include <string.h>

#include "server/http/conn.h"
#include "server/http/exchange.h"

/* ---- requests begin and end ------------------------------------------------------------------- */

static void idle(struct conn *conn)
{
    conn->h1.head_begun = false;
    conn->h1.scanned = 0;
    conn->read_deadline = conn_after(conn, conn->server->options.idle_timeout);
}

static struct exchange *begin_exchange(struct conn *conn)
{
    assert(!conn->h1.request && conn->h1.state == H1_READING);
    const struct client client = {.server = conn->server,
                                  .listen = conn->listen,
                                  .address = str_of(conn->peer_text, conn->peer_text_len),
                                  .secure = conn->tls != NULL};
    struct exchange *exchange = exchange_new(&client);
    struct h1_request *request = arena_new(&exchange->arena, struct h1_request);
    request->carrier = (struct carrier){&h1_carrier_ops, exchange};
    request->conn = conn;
    exchange->carrier = &request->carrier;
    conn->h1.request = request;
    conn->requests = 1;
    return exchange;
}

static struct exchange *exchange_of(const struct conn *conn)
{
    assert(conn->h1.request && conn->h1.request->conn == conn);
    return conn->h1.request->carrier.exchange;
}

/* On the loop's stack or on the exchange's fiber. */
void h1_answered(struct conn *conn, bool close)
{
    struct h1 *h1 = &conn->h1;
    assert(h1->state == H1_BUSY || (h1->state == H1_BODY && close));
    assert(h1->request && conn->requests == 1);
    conn->linger |= h1->state == H1_BODY;
    h1->request = NULL;
    conn->requests = 0;
    h1->state = H1_READING;
    conn->close_after |= close;
    idle(conn);
    /* Buffered requests are begun from the loop's own stack, not on top of this fiber. */
    if (!h1->dispatching)
        loop_soon(conn->server->loop, &h1->resume_task);
}

static void busy(struct conn *conn)
{
    conn->h1.state = H1_BUSY;
    conn->read_deadline = TICK_NEVER; /* the exchange has a deadline of its own */
}

static void run(struct conn *conn)
{
    assert(conn->h1.state != H1_READING && !conn->h1.dispatching);
    conn->h1.dispatching = true;
    exchange_start(exchange_of(conn));
    conn->h1.dispatching = false;
}

/* Answers without a request (or instead of the one whose body is arriving), then closes. */
static void refuse(struct conn *conn, enum reason reason)
{
    assert(conn->h1.state != H1_BUSY); /* what runs answers itself */
    if (!conn->h1.request)
        begin_exchange(conn);
    busy(conn);
    conn->linger = true;
    conn->h1.request->close = true;
    conn->h1.dispatching = true;
    exchange_refuse(exchange_of(conn), reason);
    conn->h1.dispatching = false;
    assert(!conn->h1.request && conn->close_after);
}

/* A streamed body goes no further: its endpoint is told, and answers last. */
static void break_body(struct conn *conn, enum reason reason)
{
    assert(conn->h1.state == H1_BODY && exchange_of(conn)->stream);
    busy(conn);
    conn->linger = true;
    conn->h1.request->close = true;
    exchange_body_break(exchange_of(conn), reason);
}

/* ---- bodies ---------------------------------------------------------------------------------- */

/* Its fiber runs already; all that changes is what may come next. */
static void take_streamed_body(struct conn *conn, struct str *bytes)
{
    enum reason reason;
    switch (h1_take_payload(conn, bytes, &reason)) {
    case HTTP1_MORE: break;
    case HTTP1_DONE: busy(conn); break;
    case HTTP1_BAD: break_body(conn, reason); break;
    }
}

static void take_body(struct conn *conn, struct str *bytes)
{
    enum reason reason;
    if (exchange_of(conn)->stream) {
        take_streamed_body(conn, bytes);
        return;
    }
    switch (h1_take_payload(conn, bytes, &reason)) {
    case HTTP1_MORE: break;
    case HTTP1_DONE:
        busy(conn);
        run(conn);
        break;
    case HTTP1_BAD: refuse(conn, reason); break;
    }
}

void h1_resume(struct conn *conn)
{
    if (conn->h1.input)
        loop_soon(conn->server->loop, &conn->h1.resume_task);
}

/* ---- heads ----------------------------------------------------------------------------------- */

static struct str moved(struct str view, ptrdiff_t by)
{
    return view.ptr ? str_of(view.ptr + by, view.len) : view;
}

/* The request outlives the buffer it arrived in: one copy, and every view moved by as much. */
static void copy_head(struct arena *arena, const struct http1_head *head, const char *head_bytes,
                      struct request_head *out)
{
    char *copy = arena_push_bytes(arena, head->bytes);
    memcpy(copy, head_bytes, head->bytes);
    ptrdiff_t by = copy - head_bytes;
    struct header *fields = arena_array(arena, struct header, head->fields_len);
    for (size_t i = 0; i < head->fields_len; i++)
        fields[i] =
            (struct header){moved(head->fields[i].name, by), moved(head->fields[i].value, by)};
    *out = (struct request_head){.method = head->method,
                                 .path = moved(head->path, by),
                                 .query = moved(head->query, by),
                                 .fields = fields,
                                 .fields_len = head->fields_len,
                                 .asterisk = head->asterisk};
    if (head->path.len &&
        (head->path.ptr < head_bytes || head->path.ptr >= head_bytes + head->bytes))
        out->path = head->path; /* "/" for a target without a path: not of these bytes */
}

static struct exchange *read_head(struct conn *conn, const struct http1_head *head,
                                  const char *head_bytes)
{
    struct exchange *exchange = begin_exchange(conn);
    struct h1_request *request = conn->h1.request;
    struct request_head generic;
    request->close = head->close;
    request->keep_alive_told = head->http10 && !head->close;
    copy_head(&exchange->arena, head, head_bytes, &generic);
    exchange_read_head(exchange, &generic);
    h1_expect_body(request, head);
    return exchange;
}

/* Starts at once: the endpoint decides whether it wants the body. What of it has come is kept first,
 * so that a body that is complete needs no wait. */
static void begin_stream(struct conn *conn, bool waits, struct str *bytes)
{
    conn->h1.request->continue_wanted = waits;
    take_streamed_body(conn, bytes);
    if (conn->h1.state == H1_BODY)
        conn->read_deadline = conn_after(conn, conn->server->options.stream_timeout);
    run(conn);
}

static void begin_request(struct conn *conn, const struct http1_head *head, struct str *bytes)
{
    assert(conn->h1.state == H1_READING && head->bytes <= bytes->len);
    conn->h1.head_begun = false;
    conn->h1.scanned = 0;
    struct exchange *exchange = read_head(conn, head, bytes->ptr);
    *bytes = str_skip(*bytes, head->bytes);
    conn->h1.state = H1_BODY;
    /* Too large, or a client that waits for leave and will not get it: the body is not read. */
    bool waits = head->expects_continue && head->framing != HTTP1_NO_BODY && bytes->len == 0;
    if (exchange->refused == R_BODY_TOO_LARGE || (waits && exchange->refused)) {
        refuse(conn, exchange->refused);
        return;
    }
    if (exchange->stream) {
        begin_stream(conn, waits, bytes);
        return;
    }
    conn->read_deadline = conn_after(conn, conn->server->options.body_timeout);
    take_body(conn, bytes);
    if (waits && conn->h1.state == H1_BODY)
        h1_send_continue(conn);
}

/* A head is looked at when it may have grown a line: one byte at a time costs no more. */
static bool worth_parsing(struct conn *conn, struct str bytes)
{
    if (conn->h1.scanned == 0 || bytes.len > HTTP_REQUEST_LINE_MAX)
        return true;
    struct str fresh = str_skip(bytes, conn->h1.scanned);
    return fresh.len && memchr(fresh.ptr, '\n', fresh.len);
}

/* False: no complete head yet. */
static bool take_head(struct conn *conn, struct str *bytes)
{
    struct http1_head *head = conn->server->head;
    enum http1_result result = HTTP1_MORE;
    if (worth_parsing(conn, *bytes))
        result = http1_parse(head, *bytes, conn->server->options.head_bytes_max);
    switch (result) {
    case HTTP1_DONE: begin_request(conn, head, bytes); return true;
    case HTTP1_BAD: refuse(conn, head->reason); return true;
    case HTTP1_MORE: break;
    }
    assert(bytes->len <= conn->server->options.head_bytes_max);
    conn->h1.scanned = (uint32_t)bytes->len;
    if (!conn->h1.head_begun) {
        conn->h1.head_begun = true;
        conn->read_deadline = conn_after(conn, conn->server->options.head_timeout);
    }
    return false;
}

/* ---- input ----------------------------------------------------------------------------------- */

/* Cuts off `*bytes` what can be understood now. */
static void advance(struct conn *conn, struct str *bytes)
{
    struct h1 *h1 = &conn->h1;
    for (uint32_t begun = 0; bytes->len && conn->state == CONN_OPEN;) {
        if (h1->state == H1_BODY) {
            size_t before = bytes->len;
            take_body(conn, bytes);
            if (h1->state == H1_BODY && bytes->len == before)
                return; /* streamed, and the endpoint is behind; it comes back by resume_task */
        } else if (h1->state != H1_READING) {
            return;
        } else if (conn->close_after) {
            *bytes = (struct str){0}; /* behind the last request: not ours to read */
        } else if (conn->output_bytes > HTTP_OUTPUT_PENDING_MAX) {
            return; /* until the client reads; `sent` goes on */
        } else if (begun == HTTP_PIPELINE_TURN_MAX) {
            loop_soon(conn->server->loop, &h1->resume_task);
            return;
        } else {
            begun++;
            if (!take_head(conn, bytes))
                return;
        }
    }
}

static void received(struct conn *conn, struct str bytes)
{
    assert(bytes.len > 0 && conn->state == CONN_OPEN);
    bool buffered = conn->h1.input != NULL;
    if (buffered) {
        h1_input_append(conn, bytes);
        bytes = h1_input_view(conn);
    }
    advance(conn, &bytes);
    if (conn->state != CONN_CLOSED)
        h1_input_keep(conn, bytes, buffered);
}

static void on_resume(struct task *task)
{
    struct conn *conn = container_of(task, struct conn, h1.resume_task);
    if (conn->h1.input) {
        struct str bytes = h1_input_view(conn);
        advance(conn, &bytes);
        if (conn->state != CONN_CLOSED)
            h1_input_keep(conn, bytes, true);
    }
    conn_settle(conn);
}

/* ---- what the connection asks ----------------------------------------------------------------- */

static void begin(struct conn *conn)
{
    conn->h1.resume_task.run = on_resume;
    idle(conn);
}

static void sent(struct conn *conn)
{
    if (conn->h1.input && conn->h1.state == H1_READING)
        loop_soon(conn->server->loop, &conn->h1.resume_task);
    if (conn->h1.request)
        exchange_stream_news(exchange_of(conn));
}

static void pause_or_resume(struct conn *conn)
{
    bool full = h1_input_view(conn).len > HTTP_INPUT_PENDING_MAX;
    if (full && !conn->sock.paused)
        sock_pause(&conn->sock);
    else if (!full && conn->sock.paused)
        sock_resume(&conn->sock);
}

static void settle(struct conn *conn)
{
    struct h1 *h1 = &conn->h1;
    assert((h1->state == H1_READING) == !h1->request);
    if (conn->eof && h1->state == H1_BODY && !h1->input) {
        conn_end(conn); /* cut inside a body. (Of a streamed one the end may be here, and wait.) */
        return;
    }
    pause_or_resume(conn);
    bool more_input = h1->input && task_queued(&h1->resume_task);
    if (conn->eof && h1->state == H1_READING && !more_input && conn_is_quiet(conn))
        conn->close_after = true;
}

static void late(struct conn *conn)
{
    struct h1 *h1 = &conn->h1;
    bool asked = h1->state == H1_BODY || (h1->state == H1_READING && h1->head_begun);
    if (h1->request && exchange_of(conn)->stream)
        break_body(conn, R_REQUEST_TIMEOUT);
    else if (asked && !conn_is_mute(conn))
        refuse(conn, R_REQUEST_TIMEOUT);
    else
        conn_end(conn);
}

static void drain(struct conn *conn)
{
    struct h1 *h1 = &conn->h1;
    if (h1->state == H1_READING && !h1->head_begun && !h1->input)
        conn->close_after = true; /* idle, or the last answer is on its way out */
}

static void lost(struct conn *conn)
{
    struct h1 *h1 = &conn->h1;
    task_cancel(&h1->resume_task);
    if (!h1->request)
        return;
    struct exchange *exchange = exchange_of(conn);
    h1->request = NULL;
    conn->requests = 0;
    assert(exchange->carrier);
    exchange_abandon(exchange);
}

const struct protocol h1_protocol = {.begin = begin,
                                     .received = received,
                                     .sent = sent,
                                     .settle = settle,
                                     .late = late,
                                     .drain = drain,
                                     .refuse = refuse,
                                     .lost = lost,
                                     .release = h1_input_free};
