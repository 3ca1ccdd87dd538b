#include "storage/retry.h"

bool retry_is_due(enum err err, const struct pg_rows *rows)
{
    return err == ERR_UNAVAILABLE && str_eq(str_c(rows->sqlstate), STR("40001"));
}

enum err retry_query(struct ctx *c, struct pg_pool *pool, const struct pg_statement *stmt,
                     struct pg_args args, struct pg_rows *rows)
{
    assert(stmt->params == args.len);
    enum err err = pg_query(c, pool, stmt, args, rows);
    for (int i = 0; i < RETRIES_MAX && retry_is_due(err, rows); i++)
        err = pg_query(c, pool, stmt, args, rows);
    return err;
}
