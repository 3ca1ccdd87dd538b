/* Commands gather in `out[FILLING]` during a turn and leave in one send at its end; while that is
 * under way the next ones gather. Replies come in the order of the commands:
 *
 *      calls:  [answered] head ... [reply due] ... handed ... [not yet with the kernel] ... tail
 *
 * Orphaned replies: a caller that cannot wait any longer leaves NULL in its place. The place, and
 * with it the order, stays until the reply has come and is thrown away. It counts against
 * inflight_max all the while, so a Redis that hangs cannot make the line grow.
 *
 * When the connection breaks, calls before `handed` may have run (ERR_TIMEOUT), those after it have
 * not (ERR_UNAVAILABLE). */
#include "runtime/redis_conn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/counter.h"
#include "runtime/outbuf.h"
#include "runtime/redis_reply.h"
#include "runtime/sock.h"

enum {
    OUT_BYTES_MAX = 4 * 1024 *
                    1024, /* waiting to be sent; a peer that reads nothing gets no more */
    OUT_BYTES_KEPT = 64 * 1024
};
enum { FILLING, SENDING, OUT_BUFFERS };

struct call { /* on the caller's stack */
    struct wait wait;
    struct redis_conn *conn;
    uint64_t place;
    struct arena *arena;
    struct redis_reply *out;
};

struct redis_conn {
    struct loop *loop;
    struct redis_conn_options options;
    struct sock sock;
    struct redis_parser parser;
    struct outbuf out[OUT_BUFFERS];
    struct task flush;
    struct timer watchdog;
    struct tick heard; /* when a byte last came, or when the first reply became due */
    uint64_t head, handed, tail;
    bool ending;
    struct call *calls[]; /* inflight_max of them, a circle */
};

static struct call **place_of(struct redis_conn *conn, uint64_t place)
{
    return &conn->calls[place % conn->options.inflight_max];
}

/* ---- the end -------------------------------------------------------------------------------- */

static void fail_calls(struct redis_conn *conn, enum err sent, enum err unsent)
{
    for (; conn->head < conn->tail; conn->head++) {
        struct call *call = *place_of(conn, conn->head);
        enum err result = conn->head < conn->handed ? sent : unsent;
        counter_add(&conn->options.stats->inflight, -1ull);
        if (!call)
            continue;
        counter_add(result == ERR_UNAVAILABLE ? &conn->options.stats->unavailable
                                              : &conn->options.stats->unknown,
                    1);
        wait_done(&call->wait, result);
    }
    assert(conn->head == conn->tail);
}

static void conn_end(struct redis_conn *conn, enum err sent, enum err unsent)
{
    assert(!conn->ending);
    conn->ending = true;
    task_cancel(&conn->flush);
    timer_cancel(&conn->watchdog);
    fail_calls(conn, sent, unsent);
    sock_end(&conn->sock);
}

void redis_conn_end(struct redis_conn *conn, enum err result)
{
    if (!conn->ending)
        conn_end(conn, result, result);
}

static void lose(struct redis_conn *conn, const char *why)
{
    if (conn->ending)
        return;
    conn_end(conn, ERR_TIMEOUT, ERR_UNAVAILABLE);
    conn->options.lost(conn, conn->options.owner, why);
}

static void sock_ended(struct sock *sock)
{
    struct redis_conn *conn = container_of(sock, struct redis_conn, sock);
    redis_parser_fini(&conn->parser);
    for (size_t i = 0; i < OUT_BUFFERS; i++)
        outbuf_free(&conn->out[i]);
    free(conn);
}

/* ---- commands out --------------------------------------------------------------------------- */

static void flush_run(struct task *task)
{
    struct redis_conn *conn = container_of(task, struct redis_conn, flush);
    if (sock_sending(&conn->sock) || conn->out[FILLING].len == 0)
        return;
    assert(conn->out[SENDING].len == 0 && conn->handed < conn->tail);
    struct outbuf full = conn->out[FILLING];
    conn->out[FILLING] = conn->out[SENDING];
    conn->out[SENDING] = full;
    conn->handed = conn->tail;
    sock_send(&conn->sock, full.ptr, full.len);
}

static void sock_sent(struct sock *sock, int error)
{
    struct redis_conn *conn = container_of(sock, struct redis_conn, sock);
    if (error) {
        lose(conn, strerror(error));
        return;
    }
    conn->out[SENDING].len = 0;
    if (conn->out[SENDING].cap > OUT_BYTES_KEPT)
        outbuf_free(&conn->out[SENDING]);
    flush_run(&conn->flush);
}

enum { NUMBER_LINE_MAX = 24 }; /* "$18446744073709551615\r\n" and its NUL */

static size_t command_bytes_max(const struct str *words, size_t words_len)
{
    size_t bytes = NUMBER_LINE_MAX;
    for (size_t i = 0; i < words_len; i++)
        bytes += NUMBER_LINE_MAX + words[i].len + 2;
    return bytes;
}

static void add_number_line(struct outbuf *out, char kind, size_t n)
{
    out->len += (size_t)snprintf(outbuf_reserve(out, NUMBER_LINE_MAX), NUMBER_LINE_MAX, "%c%zu\r\n",
                                 kind, n);
}

