/* runtime/offload.h - a small, bounded pool of threads for what would block or hog a core.
 *
 * A class of jobs has threads and a queue of its own: what waits for a disk is never behind what keeps a
 * core busy, nor the other way round, however long either takes.
 *
 * Threads: one pool for the process; offload() from any loop's fibers.
 * Waits:   exactly the calls that take a ctx. */
#pragma once
#include "runtime/loop.h"

enum offload_class {
    OFFLOAD_IO,    /* waits for something else: files, names to look up */
    OFFLOAD_HEAVY, /* computes for milliseconds: pictures, password hashes */
    OFFLOAD_CLASSES
};
struct offload_options { /* of one class */
    uint32_t threads;
    uint32_t queue_max; /* jobs waiting for a thread; 0 would refuse everything */
};
struct offload_stats { /* of one class */
    uint32_t queued;   /* waiting for a thread now */
    uint32_t running;  /* on a thread now */
    uint64_t refused;  /* because the queue was full, since the start */
};

struct offload_pool;

/* By class. */
struct offload_pool *offload_pool_new(const struct offload_options options[OFFLOAD_CLASSES]);
/* Finishes what is queued; the loops are still there to be told. NULL is fine. */
void offload_pool_free(struct offload_pool *pool);

/* Runs `fn(arg)` on a thread of the class and parks until it is done; cannot be cut short, so `arg` may
 * lie on the fiber's stack. Nothing ran: ERR_UNAVAILABLE (the queue is full, or the deadline has
 * passed already), ERR_CANCELED (the ctx was cancelled before). */
NODISCARD enum err offload(struct ctx *c, struct offload_pool *pool, enum offload_class class,
                           void (*fn)(void *arg), void *arg);
/* The same for what must be done whatever became of the ctx, and is quick: with a full queue it runs
 * here, on the loop. */
void offload_surely(struct ctx *c, struct offload_pool *pool, enum offload_class class,
                    void (*fn)(void *arg), void *arg);

/* From any thread. */
struct offload_stats offload_stats(struct offload_pool *pool, enum offload_class class);
const char *offload_class_name(enum offload_class class); /* "io", "heavy": threads, metrics */
