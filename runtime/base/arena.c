/* Blocks hang in a chain, newest first; pushes are cut from the newest. A push that no standard
 * block can hold gets a block of its own, put second in the chain, so that what is left of the
 * newest one is not wasted.
 *
 * Under AddressSanitizer everything not handed out is poisoned and pushes keep a gap between them:
 * an overrun of one push, or a view that outlived its request, is reported where it happens. */
#include "runtime/base/arena.h"

#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif

#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
enum { GAP = 16 };
#define POISON(ptr, len) ASAN_POISON_MEMORY_REGION((ptr), (len))
#define UNPOISON(ptr, len) ASAN_UNPOISON_MEMORY_REGION((ptr), (len))
#else
enum { GAP = 0 };
#define POISON(ptr, len) ((void)(ptr))
#define UNPOISON(ptr, len) ((void)(ptr))
#endif

enum { ALIGN = 16 };

struct arena_block {
    struct arena_block *next;
    size_t bytes; /* of `body` */
    _Alignas(ALIGN) char body[];
};

void arena_pool_init(struct arena_pool *pool, size_t block_bytes, size_t blocks_kept_max)
{
    assert(block_bytes > sizeof(struct arena_block) + ALIGN);
    *pool = (struct arena_pool){.block_bytes = block_bytes, .kept_max = blocks_kept_max};
}

void arena_pool_fini(struct arena_pool *pool)
{
    while (pool->free) {
        struct arena_block *block = pool->free;
        pool->free = block->next;
        UNPOISON(block->body, block->bytes);
        free(block);
    }
    pool->kept = 0;
}

static size_t standard_bytes(const struct arena_pool *pool)
{
    return pool->block_bytes - sizeof(struct arena_block);
}

static struct arena_block *block_new(struct arena_pool *pool, size_t body_bytes)
{
    struct arena_block *block = malloc(sizeof(struct arena_block) + body_bytes);
    if (!block)
        base_die(__FILE__, __LINE__, "out of memory");
    pool->mallocs++;
    block->bytes = body_bytes;
    POISON(block->body, block->bytes);
    return block;
}

static struct arena_block *block_take(struct arena_pool *pool)
{
    struct arena_block *block = pool->free;
    if (!block)
        return block_new(pool, standard_bytes(pool));
    pool->free = block->next;
    pool->kept--;
    return block;
}

static void block_return(struct arena_pool *pool, struct arena_block *block)
{
    if (block->bytes != standard_bytes(pool) || pool->kept == pool->kept_max) {
        UNPOISON(block->body, block->bytes);
        free(block);
        return;
    }
    POISON(block->body, block->bytes);
    block->next = pool->free;
    pool->free = block;
    pool->kept++;
}

void arena_begin(struct arena *arena, struct arena_pool *pool)
{
    *arena = (struct arena){.pool = pool};
}

void arena_end(struct arena *arena)
{
    while (arena->block) {
        struct arena_block *block = arena->block;
        arena->block = block->next;
        block_return(arena->pool, block);
    }
    arena->next = arena->end = NULL;
    arena->bytes = 0;
}

/* The current block is too full. */
static char *push_slow(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2)
        base_die(__FILE__, __LINE__, "a push of an absurd size: whoever chose it was not capped");
    if (size + GAP > standard_bytes(arena->pool)) {
        struct arena_block *own = block_new(arena->pool, size + GAP);
        struct arena_block **second = arena->block ? &arena->block->next : &arena->block;
        own->next = *second;
        *second = own;
        UNPOISON(own->body, size);
        return own->body;
    }
    struct arena_block *block = block_take(arena->pool);
    block->next = arena->block;
    arena->block = block;
    arena->next = block->body + size + GAP;
    arena->end = block->body + block->bytes;
    UNPOISON(block->body, size);
    return block->body;
}

static char *push(struct arena *arena, size_t size, size_t align)
{
    arena->bytes += size;
    if (arena->next) {
        size_t pad = -(uintptr_t)arena->next & (align - 1);
        size_t left = (size_t)(arena->end - arena->next);
        if (LIKELY(pad + GAP <= left && size <= left - pad - GAP)) {
            char *ptr = arena->next + pad;
            arena->next = ptr + size + GAP;
            UNPOISON(ptr, size);
            return ptr;
        }
    }
    return push_slow(arena, size);
}

void *arena_push(struct arena *arena, size_t size)
{
    return memset(push(arena, size, ALIGN), 0, size);
}

char *arena_push_bytes(struct arena *arena, size_t size)
{
    return push(arena, size, 1);
}

void *arena_try_push(struct arena *arena, size_t size, size_t bytes_max)
{
    if (size > bytes_max || arena->bytes > bytes_max - size)
        return NULL;
    return arena_push(arena, size);
}

bool arena_extend(struct arena *arena, char *ptr, size_t size, size_t size_wanted)
{
    size_t more = size_wanted - size;
    if (!arena->next || ptr + size + GAP != arena->next ||
        more > (size_t)(arena->end - arena->next))
        return false;
    arena->next += more;
    arena->bytes += more;
    UNPOISON(ptr, size_wanted);
    return true;
}

void *arena_object_new(struct arena_pool *pool, size_t size)
{
    struct arena arena;
    assert(size >= sizeof(arena));
    arena_begin(&arena, pool);
    struct arena *object = arena_push(&arena, size);
    *object = arena;
    return object;
}

void arena_object_free(void *object)
{
    struct arena arena = *(struct arena *)object; /* not while it lies in what it ends */
    arena_end(&arena);
}
