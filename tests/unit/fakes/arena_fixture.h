/* tests/unit/fakes/arena_fixture.h - memory for one test, gone with its scope. */
#pragma once
#include "runtime/base/arena.h"

struct arena_fixture {
    struct arena_pool pool;
    struct arena arena;
};

static inline void arena_fixture_end(struct arena_fixture *f)
{
    arena_end(&f->arena);
    arena_pool_fini(&f->pool);
}

#define ARENA_FIXTURE(f)                                    \
    struct arena_fixture f SCOPED(arena_fixture_end) = {0}; \
    arena_pool_init(&(f).pool, 4096, 16);                   \
    arena_begin(&(f).arena, &(f).pool)