static void add_command(struct outbuf *out, const struct str *words, size_t words_len)
{
    add_number_line(out, '*', words_len);
    for (size_t i = 0; i < words_len; i++) {
        add_number_line(out, '$', words[i].len);
        outbuf_add(out, words[i]);
        outbuf_add(out, STR("\r\n"));
    }
}

/* ---- replies in ----------------------------------------------------------------------------- */

static void take_reply(struct redis_conn *conn, const struct redis_reply *reply)
{
    assert(conn->head < conn->handed && conn->handed <= conn->tail);
    struct call *call = *place_of(conn, conn->head++);
    counter_add(&conn->options.stats->inflight, -1ull);
    if (!call)
        return;
    redis_reply_copy(call->arena, reply, call->out);
    wait_done(&call->wait, OK);
}

static void sock_received(struct sock *sock, struct str bytes)
{
    struct redis_conn *conn = container_of(sock, struct redis_conn, sock);
    conn->heard = loop_now(conn->loop);
    redis_parser_feed(&conn->parser, bytes);
    for (;;) {
        const struct redis_reply *reply;
        const char *why;
        switch (redis_parser_next(&conn->parser, &reply, &why)) {
        case REDIS_PARSED_NONE: return;
        case REDIS_PARSED_BROKEN: lose(conn, why); return;
        case REDIS_PARSED_ONE: break;
        }
        if (conn->head == conn->handed) { /* -ERR max number of clients, or no Redis at all */
            lose(conn, reply->type == REDIS_ERROR ? reply->text.ptr : "a reply to no command");
            return;
        }
        take_reply(conn, reply);
    }
}

static void sock_finished(struct sock *sock, int error)
{
    struct redis_conn *conn = container_of(sock, struct redis_conn, sock);
    lose(conn, error ? strerror(error) : "the server closed the connection");
}

static void watchdog_fire(struct timer *timer)
{
    struct redis_conn *conn = container_of(timer, struct redis_conn, watchdog);
    struct tick until = tick_add(conn->heard, conn->options.silence_max);
    if (conn->head == conn->tail)
        return;
    if (loop_now(conn->loop).ns >= until.ns)
        lose(conn, "no reply in time");
    else
        timer_set(conn->loop, &conn->watchdog, until);
}

/* ---- calls ---------------------------------------------------------------------------------- */

static void call_abandon(struct wait *wait)
{
    struct call *call = container_of(wait, struct call, wait);
    struct call **place = place_of(call->conn, call->place);
    assert(*place == call);
    *place = NULL; /* its reply is still to come, and belongs to nobody */
    counter_add(&call->conn->options.stats->unknown, 1);
    wait_done(wait, ERR_TIMEOUT);
}

enum err redis_conn_call(struct ctx *c, struct redis_conn *conn, const struct str *words,
                         size_t words_len, struct redis_reply *out)
{
    assert(words_len > 0 && conn->tail - conn->head <= conn->options.inflight_max);
    struct redis_stats *stats = conn->options.stats;
    size_t bytes = command_bytes_max(words, words_len);
    if (conn->ending || conn->tail - conn->head == conn->options.inflight_max ||
        conn->out[FILLING].len + bytes > OUT_BYTES_MAX) {
        counter_add(&stats->unavailable, 1);
        return ERR_UNAVAILABLE;
    }
    struct call call = {.wait.cancel = call_abandon,
                        .conn = conn,
                        .place = conn->tail,
                        .arena = c->arena,
                        .out = out};
    if (conn->head == conn->tail)
        conn->heard = loop_now(conn->loop);
    *place_of(conn, conn->tail++) = &call;
    outbuf_reserve(&conn->out[FILLING], bytes);
    add_command(&conn->out[FILLING], words, words_len);
    loop_flush_later(conn->loop, &conn->flush);
    if (!timer_armed(&conn->watchdog))
        timer_set(conn->loop, &conn->watchdog, tick_add(conn->heard, conn->options.silence_max));
    c->costs.redis_commands++;
    counter_add(&stats->commands, 1);
    counter_add(&stats->inflight, 1);
    return wait_park(c, &call.wait);
}

struct redis_conn *redis_conn_new(struct loop *loop, int fd,
                                  const struct redis_conn_options *options)
{
    static const struct sock_events events = {.received = sock_received,
                                              .finished = sock_finished,
                                              .sent = sock_sent,
                                              .ended = sock_ended};
    assert(options->inflight_max > 0);
    struct redis_conn *conn =
        calloc(1, sizeof(*conn) + options->inflight_max * sizeof(struct call *));
    if (!conn)
        base_die(__FILE__, __LINE__, "out of memory");
    conn->loop = loop;
    conn->options = *options;
    conn->flush.run = flush_run;
    conn->watchdog.fire = watchdog_fire;
    redis_parser_init(&conn->parser, loop_arenas(loop), options->reply_bytes_max);
    sock_begin(&conn->sock, loop, fd, &events);
    return conn;
}
