#include "server/http/http_metrics.h"

#include "tests/unit/server/fixture.h"

TEST(requests_are_counted_by_route_and_status)
{
    FIXTURE;
    struct http_metrics *metrics = http_metrics_new(&f.arena, 2);
    http_metrics_observe(metrics, 0, 200, 10);
    http_metrics_observe(metrics, 0, 404, 20);
    http_metrics_observe(metrics, 2, 404, 30);
    CHECK_INT(metrics->routes[0].by_status[0], 1);
    CHECK_INT(metrics->routes[0].sum_us, 30);
    CHECK_INT(metrics->routes[1].sum_us, 0);
    CHECK_INT(metrics->routes[2].sum_us, 30);
}

TEST(latencies_fall_into_powers_of_two)
{
    FIXTURE;
    struct http_metrics *metrics = http_metrics_new(&f.arena, 1);
    http_metrics_observe(metrics, 0, 200, 0);
    http_metrics_observe(metrics, 0, 200, 1);
    http_metrics_observe(metrics, 0, 200, 127);
    http_metrics_observe(metrics, 0, 200, 128);
    http_metrics_observe(metrics, 0, 200, UINT64_MAX / 2);
    const uint64_t *buckets = metrics->routes[0].buckets;
    CHECK_INT(buckets[0], 1);
    CHECK_INT(buckets[1], 1);
    CHECK_INT(buckets[7], 1);
    CHECK_INT(buckets[8], 1);
    CHECK_INT(buckets[METRICS_BUCKETS - 1], 1);
}

TEST(every_status_that_a_refusal_can_have_has_a_place)
{
    FIXTURE;
    struct http_metrics *metrics = http_metrics_new(&f.arena, 1);
    for (int reason = 1; reason < R_COUNT; reason++)
        http_metrics_observe(metrics, 0, error_status((enum reason)reason), 1);
    CHECK_INT(metrics->routes[0].sum_us, R_COUNT - 1);
}
