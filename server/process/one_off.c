#include "server/process/one_off.h"

#include <stdio.h>

#include "runtime/base/arena.h"
#include "runtime/base/log.h"

enum { STACK_BYTES = 65536, TURN_MS = 50, LAST_TURNS = 200 };

struct one_off {
    struct loop *loop;
    struct duration within;
    void (*run)(struct ctx *c, void *arg);
    void *arg;
    bool done;
};

struct loop *one_off_begin(char *why, size_t why_len)
{
    const char *refused = NULL;
    struct io_options io_options = {
        .entries = 64, .buffers = 16, .buffer_bytes = 4096, .completions_max = 64};
    struct loop_options options = {.fibers_max = 64,
                                   .stack_bytes = STACK_BYTES,
                                   .arena_block_bytes = 8192,
                                   .slice = milliseconds(1)};
    struct io *io = io_uring_new(&io_options, &refused);
    if (!io) {
        snprintf(why, why_len, "%s", refused);
        return NULL;
    }
    log_start(&(struct log_options){.format = LOG_TEXT, .level = LOG_ERROR});
    return loop_new(io, &options);
}

static void run_fiber(void *arg)
{
    struct one_off *one_off = arg;
    struct arena arena;
    struct ctx c;
    arena_begin(&arena, loop_arenas(one_off->loop));
    ctx_init(&c, &arena, loop_clock(one_off->loop));
    struct ctx_scope scope SCOPED(ctx_restore) = ctx_within(&c, one_off->within);
    one_off->run(&c, one_off->arg);
    arena_end(&arena);
    one_off->done = true;
}

void one_off_run(struct loop *loop, struct duration within, void (*run)(struct ctx *c, void *arg),
                 void *arg)
{
    struct one_off one_off = {.loop = loop, .within = within, .run = run, .arg = arg};
    if (!fiber_start(loop, run_fiber, &one_off))
        base_die(__FILE__, __LINE__, "an empty loop refuses a fiber");
    while (!one_off.done)
        loop_turn(loop, tick_add(loop_now(loop), milliseconds(TURN_MS)));
}

void one_off_end(struct loop *loop)
{
    for (int i = 0; i < LAST_TURNS && loop_stats(loop)->fibers_live; i++)
        loop_turn(loop, tick_add(loop_now(loop), milliseconds(1)));
    loop_free(loop);
    log_stop();
}
