/* server/routes.h - the tables of routes.   Waits: never. */
#pragma once
#include "server/api.h"

extern const struct route routes[]; /* what the public listeners serve */
extern const size_t routes_len;
extern const struct route admin_routes[]; /* what the admin listener serves besides */
extern const size_t admin_routes_len;
