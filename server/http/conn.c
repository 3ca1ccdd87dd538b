#include "server/http/conn.h"

#include <string.h>

#include "runtime/tls.h"
#include "server/http/exchange.h"

static const struct sock_events conn_events;

static struct conn *conn_of(struct sock *sock)
{
    return container_of(sock, struct conn, sock);
}

static struct tick now_and(const struct conn *conn, struct duration d)
{
    return tick_add(loop_now(conn->server->loop), d);
}

/* ---- deadlines -------------------------------------------------------------------------------
 *
 * The timer is armed for the earliest deadline that was ever set and looks again when it fires:
 * a busy connection moves its deadlines at every request and its timer twice a minute. */

static void watch_deadlines(struct conn *conn)
{
    struct tick at = {MIN(conn->read_deadline.ns, conn->write_deadline.ns)};
    if (conn->state == CONN_CLOSED || at.ns == TICK_NEVER.ns)
        return;
    if (!timer_armed(&conn->timer) || at.ns / 1000000 < conn->timer.at_ms)
        timer_set(conn->server->loop, &conn->timer, at);
}

static void refuse(struct conn *conn, enum reason reason);

/* A streamed body goes no further: its endpoint is told, and answers last. */
static void break_body(struct conn *conn, enum reason reason)
{
    conn->state = CONN_BUSY;
    conn->read_deadline = TICK_NEVER;
    conn->linger = true;
    conn->exchange->close = true;
    exchange_stream_break(conn->exchange, reason);
}

static void on_timer(struct timer *timer)
{
    struct conn *conn = container_of(timer, struct conn, timer);
    uint64_t now = loop_now(conn->server->loop).ns;
    if (conn->write_deadline.ns <= now) {
        conn_end(conn); /* a client that does not read has no use for an explanation */
        return;
    }
    if (conn->read_deadline.ns <= now) {
        bool asked = conn->state == CONN_BODY || (conn->state == CONN_READING && conn->head_begun);
        if (conn->exchange && conn->exchange->stream)
            break_body(conn, R_REQUEST_TIMEOUT);
        else if (asked && (!conn->tls || tls_state(conn->tls) == TLS_OPEN))
            refuse(conn, R_REQUEST_TIMEOUT);
        else
            conn_end(conn);
    }
    watch_deadlines(conn);
}

/* ---- refusing and ending --------------------------------------------------------------------- */

/* Answers without a request (or instead of the one whose body is arriving), then closes. */
static void refuse(struct conn *conn, enum reason reason)
{
    struct exchange *exchange = conn->exchange;
    if (!exchange)
        conn->exchange = exchange = exchange_new_refused(conn, reason);
    conn->state = CONN_BUSY;
    conn->read_deadline = TICK_NEVER; /* the answer has one of its own */
    conn->linger = true;
    conn->dispatching = true;
    exchange_refuse(exchange, reason);
    conn->dispatching = false;
    conn_flush_later(conn);
}

void conn_end(struct conn *conn)
{
    if (conn->state == CONN_CLOSED)
        return;
    conn->state = CONN_CLOSED;
    timer_cancel(&conn->timer);
    task_cancel(&conn->resume_task);
    task_cancel(&conn->flush_task);
    if (conn->exchange) {
        exchange_abandon(conn->exchange);
        conn->exchange = NULL;
    }
    sock_end(&conn->sock);
}

static void linger_begin(struct conn *conn)
{
    conn->state = CONN_LINGER;
    conn->read_deadline = now_and(conn, milliseconds(HTTP_LINGER_MS));
    conn->write_deadline = TICK_NEVER;
    conn_input_free(conn);
    /* The client sees the end now; closing for good while it still sends would reset the answer
     * away (RFC 9112 §9.6). */
    io_shutdown_write(loop_io(conn->server->loop), conn->sock.fd);
    if (conn->sock.paused)
        sock_resume(&conn->sock);
    watch_deadlines(conn);
}

