/* Facts of salons and the directory in memory, held against the feed of changes.
 *
 * The order within a turn is all there is to it: a look applies what it was told before anybody goes on, and
 * who loads looks at `doomed` (or the directory's epoch) when the answer is there, before it is kept. So what
 * is kept was read after the last change that this core was told of, or is told of in the next look.
 *
 * Tried and left: NOTIFY in the place of looks (its lock at commit is shared by all writers, bookings
 * too), a version column per salon (every reader would ask for every salon), expiry alone (as many
 * questions, and the writer would not see her own write). docs/decisions/0011 has the figures. */
#include "storage/catalogue_cache.h"

#include <string.h>

#include "runtime/base/counter.h"
#include "runtime/base/log.h"
#include "runtime/base/stats.h"
#include "runtime/pg.h"

enum {
    ENTRIES_MAX = 16384,
    BLOCK_BYTES = 2048,
    BLOCKS_KEPT = 64,
    DIRECTORY_SALONS_MAX = 50000,
    DIRECTORY_PAGE = 500, /* rows of 5 KB at most */
    LOOK_TIMEOUT_MS = 500,
    RETRY_MS = 250,
    FORGET_AFTER_S = 300, /* changes are kept for an hour; a look has to read them all */
    LIVE_S = 600,
    ATTEMPTS_MAX = 3,
    SHARES = 3, /* of the memory: facts, directory, claims */
};
static_assert(CATALOGUE_FRESH_MS + RETRY_MS / 4 < 1000, "the contract's second, with a margin");
static_assert(RETRY_MS < LOOK_TIMEOUT_MS, "a failed look is tried again before waiters give up");

struct entry {
    struct arena arena; /* this entry lies in it */
    struct lru_node node;
    int64_t salon;
    uint64_t version;
    struct tick loaded_at;
    struct salon_facts facts;
};

/* Facts on their way, on the loader's stack. */
struct load {
    struct list_link link;
    int64_t salon;
    bool doomed; /* they changed meanwhile: good for this request, not for later ones */
    struct gate gate;
};

static int64_t ms_since(struct tick now, struct tick then)
{
    return now.ns > then.ns ? (int64_t)((now.ns - then.ns) / 1000000) : 0;
}

static bool is_past_it(struct tick now, struct tick loaded_at)
{
    return ms_since(now, loaded_at) > LIVE_S * INT64_C(1000);
}

static void publish_sizes(struct catalogue_cache *cache)
{
    assert(cache->facts.lru.bytes <= cache->facts.lru.bytes_max);
    counter_set(&cache->stats.entries, cache->facts.lru.len);
    counter_set(&cache->stats.bytes,
                cache->facts.lru.bytes + cache->directory.salons.bytes + cache->claims.lru.bytes);
    counter_set(&cache->stats.evictions, cache->facts.lru.evictions + cache->claims.lru.evictions);
    counter_set(&cache->stats.salons_listed, cache->directory.salons.len);
}

static void drop_entry(struct lru_node *node)
{
    arena_object_free(container_of(node, struct entry, node));
}

void catalogue_cache_init(struct catalogue_cache *cache, struct pg_pool *pool, uint64_t seed,
                          const struct catalogue_cache_options *options)
{
    assert(pool && options->bytes_max > 0);
    size_t share = options->bytes_max / SHARES;
    *cache = (struct catalogue_cache){.pool = pool, .options = *options};
    arena_pool_init(&cache->arenas, BLOCK_BYTES, BLOCKS_KEPT);
    lru_init(&cache->facts.lru, ENTRIES_MAX, share, seed, drop_entry);
    claims_cache_init(&cache->claims, share, seed);
    list_init(&cache->facts.loads);
    directory_init(&cache->directory.salons, DIRECTORY_SALONS_MAX, share);
    gate_init(&cache->feed.gate);
    gate_init(&cache->directory.gate);
}

