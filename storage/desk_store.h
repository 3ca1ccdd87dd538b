/* storage/desk_store.h - the port domain/desk/desk_store.h on Postgres.   Waits: as its port. */
#pragma once
#include "domain/desk/desk_store.h"

struct pg_pool;

struct desk_store {
    struct pg_pool *pool;
    struct currency currency; /* of new salons */
};
