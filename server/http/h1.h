/* server/http/h1.h - HTTP/1 on a connection: a state machine that owns nothing while idle.
 *
 *            first bytes              head complete          body complete
 *   READING ------------> READING ---------------> BODY -------------------> BUSY
 *      ^   (partial head:            |                                         |
 *      |    input buffer)            '-- no body ------------------------------|
 *      '------------------------------- answered, kept alive ------------------'
 *
 * Invariants
 *   1. READING without bytes: no input, no request.
 *   2. BODY and BUSY: exactly one request, whose exchange's carrier it is. In BODY it runs only if it streams
 *      (exchange_stream.c); then it may end in BODY, and the connection with it.
 *   3. Requests are answered in order: the next is begun when the one before is gone.
 *
 * Threads: the loop's.   Waits: never; an exchange's fiber does. */
#pragma once
#include "runtime/loop.h"
#include "server/http/carrier.h"
#include "server/http/http1_chunked.h"

struct conn;

enum h1_state { H1_READING, H1_BODY, H1_BUSY };

/* Received and not yet understood. */
struct h1_input {
    struct arena memory; /* this struct lies in it */
    uint32_t off, len, cap;
    char data[];
};

/* The request under way; lies in its exchange's arena. */
struct h1_request {
    struct carrier carrier;
    struct conn *conn;
    enum http1_framing framing;
    struct http1_chunked chunked;
    uint64_t body_left; /* with HTTP1_LENGTH */
    bool close;         /* the connection ends after the answer */
    bool keep_alive_told;
    bool continue_wanted; /* the client waits for leave to send the body */
};

struct h1 {
    struct h1_request *request; /* NULL: none is under way */
    struct h1_input *input;
    struct task resume_task; /* goes on with buffered input */
    uint32_t scanned;        /* of the partial head: where no line end was found yet */
    uint8_t state;
    bool head_begun;  /* the head's deadline is running */
    bool dispatching; /* inside exchange_start: one that ends now needs no resume_task */
};

extern const struct protocol h1_protocol; /* conn.h */

/* ---- h1_carrier.c: the request as a carrier of its answer ---- */

extern const struct carrier_ops h1_carrier_ops;
/* "100 Continue" into the output. */
void h1_send_continue(struct conn *conn);

/* ---- h1_body.c ---- */

/* What the head says of a body, to the exchange. "Content-Length: 0" is none. */
void h1_expect_body(struct h1_request *request, const struct http1_head *head);
/* Cuts what can be taken now off `*bytes`. HTTP1_MORE: more of it has to arrive, or, with bytes left, the
 * endpoint to take what is there. HTTP1_BAD: `*reason`. */
enum http1_result h1_take_payload(struct conn *conn, struct str *bytes, enum reason *reason);

/* ---- h1_conn.c, for h1_carrier.c ---- */

/* The answer is in the output; `close`: nothing may follow it. */
void h1_answered(struct conn *conn, bool close);
/* There is room for more of the body: goes on soon. */
void h1_resume(struct conn *conn);

/* ---- h1_input.c ---- */

/* Empty without a buffer. Ends with the next append or keep. */
struct str h1_input_view(const struct conn *conn);
void h1_input_append(struct conn *conn, struct str bytes);
/* Keeps `left`, the end of what was looked at: of the buffer, or of a view that ends with this call. */
void h1_input_keep(struct conn *conn, struct str left, bool from_buffer);
/* Fine without a buffer. */
void h1_input_free(struct conn *conn);
