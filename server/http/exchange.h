/* server/http/exchange.h - one request and its answer, in one arena.
 *
 * Made when a head is complete, run on a fiber when the body is, gone when the answer lies in the
 * connection's output. The connection may be gone before it (conn NULL): the answer is then
 * dropped.
 *
 * Threads: the loop's.   Waits: exchange_run's fiber. */
#pragma once
#include "server/http/conn.h"
#include "server/http/http1_chunked.h"

struct exchange {
    struct conn *conn; /* NULL: the client is gone */
    struct http_server *server;
    const struct http_listen *listen;
    struct arena arena; /* this struct lies in it */
    struct ctx ctx;
    struct request request;
    struct response response;
    struct tick began;
    enum reason refused; /* seen before the endpoint: it will not run */
    uint32_t allow;      /* methods of the path */
    bool asterisk, keep_alive_told, close, tls;
    bool running; /* a fiber has it (ctx.fiber is only set while that waits) */
    char client_ip[IP_TEXT_MAX];

    /* the body on its way */
    enum http1_framing framing;
    struct http1_chunked chunked;
    uint64_t body_left;
    char *body; /* with HTTP1_LENGTH: content_length bytes */
    size_t body_len;
    struct strbuf body_text; /* with HTTP1_CHUNKED */

    struct stream *stream;    /* of a route with ROUTE_STREAM */
    uint64_t stream_promised; /* bytes of its answer's body */
    size_t stream_bytes;      /* of its answer, so far in the output */
};

/* Copies the head; looks at everything that needs no wait: id, target, language, address, route. */
struct exchange *exchange_new(struct conn *conn, const struct http1_head *head,
                              const char *head_bytes);
/* For an answer without a request: a refusal that was found before one could be read. */
struct exchange *exchange_new_refused(struct conn *conn, enum reason reason);

/* Cuts the body's next bytes off `*bytes`. HTTP1_BAD: `refused` says why. */
enum http1_result exchange_body(struct exchange *exchange, struct str *bytes);

/* Runs middleware and endpoint on a fiber, or answers 503 when there is none to be had. The
 * exchange may be gone when this returns. */
void exchange_start(struct exchange *exchange);
/* Answers without running the endpoint: at once, or on a fiber when the caller's language has to be
 * looked up. The exchange may be gone when this returns. */
void exchange_refuse(struct exchange *exchange, enum reason reason);
/* The client is gone. What runs is cancelled, unless its route is to finish. */
void exchange_abandon(struct exchange *exchange);

/* Headers that do not depend on the endpoint. */
void exchange_common_headers(struct exchange *exchange);

/* ---- exchange_stream.c: what follows, but for exchange_stream_news, is for exchanges that have one */

void exchange_stream_begin(struct exchange *exchange);
/* The client waits for "100 Continue": sent when the endpoint asks for the body. */
void exchange_stream_continue(struct exchange *exchange);
/* As exchange_body, but HTTP1_MORE may leave bytes: there is no room until conn_body_wanted. */
enum http1_result exchange_stream_body(struct exchange *exchange, struct str *bytes);
/* The rest of the body will not come. */
void exchange_stream_break(struct exchange *exchange, enum reason reason);
/* Something left the connection, or it is gone: whoever waits looks again. Fine without a stream. */
void exchange_stream_news(struct exchange *exchange);
/* Part of the body is still on the connection. False without a stream. */
bool exchange_stream_unread(const struct exchange *exchange);
/* response_begin was called. False without a stream. */
bool exchange_stream_begun(const struct exchange *exchange);
/* The endpoint ended before it wrote all that it had promised. */
bool exchange_stream_cut(const struct exchange *exchange);

/* exchange_render.c: the answer as bytes in the connection's output. -> bytes written */
size_t exchange_render(struct exchange *exchange);
/* access_log.c: counts it, and writes its line. */
void exchange_account(struct exchange *exchange, size_t bytes);
