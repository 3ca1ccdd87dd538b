/* server/api/catalogue_of.h - from a worker's app to its catalogue, and to the pages made of it. Filled in
 * server/catalogue_services.c.
 *
 * Waits: what takes a ctx. */
#pragma once
#include "domain/catalogue/catalogue.h"

struct app;
struct catalogue_pages;
struct request;

struct catalogue_store *catalogue_of(const struct app *app);
/* NULL: nothing is kept (CATALOGUE_CACHE_MB=0). */
struct catalogue_pages *catalogue_pages_of(const struct app *app);

/* Before an endpoint reads: looks first for who has just written. */
NODISCARD enum err catalogue_read_begin(struct ctx *c, const struct app *app, int64_t user_id);
/* After an endpoint that may have changed the catalogue (a route_after_fn): every core of this process looks
 * before its next answer, and the caller's next read at any process does. */
void catalogue_wrote(struct ctx *c, const struct request *req, enum err err);
