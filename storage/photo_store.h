/* storage/photo_store.h - rows of photos (domain/desk/photo_store.h) on Postgres.
 *
 * Waits: as its port. */
#pragma once
#include "domain/desk/photo_store.h"

struct pg_pool;

struct photo_store {
    struct pg_pool *pool;
};
