/* tests/unit/fakes/fake_clock.h - a ctx whose time stands still until it is moved, and whose
 * randomness repeats. */
#pragma once
#include <string.h>

#include "runtime/base/ctx.h"

struct fake_clock {
    struct clock clock;
    struct instant now;
    uint64_t state;
};

static inline struct instant fake_clock_wall(const struct clock *clock)
{
    return container_of(clock, const struct fake_clock, clock)->now;
}
static inline struct tick fake_clock_mono(const struct clock *clock)
{
    return (struct tick){(uint64_t)fake_clock_wall(clock).us * 1000};
}
static inline void fake_clock_random(const struct clock *clock, void *out, size_t len)
{
    struct fake_clock *fake = (struct fake_clock *)container_of(clock, struct fake_clock, clock);
    for (size_t i = 0; i < len; i++) {
        fake->state = fake->state * 6364136223846793005u + 1442695040888963407u;
        ((uint8_t *)out)[i] = (uint8_t)(fake->state >> 56);
    }
}

/* A ctx on an arena of its own, at 2026-01-15T10:30:00Z. */
struct fake_ctx {
    struct fake_clock clock;
    struct arena_pool pool;
    struct arena arena;
    struct ctx c;
};
static inline void fake_ctx_begin(struct fake_ctx *f)
{
    *f = (struct fake_ctx){.clock = {.clock = {fake_clock_wall, fake_clock_mono, fake_clock_random},
                                     .now = {1768473000000000},
                                     .state = 42}};
    arena_pool_init(&f->pool, 16384, 8);
    arena_begin(&f->arena, &f->pool);
    ctx_init(&f->c, &f->arena, &f->clock.clock);
    f->c.request_id = STR("test");
}
static inline void fake_ctx_end(struct fake_ctx *f)
{
    arena_end(&f->arena);
    arena_pool_fini(&f->pool);
}
static inline void fake_ctx_advance(struct fake_ctx *f, struct duration d)
{
    f->clock.now = instant_add(f->clock.now, d);
}
