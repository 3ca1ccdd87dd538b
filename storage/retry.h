/* storage/retry.h - statements that judge first and take their locks then.
 *
 * What such a statement judged by may have changed before it had its locks. It then raises
 * serialization_failure (40001): all is undone, and to ask again is to be judged by what is now. Not for
 * ever: each round means that somebody else's change was made.
 *
 * Waits: retry_query. */
#pragma once
#include "runtime/pg.h"

enum { RETRIES_MAX = 3 };

bool retry_is_due(enum err err, const struct pg_rows *rows);

/* As pg_query, asked again when that is due: the last answer. */
NODISCARD enum err retry_query(struct ctx *c, struct pg_pool *pool, const struct pg_statement *stmt,
                               struct pg_args args, struct pg_rows *rows);
