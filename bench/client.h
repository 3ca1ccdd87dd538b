/* bench/client.h - many keep-alive connections that send requests and time the answers.
 *
 * Closed loop: every connection has `depth` requests under way, always: it measures what a server
 * can do. Open loop: requests arrive at random (Poisson) at a fixed rate, whatever the server does,
 * and an answer's latency counts from the moment its request was *meant* to be sent; a server that
 * stalls is charged for everything that had to wait meanwhile ("coordinated omission" is what it is
 * called when it is not).
 *
 * Its own small ring loop, on nothing of the project's runtime: a fault there must not hide on both
 * sides of a measurement. One thread; errors of the set-up end the program. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "bench/histogram.h"
#include "bench/template.h"

struct client_options {
    uint32_t address; /* IPv4, network order */
    uint16_t port;
    uint32_t connections;
    uint32_t depth;
    uint32_t sources; /* spread over this many local addresses 127.0.0.1, .2, ... (0: any) */
    bool tls;
    bool hold;             /* each connection sends one request, then is left alone */
    double rate;           /* requests/s of the open loop; 0: closed loop */
    uint64_t ramp_ns;      /* the connections are opened evenly over this time */
    uint64_t first;        /* number of the first request, for the template */
    uint64_t requests_max; /* 0: no bound */
    uint64_t seed;
    const struct request_template *request;
};

struct tally {
    struct histogram latency;
    uint64_t responses, lost, malformed, reconnects;
    uint64_t dropped; /* open loop: arrivals that found the queue of waiting ones full */
    uint64_t status[600];
};

struct client;

struct client *client_new(const struct client_options *options);
/* Until this time of client_now_ns, or until requests_max answers are in. */
void client_run(struct client *client, uint64_t until_ns);
/* Counts since the last client_reset. */
const struct tally *client_tally(const struct client *client);
void client_reset(struct client *client);
/* Responses since client_new, and connections that are open and have had an answer. */
uint64_t client_responses(const struct client *client);
uint32_t client_answered(const struct client *client);
bool client_done(const struct client *client);

uint64_t client_now_ns(void);
