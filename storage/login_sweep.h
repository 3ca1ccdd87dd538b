/* storage/login_sweep.h - codes that were asked for and sessions that ended are not kept for ever.
 *
 * Limits look back a day at most, and no rule looks at an ended session: what is older than that is kept
 * for people who ask what happened, until `before`. Accounts and audit rows stay.
 *
 * Each call removes at most `at_most` rows in one statement of its own and tells how many; fewer than
 * that: there are no more, or others are at work on them. Any number of processes may sweep at once.
 *
 * Waits: both.   Errors: ERR_UNAVAILABLE, ERR_TIMEOUT; doing it again is always fine. */
#pragma once
#include "runtime/base/ctx.h"

struct pg_pool;

NODISCARD enum err login_sweep_codes(struct ctx *c, struct pg_pool *pool, struct instant before,
                                     int32_t at_most, int64_t *gone);
NODISCARD enum err login_sweep_sessions(struct ctx *c, struct pg_pool *pool, struct instant before,
                                        int32_t at_most, int64_t *gone);
