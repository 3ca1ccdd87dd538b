/* runtime/offload.h - a small, bounded pool of threads for what would block or hog a core.
 *
 * Threads: one pool for the process; offload() from any loop's fibers. */
#pragma once
#include "runtime/loop.h"

struct offload_pool;

/* `queue_max`: jobs waiting for a thread; 0 would refuse everything. */
struct offload_pool *offload_pool_new(uint32_t threads, uint32_t queue_max);
/* Finishes what is queued; the loops are still there to be told. NULL is fine. */
void offload_pool_free(struct offload_pool *pool);

/* Runs `fn(arg)` on a pool thread and parks until it is done; cannot be cut short, so `arg` may
 * lie on the fiber's stack. Nothing ran: ERR_UNAVAILABLE (the queue is full, or the deadline has
 * passed already), ERR_CANCELED (the ctx was cancelled before). */
NODISCARD enum err offload(struct ctx *c, struct offload_pool *pool, void (*fn)(void *arg),
                           void *arg);
/* Jobs that wait for a thread now. From any thread. */
uint32_t offload_queued(struct offload_pool *pool);