/* Everything was said and sent. */
static void say_goodbye(struct conn *conn)
{
    if (conn->tls && !conn->goodbye && tls_state(conn->tls) == TLS_OPEN) {
        conn->goodbye = true;
        tls_shutdown(conn->tls);
        conn_flush(conn);
        if (!conn_output_empty(conn))
            return; /* `sent` comes back here */
    }
    if (conn->linger && !conn->eof)
        linger_begin(conn);
    else
        conn_end(conn);
}

/* Ends the connection when nothing more can happen on it. */
static void end_if_done(struct conn *conn)
{
    if (conn->state != CONN_READING || conn->exchange || !conn_output_empty(conn) ||
        sock_sending(&conn->sock))
        return;
    bool more_input = conn->input && list_linked(&conn->resume_task.link);
    if (conn->close_after || (conn->eof && !more_input))
        say_goodbye(conn);
}

/* ---- requests -------------------------------------------------------------------------------- */

static void idle(struct conn *conn)
{
    conn->head_begun = false;
    conn->scanned = 0;
    conn->read_deadline = now_and(conn, conn->server->options.idle_timeout);
}

/* The answer is in the output. On the loop's stack or on the exchange's fiber. */
void conn_answered(struct conn *conn, bool close)
{
    assert(conn->state == CONN_BUSY || (conn->state == CONN_BODY && close));
    assert(conn->exchange);
    conn->linger |= conn->state == CONN_BODY;
    conn->exchange = NULL;
    conn->state = CONN_READING;
    conn->close_after |= close;
    idle(conn);
    conn_flush_later(conn);
    /* Buffered requests are begun from the loop's own stack, not on top of this fiber. */
    if (!conn->dispatching)
        loop_soon(conn->server->loop, &conn->resume_task);
}

static void run(struct conn *conn)
{
    conn->state = CONN_BUSY;
    conn->read_deadline = TICK_NEVER; /* the exchange has a deadline of its own */
    conn->dispatching = true;
    exchange_start(conn->exchange);
    conn->dispatching = false;
}

void conn_send_continue(struct conn *conn)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    memcpy(conn_reserve(conn, sizeof(text) - 1), text, sizeof(text) - 1);
    conn_wrote(conn, sizeof(text) - 1);
    conn_flush_later(conn);
}

/* Its fiber runs already; all that changes is what may come next. */
static void take_streamed_body(struct conn *conn, struct str *bytes)
{
    enum http1_result result = exchange_body(conn->exchange, bytes);
    if (result == HTTP1_MORE)
        return;
    conn->state = CONN_BUSY;
    conn->read_deadline = TICK_NEVER;
    if (result == HTTP1_BAD)
        break_body(conn, conn->exchange->refused);
}

static void take_body(struct conn *conn, struct str *bytes)
{
    struct exchange *exchange = conn->exchange;
    if (exchange->stream) {
        take_streamed_body(conn, bytes);
        return;
    }
    switch (exchange_body(exchange, bytes)) {
    case HTTP1_MORE: break;
    case HTTP1_DONE: run(conn); break;
    case HTTP1_BAD: refuse(conn, exchange->refused); break;
    }
}

void conn_body_wanted(struct conn *conn)
{
    if (conn->input)
        loop_soon(conn->server->loop, &conn->resume_task);
}

/* Starts at once: the endpoint decides whether it wants the body. What of it has come is kept first,
 * so that a body that is complete needs no wait. */
static void begin_stream(struct conn *conn, bool waits, struct str *bytes)
{
    if (waits)
        exchange_stream_continue(conn->exchange);
    take_streamed_body(conn, bytes);
    if (conn->state == CONN_BODY)
        conn->read_deadline = now_and(conn, conn->server->options.stream_timeout);
    conn->dispatching = true;
    exchange_start(conn->exchange);
    conn->dispatching = false;
}

