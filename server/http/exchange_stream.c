/* Bodies that are not gathered, and answers that are not built in one piece: routes with
 * ROUTE_STREAM, whose fiber runs while the body is still arriving.
 *
 *   carrier -> [filling half] --swap--> [half that the endpoint reads] -> disk
 *
 *   1. A request holds two chunks of its body, whatever its size: when the filling half is full, the carrier
 *      keeps what comes (HTTP/1: in the connection's input, and too much of that pauses the socket).
 *   2. An answer waits while more than HTTP_OUTPUT_PENDING_MAX of it is unsent.
 *   3. An answer before the body's end is the last of an HTTP/1 connection: what else arrives is dropped.
 *   4. One fiber waits here, for bytes or for room: whatever happens wakes it, and it looks again. */
#include <string.h>

#include "server/http/exchange.h"
#include "server/http/limits.h"

struct waiter {
    struct wait wait;
    struct stream *stream;
};

struct stream {
    struct waiter *waiting;
    char *filling, *reading; /* NULL until the first byte */
    size_t filled;
    bool complete;      /* the whole body came */
    enum reason broken; /* the rest of it will not come */
    bool begun;         /* the answer's head is with the carrier */
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

/* ---- the body, on the carrier's side ---------------------------------------------------------- */

void exchange_stream_begin(struct exchange *exchange)
{
    assert(!exchange->stream);
    exchange->stream = arena_new(&exchange->arena, struct stream);
    exchange->stream->complete = true; /* until a body is announced */
}

void exchange_stream_expect(struct exchange *exchange)
{
    assert(exchange->stream->complete && !exchange->stream->filled);
    exchange->stream->complete = false;
}

size_t exchange_stream_room(const struct exchange *exchange)
{
    assert(exchange->stream->filled <= HTTP_STREAM_CHUNK);
    return HTTP_STREAM_CHUNK - exchange->stream->filled;
}

void exchange_stream_body(struct exchange *exchange, struct str data)
{
    struct stream *stream = exchange->stream;
    assert(!stream->complete && data.len <= HTTP_STREAM_CHUNK - stream->filled);
    if (!stream->filling) {
        stream->filling = arena_push_bytes(&exchange->arena, HTTP_STREAM_CHUNK);
        stream->reading = arena_push_bytes(&exchange->arena, HTTP_STREAM_CHUNK);
    }
    memcpy(stream->filling + stream->filled, data.ptr, data.len);
    stream->filled += data.len;
    exchange_stream_news(exchange);
}

void exchange_stream_body_end(struct exchange *exchange)
{
    exchange->stream->complete = true;
    exchange_stream_news(exchange);
}

void exchange_body_break(struct exchange *exchange, enum reason reason)
{
    assert(exchange->stream && !exchange->stream->complete);
    exchange->stream->broken = reason;
    exchange_stream_news(exchange);
}

/* ---- the endpoint's side ---------------------------------------------------------------------- */

enum err request_body_next(struct ctx *c, struct request *req, struct str *out)
{
    struct exchange *exchange = exchange_of(req);
    struct stream *stream = exchange->stream;
    assert(stream); /* the route has ROUTE_STREAM */
    while (!stream->filled && !stream->complete && !stream->broken) {
        if (!exchange->carrier)
            return ERR_CANCELED;
        exchange->carrier->ops->body_wanted(exchange->carrier, 0);
        TRY(wait_for_news(c, stream));
    }
    if (stream->broken)
        return fail(c, stream->broken);
    assert(stream->filled > 0 || stream->complete);
    *out = str_of(stream->filling, stream->filled);
    char *swapped = stream->reading;
    stream->reading = stream->filling;
    stream->filling = swapped;
    stream->filled = 0;
    if (exchange->carrier && !stream->complete)
        exchange->carrier->ops->body_wanted(exchange->carrier, out->len);
    return OK;
}

enum err response_begin(struct ctx *c, struct request *req, uint64_t body_bytes)
{
    struct exchange *exchange = exchange_of(req);
    struct stream *stream = exchange->stream;
    assert(stream && !stream->begun && c == &exchange->ctx);
    if (!exchange->carrier)
        return ERR_CANCELED;
    exchange->stream_promised = body_bytes;
    exchange->bytes = exchange_put_head(exchange, body_bytes, (struct str){0});
    stream->begun = true;
    return OK;
}

enum err response_write(struct ctx *c, struct request *req, struct str bytes)
{
    struct exchange *exchange = exchange_of(req);
    struct stream *stream = exchange->stream;
    assert(stream->begun && req->method != HTTP_HEAD);
    assert(stream->written + bytes.len <= exchange->stream_promised);
    while (exchange->carrier &&
           exchange->carrier->ops->unsent(exchange->carrier) > HTTP_OUTPUT_PENDING_MAX)
        TRY(wait_for_news(c, stream));
    if (!exchange->carrier)
        return ERR_CANCELED;
    stream->written += bytes.len;
    exchange->bytes += bytes.len;
    exchange->carrier->ops->body(exchange->carrier, bytes);
    return OK;
}

bool exchange_stream_begun(const struct exchange *exchange)
{
    return exchange->stream && exchange->stream->begun;
}

bool exchange_stream_cut(const struct exchange *exchange)
{
    assert(exchange->stream->begun && exchange->stream->written <= exchange->stream_promised);
    return exchange->request.method != HTTP_HEAD &&
           exchange->stream->written < exchange->stream_promised;
}
