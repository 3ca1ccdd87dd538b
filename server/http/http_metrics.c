#include "server/http/http_metrics.h"

#include "runtime/base/counter.h"

struct http_metrics *http_metrics_new(struct arena *arena, size_t routes_len)
{
    struct http_metrics *metrics = arena_new(arena, struct http_metrics);
    metrics->routes = arena_array(arena, struct route_metrics, routes_len + 1);
    metrics->routes_len = routes_len;
    return metrics;
}

void http_metrics_observe(struct http_metrics *metrics, size_t route, int status, uint64_t us)
{
    assert(route <= metrics->routes_len);
    struct route_metrics *counts = &metrics->routes[route];
    unsigned bucket = us ? 64 - (unsigned)__builtin_clzll(us) : 0;
    counter_add(&counts->by_status[http_status_slot(status)], 1);
    counter_add(&counts->buckets[MIN(bucket, METRICS_BUCKETS - 1u)], 1);
    counter_add(&counts->sum_us, us);
}
