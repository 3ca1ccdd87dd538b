/* runtime/base/ctx.h - what one request carries through every room.
 *
 * THE RULE: a function that takes no `struct ctx *` (it comes first), and no struct that holds one, never
 * waits. One that takes it may: its header's "Waits:" says so. A test follows the calls and keeps this true.
 *
 * The deadline is a point in time, set at the edge and only ever tightened. The clock, the arena,
 * the language and the refusal under way travel here and nowhere else.
 *
 * The language is decided at the edge, before anything can be refused, and read-only from there on: only
 * an answer that was kept is shown in the language in which it was kept (domain/once.h).
 *
 * Waits: never. */
#pragma once
#include "runtime/base/arena.h"
#include "runtime/base/refusal.h"

enum lang { LANG_AR, LANG_EN, LANG_COUNT };

/* Statements and commands that this request has cost so far; asserted by the tests. */
struct ctx_costs {
    uint32_t pg_statements;
    uint32_t redis_commands;
};

struct ctx {
    struct arena *arena;
    const struct clock *clock;
    struct tick deadline;
    struct str request_id;
    enum lang lang;
    bool canceled; /* every wait fails with ERR_CANCELED from now on */
    struct refusal refusal;
    void *fiber; /* struct fiber * of the runtime; NULL in rule tests, where nothing waits */
    struct ctx_costs costs;
};

static inline struct instant ctx_now(const struct ctx *c)
{
    return c->clock->wall(c->clock);
}
static inline struct tick ctx_mono(const struct ctx *c)
{
    return c->clock->mono(c->clock);
}

/* Begins a ctx with no deadline, Arabic, in `arena`. */
void ctx_init(struct ctx *c, struct arena *arena, const struct clock *clock);

/* Tightens the deadline for the scope of `saved`; put it back with ctx_restore (or SCOPED).
 *     struct ctx_scope scope SCOPED(ctx_restore) = ctx_within(c, seconds(2)); */
struct ctx_scope {
    struct ctx *c;
    struct tick deadline;
};
struct ctx_scope ctx_within(struct ctx *c, struct duration d);
void ctx_restore(struct ctx_scope *scope);
/* What is left until the deadline; 0 when it has passed; huge when there is none. */
struct duration ctx_left(const struct ctx *c);
