/* runtime/pg_answer.h - from what libpq hands over to what pg_query's caller gets.
 *
 * Waits: never. Private to runtime/pg*.c. */
#pragma once
#include "runtime/pg_conn.h"

/* A field of an error (PG_DIAG_*); empty when it has none, or is none. */
struct str pg_field(const PGresult *error, int code);
bool pg_sqlstate_is(const PGresult *error, const char *sqlstate);
/* The server ends the connection with this error. */
bool pg_is_fatal(const PGresult *error);

/* The server refused the statement and rolled it back: fills sqlstate and constraint, logs what is
 * worth it, and returns the error class (pg_query tells which). */
enum err pg_answer_error(struct pg_request *request, const PGresult *error);
/* Copies the cells into the request's arena. ERR_INTERNAL: more than rows_bytes_max. */
enum err pg_answer_rows(struct pg_request *request, PGresult *result);
