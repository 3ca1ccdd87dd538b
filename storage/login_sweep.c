#include "storage/login_sweep.h"

#include "embedded.h"
#include "runtime/pg.h"

static enum err sweep(struct ctx *c, struct pg_pool *pool, const struct pg_statement *statement,
                      struct instant before, int32_t at_most, int64_t *gone)
{
    struct pg_rows rows;
    TRY(pg_query(c, pool, statement, PG_ARGS(pg_instant(before), pg_int4(at_most)), &rows));
    assert(rows.len == 1);
    *gone = pg_get_int8(&rows, 0, 0);
    return OK;
}

enum err login_sweep_codes(struct ctx *c, struct pg_pool *pool, struct instant before,
                           int32_t at_most, int64_t *gone)
{
    return sweep(c, pool, &SQL_OTP_SWEEP, before, at_most, gone);
}

enum err login_sweep_sessions(struct ctx *c, struct pg_pool *pool, struct instant before,
                              int32_t at_most, int64_t *gone)
{
    return sweep(c, pool, &SQL_SESSIONS_SWEEP, before, at_most, gone);
}
