/* storage/session_store.h - the port domain/accounts/session_store.h on Postgres.
 *
 * Waits: as its port. */
#pragma once
#include "domain/accounts/session_store.h"

struct pg_pool;

struct session_store {
    struct pg_pool *pool;
};
