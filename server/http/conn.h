/* server/http/conn.h - one client connection: a state machine that owns nothing while idle.
 *
 *            first bytes              head complete          body complete
 *   READING ------------> READING ---------------> BODY -------------------> BUSY
 *      ^   (partial head:            |                                         |
 *      |    input buffer)            '-- no body ------------------------------|
 *      '------------------------------- answered, kept alive ------------------'
 *   any --refused, unread bytes--> LINGER --1 s, 1 MiB or the end--> CLOSED --> back to the slab
 *
 * Invariants
 *   1. READING without bytes: no input, no exchange; without unsent bytes also no output.
 *   2. BODY and BUSY: exactly one exchange, and its `conn` is this one. In BODY it runs only if it
 *      streams (exchange_stream.c); then it may end in BODY, and the connection with it.
 *   3. Requests are answered in order: the next is begun when the exchange is gone.
 *   4. One send under way; its bytes belong to the first chunk until `sent`.
 *   5. After conn_end only `ended` happens, and it alone gives memory back.
 *
 * Threads: the loop's.   Waits: never; the exchange's fiber does. */
#pragma once
#include "runtime/sock.h"
#include "server/http/http_server.h"

struct exchange;
struct tls;

enum conn_state { CONN_READING, CONN_BODY, CONN_BUSY, CONN_LINGER, CONN_CLOSED };

/* Received and not yet understood. */
struct conn_input {
    struct arena memory; /* this struct lies in it */
    uint32_t off, len, cap;
    char data[];
};
/* Written and not yet sent. */
struct conn_chunk {
    struct arena memory;
    struct conn_chunk *next;
    uint32_t off, len, cap;
    char data[];
};

struct conn {
    struct sock sock;
    struct timer timer;
    struct task resume_task; /* goes on with buffered input */
    struct task flush_task;
    struct list_link link; /* of server->conns; first word of a free one: the next free */
    struct http_server *server;
    const struct http_listen *listen;
    struct exchange *exchange;
    struct tls *tls;
    struct conn_input *input;
    struct conn_chunk *output, *output_last;
    struct tick read_deadline, write_deadline;
    struct ip peer;
    uint32_t output_bytes; /* unsent */
    uint32_t sending;      /* bytes of the send under way */
    uint32_t scanned;      /* of the partial head: where no line end was found yet */
    uint32_t lingered;
    uint8_t state;
    bool head_begun;  /* the head's deadline is running */
    bool close_after; /* once the output is sent */
    bool linger;      /* … but only after reading on for a while */
    bool eof;         /* the client sends no more */
    bool dispatching; /* inside fiber_start: an exchange that ends now needs no resume_task */
    bool goodbye;     /* TLS: close_notify is queued */
    bool counted;     /* in the table of addresses */
    uint8_t peer_text_len;
    char peer_text[IP_TEXT_MAX];
};

void conn_begin(struct conn *conn, struct http_server *server, const struct http_listen *listen,
                int fd);
/* Over the cap of its address: a 503, then the end. */
void conn_turn_away(struct conn *conn);
/* Says goodbye to the client at once; the exchange goes on alone if its route says so. */
void conn_end(struct conn *conn);
/* Drain: closes if idle; else the answer under way is the last. */
void conn_drain(struct conn *conn);
/* "100 Continue" into the output. */
void conn_send_continue(struct conn *conn);
/* The exchange has room for more of its body: goes on soon. */
void conn_body_wanted(struct conn *conn);
/* The exchange has its answer in the output. */
void conn_answered(struct conn *conn, bool close);

/* ---- conn_input.c ---- */

/* Empty without a buffer. Ends with the next append or keep. */
struct str conn_input_view(const struct conn *conn);
void conn_input_append(struct conn *conn, struct str bytes);
/* Keeps `left`, the end of what was looked at: of the buffer, or of a view that ends with this call. */
void conn_input_keep(struct conn *conn, struct str left, bool from_buffer);
/* Fine without a buffer. */
void conn_input_free(struct conn *conn);

/* ---- conn_output.c ---- */

/* Room for `n` more bytes of output, contiguous; conn_wrote then counts what was written. */
char *conn_reserve(struct conn *conn, size_t n);
void conn_wrote(struct conn *conn, size_t n);
/* Sends what is there, unless a send is under way already. */
void conn_flush(struct conn *conn);
void conn_flush_later(struct conn *conn);
size_t conn_unsent(const struct conn *conn);
/* Of the first chunk, or of the TLS side. */
void conn_sent(struct conn *conn);
bool conn_output_empty(const struct conn *conn);
void conn_output_free(struct conn *conn);
