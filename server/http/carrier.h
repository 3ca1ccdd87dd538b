/* server/http/carrier.h - how an answer reaches its client: the seam between what is spoken on a connection
 * and what is answered.
 *
 *     conn.c                      socket, TLS, chunks of output, an orderly end
 *       |   struct protocol       (conn.h)
 *     h1_conn.c  h1_carrier.c     HTTP/1: heads, bodies and their framing, one request at a time
 *       |   struct carrier        one request: a connection here, a stream with HTTP/2
 *     exchange.c                  caller, route, endpoint; knows neither sockets nor framing
 *
 * Upwards, the carrier tells the exchange (exchange.h) of a request: exchange_new, exchange_read_head,
 * exchange_expect_body, exchange_body, exchange_body_end, exchange_start; or exchange_refuse; and, when its
 * client is gone, exchange_abandon. Downwards, the exchange calls the functions below, in this order: `head`
 * once, `body` any number of times, `ended` once. After exchange_abandon it calls none.
 *
 * HTTP/2 would be a file beside h1_conn.c, h2_conn.c, with an nghttp2 session per connection and a carrier per
 * stream (its stream user data, from a pool: what is unsent outlives the exchange):
 *   - struct protocol: `received` is nghttp2_session_mem_recv, `sent` and a flush task move what
 *     nghttp2_session_mem_send gives into conn_reserve, `drain` is nghttp2_submit_shutdown_notice and a GOAWAY
 *     a round trip later, `late` ends a session without streams. tls.c offers "h2", and conn_begin's choice of
 *     a protocol becomes a look at what the handshake agreed on.
 *   - on_begin_headers: exchange_new; on_header: the field, copied into the exchange's arena, pseudo-fields
 *     into the request_head; on_frame_recv of HEADERS: exchange_read_head, and exchange_expect_body unless the
 *     stream ends there; on_data_chunk_recv: exchange_body; the stream's end: exchange_body_end. What this
 *     server refuses in HTTP/1 by its parser (two lengths, a field with a control character), nghttp2 refuses
 *     by its own checks (RFC 9113 §8.1.1).
 *   - `body_wanted(n)`: nghttp2_session_consume_stream(n): with no_auto_window_update the window is the
 *     backpressure that pausing the socket is in HTTP/1.
 *   - `head`: nghttp2_submit_response with ":status", the fields and common_fields (the names are lowered
 *     by nghttp2), and a data provider that reads the stream's chunks; `body` adds to these and calls
 *     nghttp2_session_resume_data; `unsent` counts them; `ended`: the provider says EOF, or, if the answer is
 *     not whole, nghttp2_submit_rst_stream.
 *   - on_stream_close: exchange_abandon, if the exchange is still there. Streams that the client resets count
 *     against the connection (CVE-2023-44487), as do those above SETTINGS_MAX_CONCURRENT_STREAMS.
 *
 * Threads: the loop's.   Waits: never. */
#pragma once
#include "server/api.h"

struct carrier;
struct exchange;

enum { ANSWER_HAS_NO_BODY = -1 };

struct answer_head {
    int status;
    const struct header
        *fields; /* its own; what all answers carry (common_fields) comes beside them */
    size_t fields_len;
    int64_t body_bytes; /* to be told as Content-Length; ANSWER_HAS_NO_BODY: 204 and 304 */
};

struct carrier_ops {
    /* The head, and as much of the body as there is: copied. -> bytes that it will be, for the log. */
    size_t (*head)(struct carrier *carrier, const struct answer_head *head, struct str body);
    /* More of the body: copied. */
    void (*body)(struct carrier *carrier, struct str bytes);
    /* Bytes of answers that the client has not taken yet. */
    size_t (*unsent)(const struct carrier *carrier);
    /* A streaming endpoint wants its body: there is room for `room` bytes more than there was (0: it asks for
     * the first time, and a client that waits for leave to send gets it). */
    void (*body_wanted)(struct carrier *carrier, size_t room);
    /* The exchange is over; its arena, and what the carrier has in it, ends when this returns. Not `whole`:
     * the answer is shorter than its head said. */
    void (*ended)(struct carrier *carrier, bool whole);
};

struct carrier {
    const struct carrier_ops *ops;
    struct exchange *exchange;
};
