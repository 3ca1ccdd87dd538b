/* server/http/exchange.h - one request and its answer, in one arena.
 *
 * Made by a carrier (carrier.h) when a request begins, run on a fiber when its body is complete, gone when the
 * answer is with the carrier. The client may be gone before it (carrier NULL): the answer is then dropped.
 *
 * Threads: the loop's.   Waits: the fiber that exchange_start begins. */
#pragma once
#include "server/http/carrier.h"
#include "server/http/http_server.h"

/* Who asks, and at which door. */
struct client {
    struct http_server *server;
    const struct http_listen *listen;
    struct str address; /* as text; empty: a Unix socket */
    bool secure;
};

/* Views into the exchange's arena. */
struct request_head {
    enum http_method method;
    struct str path, query;
    const struct header *fields;
    size_t fields_len;
    bool asterisk; /* OPTIONS * */
};

struct exchange {
    struct carrier *carrier; /* NULL: the client is gone */
    struct http_server *server;
    const struct http_listen *listen;
    struct arena arena; /* this struct lies in it */
    struct ctx ctx;
    struct request request;
    struct response response;
    struct tick began;
    enum reason refused; /* seen before the endpoint: it will not run */
    uint32_t allow;      /* methods of the path */
    bool asterisk, secure;
    struct fiber_note note; /* for a panic */
    bool running;           /* a fiber has it (ctx.fiber is only set while that waits) */
    char client_ip[IP_TEXT_MAX];

    uint64_t body_max;   /* that the route takes */
    uint64_t body_bytes; /* so far */
    struct strbuf body;  /* gathered, unless it streams */

    struct stream *stream;    /* of a route with ROUTE_STREAM */
    uint64_t stream_promised; /* bytes of its answer's body */
    size_t bytes;             /* of the answer, so far with the carrier */
};

/* The carrier sets exchange->carrier. A request that ends here without a head was refused: exchange_refuse. */
struct exchange *exchange_new(const struct client *client);
/* Looks at everything that needs no wait: id, caller, language, address, route. */
void exchange_read_head(struct exchange *exchange, const struct request_head *head);

/* A body follows. `refused` is R_BODY_TOO_LARGE when it is announced as more than body_max; a carrier that is
 * not told before counts itself. */
#define BODY_BYTES_UNKNOWN UINT64_MAX
void exchange_expect_body(struct exchange *exchange, uint64_t bytes);
/* How much of it may come now; 0: when the carrier's body_wanted is called. */
size_t exchange_body_room(const struct exchange *exchange);
/* The next bytes of it, at most so many: copied. */
void exchange_body(struct exchange *exchange, struct str data);
/* That was all; also said of a request without one. */
void exchange_body_end(struct exchange *exchange);
/* The rest will not come. Only of one that streams: of another nothing has begun, and it is refused. */
void exchange_body_break(struct exchange *exchange, enum reason reason);

/* Runs middleware and endpoint on a fiber, or answers 503 when there is none to be had. The
 * exchange may be gone when this returns. */
void exchange_start(struct exchange *exchange);
/* Answers without running the endpoint. The exchange is gone when this returns. */
void exchange_refuse(struct exchange *exchange, enum reason reason);
/* The client is gone. What runs is cancelled, unless its route is to finish. */
void exchange_abandon(struct exchange *exchange);
/* Some of the answer left: whoever waits for room looks again. Fine without a stream. */
void exchange_stream_news(struct exchange *exchange);

/* ---- between exchange.c and exchange_stream.c, whose exchanges stream ---- */

void exchange_stream_begin(struct exchange *exchange);
void exchange_stream_expect(struct exchange *exchange);
size_t exchange_stream_room(const struct exchange *exchange);
void exchange_stream_body(struct exchange *exchange, struct str data);
void exchange_stream_body_end(struct exchange *exchange);
/* response_begin was called. False without a stream. */
bool exchange_stream_begun(const struct exchange *exchange);
/* The endpoint ended before it wrote all that it had promised. */
bool exchange_stream_cut(const struct exchange *exchange);
/* The head, with our own fields, and as much of the body as there is, to the carrier. -> bytes */
size_t exchange_put_head(struct exchange *exchange, uint64_t body_bytes, struct str body);

/* access_log.c: counts it, and writes its line. */
void exchange_account(struct exchange *exchange);
