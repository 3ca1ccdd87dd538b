/* server/http/conn.h - one client's connection: a socket that owns nothing while idle, TLS, output, an end.
 *
 *   OPEN --conn_close, all sent, no request--> (TLS: close_notify) --> CLOSED --> back to the slab
 *                                                    \--unread bytes--> LINGER --1 s, 1 MiB or the end--^
 *
 * What is spoken on it is its protocol's (struct protocol; HTTP/1 in h1_conn.c is the only one).
 *
 * Invariants
 *   1. Without unsent bytes there is no output; without a request under way, nothing of a request.
 *   2. One send under way; its bytes belong to the first chunk until `sent`.
 *   3. After conn_end only `ended` happens, and it alone gives memory back.
 *
 * Threads: the loop's.   Waits: never. */
#pragma once
#include "runtime/sock.h"
#include "server/http/h1.h"
#include "server/http/http_server.h"

struct tls;

enum conn_state { CONN_OPEN, CONN_LINGER, CONN_CLOSED };

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
    struct task flush_task;
    struct list_link link; /* of server->conns; first word of a free one: the next free */
    struct http_server *server;
    const struct http_listen *listen;
    const struct protocol *protocol;
    struct h1 h1; /* what HTTP/1 knows of it */
    struct tls *tls;
    struct conn_chunk *output, *output_last;
    struct tick read_deadline; /* the protocol's */
    struct tick write_deadline;
    uint32_t output_bytes; /* unsent */
    uint32_t sending;      /* bytes of the send under way */
    uint32_t lingered;
    uint32_t requests; /* under way: the protocol counts them */
    uint8_t state;
    bool close_after; /* once the output is sent */
    bool linger;      /* ... but only after reading on for a while */
    bool eof;         /* the client sends no more */
    bool goodbye;     /* TLS: close_notify is queued */
    bool counted;     /* in the table of addresses */
    uint8_t peer_text_len;
    char peer_text[IP_TEXT_MAX];
};

/* What a connection asks of what is spoken on it. Any of them may end the connection. */
struct protocol {
    void (*begin)(struct conn *conn);
    /* Plain bytes; the view ends with the call. */
    void (*received)(struct conn *conn, struct str bytes);
    void (*sent)(struct conn *conn); /* some output left */
    /* After whatever happened; `eof` may be news. Pauses or resumes the socket; ends what cannot go on. */
    void (*settle)(struct conn *conn);
    void (*late)(struct conn *conn); /* read_deadline has passed */
    /* No new requests: conn_close when none is under way, else the answers say that they are the last. */
    void (*drain)(struct conn *conn);
    /* Before anything was read: answers, then ends. */
    void (*refuse)(struct conn *conn, enum reason reason);
    void (*lost)(struct conn *conn); /* conn_end: the requests under way are abandoned */
    void (*release)(
        struct conn *conn); /* gives input back: nothing that arrives is read any more */
};

void conn_begin(struct conn *conn, struct http_server *server, const struct http_listen *listen,
                int fd);
/* Over the cap of its address: a 503, then the end. */
void conn_turn_away(struct conn *conn);
/* Says goodbye to the client at once; a request goes on alone if its route says so. */
void conn_end(struct conn *conn);
/* Drain: closes if idle; else the answer under way is the last. */
void conn_drain(struct conn *conn);

/* ---- for protocols ---- */

/* After something happened outside of the socket's events: ends the connection if that was all, and looks
 * after its deadlines. */
void conn_settle(struct conn *conn);
/* Nothing more can be said now: TLS was not agreed on yet, or broke. */
bool conn_is_mute(const struct conn *conn);
/* Everything was sent. */
bool conn_is_quiet(const struct conn *conn);
static inline struct tick conn_after(const struct conn *conn, struct duration d)
{
    return tick_add(loop_now(conn->server->loop), d);
}

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
