/* storage/otp_store.h - the port domain/otp/otp_store.h on Postgres.   Waits: as its port. */
#pragma once
#include "domain/otp/otp_store.h"

struct pg_pool;

struct otp_store {
    struct pg_pool *pool;
};