void catalogue_cache_fini(struct catalogue_cache *cache)
{
    if (!cache->pool)
        return;
    assert(list_empty(&cache->facts.loads));
    lru_fini(&cache->facts.lru);
    claims_cache_fini(&cache->claims);
    directory_fini(&cache->directory.salons);
    arena_pool_fini(&cache->arenas);
    *cache = (struct catalogue_cache){0};
}

/* ---- forgetting ------------------------------------------------------------------------------ */

static struct entry *entry_find(struct catalogue_cache *cache, int64_t salon)
{
    struct lru_node *node =
        lru_find(&cache->facts.lru, str_of((const char *)&salon, sizeof(salon)));
    return node ? container_of(node, struct entry, node) : NULL;
}

static void doom_loads(struct catalogue_cache *cache, int64_t salon)
{
    struct list *loads = &cache->facts.loads;
    for (struct list_link *link = loads->head.next; link != &loads->head; link = link->next) {
        struct load *load = container_of(link, struct load, link);
        load->doomed |= salon == 0 || load->salon == salon;
    }
}

static void directory_forget(struct catalogue_cache *cache)
{
    cache->directory.whole = cache->directory.too_large = false;
    cache->directory.changed_len = 0;
    cache->directory.epoch++;
    directory_clear(&cache->directory.salons);
    assert(cache->directory.salons.len == 0 && cache->directory.salons.bytes == 0);
}

static void directory_note(struct catalogue_cache *cache, int64_t salon)
{
    assert(salon > 0);
    int64_t *changed = cache->directory.changed;
    size_t len = cache->directory.changed_len;
    for (size_t i = 0; i < len; i++)
        if (changed[i] == salon)
            return;
    if (len == ARRAY_LEN(cache->directory.changed)) {
        directory_forget(cache);
        return;
    }
    changed[len] = salon;
    cache->directory.changed_len++;
}

static void forget_salon(struct catalogue_cache *cache, int64_t salon)
{
    struct entry *entry = entry_find(cache, salon);
    if (entry)
        lru_remove(&cache->facts.lru, &entry->node);
    doom_loads(cache, salon);
    if (cache->directory.whole || cache->directory.loading)
        directory_note(cache, salon);
}

static void forget_all(struct catalogue_cache *cache)
{
    lru_clear(&cache->facts.lru);
    claims_cache_clear(&cache->claims);
    doom_loads(cache, 0);
    directory_forget(cache);
    assert(cache->facts.lru.len == 0);
    stat_count(STAT_CATALOGUE_FORGOTTEN);
}

/* ---- the feed -------------------------------------------------------------------------------- */

static uint64_t writes_now(const struct catalogue_cache *cache)
{
    uint64_t *writes = cache->options.writes;
    return writes ? __atomic_load_n(writes, __ATOMIC_ACQUIRE) : 0;
}

/* A connection that was lost may mean that the server was: after a crash it numbers transactions anew
 * from what reached the disk, so a number that the last look has passed may come once more. */
static uint64_t losses_now(const struct catalogue_cache *cache)
{
    return counter_read(&pg_pool_stats(cache->pool)->reconnects);
}

static void apply(struct catalogue_cache *cache, const struct catalogue_changes *changes, bool late)
{
    uint64_t losses = losses_now(cache);
    bool unknown = cache->feed.look_len == 0 || !changes->continues || late ||
                   losses != cache->feed.losses_seen ||
                   changes->salons_len >= CATALOGUE_SALONS_CHANGED_MAX;
    if (unknown)
        forget_all(cache);
    for (size_t i = 0; !unknown && i < changes->salons_len; i++)
        forget_salon(cache, changes->salons[i]);
    if (changes->staff_len >= CATALOGUE_STAFF_CHANGED_MAX)
        claims_cache_clear(&cache->claims);
    else
        claims_cache_changed(&cache->claims, changes->staff, changes->staff_len);
    cache->feed.losses_seen = losses;
    cache->feed.now = changes->now;
    cache->feed.look_len = changes->look.len <= CATALOGUE_LOOK_BYTES_MAX ? changes->look.len : 0;
    memcpy(cache->feed.look, changes->look.ptr, cache->feed.look_len);
    publish_sizes(cache);
}

