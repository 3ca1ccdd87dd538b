/* server/process/metrics.h - counts of requests, and the page that Prometheus reads.
 *
 * Each worker counts for itself with relaxed stores; the page sums over all of them.
 *
 * Threads: metrics_observe by the owner, metrics_page by anyone.   Waits: never. */
#pragma once
#include "server/http/router.h"

struct process;

enum { METRICS_STATUSES = 29, METRICS_BUCKETS = 24 }; /* buckets: < 1 µs << i, the last: more */

struct route_metrics {
    uint64_t by_status[METRICS_STATUSES];
    uint64_t buckets[METRICS_BUCKETS];
    uint64_t sum_us;
};
struct http_metrics {
    struct route_metrics *routes; /* of the table, and one more for what matched none */
    size_t routes_len;
    uint64_t conns_accepted, conns_refused, accept_pauses, bytes_out;
};

struct http_metrics *metrics_new(struct arena *arena, size_t len);
/* `route` is the table's index, or routes_len for none. */
void metrics_observe(struct http_metrics *metrics, size_t route, int status, uint64_t us);
/* Adds one; for counters of this struct. */
static inline void metrics_count(uint64_t *counter, uint64_t n)
{
    __atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}
void metrics_page(struct process *process, struct strbuf *out);
/* metrics_partners.c: the part of the page about those whom we call. */
void metrics_partners(struct process *process, struct strbuf *out);
