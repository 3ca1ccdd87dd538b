/* runtime/base/arena.h - memory with the life of a request: pushed, never freed one by one.
 *
 * An arena is a chain of blocks from a pool that belongs to one loop; ending the arena gives all
 * blocks back at once. A request that stays small touches one block and calls malloc never.
 *
 * Threads: a pool and its arenas belong to one thread.   Waits: never. */
#pragma once
#include "runtime/base/base.h"

struct arena_block;

/* Blocks kept for reuse. `blocks_kept_max` bounds what stays allocated when idle. */
struct arena_pool {
    struct arena_block *free;
    size_t block_bytes;
    size_t kept, kept_max;
    uint64_t mallocs; /* how often the heap was asked; the tests hold it still on hot paths */
};

void arena_pool_init(struct arena_pool *pool, size_t block_bytes, size_t blocks_kept_max);
void arena_pool_fini(struct arena_pool *pool); /* every arena of it has ended */

struct arena {
    struct arena_pool *pool;
    struct arena_block *block; /* the newest; NULL until the first push */
    char *next, *end;
    size_t bytes; /* handed out so far */
};

void arena_begin(struct arena *arena, struct arena_pool *pool);
void arena_end(struct arena *arena); /* all that was pushed is gone; the arena may begin again */

/* Never NULL and zeroed; aligned for any type. Sizes that a client or a row chooses are capped by
 * the caller first, or use arena_try_push. Out of memory ends the process. */
void *arena_push(struct arena *arena, size_t size) __attribute__((malloc, returns_nonnull));
/* As arena_push without zeroing and without alignment: for text. */
char *arena_push_bytes(struct arena *arena, size_t size) __attribute__((malloc, returns_nonnull));
/* NULL when the arena would hold more than `bytes_max` in all. */
void *arena_try_push(struct arena *arena, size_t size, size_t bytes_max);
/* Grows the newest push in place: false, and nothing changed, when it is not the newest or there is
 * no room behind it. */
bool arena_extend(struct arena *arena, char *ptr, size_t size, size_t size_wanted);

/* An object that lies in an arena of its own, its first member: what is pushed there afterwards is gone with
 * it. For what is kept in numbers and thrown out one by one. */
void *arena_object_new(struct arena_pool *pool, size_t size) __attribute__((returns_nonnull));
void arena_object_free(void *object);

#define arena_new(arena, type) ((type *)arena_push((arena), sizeof(type)))
#define arena_array(arena, type, n) ((type *)arena_push((arena), sizeof(type) * (n)))
