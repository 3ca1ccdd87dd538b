/* server/http/router.h - from a path to a route.
 *
 * A table of routes is compiled once at start into a tree of segments; matching walks it without
 * allocating. A trailing slash is optional; {id} is a positive int64 without leading zeros.
 *
 * Threads: built before the workers start, read-only afterwards.   Waits: never. */
#pragma once
#include "server/api.h"

struct router;

/* Lives in `arena`. A pattern that cannot be read, or two equal routes, are bugs and assert. */
struct router *router_new(struct arena *arena, const struct route *table, size_t len);

struct route_match {
    const struct route *route; /* NULL: see `allow` */
    uint32_t allow;            /* 1 << method for what the path supports; 0: no such path */
    int64_t ids[ROUTE_IDS_MAX];
    struct uuid uuid;
    struct str name; /* a view of the path */
};
/* HEAD is served by GET's route. `path` is percent-decoded already. */
void router_match(const struct router *router, enum http_method method, struct str path,
                  struct route_match *out);
/* "GET, HEAD, OPTIONS" into the arena. */
struct str router_allow(struct arena *arena, uint32_t allow);
/* The table's own index of a route, for counters. */
size_t router_index(const struct router *router, const struct route *route);
