/* storage/sweep_store.h - the port domain/house/sweep_store.h on Postgres.
 *
 * Waits: never; its calls do, as the port says. */
#pragma once
#include "domain/house/sweep_store.h"

struct pg_pool;

struct sweep_store {
    struct pg_pool *pool;
};
