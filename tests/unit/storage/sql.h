/* tests/unit/storage/sql.h - what the tests of SQL share: the program's schema in a private Postgres, asking
 * it, and the rows of a small salon. What goes wrong with the fixture ends the program. */
#pragma once
#include <libpq-fe.h>

#include "runtime/base/base.h"
#include "tests/test.h"
#include "tests/unit/private_servers.h"

/* A connection to the private database, in which the schema is by then (and the zones of salons are
 * loaded). The caller finishes it. */
PGconn *sql_session(void);

/* The first value of the first row, "nothing" without one, or "error: SQLSTATE constraint"; valid until
 * the next call but one. */
const char *ask(PGconn *conn, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The same as a number; what is none ends the program. */
int64_t ask_int(PGconn *conn, const char *fmt, ...) PRINTF_LIKE(2, 3);

#define CHECK_ASK(expected, ...) CHECK_STR(str_c(ask(__VA_ARGS__)), STR(expected))

/* ---- rows; each returns its id ------------------------------------------------------------------ */

int64_t add_user(PGconn *db, const char *role); /* verified, without a name */
/* In Riyadh, open every day between these minutes. */
int64_t add_salon(PGconn *db, int64_t owner, int opens, int closes);
int64_t add_service(PGconn *db, int64_t salon); /* an hour, for 100.00 */
/* At work every day between these minutes; offers that service (0: none). */
int64_t add_staff(PGconn *db, int64_t salon, int64_t user, int64_t service, int starts, int ends);
