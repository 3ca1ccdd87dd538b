#include "server/process/mint.h"

#include "server/api/login_of.h"
#include "server/app.h"
#include "server/process/one_off.h"

enum { MINT_SECONDS = 10 };

struct minting {
    struct app *app;
    const char *phone;
    FILE *to;
    char *why;
    size_t why_len;
    bool minted;
};

static void explain(struct ctx *c, struct minting *m, enum err err)
{
    if (err == ERR_UNAVAILABLE || err == ERR_TIMEOUT)
        snprintf(m->why, m->why_len, "the database does not answer, see DATABASE_URL");
    else
        snprintf(m->why, m->why_len, "no token for '%s': %.*s", m->phone,
                 STR_FMT(reason_info(refused(c))->text[LANG_EN]));
}

static void mint(struct ctx *c, void *arg)
{
    struct minting *m = arg;
    struct str token;
    enum err err = login_mint(c, logins_of(m->app), str_c(m->phone), &token);
    m->minted = err == OK;
    if (m->minted)
        fprintf(m->to, "%.*s\n", STR_FMT(token));
    else
        explain(c, m, err);
}

bool mint_token(const struct config *config, const char *phone, FILE *to, char *why, size_t why_len)
{
    struct config small = *config;
    small.pg_connections = 1;
    struct process process = {.config = &small, .workers = 1};
    struct minting m = {.phone = phone, .to = to, .why = why, .why_len = why_len};
    struct loop *loop = one_off_begin(why, why_len);
    if (!loop)
        return false;
    m.app = app_new(loop, &process, 0, why, why_len);
    if (m.app)
        one_off_run(loop, seconds(MINT_SECONDS), mint, &m);
    app_free(m.app);
    one_off_end(loop);
    return m.minted;
}
