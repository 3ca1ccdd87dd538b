#include "storage/blocking.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What libpq says ends in a newline and may have more than one. */
static void make_one_line(char *text)
{
    size_t len = strlen(text);
    while (len > 0 && text[len - 1] == '\n')
        text[--len] = '\0';
    for (size_t i = 0; i < len; i++)
        if (text[i] == '\n' || text[i] == '\t')
            text[i] = ' ';
}

bool blocking_explain(struct blocking *db, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(db->why, db->why_len, fmt, args);
    va_end(args);
    make_one_line(db->why);
    return false;
}

static void ignore_notice(void *arg, const PGresult *result) {}

bool blocking_begin(struct blocking *db, const char *url, const char *program)
{
    const char *const names[] = {"dbname", "application_name", "connect_timeout", NULL};
    const char *const values[] = {url, program, "10", NULL};
    db->conn = PQconnectdbParams(names, values, 1);
    if (PQstatus(db->conn) != CONNECTION_OK)
        return blocking_explain(db, "DATABASE_URL: %s", PQerrorMessage(db->conn));
    PQsetNoticeReceiver(db->conn, ignore_notice, NULL);
    return true;
}

void blocking_end(struct blocking *db)
{
    PQfinish(db->conn);
}

PGresult *blocking_ask(struct blocking *db, const char *sql, const char *const *params,
                       int params_len, const char *what)
{
    PGresult *result = params_len
                           ? PQexecParams(db->conn, sql, params_len, NULL, params, NULL, NULL, 0)
                           : PQexec(db->conn, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
        return result;
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    snprintf(db->sqlstate, sizeof(db->sqlstate), "%s", state ? state : "");
    blocking_explain(db, "%s: %s", what, PQerrorMessage(db->conn));
    PQclear(result);
    return NULL;
}

bool blocking_run(struct blocking *db, const char *sql, const char *const *params, int params_len,
                  const char *what)
{
    PGresult *result = blocking_ask(db, sql, params, params_len, what);
    PQclear(result);
    return result != NULL;
}
