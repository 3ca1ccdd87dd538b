/* A connection is a socket, perhaps TLS on it, the output that waits, and how it ends. It knows when it may
 * end (nothing to send, no request under way) and how to do so without losing the last answer: close_notify,
 * then reading on for a while, because closing a socket with unread bytes resets it. What the bytes mean is
 * its protocol's matter. */
#include "server/http/conn.h"

#include "runtime/tls.h"

static const struct sock_events conn_events;

static struct conn *conn_of(struct sock *sock)
{
    return container_of(sock, struct conn, sock);
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

static void on_timer(struct timer *timer)
{
    struct conn *conn = container_of(timer, struct conn, timer);
    uint64_t now = loop_now(conn->server->loop).ns;
    assert(conn->state != CONN_CLOSED);
    if (conn->write_deadline.ns <= now) {
        conn_end(conn); /* a client that does not read has no use for an explanation */
        return;
    }
    if (conn->read_deadline.ns <= now && conn->state == CONN_OPEN)
        conn->protocol->late(conn);
    else if (conn->read_deadline.ns <= now)
        conn_end(conn);
    watch_deadlines(conn);
}

/* ---- ending ---------------------------------------------------------------------------------- */

void conn_end(struct conn *conn)
{
    if (conn->state == CONN_CLOSED)
        return;
    conn->state = CONN_CLOSED;
    timer_cancel(&conn->timer);
    task_cancel(&conn->flush_task);
    conn->protocol->lost(conn);
    assert(conn->requests == 0);
    sock_end(&conn->sock);
}

static void linger_begin(struct conn *conn)
{
    assert(conn->state == CONN_OPEN && conn->requests == 0);
    assert(conn_is_quiet(conn) && !conn->eof);
    conn->state = CONN_LINGER;
    conn->read_deadline = conn_after(conn, milliseconds(HTTP_LINGER_MS));
    conn->write_deadline = TICK_NEVER;
    conn->protocol->release(conn);
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
    assert(conn->state == CONN_OPEN && conn->requests == 0);
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

bool conn_is_quiet(const struct conn *conn)
{
    return conn_output_empty(conn) && !sock_sending(&conn->sock);
}

bool conn_is_mute(const struct conn *conn)
{
    return conn->tls && tls_state(conn->tls) != TLS_OPEN;
}

/* Ends the connection when nothing more can happen on it. */
static void end_if_done(struct conn *conn)
{
    if (conn->state == CONN_OPEN && conn->close_after && conn->requests == 0 && conn_is_quiet(conn))
        say_goodbye(conn);
}

void conn_settle(struct conn *conn)
{
    if (conn->state == CONN_OPEN)
        conn->protocol->settle(conn);
    end_if_done(conn);
    watch_deadlines(conn);
}

/* ---- the socket's events --------------------------------------------------------------------- */

static void take_plain(struct conn *conn, struct str bytes)
{
    if (conn->state == CONN_OPEN) {
        conn->protocol->received(conn, bytes);
    } else if (conn->state == CONN_LINGER) {
        conn->lingered += (uint32_t)bytes.len;
        if (conn->lingered > HTTP_LINGER_BYTES_MAX)
            conn_end(conn);
    }
}

static void take_cipher(struct conn *conn, struct str bytes)
{
    char *plain = conn->server->tls_plain;
    assert(conn->tls);
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
    assert(conn->state != CONN_CLOSED && bytes.len > 0);
    if (conn->tls)
        take_cipher(conn, bytes);
    else
        take_plain(conn, bytes);
    conn_settle(conn);
}

static void on_finished(struct sock *sock, int error)
{
    struct conn *conn = conn_of(sock);
    assert(conn->state != CONN_CLOSED);
    conn->eof = true;
    if (error || conn->state == CONN_LINGER)
        conn_end(conn); /* broken, or refused already: nobody waits for an answer */
    else
        conn_settle(conn);
}

static void on_sent(struct sock *sock, int error)
{
    struct conn *conn = conn_of(sock);
    assert(conn->state != CONN_CLOSED && conn->sending > 0);
    if (error) {
        conn_end(conn);
        return;
    }
    conn_sent(conn);
    conn_flush(conn);
    if (conn->state == CONN_OPEN)
        conn->protocol->sent(conn);
    if (conn->goodbye && conn_output_empty(conn) && conn->state == CONN_OPEN && !conn->requests)
        say_goodbye(conn);
    conn_settle(conn);
}

static void on_flush(struct task *task)
{
    struct conn *conn = container_of(task, struct conn, flush_task);
    assert(conn->state != CONN_CLOSED);
    conn_flush(conn);
    watch_deadlines(conn);
}

static void on_ended(struct sock *sock)
{
    struct conn *conn = conn_of(sock);
    assert(conn->state == CONN_CLOSED && conn->requests == 0);
    assert(!task_queued(&conn->flush_task) && !timer_armed(&conn->timer));
    conn->protocol->release(conn);
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
    assert(fd >= 0 && !conn->server && conn->state == CONN_OPEN);
    conn->server = server;
    conn->listen = listen;
    conn->protocol = &h1_protocol;
    conn->timer.fire = on_timer;
    conn->flush_task.run = on_flush;
    conn->write_deadline = TICK_NEVER;
    conn->protocol->begin(conn);
    if (listen->tls) {
        conn->tls = tls_new(listen->tls);
        conn->read_deadline = conn_after(conn, server->options.head_timeout);
    }
    sock_begin(&conn->sock, server->loop, fd, &conn_events);
    watch_deadlines(conn);
}

void conn_turn_away(struct conn *conn)
{
    assert(!conn->counted && conn->requests == 0);
    if (conn->tls)
        conn_end(conn); /* a handshake is what a flood wants us to do */
    else
        conn->protocol->refuse(conn, R_OVERLOADED);
    conn->close_after = true;
}

void conn_drain(struct conn *conn)
{
    assert(conn->server->draining);
    if (conn->state != CONN_OPEN)
        return;
    conn->protocol->drain(conn);
    end_if_done(conn);
}
