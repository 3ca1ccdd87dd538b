#include "runtime/base/lru.h"

#include <stdlib.h>
#include <string.h>

void lru_init(struct lru *lru, size_t len_max, size_t bytes_max, uint64_t seed,
              void (*drop)(struct lru_node *node))
{
    assert(len_max > 0);
    *lru = (struct lru){.len_max = len_max, .bytes_max = bytes_max, .seed = seed, .drop = drop};
    lru->buckets_len = 16;
    while (lru->buckets_len < len_max)
        lru->buckets_len *= 2;
    lru->buckets = calloc(lru->buckets_len, sizeof(*lru->buckets));
    if (!lru->buckets)
        base_die(__FILE__, __LINE__, "out of memory");
    list_init(&lru->recent);
}

void lru_fini(struct lru *lru)
{
    if (!lru->buckets)
        return;
    lru_clear(lru);
    free(lru->buckets);
    *lru = (struct lru){0};
}

/* Eight bytes a step, mixed by the upper half of a product (as wyhash does). */
static uint64_t mix(uint64_t a, uint64_t b)
{
    __uint128_t product = (__uint128_t)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash_of(const struct lru *lru, struct str key)
{
    uint64_t hash = lru->seed ^ UINT64_C(0x9e3779b97f4a7c15);
    while (key.len > 0) {
        uint64_t word = 0;
        size_t n = MIN(key.len, sizeof(word));
        memcpy(&word, key.ptr, n);
        hash = mix(hash ^ word, UINT64_C(0xa0761d6478bd642f) ^ key.len);
        key = str_skip(key, n);
    }
    return mix(hash, lru->seed | 1);
}

static struct lru_node **bucket_of(struct lru *lru, uint64_t hash)
{
    return &lru->buckets[hash & (lru->buckets_len - 1)];
}

static struct lru_node *node_find(struct lru *lru, struct str key, uint64_t hash)
{
    struct lru_node *node = *bucket_of(lru, hash);
    while (node && (node->hash != hash || !str_eq(node->key, key)))
        node = node->chain;
    return node;
}

struct lru_node *lru_find(struct lru *lru, struct str key)
{
    struct lru_node *node = node_find(lru, key, hash_of(lru, key));
    if (node && list_first(&lru->recent) != &node->recent) {
        list_remove(&node->recent);
        list_push_front(&lru->recent, &node->recent);
    }
    return node;
}

void lru_remove(struct lru *lru, struct lru_node *node)
{
    assert(lru->len > 0 && lru->bytes >= node->bytes);
    struct lru_node **at = bucket_of(lru, node->hash);
    while (*at != node) {
        assert(*at); /* it is in this map */
        at = &(*at)->chain;
    }
    *at = node->chain;
    list_remove(&node->recent);
    lru->len--;
    lru->bytes -= node->bytes;
    lru->drop(node);
}

static struct lru_node *oldest(struct lru *lru)
{
    return container_of(lru->recent.head.prev, struct lru_node, recent);
}

void lru_clear(struct lru *lru)
{
    while (lru->len > 0)
        lru_remove(lru, oldest(lru));
    assert(lru->bytes == 0);
}

bool lru_add(struct lru *lru, struct lru_node *node)
{
    assert(!list_linked(&node->recent) && node->key.len > 0 && node->bytes > 0);
    if (node->bytes > lru->bytes_max / 8)
        return false;
    node->hash = hash_of(lru, node->key);
    struct lru_node *former = node_find(lru, node->key, node->hash);
    if (former)
        lru_remove(lru, former);
    while (lru->len > 0 &&
           (lru->len == lru->len_max || lru->bytes + node->bytes > lru->bytes_max)) {
        lru->evictions++;
        lru_remove(lru, oldest(lru));
    }
    struct lru_node **bucket = bucket_of(lru, node->hash);
    node->chain = *bucket;
    *bucket = node;
    list_push_front(&lru->recent, &node->recent);
    lru->len++;
    lru->bytes += node->bytes;
    assert(lru->len <= lru->len_max && lru->bytes <= lru->bytes_max);
    return true;
}
