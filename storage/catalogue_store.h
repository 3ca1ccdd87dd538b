/* storage/catalogue_store.h - the port domain/catalogue/catalogue_store.h on Postgres. */
#pragma once
#include "domain/catalogue/catalogue_store.h"

struct pg_pool;

struct catalogue_store {
    struct pg_pool *pool;
};
