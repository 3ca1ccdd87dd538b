/* One connection, blocking: this is the command line, no loop runs here.
 *
 * Two processes that migrate at once queue on an advisory lock; the second finds nothing to do. Each
 * migration commits together with its line in schema_migration: a crash leaves whole ones only. */
#include "storage/migrate.h"

#include <libpq-fe.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "embedded.h"

#define LOCK "SELECT pg_advisory_lock(7300, 1)"

struct session {
    PGconn *conn;
    char *why;
    size_t why_len;
};

static bool explain(struct session *s, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* One line: what libpq says ends in a newline and may have more than one. */
static bool explain(struct session *s, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(s->why, s->why_len, fmt, args);
    va_end(args);
    size_t len = strlen(s->why);
    while (len > 0 && s->why[len - 1] == '\n')
        s->why[--len] = '\0';
    for (size_t i = 0; i < len; i++)
        if (s->why[i] == '\n' || s->why[i] == '\t')
            s->why[i] = ' ';
    return false;
}

static bool run(struct session *s, const char *sql, const char *what)
{
    PGresult *result = PQexec(s->conn, sql);
    ExecStatusType status = PQresultStatus(result);
    bool ok = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    if (!ok)
        explain(s, "%s: %s", what, PQerrorMessage(s->conn));
    PQclear(result);
    return ok;
}

static void ignore_notice(void *arg, const PGresult *result) {}

static bool begin(struct session *s, const char *url)
{
    const char *const names[] = {"dbname", "application_name", "connect_timeout", NULL};
    const char *const values[] = {url, "mawid migrate", "10", NULL};
    s->conn = PQconnectdbParams(names, values, 1);
    if (PQstatus(s->conn) != CONNECTION_OK)
        return explain(s, "DATABASE_URL: %s", PQerrorMessage(s->conn));
    PQsetNoticeReceiver(s->conn, ignore_notice, NULL);
    return true;
}

static void end(struct session *s)
{
    PQfinish(s->conn); /* the lock goes with it */
}

static bool known(const char *number, const char *name)
{
    for (size_t i = 0; i < migrations_len; i++) {
        char text[16];
        snprintf(text, sizeof(text), "%d", migrations[i].number);
        if (strcmp(text, number) == 0)
            return strcmp(migrations[i].name, name) == 0;
    }
    return true; /* a newer binary's: forward-only migrations do not disturb an older one */
}

/* What the database has under the numbers that we know must be what we mean by them. */
static bool check_applied(struct session *s)
{
    PGresult *result = PQexec(s->conn, "SELECT number, name FROM schema_migration ORDER BY number");
    bool ok = PQresultStatus(result) == PGRES_TUPLES_OK;
    if (!ok)
        explain(s, "schema_migration: %s", PQerrorMessage(s->conn));
    for (int i = 0; ok && i < PQntuples(result); i++) {
        const char *number = PQgetvalue(result, i, 0), *name = PQgetvalue(result, i, 1);
        if (!known(number, name))
            ok = explain(s, "migration %s is '%s' in the database, another one here: not ours",
                         number, name);
    }
    PQclear(result);
    return ok;
}

/* 1: applied now, 0: was there, -1: refused. */
static int apply(struct session *s, const struct migration *m)
{
    char sql[256];
    snprintf(sql, sizeof(sql), "SELECT FROM schema_migration WHERE number = %d", m->number);
    PGresult *result = PQexec(s->conn, sql);
    bool asked = PQresultStatus(result) == PGRES_TUPLES_OK;
    bool there = asked && PQntuples(result) > 0;
    PQclear(result);
    if (there)
        return 0;
    /* Names come from file names of the build, not from outside. */
    snprintf(sql, sizeof(sql), "INSERT INTO schema_migration (number, name) VALUES (%d, '%s')",
             m->number, m->name);
    bool ok = asked && run(s, "BEGIN", m->name) && run(s, m->sql, m->name) &&
              run(s, sql, m->name) && run(s, "COMMIT", m->name);
    return ok ? 1 : -1;
}

static int apply_all(struct session *s)
{
    int applied = 0;
    for (size_t i = 0; i < migrations_len; i++) {
        int n = apply(s, &migrations[i]);
        if (n < 0)
            return -1;
        applied += n;
    }
    return applied;
}

int migrate_up(const char *database_url, char *why, size_t why_len)
{
    struct session s = {.why = why, .why_len = why_len};
    int applied = -1;
    if (begin(&s, database_url) && run(&s, LOCK, "lock") &&
        run(&s,
            "CREATE TABLE IF NOT EXISTS schema_migration (number int PRIMARY KEY, name text NOT "
            "NULL, applied_at timestamptz NOT NULL DEFAULT now())",
            "schema_migration") &&
        check_applied(&s))
        applied = apply_all(&s);
    end(&s);
    return applied;
}

int migrate_newest(void)
{
    int newest = 0;
    for (size_t i = 0; i < migrations_len; i++)
        newest = MAX(newest, migrations[i].number);
    return newest;
}

static bool read_missing(struct session *s, int *missing)
{
    PGresult *table = PQexec(s->conn, "SELECT to_regclass('schema_migration') IS NOT NULL");
    bool ok = PQresultStatus(table) == PGRES_TUPLES_OK;
    bool there = ok && PQgetvalue(table, 0, 0)[0] == 't';
    PQclear(table);
    *missing = (int)migrations_len;
    if (!ok)
        return explain(s, "DATABASE_URL: %s", PQerrorMessage(s->conn));
    if (!there)
        return true;
    for (size_t i = 0; i < migrations_len; i++) {
        char sql[96];
        snprintf(sql, sizeof(sql), "SELECT FROM schema_migration WHERE number = %d",
                 migrations[i].number);
        PGresult *row = PQexec(s->conn, sql);
        *missing -= PQresultStatus(row) == PGRES_TUPLES_OK && PQntuples(row) == 1;
        PQclear(row);
    }
    return true;
}

int migrate_missing(const char *database_url, char *why, size_t why_len)
{
    struct session s = {.why = why, .why_len = why_len};
    int missing = -1;
    if (!begin(&s, database_url) || !read_missing(&s, &missing))
        missing = -1;
    end(&s);
    return missing;
}
