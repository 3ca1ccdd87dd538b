/* server/api/actor.h - who calls, in the words of the domain. Waits: never. */
#pragma once
#include "domain/actor.h"
#include "server/api.h"

/* Of a route that demands a caller. */
static inline struct actor actor_of(const struct request *req)
{
    assert(req->route->flags & ROUTE_USER);
    return actor_user(req->caller.user_id);
}
