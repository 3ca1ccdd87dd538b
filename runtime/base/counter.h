/* runtime/base/counter.h - numbers that one thread writes and any thread reads: what metrics show.
 *
 * One writer, so that an add is a load and a store; relaxed, so that both cost what plain ones do.
 *
 * Threads: writing by the owner's, reading by any.   Waits: never. */
#pragma once
#include "runtime/base/base.h"

static inline uint64_t counter_read(const uint64_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}
static inline void counter_set(uint64_t *counter, uint64_t n)
{
    __atomic_store_n(counter, n, __ATOMIC_RELAXED);
}
/* Takes off what is negative. */
static inline void counter_add(uint64_t *counter, int64_t n)
{
    counter_set(counter, *counter + (uint64_t)n);
}
static inline void counter_raise(uint64_t *counter, uint64_t n)
{
    if (n > *counter)
        counter_set(counter, n);
}