static void begin_request(struct conn *conn, const struct http1_head *head, struct str *bytes)
{
    conn->head_begun = false;
    conn->scanned = 0;
    struct exchange *exchange = exchange_new(conn, head, bytes->ptr);
    conn->exchange = exchange;
    *bytes = str_skip(*bytes, head->bytes);
    conn->state = CONN_BODY;
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
    conn->read_deadline = now_and(conn, conn->server->options.body_timeout);
    take_body(conn, bytes);
    if (waits && conn->state == CONN_BODY)
        conn_send_continue(conn);
}

/* A head is looked at when it may have grown a line: one byte at a time costs no more. */
static bool worth_parsing(struct conn *conn, struct str bytes)
{
    if (conn->scanned == 0 || bytes.len > HTTP_REQUEST_LINE_MAX)
        return true;
    struct str fresh = str_skip(bytes, conn->scanned);
    return fresh.len && memchr(fresh.ptr, '\n', fresh.len);
}

/* False: no complete head yet. */
static bool take_head(struct conn *conn, struct str *bytes)
{
    struct http1_head *head = &conn->server->head;
    enum http1_result result = HTTP1_MORE;
    if (worth_parsing(conn, *bytes))
        result = http1_parse(head, *bytes, conn->server->options.head_bytes_max);
    switch (result) {
    case HTTP1_DONE: begin_request(conn, head, bytes); return true;
    case HTTP1_BAD: refuse(conn, head->reason); return true;
    case HTTP1_MORE: break;
    }
    conn->scanned = (uint32_t)bytes->len;
    if (!conn->head_begun) {
        conn->head_begun = true;
        conn->read_deadline = now_and(conn, conn->server->options.head_timeout);
    }
    return false;
}

/* Cuts off `*bytes` what can be understood now. */
static void advance(struct conn *conn, struct str *bytes)
{
    for (uint32_t begun = 0; bytes->len;) {
        if (conn->state == CONN_BODY) {
            size_t before = bytes->len;
            take_body(conn, bytes);
            if (conn->state == CONN_BODY && bytes->len == before)
                return; /* streamed, and the endpoint is behind; it comes back by resume_task */
        } else if (conn->state != CONN_READING) {
            return;
        } else if (conn->close_after) {
            *bytes = (struct str){0}; /* behind the last request: not ours to read */
        } else if (conn->output_bytes > HTTP_OUTPUT_PENDING_MAX) {
            return; /* until the client reads; `sent` goes on */
        } else if (begun == HTTP_PIPELINE_TURN_MAX) {
            loop_soon(conn->server->loop, &conn->resume_task);
            return;
        } else {
            begun++;
            if (!take_head(conn, bytes))
                return;
        }
    }
}

static void pause_or_resume(struct conn *conn)
{
    bool full = conn_input_view(conn).len > HTTP_INPUT_PENDING_MAX && conn->state != CONN_LINGER;
    if (full && !conn->sock.paused)
        sock_pause(&conn->sock);
    else if (!full && conn->sock.paused)
        sock_resume(&conn->sock);
}

static void after_input(struct conn *conn)
{
    if (conn->state == CONN_CLOSED)
        return;
    if (conn->eof && conn->state == CONN_BODY && !conn->input) {
        conn_end(conn); /* cut inside a body */
        return;
    }
    pause_or_resume(conn);
    end_if_done(conn);
    watch_deadlines(conn);
}

static void take_plain(struct conn *conn, struct str bytes)
{
    if (conn->state == CONN_CLOSED)
        return;
    if (conn->state == CONN_LINGER) {
        conn->lingered += (uint32_t)bytes.len;
        if (conn->lingered > HTTP_LINGER_BYTES_MAX)
            conn_end(conn);
        return;
    }
    bool buffered = conn->input != NULL;
    if (buffered) {
        conn_input_append(conn, bytes);
        bytes = conn_input_view(conn);
    }
    advance(conn, &bytes);
    if (conn->state != CONN_CLOSED)
        conn_input_keep(conn, bytes, buffered);
}

static void on_resume(struct task *task)
{
    struct conn *conn = container_of(task, struct conn, resume_task);
    if (conn->input) {
        struct str bytes = conn_input_view(conn);
        advance(conn, &bytes);
        if (conn->state != CONN_CLOSED)
            conn_input_keep(conn, bytes, true);
    }
    after_input(conn);
}

