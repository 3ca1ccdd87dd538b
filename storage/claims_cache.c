/* When staff are taken, kept per member: a look that tells of a booking forgets one of them, not her salon.
 *
 * What a reading finds may be older than a look that comes while it is under way. Instead of a mark per
 * reading and member, looks write whom they told of into a ring, and who has read asks the ring what came
 * since it began; a ring that went round says "everybody". */
#include "storage/claims_cache.h"

#include <string.h>

#include "runtime/base/stats.h"
#include "runtime/gate.h"
#include "storage/catalogue_sql.h"

enum {
    ENTRIES_MAX = 65536,
    BLOCK_BYTES = 64, /* so small that every entry gets a block of its own size */
    ATTEMPTS_MAX = 3,
};

struct claims_entry {
    struct arena arena; /* this entry lies in it */
    struct lru_node node;
    int64_t staff;
    struct claims claims;
};

/* One reading, on the reader's stack. */
struct claims_load {
    struct list_link link;
    int64_t salon;
    uint64_t logged, clears; /* when it began */
    struct gate gate;
};

static void claims_drop(struct lru_node *node)
{
    arena_object_free(container_of(node, struct claims_entry, node));
}

void claims_cache_init(struct claims_cache *cache, size_t bytes_max, uint64_t seed)
{
    *cache = (struct claims_cache){0};
    arena_pool_init(&cache->arenas, BLOCK_BYTES, 0);
    lru_init(&cache->lru, ENTRIES_MAX, bytes_max, seed, claims_drop);
    list_init(&cache->loads);
}

void claims_cache_fini(struct claims_cache *cache)
{
    assert(list_empty(&cache->loads));
    lru_fini(&cache->lru);
    arena_pool_fini(&cache->arenas);
}

static struct claims_entry *claims_find(struct claims_cache *cache, int64_t staff)
{
    struct lru_node *node = lru_find(&cache->lru, str_of((const char *)&staff, sizeof(staff)));
    return node ? container_of(node, struct claims_entry, node) : NULL;
}

void claims_cache_changed(struct claims_cache *cache, const int64_t *staff, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        struct claims_entry *entry = claims_find(cache, staff[i]);
        if (entry)
            lru_remove(&cache->lru, &entry->node);
        cache->log[cache->logged++ % CLAIMS_LOG_LEN] = staff[i];
    }
}

