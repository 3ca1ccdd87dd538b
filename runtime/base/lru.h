/* runtime/base/lru.h - a bounded map that forgets what was not asked for longest.
 *
 * It owns nothing but its table: a node lies inside the caller's object (as a list_link does), and
 * what falls out is handed to `drop`. Bounded twice: by entries and by the bytes that callers say
 * their objects take.
 *
 * Threads: belongs to one.   Waits: never.   Cost: constant, however many entries. */
#pragma once
#include "runtime/base/list.h"
#include "runtime/base/str.h"

struct lru_node {
    struct list_link recent; /* zeroed: in no map */
    struct lru_node *chain;
    uint64_t hash;
    struct str key; /* stays valid as long as the node is in the map */
    size_t bytes;
};

struct lru {
    struct lru_node **buckets;
    size_t buckets_len; /* a power of two */
    struct list recent; /* the last one asked for comes first */
    size_t len, len_max, bytes, bytes_max;
    uint64_t seed;
    uint64_t evictions;
    void (*drop)(struct lru_node *node); /* it is out of the map already */
};

/* `seed`: from a source that clients cannot guess, since they choose keys. */
void lru_init(struct lru *lru, size_t len_max, size_t bytes_max, uint64_t seed,
              void (*drop)(struct lru_node *node));
void lru_fini(struct lru *lru); /* drops everything; fine on zeroes */

/* NULL: not there. Being found makes it the last to go. */
struct lru_node *lru_find(struct lru *lru, struct str key);
/* `node->key` and `node->bytes` are set. Drops what had that key, and the oldest until it fits.
 * False, and nothing changed: larger than an eighth of the whole, so not worth what it would push out. */
bool lru_add(struct lru *lru, struct lru_node *node);
/* Takes one out and drops it. */
void lru_remove(struct lru *lru, struct lru_node *node);
void lru_clear(struct lru *lru);