/* ---- the socket's events --------------------------------------------------------------------- */

static void take_cipher(struct conn *conn, struct str bytes)
{
    char *plain = conn->server->tls_plain;
    tls_feed(conn->tls, bytes);
    for (size_t n; (n = tls_read(conn->tls, plain, TLS_PLAIN_BYTES)) > 0;) {
        take_plain(conn, str_of(plain, n));
        if (conn->state == CONN_CLOSED)
            return;
    }
    enum tls_state state = tls_state(conn->tls);
    if (tls_pending(conn->tls).len)
        conn_flush_later(conn);
    if (state == TLS_CLOSED) {
        conn->eof = true;
    } else if (state == TLS_FAILED) {
        conn_flush(conn); /* the alert, as far as the socket takes it now */
        conn->close_after = true;
    }
}

static void on_received(struct sock *sock, struct str bytes)
{
    struct conn *conn = conn_of(sock);
    if (conn->tls)
        take_cipher(conn, bytes);
    else
        take_plain(conn, bytes);
    after_input(conn);
}

static void on_finished(struct sock *sock, int error)
{
    struct conn *conn = conn_of(sock);
    conn->eof = true;
    /* Broken, refused already, or cut inside a body: nobody waits for an answer. (Of a streamed body
     * the end may be here, and only wait for its endpoint.) */
    if (error || conn->state == CONN_LINGER || (conn->state == CONN_BODY && !conn->input))
        conn_end(conn);
    else
        end_if_done(conn);
}

static void on_sent(struct sock *sock, int error)
{
    struct conn *conn = conn_of(sock);
    if (error) {
        conn_end(conn);
        return;
    }
    conn_sent(conn);
    conn_flush(conn);
    if (conn->input && conn->state == CONN_READING)
        loop_soon(conn->server->loop, &conn->resume_task);
    if (conn->exchange)
        exchange_stream_news(conn->exchange);
    if (conn->goodbye && conn_output_empty(conn) && conn->state == CONN_READING)
        say_goodbye(conn);
    else
        end_if_done(conn);
    watch_deadlines(conn);
}

static void on_flush(struct task *task)
{
    struct conn *conn = container_of(task, struct conn, flush_task);
    conn_flush(conn);
    watch_deadlines(conn);
}

static void on_ended(struct sock *sock)
{
    struct conn *conn = conn_of(sock);
    conn_input_free(conn);
    conn_output_free(conn);
    tls_free(conn->tls);
    http_server_conn_gone(conn);
}

static const struct sock_events conn_events = {
    .received = on_received, .finished = on_finished, .sent = on_sent, .ended = on_ended};

/* ---- life ------------------------------------------------------------------------------------ */

void conn_begin(struct conn *conn, struct http_server *server, const struct http_listen *listen,
                int fd)
{
    conn->server = server;
    conn->listen = listen;
    conn->timer.fire = on_timer;
    conn->resume_task.run = on_resume;
    conn->flush_task.run = on_flush;
    conn->write_deadline = TICK_NEVER;
    idle(conn);
    if (listen->tls) {
        conn->tls = tls_new(listen->tls);
        conn->read_deadline = now_and(conn, server->options.head_timeout);
    }
    sock_begin(&conn->sock, server->loop, fd, &conn_events);
    watch_deadlines(conn);
}

void conn_turn_away(struct conn *conn)
{
    if (conn->tls)
        conn_end(conn); /* a handshake is what a flood wants us to do */
    else
        refuse(conn, R_OVERLOADED);
    conn->close_after = true;
}

void conn_drain(struct conn *conn)
{
    if (conn->state == CONN_READING && !conn->head_begun && !conn->input &&
        conn_output_empty(conn) && !sock_sending(&conn->sock))
        say_goodbye(conn);
    else if (conn->state == CONN_READING && !conn->head_begun && !conn->input)
        conn->close_after = true; /* the last answer is on its way out */
}
