/* storage/blocking.h - one connection to Postgres for the command line, where no loop runs.
 *
 * What fails is told in `why`, in one line.   Waits: blocks.   Threads: any. */
#pragma once
#include <libpq-fe.h>

#include "runtime/base/base.h"

struct blocking {
    PGconn *conn;
    char *why;
    size_t why_len;
    char sqlstate[6]; /* of the last statement that failed */
};

/* `program` is what pg_stat_activity shows. Ended whether it began or not. */
bool blocking_begin(struct blocking *db, const char *url, const char *program);
void blocking_end(struct blocking *db); /* what is not committed goes with it */

/* False, always. */
bool blocking_explain(struct blocking *db, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Without parameters several statements in one text. NULL, explained as `what`, when it fails. The caller
 * clears. */
PGresult *blocking_ask(struct blocking *db, const char *sql, const char *const *params,
                       int params_len, const char *what);
/* The same without an answer. */
bool blocking_run(struct blocking *db, const char *sql, const char *const *params, int params_len,
                  const char *what);
