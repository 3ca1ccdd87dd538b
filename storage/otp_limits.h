/* storage/otp_limits.h - the port domain/otp/otp_limits.h on Redis.   Waits: as its port. */
#pragma once
#include "domain/otp/otp_limits.h"

struct redis_pool;

struct otp_limits {
    struct redis_pool *pool;
};
