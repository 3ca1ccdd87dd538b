#include "storage/sweep_store.h"

#include "embedded.h"
#include "runtime/pg.h"

static enum err sweep(struct ctx *c, struct sweep_store *store,
                      const struct pg_statement *statement, struct pg_args args, int64_t *gone)
{
    struct pg_rows rows;
    TRY(pg_query(c, store->pool, statement, args, &rows));
    assert(rows.len == 1 && rows.columns == 1);
    *gone = pg_get_int8(&rows, 0, 0);
    assert(*gone >= 0);
    return OK;
}

enum err sweep_store_holds(struct ctx *c, struct sweep_store *store, int32_t at_most, int64_t *gone)
{
    return sweep(c, store, &SQL_BOOKINGS_SWEEP_HOLDS, PG_ARGS(pg_int4(at_most)), gone);
}

enum err sweep_store_keys(struct ctx *c, struct sweep_store *store, int32_t at_most, int64_t *gone)
{
    return sweep(c, store, &SQL_KEYS_SWEEP, PG_ARGS(pg_int4(at_most)), gone);
}

enum err sweep_store_codes(struct ctx *c, struct sweep_store *store, struct instant before,
                           int32_t at_most, int64_t *gone)
{
    return sweep(c, store, &SQL_OTP_SWEEP, PG_ARGS(pg_instant(before), pg_int4(at_most)), gone);
}

enum err sweep_store_sessions(struct ctx *c, struct sweep_store *store, struct instant before,
                              int32_t at_most, int64_t *gone)
{
    return sweep(c, store, &SQL_SESSIONS_SWEEP, PG_ARGS(pg_instant(before), pg_int4(at_most)),
                 gone);
}
