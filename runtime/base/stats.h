/* runtime/base/stats.h - counters of what happened, summed over threads by the metrics endpoint.
 *
 * One table (stats.def); each thread counts in its own cache lines with relaxed stores, so a count
 * costs one add.
 *
 * Waits: never. */
#pragma once
#include "runtime/base/base.h"

enum stat {
#define STAT(name, metric, labels, help) STAT_##name,
#include "runtime/base/stats.def"
#undef STAT
    STAT_COUNT
};
struct stat_info {
    const char *metric; /* Prometheus name; equal neighbours form one family */
    const char *labels; /* "channel=\"sms\"" or "" */
    const char *help;
};
extern const struct stat_info stat_infos[STAT_COUNT];
void stat_add(enum stat stat, uint64_t n);
static inline void stat_count(enum stat stat)
{
    stat_add(stat, 1);
}
uint64_t stat_sum(enum stat stat); /* over all threads that ever counted */
