#include "server/catalogue_services.h"

#include "server/services.h"
#include "storage/catalogue_fresh.h"

void catalogue_services_begin(const struct app *app, struct catalogue_services *catalogue)
{
    const struct config *config = app->config;
    size_t bytes_max = (size_t)config->catalogue_cache_mb << 20, pages_max = bytes_max / 4;
    *catalogue = (struct catalogue_services){.cached = bytes_max > 0};
    if (!catalogue->cached)
        return;
    uint64_t seed;
    clock_system.random(&clock_system, &seed, sizeof(seed));
    struct catalogue_cache_options options = {
        .bytes_max = bytes_max - pages_max,
        .look_every = config->catalogue_look,
        .stale_max = config->catalogue_stale,
        .writes = &app->process->catalogue_writes,
    };
    catalogue_cache_init(&catalogue->cache, app->pg, seed, &options);
    catalogue_pages_init(&catalogue->pages, pages_max, seed);
}

void catalogue_services_end(struct catalogue_services *catalogue)
{
    catalogue_pages_fini(&catalogue->pages);
    catalogue_cache_fini(&catalogue->cache);
}

void catalogue_wrote(struct ctx *c, const struct app *app, int64_t user_id)
{
    __atomic_fetch_add(&app->process->catalogue_writes, 1, __ATOMIC_ACQ_REL);
    struct ctx saved = *c;
    if (user_id && app->services->catalogue.cached)
        catalogue_fresh_mark(c, app->redis, user_id);
    c->reason = saved.reason;
    c->retry_after_s = saved.retry_after_s;
    c->refused_field = saved.refused_field;
    c->refused_data = saved.refused_data;
}

enum err catalogue_read_begin(struct ctx *c, const struct app *app, int64_t user_id)
{
    struct services *services = app->services;
    bool wrote = false;
    if (!user_id || !services->catalogue.cached)
        return OK;
    TRY(catalogue_fresh_asked(c, app->redis, user_id, &wrote));
    if (!wrote)
        return OK;
    enum err err = catalogue_catch_up(c, &services->booking.catalogue);
    /* Postgres away: what everybody gets then is good enough for the writer too. */
    return err == ERR_UNAVAILABLE ? OK : err;
}
