/* bench/histogram.h - durations counted in buckets whose width grows with the value.
 *
 * Log-linear, as HdrHistogram does it: each power of two is cut into 64 equal buckets, so a
 * percentile read back is at most 1/64 (1.6 %) above the recorded value, from 1 ns to 9 minutes,
 * in 18 KiB and without sorting. Plain data: zeroed is empty. */
#pragma once
#include <stdint.h>

enum {
    HISTOGRAM_SUB_BITS = 6,
    HISTOGRAM_SUB = 1 << HISTOGRAM_SUB_BITS,
    HISTOGRAM_TOP_BITS = 39, /* values are capped below 2^39 ns */
    HISTOGRAM_BUCKETS = (HISTOGRAM_TOP_BITS - HISTOGRAM_SUB_BITS + 1) * HISTOGRAM_SUB
};

struct histogram {
    uint64_t counts[HISTOGRAM_BUCKETS];
    uint64_t total, max, sum;
};

void histogram_add(struct histogram *h, uint64_t ns);
/* The upper edge of the bucket in which the quantile (0 to 1) lies; 0 when nothing was added. */
uint64_t histogram_quantile(const struct histogram *h, double quantile);
