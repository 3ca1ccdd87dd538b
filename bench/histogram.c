#include "bench/histogram.h"

#include <math.h>

/* Values below SUB have a bucket each. Above, the top SUB_BITS + 1 bits of the value choose it: the
 * position of the first says which power of two, the rest which of its SUB parts. */
static uint32_t bucket_of(uint64_t ns)
{
    if (ns < HISTOGRAM_SUB)
        return (uint32_t)ns;
    uint32_t top = 63 - (uint32_t)__builtin_clzll(ns);
    uint32_t shift = top - HISTOGRAM_SUB_BITS;
    return (shift + 1) * HISTOGRAM_SUB + (uint32_t)(ns >> shift) - HISTOGRAM_SUB;
}

static uint64_t upper_edge(uint32_t bucket)
{
    if (bucket < HISTOGRAM_SUB)
        return bucket;
    uint32_t shift = bucket / HISTOGRAM_SUB - 1;
    uint64_t part = bucket % HISTOGRAM_SUB + HISTOGRAM_SUB;
    return ((part + 1) << shift) - 1;
}

void histogram_add(struct histogram *h, uint64_t ns)
{
    const uint64_t cap = (UINT64_C(1) << HISTOGRAM_TOP_BITS) - 1;
    h->counts[bucket_of(ns < cap ? ns : cap)]++;
    h->total++;
    h->sum += ns;
    if (ns > h->max)
        h->max = ns;
}

uint64_t histogram_quantile(const struct histogram *h, double quantile)
{
    uint64_t rank = (uint64_t)ceil(quantile * (double)h->total);
    uint64_t seen = 0;
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS && h->total > 0; i++) {
        seen += h->counts[i];
        if (seen >= rank && seen > 0)
            return upper_edge(i) < h->max ? upper_edge(i) : h->max;
    }
    return h->max;
}