void claims_cache_clear(struct claims_cache *cache)
{
    lru_clear(&cache->lru);
    cache->clears++;
    assert(cache->lru.len == 0 && cache->lru.bytes == 0);
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Did a look tell of her since the reading began? */
static bool was_told(const struct claims_cache *cache, const struct claims_load *load,
                     int64_t staff)
{
    assert(load->logged <= cache->logged && load->clears <= cache->clears);
    if (cache->clears != load->clears || cache->logged - load->logged > CLAIMS_LOG_LEN)
        return true;
    for (uint64_t i = load->logged; i < cache->logged; i++)
        if (cache->log[i % CLAIMS_LOG_LEN] == staff)
            return true;
    return false;
}

static const int64_t *put_ints(int64_t **to, const int64_t *items, size_t len)
{
    int64_t *copy = *to;
    if (len)
        memcpy(copy, items, len * sizeof(*copy));
    *to += len;
    return copy;
}

static void claims_keep(struct claims_cache *cache, int64_t staff, const struct claims *claims)
{
    size_t numbers = claims->len + 2 * claims->holds_len;
    struct claims_entry *entry =
        arena_object_new(&cache->arenas, sizeof(*entry) + numbers * sizeof(*claims->items));
    int64_t *to = (int64_t *)(entry + 1);
    entry->staff = staff;
    entry->claims = *claims;
    entry->claims.items = put_ints(&to, claims->items, claims->len);
    entry->claims.holds = put_ints(&to, claims->holds, claims->holds_len);
    entry->claims.hold_ends_us = put_ints(&to, claims->hold_ends_us, claims->holds_len);
    assert(to == (int64_t *)(entry + 1) + numbers);
    entry->node.key = str_of((const char *)&entry->staff, sizeof(entry->staff));
    entry->node.bytes = entry->arena.bytes;
    if (!lru_add(&cache->lru, &entry->node))
        arena_object_free(entry);
}

/* Of `ids`, the staff; then the rooms. The result is in the request's arena. */
static enum err read_claims(struct ctx *c, struct claims_cache *cache, struct pg_pool *pool,
                            int64_t salon, const int64_t *ids, size_t len,
                            const struct slot_facts *facts, struct claims **out)
{
    struct claims_load load = {.salon = salon, .logged = cache->logged, .clears = cache->clears};
    gate_init(&load.gate);
    list_push_back(&cache->loads, &load.link);
    enum err err = catalogue_sql_busy(c, pool, ids, len, facts->room_ids, facts->rooms_len, out);
    list_remove(&load.link);
    for (size_t i = 0; err == OK && i < len; i++)
        if (!was_told(cache, &load, ids[i]))
            claims_keep(cache, ids[i], &(*out)[i]);
    gate_open(&load.gate);
    return err;
}

static struct claims_load *load_of(struct claims_cache *cache, int64_t salon)
{
    for (struct list_link *link = cache->loads.head.next; link != &cache->loads.head;
         link = link->next) {
        struct claims_load *load = container_of(link, struct claims_load, link);
        if (load->salon == salon)
            return load;
    }
    return NULL;
}

static size_t missing_of(struct claims_cache *cache, const struct slot_facts *facts, int64_t *out)
{
    size_t len = 0;
    for (size_t i = 0; i < facts->staff_len; i++)
        if (!claims_find(cache, facts->staff[i]))
            out[len++] = facts->staff[i];
    return len;
}

/* Waits for the reading that others of the salon have begun, instead of starting the same. */
static enum err missing_after_others(struct ctx *c, struct claims_cache *cache, int64_t salon,
                                     const struct slot_facts *facts, int64_t *missing, size_t *len)
{
    *len = missing_of(cache, facts, missing);
    for (int attempt = 0; *len > 0 && attempt < ATTEMPTS_MAX; attempt++) {
        struct claims_load *load = load_of(cache, salon);
        if (!load)
            return OK;
        TRY(gate_wait(c, &load->gate));
        *len = missing_of(cache, facts, missing);
    }
    return OK;
}

/* What was read just now, else what is kept: both lists ascend. False: something fell out meanwhile. */
static bool collect(struct claims_cache *cache, const struct slot_facts *facts, const int64_t *ids,
                    size_t len, const struct claims *read, struct claims *out)
{
    size_t next = 0;
    for (size_t i = 0; i < facts->staff_len; i++) {
        if (next < len && ids[next] == facts->staff[i]) {
            out[i] = read[next++];
            continue;
        }
        struct claims_entry *entry = claims_find(cache, facts->staff[i]);
        if (!entry)
            return false;
        out[i] = entry->claims;
    }
    assert(next == len); /* all that was read was asked for */
    return true;
}

enum err claims_cache_fill(struct ctx *c, struct claims_cache *cache, struct pg_pool *pool,
                           int64_t salon, struct slot_facts *facts)
{
    int64_t *missing = arena_array(c->arena, int64_t, facts->staff_len + 1);
    struct claims *busy = arena_array(c->arena, struct claims, facts->staff_len + 1), *read = NULL;
    size_t len;
    TRY(missing_after_others(c, cache, salon, facts, missing, &len));
    stat_add(STAT_CATALOGUE_CLAIMS_MISS, len);
    stat_add(STAT_CATALOGUE_CLAIMS_HIT, facts->staff_len - len);
    assert(len <= facts->staff_len && facts->staff_len <= SLOTS_STAFF_MAX);
    if (len + facts->rooms_len > 0)
        TRY(read_claims(c, cache, pool, salon, missing, len, facts, &read));
    if (!collect(cache, facts, missing, len, read, busy)) {
        len = facts->staff_len;
        TRY(read_claims(c, cache, pool, salon, facts->staff, len, facts, &read));
        memcpy(busy, read, len * sizeof(*busy));
    }
    facts->busy = busy;
    facts->rooms = read + len;
    return OK;
}
