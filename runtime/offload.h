/* runtime/offload.h - a small, bounded pool of threads for what would block or hog a core.
 *
 * Threads: one pool for the process; offload() from any loop's fibers. */
#pragma once
#include "runtime/loop.h"

struct offload_pool;

struct offload_pool *offload_pool_new(uint32_t threads, uint32_t queue_max);
void offload_pool_free(struct offload_pool *pool); /* finishes what is queued */

/* Runs `fn(arg)` on a pool thread and parks until it is done; cannot be cut short, so `arg` may
 * lie on the fiber's stack. ERR_UNAVAILABLE, and nothing ran: the queue is full. */
NODISCARD enum err offload(struct ctx *c, struct offload_pool *pool, void (*fn)(void *arg),
                           void *arg);
