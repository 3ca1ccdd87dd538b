/* Each thread has a block of counters; the list of blocks only grows. A thread that ends leaves its
 * block, with its counts in it, to the next one that starts, so sums never go back. */
#include "runtime/base/stats.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

const struct stat_info stat_infos[STAT_COUNT] = {
#define STAT(name, metric, labels, help) {metric, labels, help},
#include "runtime/base/stats.def"
#undef STAT
};

struct stat_block {
    _Alignas(64) _Atomic uint64_t counts[STAT_COUNT];
    _Alignas(64) struct stat_block *next;
    atomic_bool in_use;
};

static _Atomic(struct stat_block *) blocks;
static _Thread_local struct stat_block *mine;
static pthread_key_t leaving;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void block_leave(void *arg)
{
    struct stat_block *block = arg;
    mine = NULL;
    atomic_store(&block->in_use, false);
}

static void key_create(void)
{
    if (pthread_key_create(&leaving, block_leave) != 0)
        base_die(__FILE__, __LINE__, "no thread key left");
}

static struct stat_block *block_inherit(void)
{
    for (struct stat_block *block = atomic_load(&blocks); block; block = block->next) {
        bool used = false;
        if (atomic_compare_exchange_strong(&block->in_use, &used, true))
            return block;
    }
    return NULL;
}

static struct stat_block *block_new(void)
{
    struct stat_block *block = aligned_alloc(64, sizeof(*block));
    if (!block)
        base_die(__FILE__, __LINE__, "out of memory");
    *block = (struct stat_block){.in_use = true, .next = atomic_load(&blocks)};
    while (!atomic_compare_exchange_weak(&blocks, &block->next, block)) {
    }
    return block;
}

static __attribute__((noinline)) struct stat_block *block_first(void)
{
    pthread_once(&once, key_create);
    mine = block_inherit();
    if (!mine)
        mine = block_new();
    pthread_setspecific(leaving, mine);
    return mine;
}

void stat_add(enum stat stat, uint64_t n)
{
    struct stat_block *block = LIKELY(mine != NULL) ? mine : block_first();
    /* One writer: load and store cost less than an atomic add. */
    uint64_t count = atomic_load_explicit(&block->counts[stat], memory_order_relaxed);
    atomic_store_explicit(&block->counts[stat], count + n, memory_order_relaxed);
}

uint64_t stat_sum(enum stat stat)
{
    uint64_t sum = 0;
    for (struct stat_block *block = atomic_load(&blocks); block; block = block->next)
        sum += atomic_load_explicit(&block->counts[stat], memory_order_relaxed);
    return sum;
}
