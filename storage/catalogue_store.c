/* The catalogue's port: from memory if there is one, else statement by statement.
 *
 * Memory answers after a refresh, which is what makes an answer at most a second old; slots after a look of
 * their own (catch_up), since what they offer is booked. Facts lie in the cache until the next wait, so each
 * call copies what it hands on. A question that memory cannot answer (letters that only the database folds,
 * a salon larger than the limits) goes to Postgres; nothing is ever answered by half. */
#include "storage/catalogue_store.h"

#include "domain/catalogue/fold.h"
#include "runtime/base/stats.h"
#include "storage/catalogue_cache.h"
#include "storage/catalogue_sql.h"

enum err catalogue_store_catch_up(struct ctx *c, struct catalogue_store *store)
{
    return store->cache ? catalogue_cache_catch_up(c, store->cache) : OK;
}

enum err catalogue_store_stamp(struct ctx *c, struct catalogue_store *store, int64_t salon,
                               uint64_t *out)
{
    *out = 0;
    if (!store->cache)
        return OK;
    TRY(catalogue_cache_refresh(c, store->cache));
    *out = salon ? catalogue_cache_version(c, store->cache, salon)
                 : catalogue_cache_directory_version(c, store->cache);
    return OK;
}

/* ---- search ---------------------------------------------------------------------------------- */

/* False: a letter that only the database can fold. */
static bool fold_query(struct arena *arena, const struct salon_query *in,
                       struct directory_query *out)
{
    *out = (struct directory_query){.any_q = in->q.len == 0,
                                    .any_city = in->city.len == 0,
                                    .after_rating_hundredths = in->after_rating_hundredths,
                                    .after_id = in->after_id,
                                    .limit = in->limit};
    return search_fold(arena, in->q, &out->q) && search_fold(arena, in->city, &out->city);
}

enum err catalogue_store_search(struct ctx *c, struct catalogue_store *store,
                                const struct salon_query *in, struct salon_page *out)
{
    const struct directory *directory = NULL;
    struct directory_query query;
    uint64_t version;
    if (store->cache && fold_query(c->arena, in, &query)) {
        TRY(catalogue_cache_refresh(c, store->cache));
        TRY(catalogue_cache_directory(c, store->cache, &directory, &version));
    }
    stat_count(directory ? STAT_CATALOGUE_SEARCH_HIT : STAT_CATALOGUE_SEARCH_MISS);
    if (!directory)
        return catalogue_sql_search(c, store->pool, in, out);
    assert(version > 0 && in->limit > 0);
    directory_search(directory, c->arena, &query, out);
    assert(out->len <= (size_t)in->limit);
    out->stamp = version;
    return OK;
}

/* ---- one salon ------------------------------------------------------------------------------- */

enum err catalogue_store_salon(struct ctx *c, struct catalogue_store *store, int64_t id,
                               struct salon_details *out)
{
    const struct salon_facts *facts;
    uint64_t version;
    if (!store->cache)
        return catalogue_sql_salon(c, store->pool, id, out);
    TRY(catalogue_cache_refresh(c, store->cache));
    TRY(catalogue_cache_facts(c, store->cache, id, &facts, &version));
    assert(facts->details.salon.id == id);
    salon_details_copy(c->arena, &facts->details, out);
    out->stamp = version;
    return OK;
}

enum err catalogue_store_services(struct ctx *c, struct catalogue_store *store,
                                  const struct part_query *in, struct service_page *out)
{
    const struct salon_facts *facts;
    uint64_t version;
    if (!store->cache)
        return catalogue_sql_services(c, store->pool, in, out);
    TRY(catalogue_cache_refresh(c, store->cache));
    TRY(catalogue_cache_facts(c, store->cache, in->salon, &facts, &version));
    if (!salon_facts_services(c->arena, facts, in, out))
        return catalogue_sql_services(c, store->pool, in, out);
    out->stamp = version;
    return OK;
}

enum err catalogue_store_staff(struct ctx *c, struct catalogue_store *store,
                               const struct part_query *in, struct staff_page *out)
{
    const struct salon_facts *facts;
    uint64_t version;
    if (!store->cache)
        return catalogue_sql_staff(c, store->pool, in, out);
    TRY(catalogue_cache_refresh(c, store->cache));
    TRY(catalogue_cache_facts(c, store->cache, in->salon, &facts, &version));
    if (!salon_facts_staff(c->arena, facts, in, out))
        return catalogue_sql_staff(c, store->pool, in, out);
    out->stamp = version;
    return OK;
}

/* ---- slots ----------------------------------------------------------------------------------- */

/* Nothing in memory: every question is Postgres'. */
static enum err slots_from_sql(struct ctx *c, struct catalogue_store *store,
                               const struct slots_query *in, struct slot_facts *out)
{
    struct catalogue_changes look;
    struct salon_facts *facts = arena_new(c->arena, struct salon_facts);
    struct claims *claims;
    TRY(catalogue_sql_facts(c, store->pool, in->salon, facts));
    salon_facts_slots(c->arena, facts, in, out);
    TRY(catalogue_sql_busy(c, store->pool, out->staff, out->staff_len, out->room_ids,
                           out->rooms_len, &claims));
    TRY(catalogue_sql_changes(c, store->pool, STR(""), &look));
    assert(out->staff_len <= SLOTS_STAFF_MAX);
    out->busy = claims;
    out->rooms = claims + out->staff_len;
    out->now = look.now;
    return OK;
}

/* One look at the feed, and then what it said is not known any more. Reading claims may wait, and facts that
 * were forgotten meanwhile are gone: then once more, and by then the claims are there. */
static enum err slots_from_cache(struct ctx *c, struct catalogue_store *store,
                                 const struct slots_query *in, struct slot_facts *out)
{
    enum { ATTEMPTS_MAX = 3 };
    struct catalogue_cache *cache = store->cache;
    TRY(catalogue_cache_catch_up(c, cache));
    for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        const struct salon_facts *facts;
        uint64_t version;
        TRY(catalogue_cache_facts(c, cache, in->salon, &facts, &version));
        salon_facts_slots(c->arena, facts, in, out);
        out->now = cache->feed.now;
        TRY(claims_cache_fill(c, &cache->claims, store->pool, in->salon, out));
        if (version == 0 || version == catalogue_cache_version(c, cache, in->salon))
            return OK; /* version 0: these are the request's own */
    }
    return slots_from_sql(c, store, in, out);
}

enum err catalogue_store_slots(struct ctx *c, struct catalogue_store *store,
                               const struct slots_query *in, struct slot_facts *out)
{
    if (store->cache)
        TRY(slots_from_cache(c, store, in, out));
    else
        TRY(slots_from_sql(c, store, in, out));
    /* After this wait the views are gone, and of no use: she is not here. */
    if (out->service_found && in->staff && !out->staff_here)
        TRY(catalogue_sql_staff_exists(c, store->pool, in->staff, &out->staff_found));
    return OK;
}
