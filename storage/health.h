/* storage/health.h - are the stores there, and is their schema ours.
 *
 * Waits: exactly the calls that take a ctx. */
#pragma once
#include "runtime/base/ctx.h"

struct pg_pool;

/* True when the database has every change of this binary (or more). Waits. */
NODISCARD enum err storage_schema_current(struct ctx *c, struct pg_pool *pool, bool *current);
