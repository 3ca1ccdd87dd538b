/* runtime/http_client.h - calls to partners: libcurl's multi interface on the loop.
 *
 * A `struct partner` is one remote API with its own connection cap, bounded queue, circuit breaker
 * and counters, so that a slow one delays only its own callers. No redirects, http and https only,
 * certificates always checked, answers capped.
 *
 * Threads: an http_client and its partners belong to one loop.   Waits: http_fetch only. */
#pragma once
#include "runtime/loop.h"

struct http_client;
struct partner;

struct partner_options {
    const char *name;        /* for metrics and logs */
    struct str base_url;     /* "https://api.example.com" without a trailing slash */
    struct duration timeout; /* of one call, within the ctx's deadline */
    struct duration connect_timeout;
    uint32_t conns_max;
    uint32_t queue_max; /* waiting for a connection; beyond: ERR_UNAVAILABLE */
    uint32_t answer_bytes_max;
    uint32_t breaker_failures;    /* in a row that open the breaker */
    struct duration breaker_open; /* refused at once for so long; then one trial call */
    const char *ca_file;          /* NULL: the system's */
};

struct http_header {
    struct str name, value;
};
struct http_call {
    struct str method; /* "GET", "POST", … */
    struct str path;   /* with query, from "/" on; appended to base_url */
    const struct http_header *headers;
    size_t headers_len;
    struct str body; /* sent as is */
};
struct http_answer {
    int status;
    struct str body; /* in the ctx's arena */
    struct str content_type;
    int32_t retry_after_s; /* from Retry-After in seconds; 0 when absent */
};

/* OK whenever an HTTP answer came, whatever its status.
 *   ERR_UNAVAILABLE  never sent: breaker open, queue full, refused, name not found, TLS failed
 *   ERR_TIMEOUT      unknown: sent (perhaps in part), no complete answer in time, or cut short,
 *                    or the answer was over its cap */
NODISCARD enum err http_fetch(struct ctx *c, struct partner *partner, const struct http_call *call,
                              struct http_answer *answer);
/* The caller judged an HTTP answer: 5xx and nonsense count against the breaker, the rest for it.
 * http_fetch itself already counts its own failures. */
void partner_judge(struct partner *partner, bool good);

struct partner_stats { /* relaxed atomics */
    uint64_t calls, failures, refused_open, refused_full, inflight, queued, breaker_open;
    uint64_t ended, latency_us_sum; /* of calls that were sent, whatever came of them */
};

struct http_client *http_client_new(struct loop *loop);
void http_client_free(struct http_client *client); /* callers still waiting get ERR_CANCELED */
struct partner *partner_new(struct http_client *client, const struct partner_options *options);
/* The partner made after that one; after NULL the first; NULL: there is no other. For any thread, once
 * all are made. */
const struct partner *partner_next(const struct http_client *client, const struct partner *partner);
const struct partner_stats *partner_stats(const struct partner *partner);
const char *partner_name(const struct partner *partner);
