/* server/http/http_server.h - one worker's HTTP server: what its connections share.
 *
 * Connections live in a slab that never shrinks; their buffers come from pools and only while there
 * is something in them. One http_server has any number of listeners (listener.h), each with a
 * routing table of its own.
 *
 * Threads: a server belongs to its loop.   Waits: never. */
#pragma once
#include "runtime/loop.h"
#include "server/http/cidr.h"
#include "server/http/common_fields.h"
#include "server/http/http_metrics.h"
#include "server/http/router.h"
#include "server/http/str_list.h"

struct conn;
struct http1_head;
struct token_gate;
struct tls_config;

struct http_options {
    struct app *app;                 /* what requests carry to their endpoints; never looked into */
    const struct token_gate *tokens; /* NULL: nobody is known */
    size_t head_bytes_max, body_bytes_max;
    uint64_t stream_bytes_max;                 /* body of a route with ROUTE_STREAM */
    uint32_t conns_max, conns_per_address_max; /* of this worker */
    uint32_t requests_max;                     /* under way; the loop refuses beyond */
    struct duration idle_timeout, head_timeout, body_timeout, write_timeout, request_timeout;
    struct duration stream_timeout; /* for its body to arrive, or its answer to leave */
    struct cidr_list trusted;
    struct str_list cors;
    bool access_log;
};

/* What differs between the doors into one server. */
struct http_listen {
    const struct router *router;
    struct http_metrics *metrics; /* NULL: not counted, not logged (the admin listener) */
    struct tls_config *tls;       /* NULL: plain; replaced by http_listen_tls */
};

/* Connections per address, counted by open hashing; an entry lives while its count is over 0. */
struct address_count {
    struct address_count *next;
    struct ip ip;
    uint32_t conns;
};
enum { ADDRESS_BUCKETS = 1024 };

struct http_server {
    struct loop *loop;
    struct http_options options;
    struct arena_pool input_pool, output_pool, slab_pool;
    struct arena slab;
    struct conn *conns_free;
    struct list conns; /* struct conn.link */
    uint32_t conns_len;
    struct address_count *addresses[ADDRESS_BUCKETS], *addresses_free;

    struct http1_head *head; /* of the request being parsed: used within one call only */
    char *tls_plain;         /* likewise, decrypted bytes: TLS_PLAIN_BYTES */

    char id_prefix[12];
    uint64_t id_next;
    uint32_t requests_live;    /* exchanges, those whose body is still arriving too */
    uint32_t requests_running; /* of them, those with a fiber */

    struct common_fields common;

    bool draining;
    struct task drained_task;
    void (*drained)(struct http_server *server); /* the last connection of a draining server left */
    struct list listeners;                       /* struct listener.link */
};
enum { TLS_PLAIN_BYTES = 16384 };

/* Lives in `arena`, as long as the loop. Copies `options`. */
struct http_server *http_server_new(struct loop *loop, struct arena *arena,
                                    const struct http_options *options);
/* No connection and no request is left. */
void http_server_free(struct http_server *server);

/* Takes over a connected descriptor. Over the cap of its address it gets a 503 and is closed. */
void http_server_adopt(struct http_server *server, const struct http_listen *listen, int fd);
/* Idle connections close now, others after the answer under way; then `drained` is called once
 * (soon, never from within this call). */
void http_server_drain(struct http_server *server, void (*drained)(struct http_server *server));
/* Cancels what is under way and closes everything; `drained` still comes. */
void http_server_abort(struct http_server *server);

/* ---- for conn*.c, exchange.c and listener.c ---- */

/* 24 hex digits: random per worker, then a count. */
enum { REQUEST_ID_LEN = 24 };
void http_server_request_id(struct http_server *server, char out[REQUEST_ID_LEN]);
void http_server_conn_gone(struct conn *conn);
void http_server_check_drained(struct http_server *server);
