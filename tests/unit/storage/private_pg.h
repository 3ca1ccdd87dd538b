/* tests/unit/storage/private_pg.h - a Postgres (and a Redis) of the test program's own: started when it is
 * first asked for, gone when the program ends. What cannot be had ends the program. */
#pragma once
#include <libpq-fe.h>
#include <stdint.h>

#include "runtime/base/base.h"

const char *private_pg_url(void); /* the database is empty until somebody migrates it */
const char *private_redis_url(void);
/* A connection to the database with the program's schema. The caller finishes it. */
PGconn *private_pg_session(void);

/* The first value of the first row, "nothing" without one, or "error: SQLSTATE constraint"; valid until
 * the next call but one. */
const char *ask(PGconn *conn, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The same as a number; what is none ends the program. */
int64_t ask_int(PGconn *conn, const char *fmt, ...) PRINTF_LIKE(2, 3);
