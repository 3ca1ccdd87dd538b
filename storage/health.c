#include "storage/health.h"

#include "embedded.h"
#include "storage/migrate.h"

enum err storage_schema_current(struct ctx *c, struct pg_pool *pool, bool *current)
{
    struct pg_rows rows;
    TRY(pg_query(c, pool, &SQL_HEALTH_SCHEMA, PG_NO_ARGS, &rows));
    assert(rows.len == 1 && rows.columns == 1);
    *current = pg_get_int4(&rows, 0, 0) >= schema_number(&SCHEMA);
    return OK;
}
