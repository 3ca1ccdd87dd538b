/* storage/catalogue_fresh.h - who has just changed the catalogue sees it at once, at any process.
 *
 * Everyone else sees a change within a second by the feed. The writer's mark lies in Redis for a little
 * longer than that; her reads find it there and look at the feed first. Without Redis nobody is known
 * not to have written, and every read of a signed-in user looks (many wait for one look).
 *
 * Waits: exactly the calls that take a ctx. */
#pragma once
#include "runtime/base/ctx.h"

struct redis_pool;

/* Before the writer is answered. A mark that could not be left is logged, nothing else. */
void catalogue_fresh_mark(struct ctx *c, struct redis_pool *redis, int64_t user_id);
/* True when she has, and when nobody can tell. */
NODISCARD enum err catalogue_fresh_asked(struct ctx *c, struct redis_pool *redis, int64_t user_id,
                                         bool *out);
