/* Bodies that are not gathered, and answers that are not built in one piece: routes with
 * ROUTE_STREAM, whose fiber runs while the body is still arriving.
 *
 *   socket -> conn's input -> [filling half] --swap--> [half that the endpoint reads] -> disk
 *
 *   1. A request holds two chunks of its body, whatever its size: when the filling half is full, bytes
 *      stay in the connection's input, and too many of those pause the socket.
 *   2. An answer waits while more than HTTP_OUTPUT_PENDING_MAX of it is unsent.
 *   3. An answer before the body's end is the connection's last: what else arrives is read and dropped.
 *   4. One fiber waits here, for bytes or for room: whatever happens wakes it, and it looks again. */
#include <string.h>

#include "server/http/exchange.h"

struct waiter {
    struct wait wait;
    struct stream *stream;
};

struct stream {
    struct waiter *waiting;
    char *filling, *reading; /* NULL until the first byte */
    size_t filled;
    bool complete;        /* the whole body was taken off the connection */
    bool continue_wanted; /* the client waits for leave to send it */
    enum reason broken;   /* the rest of it will not come */
    bool begun;           /* the answer's head is in the output */
    uint64_t written;
};

static struct exchange *exchange_of(struct request *req)
{
    return container_of(req, struct exchange, request);
}

static void give_up(struct wait *wait)
{
    container_of(wait, struct waiter, wait)->stream->waiting = NULL;
    wait_done(wait, ERR_CANCELED);
}

static enum err wait_for_news(struct ctx *c, struct stream *stream)
{
    struct waiter waiter = {.wait.cancel = give_up, .stream = stream};
    assert(!stream->waiting);
    stream->waiting = &waiter;
    return wait_park(c, &waiter.wait);
}

void exchange_stream_news(struct exchange *exchange)
{
    struct stream *stream = exchange->stream;
    if (!stream || !stream->waiting)
        return;
    struct waiter *waiter = stream->waiting;
    stream->waiting = NULL;
    wait_done(&waiter->wait, OK);
}

/* ---- the body, on the loop's side ------------------------------------------------------------- */

void exchange_stream_begin(struct exchange *exchange)
{
    exchange->stream = arena_new(&exchange->arena, struct stream);
    exchange->stream->complete = exchange->framing == HTTP1_NO_BODY || exchange->refused;
}

void exchange_stream_continue(struct exchange *exchange)
{
    exchange->stream->continue_wanted = true;
}

/* Of what arrived, as much as there is room for, into `*data`. */
static enum http1_result next_payload(struct exchange *exchange, struct str *bytes, size_t room,
                                      struct str *data)
{
    struct str part = str_take(*bytes, room);
    enum http1_result result = HTTP1_MORE;
    if (exchange->framing == HTTP1_CHUNKED) {
        size_t before = part.len;
        result = http1_chunked_next(&exchange->chunked, &part, data, &exchange->refused);
        *bytes = str_skip(*bytes, before - part.len);
        return result;
    }
    *data = str_take(part, (size_t)MIN(exchange->body_left, (uint64_t)part.len));
    *bytes = str_skip(*bytes, data->len);
    exchange->body_left -= data->len;
    return exchange->body_left ? HTTP1_MORE : HTTP1_DONE;
}

static void keep(struct exchange *exchange, struct str data)
{
    struct stream *stream = exchange->stream;
    if (!stream->filling) {
        stream->filling = arena_push_bytes(&exchange->arena, HTTP_STREAM_CHUNK);
        stream->reading = arena_push_bytes(&exchange->arena, HTTP_STREAM_CHUNK);
    }
    memcpy(stream->filling + stream->filled, data.ptr, data.len);
    stream->filled += data.len;
}

enum http1_result exchange_stream_body(struct exchange *exchange, struct str *bytes)
{
    struct stream *stream = exchange->stream;
    enum http1_result result = stream->complete ? HTTP1_DONE : HTTP1_MORE;
    while (result == HTTP1_MORE && stream->filled < HTTP_STREAM_CHUNK && bytes->len) {
        struct str data = {0};
        result = next_payload(exchange, bytes, HTTP_STREAM_CHUNK - stream->filled, &data);
        if (data.len)
            keep(exchange, data);
    }
    stream->complete = result == HTTP1_DONE;
    if (result == HTTP1_BAD)
        exchange_stream_break(exchange, exchange->refused);
    exchange_stream_news(exchange);
    return result;
}

void exchange_stream_break(struct exchange *exchange, enum reason reason)
{
    exchange->stream->broken = reason;
    exchange_stream_news(exchange);
}

bool exchange_stream_unread(const struct exchange *exchange)
{
    return exchange->stream && !exchange->stream->complete;
}

/* ---- the endpoint's side ---------------------------------------------------------------------- */

enum err request_body_next(struct ctx *c, struct request *req, struct str *out)
{
    struct exchange *exchange = exchange_of(req);
    struct stream *stream = exchange->stream;
    assert(stream); /* the route has ROUTE_STREAM */
    while (!stream->filled && !stream->complete && !stream->broken) {
        if (!exchange->conn)
            return ERR_CANCELED;
        if (stream->continue_wanted)
            conn_send_continue(exchange->conn);
        stream->continue_wanted = false;
        TRY(wait_for_news(c, stream));
    }
    if (stream->broken)
        return fail(c, stream->broken);
    *out = str_of(stream->filling, stream->filled);
    char *swapped = stream->reading;
    stream->reading = stream->filling;
    stream->filling = swapped;
    stream->filled = 0;
    if (exchange->conn && !stream->complete)
        conn_body_wanted(exchange->conn);
    return OK;
}

enum err response_begin(struct ctx *c, struct request *req, uint64_t body_bytes)
{
    struct exchange *exchange = exchange_of(req);
    struct stream *stream = exchange->stream;
    assert(stream && !stream->begun && c == &exchange->ctx);
    if (!exchange->conn)
        return ERR_CANCELED;
    exchange->stream_promised = body_bytes;
    exchange_common_headers(exchange);
    exchange->close |= exchange_stream_unread(exchange);
    exchange->stream_bytes = exchange_render(exchange);
    stream->begun = true;
    conn_flush_later(exchange->conn);
    return OK;
}

enum err response_write(struct ctx *c, struct request *req, struct str bytes)
{
    struct exchange *exchange = exchange_of(req);
    struct stream *stream = exchange->stream;
    assert(stream->begun && req->method != HTTP_HEAD);
    assert(stream->written + bytes.len <= exchange->stream_promised);
    while (exchange->conn && conn_unsent(exchange->conn) > HTTP_OUTPUT_PENDING_MAX)
        TRY(wait_for_news(c, stream));
    if (!exchange->conn)
        return ERR_CANCELED;
    stream->written += bytes.len;
    exchange->stream_bytes += bytes.len;
    while (bytes.len) {
        struct str piece = str_take(bytes, HTTP_OUTPUT_CHUNK);
        memcpy(conn_reserve(exchange->conn, piece.len), piece.ptr, piece.len);
        conn_wrote(exchange->conn, piece.len);
        bytes = str_skip(bytes, piece.len);
    }
    conn_flush_later(exchange->conn);
    return OK;
}

bool exchange_stream_begun(const struct exchange *exchange)
{
    return exchange->stream && exchange->stream->begun;
}

bool exchange_stream_cut(const struct exchange *exchange)
{
    return exchange->request.method != HTTP_HEAD &&
           exchange->stream->written < exchange->stream_promised;
}
