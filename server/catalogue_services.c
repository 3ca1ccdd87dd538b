/* The catalogue on one worker: its store, what is kept of it in memory, and for whom that is not enough. */
#include "runtime/base/counter.h"
#include "server/api/catalogue_of.h"
#include "server/api/catalogue_pages.h"
#include "server/area.h"
#include "storage/catalogue_cache.h"
#include "storage/catalogue_fresh.h"
#include "storage/catalogue_store.h"

struct catalogue_services {
    struct catalogue_store store;
    struct catalogue_cache cache;
    struct catalogue_pages pages;
    bool cached; /* CATALOGUE_CACHE_MB is not 0 */
};

struct catalogue_store *catalogue_of(const struct app *app)
{
    assert(app->catalogue); /* areas begin in order: services.c */
    return &app->catalogue->store;
}

struct catalogue_pages *catalogue_pages_of(const struct app *app)
{
    assert(app->catalogue);
    return app->catalogue->cached ? &app->catalogue->pages : NULL;
}

static void begin_cache(const struct app *app, struct catalogue_services *services,
                        size_t bytes_max)
{
    size_t pages_max = bytes_max / 4;
    assert(!services->cached && pages_max > 0);
    uint64_t seed;
    clock_system.random(&clock_system, &seed, sizeof(seed));
    struct catalogue_cache_options options = {
        .bytes_max = bytes_max - pages_max,
        .look_every = app->config->catalogue_look,
        .stale_max = app->config->catalogue_stale,
        .writes = &app->process->catalogue_writes,
    };
    catalogue_cache_init(&services->cache, app->pg, seed, &options);
    catalogue_pages_init(&services->pages, pages_max, seed);
    services->store.cache = &services->cache;
    services->cached = true;
}

static void begin(struct app *app)
{
    struct catalogue_services *services = arena_new(&app->arena, struct catalogue_services);
    size_t bytes_max = (size_t)app->config->catalogue_cache_mb << 20;
    app->catalogue = services;
    services->store.pool = app->pg;
    if (bytes_max)
        begin_cache(app, services, bytes_max);
}

static void end(struct app *app)
{
    catalogue_pages_fini(&app->catalogue->pages);
    catalogue_cache_fini(&app->catalogue->cache);
}

void catalogue_wrote(struct ctx *c, const struct request *req, enum err err)
{
    bool wrote = err == OK || err == ERR_TIMEOUT || err == ERR_CANCELED; /* or it may have */
    if (!wrote)
        return;
    __atomic_fetch_add(&req->app->process->catalogue_writes, 1, __ATOMIC_ACQ_REL);
    if (req->caller.user_id && req->app->catalogue->cached)
        catalogue_fresh_mark(c, req->app->redis, req->caller.user_id);
}

enum err catalogue_read_begin(struct ctx *c, const struct app *app, int64_t user_id)
{
    bool wrote = false;
    if (!user_id || !app->catalogue->cached)
        return OK;
    TRY(catalogue_fresh_asked(c, app->redis, user_id, &wrote));
    if (!wrote)
        return OK;
    enum err err = catalogue_catch_up(c, catalogue_of(app));
    /* Postgres away: what everybody gets then is good enough for the writer too. */
    return err == ERR_UNAVAILABLE ? OK : err;
}

/* ---- metrics ---------------------------------------------------------------------------------- */

static uint64_t read_cache(const struct app *app, const struct metric *metric)
{
    return metric_at(&app->catalogue->cache.stats, metric);
}

static uint64_t read_bytes(const struct app *app, const struct metric *metric)
{
    return read_cache(app, metric) + counter_read(&app->catalogue->pages.bytes);
}

static uint64_t read_evictions(const struct app *app, const struct metric *metric)
{
    return read_cache(app, metric) + counter_read(&app->catalogue->pages.evictions);
}

/* 0: it never looked. */
static uint64_t read_age(const struct app *app, const struct metric *metric)
{
    uint64_t looked = read_cache(app, metric);
    uint64_t now = clock_system.mono(&clock_system).ns / 1000000;
    return looked && now > looked ? now - looked : 0;
}

#define CACHE(field) offsetof(struct catalogue_cache_stats, field)
static const struct metric metrics[] = {
    {"mawid_catalogue_salons", "gauge", "Catalogue: salons kept in memory.", read_cache,
     CACHE(entries)},
    {"mawid_catalogue_listed", "gauge", "Catalogue: salons searched in memory.", read_cache,
     CACHE(salons_listed)},
    {"mawid_catalogue_bytes", "gauge",
     "Catalogue: bytes of salons, times taken, the search and pages.", read_bytes, CACHE(bytes)},
    {"mawid_catalogue_evictions_total", "counter",
     "Catalogue: salons, times and pages put out for others.", read_evictions, CACHE(evictions)},
    {"mawid_catalogue_age_milliseconds", "gauge",
     "Catalogue: since the last look for changes (a worker that is not asked does not look).",
     read_age, CACHE(looked_at_ms)},
};
#undef CACHE

const struct area catalogue_area = {
    .begin = begin, .end = end, .metrics = metrics, .metrics_len = ARRAY_LEN(metrics)};
