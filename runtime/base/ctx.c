#include "runtime/base/ctx.h"

void ctx_init(struct ctx *c, struct arena *arena, const struct clock *clock)
{
    *c = (struct ctx){.arena = arena, .clock = clock, .deadline = TICK_NEVER, .lang = LANG_AR};
}

struct ctx_scope ctx_within(struct ctx *c, struct duration d)
{
    struct ctx_scope scope = {.c = c, .deadline = c->deadline};
    struct tick until = tick_add(ctx_mono(c), (struct duration){MAX(d.us, 0)});
    if (until.ns < c->deadline.ns)
        c->deadline = until;
    return scope;
}

void ctx_restore(struct ctx_scope *scope)
{
    if (scope->c)
        scope->c->deadline = scope->deadline;
    scope->c = NULL;
}

struct duration ctx_left(const struct ctx *c)
{
    if (c->deadline.ns == TICK_NEVER.ns)
        return (struct duration){INT64_MAX};
    uint64_t now = ctx_mono(c).ns;
    return (struct duration){c->deadline.ns > now ? (int64_t)((c->deadline.ns - now) / 1000) : 0};
}
