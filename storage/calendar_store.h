/* storage/calendar_store.h - the port domain/desk/calendar_store.h on Postgres.
 *
 * Waits: as its port. */
#pragma once
#include "domain/desk/calendar_store.h"

struct pg_pool;

struct calendar_store {
    struct pg_pool *pool;
};
