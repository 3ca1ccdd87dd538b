/* storage/account_store.h - the port domain/accounts/account_store.h on Postgres.
 *
 * Waits: as its port. */
#pragma once
#include "domain/accounts/account_store.h"

struct pg_pool;

struct account_store {
    struct pg_pool *pool;
};
