/* server/http/listener.h - a door into an HTTP server: accepts, and knows when not to.
 *
 * Accepting pauses above the server's cap of connections and when the process or the system is out
 * of descriptors; it goes on when a connection has gone, and looks again by itself after a while.
 * Meanwhile the kernel keeps new connections waiting.
 *
 * Threads: the loop's.   Waits: never. */
#pragma once
#include "server/http/http_server.h"

struct listener {
    struct io_op op;
    struct timer again;
    struct list_link link; /* of server->listeners */
    struct http_server *server;
    struct http_listen listen;
    int fd;
    bool stopped; /* for good */
    bool waiting; /* for room */
    bool counted_pause;
};

/* A listening descriptor is taken over. The struct lives until the server's loop is freed. */
void listener_begin(struct listener *listener, struct http_server *server, int fd,
                    const struct http_listen *listen);
/* New connections use `tls` (a reference is taken over), old ones keep theirs. */
void listener_set_tls(struct listener *listener, struct tls_config *tls);
/* A connection went: room for another. */
void listeners_room(struct http_server *server);
/* No connection is accepted any more. */
void listeners_close(struct http_server *server);
