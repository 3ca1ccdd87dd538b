/* server/process/metric.h - a number that each worker has, as a row of a table: who owns the numbers has the
 * table, the page of metrics (metrics.c) writes it down.
 *
 * Threads: a reader runs on any thread while the worker's own goes on: it reads with relaxed atomics, and
 * nothing that comes and goes.   Waits: never. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/counter.h"

struct app;

struct metric {
    const char *name, *type, *help; /* type "counter" or "gauge", as Prometheus means it */
    uint64_t (*read)(const struct app *app, const struct metric *metric);
    size_t offset; /* of the uint64_t in the struct that `read` reads from; else 0 */
};

/* For readers: the counter at the metric's offset in `counters`. */
static inline uint64_t metric_at(const void *counters, const struct metric *metric)
{
    return counter_read((const uint64_t *)(const void *)((const char *)counters + metric->offset));
}
