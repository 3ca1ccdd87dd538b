/* server/api/actor.h - who calls, in the words of the domain. Nothing here waits. */
#pragma once
#include "domain/desk/desk_verdict.h"
#include "server/api.h"
#include "server/api/idempotency.h"

static inline struct actor actor_of(const struct request *req)
{
    return (struct actor){.user_id = req->caller.user_id, .language_asked = req->lang_from_header};
}
/* What the database answered told the caller's language too: no second look-up for it. */
static inline enum err actor_settled(struct request *req, enum err err)
{
    if (err != ERR_UNAVAILABLE && err != ERR_TIMEOUT && err != ERR_CANCELED && err != ERR_INTERNAL)
        req->lang_settled = true;
    return err;
}

/* Idempotency-Key of a request that makes something. */
static inline enum err once_begin(struct ctx *c, const struct request *req, struct desk_once *once)
{
    *once = (struct desk_once){.asked = STR("")};
    return idempotency_key(c, req, &once->key);
}
/* As once_begin, when the body is still to come; `once_body` before the key is used. */
static inline enum err once_begin_alone(struct ctx *c, const struct request *req,
                                        struct desk_once *once)
{
    *once = (struct desk_once){.asked = STR("")};
    return idempotency_key_alone(c, req, &once->key);
}
static inline void once_body(struct ctx *c, const struct request *req, struct str body,
                             struct desk_once *once)
{
    if (once->key.key.len)
        once->key.fingerprint = idempotency_fingerprint(c->arena, req, body);
}
static inline void once_end(struct response *res, const struct desk_once *once)
{
    if (once->replayed)
        response_header(res, STR("Idempotency-Replayed"), STR("true"));
}
