/* tests/sim/http_fixture.h - the real HTTP server on a simulated ring: listeners, connections,
 * exchanges and fibers as they are, endpoints made for the tests. */
#pragma once
#include <stdlib.h>

#include "runtime/io_sim.h"
#include "server/http/conn.h"
#include "server/http/exchange.h"
#include "server/http/listener.h"
#include "tests/test.h"

struct http_sim {
    struct loop *loop;
    struct io_sim *sim;
    struct arena_pool arenas;
    struct arena arena; /* as old as the server */
    struct http_server *server;
    struct listener listener;
    struct io_addr addr;
    bool drained;
};

extern struct http_sim http; /* one at a time */
/* What the endpoints saw. */
extern struct seen {
    int runs, finished, canceled, order[512];
    char last_body[70000];
    size_t last_body_len;
    uint64_t streamed, stream_sum; /* bytes of streamed bodies, and a sum over them in order */
    size_t chunk_max;
    enum err stream_err; /* with which the last one ended */
} seen;
/* The n-th byte of every streamed body and answer here. */
static inline char stream_byte(uint64_t n)
{
    return (char)('a' + (n * 7 + n / 251) % 26);
}

/* Options may be NULL: a plain sim, plain limits. */
void http_begin(const struct sim_options *sim, const struct http_options *options);
void http_end(void); /* everything must have been given back */
struct http_options http_defaults(void);

struct sim_peer *http_connect(void);
/* Complete answers received so far; *last: status of the last one. */
int http_answers(struct sim_peer *peer, int *last);
bool http_says(struct sim_peer *peer, const char *text);
