/* storage/review_store.h - the port domain/desk/review_store.h on Postgres.
 *
 * Waits: as its port. */
#pragma once
#include "domain/desk/review_store.h"

struct pg_pool;

struct review_store {
    struct pg_pool *pool;
};