static enum err ask(struct ctx *c, struct catalogue_cache *cache, bool late,
                    struct catalogue_changes *out)
{
    struct ctx_scope scope SCOPED(ctx_restore) = ctx_within(c, milliseconds(LOOK_TIMEOUT_MS));
    struct str former = str_of(cache->feed.look, late ? 0 : cache->feed.look_len);
    return catalogue_sql_changes(c, cache->pool, former, out);
}

/* One look at a time. Only what its statement saw counts: all that was committed before it began. */
static enum err look(struct ctx *c, struct catalogue_cache *cache)
{
    assert(!cache->feed.looking);
    struct tick began = ctx_mono(c);
    uint64_t number = ++cache->feed.begun, writes = writes_now(cache);
    assert(cache->feed.seen < number && cache->feed.failed < number);
    bool late = ms_since(began, cache->feed.looked_at) > FORGET_AFTER_S * INT64_C(1000);
    struct catalogue_changes changes;
    cache->feed.looking = true;
    enum err err = ask(c, cache, late, &changes);
    assert(cache->feed.looking && cache->feed.begun == number); /* one at a time */
    cache->feed.looking = false;
    if (err == OK) {
        apply(cache, &changes, late);
        cache->feed.looked_at = began;
        cache->feed.writes_seen = writes;
        cache->feed.seen = number;
        counter_set(&cache->stats.looked_at_ms, began.ns / 1000000);
    } else if (err != ERR_CANCELED) {
        if (ctx_left(c).us > 0) { /* else it was this request that came too late */
            cache->feed.failed = number;
            cache->feed.retry_at = tick_add(ctx_mono(c), milliseconds(RETRY_MS));
        }
        err = ERR_UNAVAILABLE; /* a question that was not answered changed nothing */
    }
    stat_count(err ? STAT_CATALOGUE_LOOK_FAILED : STAT_CATALOGUE_LOOK);
    gate_open(&cache->feed.gate);
    return err;
}

enum err catalogue_cache_catch_up(struct ctx *c, struct catalogue_cache *cache)
{
    uint64_t before = cache->feed.begun;
    while (cache->feed.looking && cache->feed.seen <= before && cache->feed.failed <= before)
        TRY(gate_wait(c, &cache->feed.gate));
    if (cache->feed.seen > before)
        return OK;
    if (cache->feed.failed > before)
        return ERR_UNAVAILABLE;
    return look(c, cache);
}

enum err catalogue_cache_refresh(struct ctx *c, struct catalogue_cache *cache)
{
    struct tick now = ctx_mono(c);
    bool ever = cache->feed.seen > 0, wrote = writes_now(cache) != cache->feed.writes_seen;
    int64_t age_ms = ms_since(now, cache->feed.looked_at);
    int64_t every_ms = cache->options.look_every.us / 1000;
    bool must = !ever || wrote || age_ms >= CATALOGUE_FRESH_MS || every_ms == 0;
    bool bearable = ever && age_ms < cache->options.stale_max.us / 1000;
    /* While looks fail one request at a time tries; the others do not wait for it. */
    bool failing = cache->feed.failed > cache->feed.seen;
    bool resting = now.ns < cache->feed.retry_at.ns || (failing && cache->feed.looking);
    if (!must && (age_ms < every_ms || cache->feed.looking || resting))
        return OK;
    enum err err = ERR_UNAVAILABLE;
    if (!must)
        err = look(c, cache);
    else if (wrote || !bearable || !resting)
        err = catalogue_cache_catch_up(c, cache);
    if (err == ERR_UNAVAILABLE && bearable) {
        stat_count(STAT_CATALOGUE_STALE);
        return OK;
    }
    return err;
}

/* ---- facts ----------------------------------------------------------------------------------- */

