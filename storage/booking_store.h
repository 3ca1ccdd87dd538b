/* storage/booking_store.h - the port domain/bookings/booking_store.h on Postgres. */
#pragma once
#include "domain/bookings/booking_store.h"

struct pg_pool;

struct booking_store {
    struct pg_pool *pool;
};
