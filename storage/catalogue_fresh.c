#include "storage/catalogue_fresh.h"

#include "embedded.h"
#include "runtime/base/log.h"
#include "storage/catalogue_cache.h"

enum { MARK_MS = 3000, ANSWER_MS = 250 };
static_assert(MARK_MS > 2 * CATALOGUE_FRESH_MS, "until every process has looked, however late");

static struct str mark_key(struct ctx *c, int64_t user_id)
{
    assert(user_id > 0); /* nobody is not known to have written */
    return str_printf(c->arena, "fresh:%lld", (long long)user_id);
}

void catalogue_fresh_mark(struct ctx *c, struct redis_pool *redis, int64_t user_id)
{
    struct str key = mark_key(c, user_id), ms = str_printf(c->arena, "%d", MARK_MS);
    struct redis_reply reply;
    struct ctx_scope scope SCOPED(ctx_restore) = ctx_within(c, milliseconds(ANSWER_MS));
    if (redis_run(c, redis, &LUA_FRESH_MARK, &key, 1, &ms, 1, &reply) != OK)
        log_event(LOG_INFO, "fresh_mark_lost", "another process may show the former state for 1 s");
}

enum err catalogue_fresh_asked(struct ctx *c, struct redis_pool *redis, int64_t user_id, bool *out)
{
    struct str key = mark_key(c, user_id);
    struct redis_reply reply;
    struct ctx_scope scope SCOPED(ctx_restore) = ctx_within(c, milliseconds(ANSWER_MS));
    enum err err = redis_run(c, redis, &LUA_FRESH_ASKED, &key, 1, NULL, 0, &reply);
    *out = err || reply.type != REDIS_INTEGER || reply.integer != 0;
    return err == ERR_CANCELED ? err : OK;
}