static struct entry *entry_add(struct ctx *c, struct catalogue_cache *cache, int64_t salon,
                               const struct salon_facts *facts)
{
    assert(facts->details.salon.id == salon);
    struct entry *entry = arena_object_new(&cache->arenas, sizeof(*entry));
    salon_facts_copy(&entry->arena, facts, &entry->facts);
    entry->salon = salon;
    entry->loaded_at = ctx_mono(c);
    entry->version = ++cache->last_version;
    entry->node.key = str_of((const char *)&entry->salon, sizeof(entry->salon));
    entry->node.bytes = entry->arena.bytes + BLOCK_BYTES; /* the newest block is half empty, say */
    if (lru_add(&cache->facts.lru, &entry->node)) {
        publish_sizes(cache);
        return entry;
    }
    arena_object_free(entry);
    return NULL;
}

static enum err load_facts(struct ctx *c, struct catalogue_cache *cache, int64_t salon,
                           const struct salon_facts **out, uint64_t *version)
{
    struct load load = {.salon = salon};
    struct salon_facts *facts = arena_new(c->arena, struct salon_facts);
    gate_init(&load.gate);
    list_push_back(&cache->facts.loads, &load.link);
    enum err err = catalogue_sql_facts(c, cache->pool, salon, facts);
    list_remove(&load.link);
    struct entry *entry = NULL;
    if (err == OK && !load.doomed)
        entry = entry_add(c, cache, salon, facts);
    gate_open(&load.gate);
    *out = facts;
    *version = entry ? entry->version : 0;
    return err;
}

static struct load *load_under_way(struct catalogue_cache *cache, int64_t salon)
{
    struct list *loads = &cache->facts.loads;
    for (struct list_link *link = loads->head.next; link != &loads->head; link = link->next) {
        struct load *load = container_of(link, struct load, link);
        if (load->salon == salon && !load->doomed)
            return load;
    }
    return NULL;
}

static struct entry *entry_live(struct catalogue_cache *cache, struct tick now, int64_t salon)
{
    struct entry *entry = entry_find(cache, salon);
    if (entry && is_past_it(now, entry->loaded_at)) {
        lru_remove(&cache->facts.lru, &entry->node);
        return NULL;
    }
    return entry;
}

enum err catalogue_cache_facts(struct ctx *c, struct catalogue_cache *cache, int64_t salon,
                               const struct salon_facts **out, uint64_t *version)
{
    for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        struct entry *entry = entry_live(cache, ctx_mono(c), salon);
        struct load *load = load_under_way(cache, salon);
        if (entry) {
            stat_count(STAT_CATALOGUE_FACTS_HIT);
            *out = &entry->facts;
            *version = entry->version;
            return OK;
        }
        if (!load)
            break;
        TRY(gate_wait(c, &load->gate));
    }
    stat_count(STAT_CATALOGUE_FACTS_MISS);
    return load_facts(c, cache, salon, out, version);
}

uint64_t catalogue_cache_version(struct ctx *c, struct catalogue_cache *cache, int64_t salon)
{
    struct entry *entry = entry_live(cache, ctx_mono(c), salon);
    return entry ? entry->version : 0;
}

/* ---- the directory --------------------------------------------------------------------------- */

static enum err load_page(struct ctx *c, struct catalogue_cache *cache, struct salon *last,
                          bool *more)
{
    struct arena page;
    struct directory_entry *entries;
    size_t len;
    uint64_t epoch = cache->directory.epoch;
    arena_begin(&page, c->arena->pool);
    enum err err = catalogue_sql_directory(c, &page, cache->pool, last->id ? last : NULL,
                                           DIRECTORY_PAGE, &entries, &len);
    if (err == OK && cache->directory.epoch != epoch)
        len = 0; /* the pages before it are gone */
    for (size_t i = 0; err == OK && i < len && !cache->directory.too_large; i++)
        cache->directory.too_large = !directory_add(&cache->directory.salons, &entries[i]);
    *more = err == OK && len == DIRECTORY_PAGE && !cache->directory.too_large;
    if (err == OK && len > 0)
        *last = (struct salon){.id = entries[len - 1].salon.id,
                               .rating_hundredths = entries[len - 1].salon.rating_hundredths};
    arena_end(&page);
    return err;
}

