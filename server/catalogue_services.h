/* server/catalogue_services.h - the catalogue on one worker: what it knows by heart, and for whom that
 * is not enough. */
#pragma once
#include "server/api/catalogue_pages.h"
#include "server/app.h"
#include "storage/catalogue_cache.h"

struct catalogue_services {
    struct catalogue_cache cache;
    struct catalogue_pages pages;
    bool cached; /* CATALOGUE_CACHE_MB is not 0 */
};

void catalogue_services_begin(const struct app *app, struct catalogue_services *catalogue);
void catalogue_services_end(struct catalogue_services *catalogue);

/* After an endpoint that may have changed the catalogue: every core of this process looks before its
 * next answer, and the caller's next read at any process does. The ctx's refusal is left as it is. */
void catalogue_wrote(struct ctx *c, const struct app *app, int64_t user_id);
/* Before an endpoint reads: looks first for who has just written. */
NODISCARD enum err catalogue_read_begin(struct ctx *c, const struct app *app, int64_t user_id);
