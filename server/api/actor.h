/* server/api/actor.h - who calls, in the words of the domain. Nothing here waits. */
#pragma once
#include "domain/bookings/bookings.h"
#include "server/api.h"

static inline struct actor actor_of(const struct request *req)
{
    return (struct actor){req->caller.user_id, req->lang_from_header};
}
/* What the database answered told the caller's language too: no second look-up for it. */
static inline enum err actor_settled(struct request *req, enum err err)
{
    if (err != ERR_UNAVAILABLE && err != ERR_TIMEOUT && err != ERR_CANCELED && err != ERR_INTERNAL)
        req->lang_settled = true;
    return err;
}