/* What changes meanwhile is noted, and read again afterwards. */
static enum err load_directory(struct ctx *c, struct catalogue_cache *cache)
{
    struct salon last = {.id = 0};
    bool more = true;
    enum err err = OK;
    assert(!cache->directory.loading && !cache->directory.whole);
    uint64_t epoch = cache->directory.epoch;
    assert(!cache->directory.loading && !cache->directory.whole);
    cache->directory.loading = true;
    cache->directory.loaded_at = ctx_mono(c);
    while (err == OK && more)
        err = load_page(c, cache, &last, &more);
    cache->directory.loading = false;
    if (cache->directory.epoch != epoch)
        return OK; /* all was forgotten: it is for the next one to load */
    cache->directory.whole = err == OK && !cache->directory.too_large;
    if (!cache->directory.whole)
        directory_clear(&cache->directory.salons);
    if (cache->directory.too_large)
        log_event(LOG_WARN, "directory_too_large", "more salons than are searched in memory");
    cache->directory.version = ++cache->last_version;
    publish_sizes(cache);
    return err;
}

static void replace(struct catalogue_cache *cache, const int64_t *ids, size_t ids_len,
                    const struct directory_entry *entries, size_t len)
{
    for (size_t i = 0; i < ids_len; i++)
        directory_remove(&cache->directory.salons, ids[i]);
    for (size_t i = 0; i < len; i++)
        if (!directory_add(&cache->directory.salons, &entries[i])) {
            directory_forget(cache);
            cache->directory.too_large = true;
            return;
        }
}

static enum err update_directory(struct ctx *c, struct catalogue_cache *cache)
{
    size_t ids_len = cache->directory.changed_len, len;
    int64_t *ids = arena_array(c->arena, int64_t, ids_len);
    struct directory_entry *entries;
    uint64_t epoch = cache->directory.epoch;
    assert(!cache->directory.updating && ids_len > 0);
    memcpy(ids, cache->directory.changed, ids_len * sizeof(*ids));
    assert(!cache->directory.updating && ids_len > 0);
    cache->directory.changed_len = 0;
    cache->directory.updating = true;
    enum err err = catalogue_sql_directory_some(c, cache->pool, ids, ids_len, &entries, &len);
    cache->directory.updating = false;
    if (cache->directory.epoch == epoch && err == OK)
        replace(cache, ids, ids_len, entries, len);
    for (size_t i = 0; err && i < ids_len && cache->directory.epoch == epoch; i++)
        directory_note(cache, ids[i]);
    cache->directory.version = ++cache->last_version;
    publish_sizes(cache);
    gate_open(&cache->directory.gate);
    return err;
}

static void directory_expire(struct ctx *c, struct catalogue_cache *cache)
{
    bool there = cache->directory.whole || cache->directory.too_large;
    if (there && !cache->directory.updating && is_past_it(ctx_mono(c), cache->directory.loaded_at))
        directory_forget(cache);
}

enum err catalogue_cache_directory(struct ctx *c, struct catalogue_cache *cache,
                                   const struct directory **out, uint64_t *version)
{
    *out = NULL;
    *version = 0;
    directory_expire(c, cache);
    if (cache->directory.too_large || cache->directory.loading)
        return OK;
    if (!cache->directory.whole)
        TRY(load_directory(c, cache));
    for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        if (cache->directory.updating)
            TRY(gate_wait(c, &cache->directory.gate));
        else if (cache->directory.whole && cache->directory.changed_len > 0)
            TRY(update_directory(c, cache));
    }
    *version = catalogue_cache_directory_version(c, cache);
    if (*version)
        *out = &cache->directory.salons;
    return OK;
}

uint64_t catalogue_cache_directory_version(struct ctx *c, struct catalogue_cache *cache)
{
    directory_expire(c, cache);
    bool current = cache->directory.whole && !cache->directory.updating &&
                   cache->directory.changed_len == 0;
    return current ? cache->directory.version : 0;
}
