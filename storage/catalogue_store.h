/* storage/catalogue_store.h - the port domain/catalogue/catalogue_store.h on Postgres and a cache.
 *
 * Waits: as its port. */
#pragma once
#include "domain/catalogue/catalogue_store.h"

struct pg_pool;
struct catalogue_cache;

struct catalogue_store {
    struct pg_pool *pool;
    struct catalogue_cache *cache; /* NULL: every answer is asked of Postgres */
};
