/* server/http/http_metrics.h - what a worker's HTTP server counts: requests by route and status, how long they
 * took, connections, bytes.
 *
 * Threads: the owner counts, with relaxed stores; anyone may read, with relaxed loads.   Waits: never. */
#pragma once
#include "runtime/base/arena.h"
#include "server/http/status.h"

enum { METRICS_BUCKETS = 24 }; /* less than 1 µs << i; the last: more */

struct route_metrics {
    uint64_t by_status[HTTP_STATUS_COUNT];
    uint64_t buckets[METRICS_BUCKETS];
    uint64_t sum_us;
};
struct http_metrics {
    struct route_metrics *routes; /* of the table, and one more for what matched none */
    size_t routes_len;
    uint64_t conns_accepted, conns_refused, accept_pauses, bytes_out;
};

struct http_metrics *http_metrics_new(struct arena *arena, size_t routes_len);
/* `route` is the table's index, or routes_len for none. */
void http_metrics_observe(struct http_metrics *metrics, size_t route, int status, uint64_t us);
