/* storage/work_store.h - the port domain/work/work_store.h on Postgres.   Waits: as its port. */
#pragma once
#include "domain/work/work_store.h"

struct pg_pool;

struct work_store {
    struct pg_pool *pool;
};
