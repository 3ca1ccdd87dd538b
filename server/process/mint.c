#include "server/process/mint.h"

#include <string.h>

#include "runtime/base/log.h"
#include "runtime/loop.h"
#include "server/api/login_of.h"
#include "server/app.h"

enum { MINT_SECONDS = 10, STACK_BYTES = 65536, LAST_TURNS = 200 };

struct minting {
    struct app *app;
    const char *phone;
    FILE *to;
    char *why;
    size_t why_len;
    bool done, minted;
};

static void explain(struct ctx *c, struct minting *m, enum err err)
{
    if (err == ERR_UNAVAILABLE || err == ERR_TIMEOUT)
        snprintf(m->why, m->why_len, "the database does not answer, see DATABASE_URL");
    else
        snprintf(m->why, m->why_len, "no token for '%s': %.*s", m->phone,
                 STR_FMT(reason_info(refused(c))->text[LANG_EN]));
}

static void mint_fiber(void *arg)
{
    struct minting *m = arg;
    struct arena arena;
    struct ctx c;
    arena_begin(&arena, loop_arenas(m->app->loop));
    ctx_init(&c, &arena, loop_clock(m->app->loop));
    c.deadline = tick_add(ctx_mono(&c), seconds(MINT_SECONDS));
    struct str token;
    enum err err = login_mint(&c, logins_of(m->app), str_c(m->phone), &token);
    m->minted = err == OK;
    if (m->minted)
        fprintf(m->to, "%.*s\n", STR_FMT(token));
    else
        explain(&c, m, err);
    arena_end(&arena);
    m->done = true;
}

static bool run(struct loop *loop, const struct config *config, struct minting *m)
{
    static struct process process; /* a loop of one: nobody shares it */
    process = (struct process){.config = config, .workers = 1};
    m->app = app_new(loop, &process, 0, m->why, m->why_len);
    if (!m->app)
        return false;
    if (!fiber_start(loop, mint_fiber, m))
        base_die(__FILE__, __LINE__, "an empty loop refuses a fiber");
    while (!m->done)
        loop_turn(loop, tick_add(loop_now(loop), milliseconds(50)));
    app_free(m->app);
    for (int i = 0; i < LAST_TURNS && loop_stats(loop)->fibers_live; i++)
        loop_turn(loop, tick_add(loop_now(loop), milliseconds(1)));
    return m->minted;
}

bool mint_token(const struct config *config, const char *phone, FILE *to, char *why, size_t why_len)
{
    const char *refused = NULL;
    /* What the pools have to say belongs into a server's log, not between a script and its token. */
    log_start(&(struct log_options){.format = LOG_TEXT, .level = LOG_ERROR});
    struct io_options io_options = {
        .entries = 64, .buffers = 16, .buffer_bytes = 4096, .completions_max = 64};
    struct io *io = io_uring_new(&io_options, &refused);
    if (!io) {
        snprintf(why, why_len, "%s", refused);
        return false;
    }
    struct loop_options options = {.fibers_max = 64,
                                   .stack_bytes = STACK_BYTES,
                                   .arena_block_bytes = 8192,
                                   .slice = milliseconds(1)};
    struct loop *loop = loop_new(io, &options);
    struct minting m = {.phone = phone, .to = to, .why = why, .why_len = why_len};
    struct config small = *config;
    small.pg_connections = 1;
    bool minted = run(loop, &small, &m);
    loop_free(loop);
    log_stop();
    return minted;
}
