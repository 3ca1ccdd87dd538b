#include "tests/unit/storage/private_pg.h"

#include <stdarg.h>

#include "storage/migrate.h"
#include "tests/unit/runtime/real_loop.h"

enum { TEXT_MAX = 4096 };

static char directory[] = "/tmp/mawid-unit.XXXXXX";
static char pg_url[512], redis_url[512];
static bool migrated;

static void find_url(const char *out, const char *name, char *url, size_t len)
{
    const char *found = strstr(out, name);
    if (found)
        snprintf(url, len, "%.*s", (int)strcspn(found + strlen(name), "\n"), found + strlen(name));
}

static bool servers(const char *verb)
{
    char script[1024], out[1024];
    snprintf(script, sizeof(script), "%.900s/tools/private-servers", checkout());
    const char *argv[] = {script, verb, directory, NULL};
    if (!child_run(argv, out, sizeof(out)))
        return false;
    find_url(out, "DATABASE_URL=", pg_url, sizeof(pg_url));
    find_url(out, "REDIS_URL=", redis_url, sizeof(redis_url));
    return true;
}

static void servers_remove(void)
{
    servers("remove");
}

static void servers_need(void)
{
    if (pg_url[0])
        return;
    if (!mkdtemp(directory) || !servers("start"))
        base_die(__FILE__, __LINE__, "no private servers");
    atexit(servers_remove);
}

const char *private_pg_url(void)
{
    servers_need();
    return pg_url;
}

const char *private_redis_url(void)
{
    servers_need();
    return redis_url;
}

PGconn *private_pg_session(void)
{
    char why[512];
    struct migration done;
    servers_need();
    if (!migrated && !migrate_up(&SCHEMA, pg_url, &done, why, sizeof(why)))
        base_die(__FILE__, __LINE__, why);
    migrated = true;
    PGconn *conn = PQconnectdb(pg_url);
    if (PQstatus(conn) != CONNECTION_OK)
        base_die(__FILE__, __LINE__, PQerrorMessage(conn));
    PQclear(PQexec(conn, "SET client_min_messages = error"));
    return conn;
}

static const char *answer_of(PGconn *conn, const char *sql)
{
    static char answers[2][TEXT_MAX];
    static int turn;
    char *answer = answers[turn++ % 2];
    PGresult *result = PQexec(conn, sql);
    const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
    if (PQresultStatus(result) == PGRES_FATAL_ERROR)
        snprintf(answer, TEXT_MAX, "error: %s%s%s", PQresultErrorField(result, PG_DIAG_SQLSTATE),
                 constraint ? " " : "", constraint ? constraint : "");
    else
        snprintf(answer, TEXT_MAX, "%s",
                 PQntuples(result) && PQnfields(result) ? PQgetvalue(result, 0, 0) : "nothing");
    PQclear(result);
    return answer;
}

const char *ask(PGconn *conn, const char *fmt, ...)
{
    char sql[TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(sql, sizeof(sql), fmt, args);
    va_end(args);
    return answer_of(conn, sql);
}

int64_t ask_int(PGconn *conn, const char *fmt, ...)
{
    char sql[TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(sql, sizeof(sql), fmt, args);
    va_end(args);
    int64_t n;
    const char *answer = answer_of(conn, sql);
    if (!str_to_int64(str_c(answer), &n))
        base_die(__FILE__, __LINE__, answer);
    return n;
}
