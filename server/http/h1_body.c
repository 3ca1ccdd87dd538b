/* A body out of its framing, one length or chunks, into its exchange. */
#include "server/http/conn.h"
#include "server/http/exchange.h"

void h1_expect_body(struct h1_request *request, const struct http1_head *head)
{
    struct exchange *exchange = request->carrier.exchange;
    request->framing = head->framing;
    request->body_left = head->content_length;
    if (head->framing == HTTP1_CHUNKED) {
        exchange_expect_body(exchange, BODY_BYTES_UNKNOWN);
        http1_chunked_begin(&request->chunked, exchange->body_max);
    } else if (head->framing == HTTP1_LENGTH && head->content_length) {
        exchange_expect_body(exchange, head->content_length);
    } else {
        request->framing = HTTP1_NO_BODY;
    }
}

/* Cuts the next payload off `*bytes`, at most `room`. */
static enum http1_result next_payload(struct h1_request *request, struct str *bytes, size_t room,
                                      struct str *data, enum reason *reason)
{
    struct str part = str_take(*bytes, room);
    assert(part.len > 0);
    if (request->framing == HTTP1_CHUNKED) {
        size_t before = part.len;
        enum http1_result result = http1_chunked_next(&request->chunked, &part, data, reason);
        *bytes = str_skip(*bytes, before - part.len);
        return result;
    }
    *data = str_take(part, (size_t)MIN(request->body_left, (uint64_t)part.len));
    *bytes = str_skip(*bytes, data->len);
    request->body_left -= data->len;
    return request->body_left ? HTTP1_MORE : HTTP1_DONE;
}

enum http1_result h1_take_payload(struct conn *conn, struct str *bytes, enum reason *reason)
{
    struct h1_request *request = conn->h1.request;
    struct exchange *exchange = request->carrier.exchange;
    assert(conn->h1.state == H1_BODY);
    enum http1_result result = request->framing == HTTP1_NO_BODY ? HTTP1_DONE : HTTP1_MORE;
    size_t room;
    while (result == HTTP1_MORE && bytes->len && (room = exchange_body_room(exchange)) > 0) {
        struct str data = {0};
        result = next_payload(request, bytes, room, &data, reason);
        if (data.len == 0)
            continue;
        request->continue_wanted = false;
        exchange_body(exchange, data);
    }
    if (result == HTTP1_DONE)
        exchange_body_end(exchange);
    return result;
}
