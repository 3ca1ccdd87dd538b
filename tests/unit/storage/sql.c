#include "tests/unit/storage/sql.h"

#include <stdarg.h>

#include "runtime/base/tz.h"
#include "storage/migrate.h"

enum { TEXT_MAX = 4096 };

/* Within a "%lld". */
#define LL(n) ((long long)(n))

PGconn *sql_session(void)
{
    static bool migrated;
    char why[512];
    struct migration done;
    const char *url = private_pg_url();
    if (!migrated && (!migrate_up(&SCHEMA, url, &done, why, sizeof(why)) ||
                      !tz_database_load(NULL, why, sizeof(why))))
        private_broken(why);
    migrated = true;
    PGconn *conn = PQconnectdb(url);
    if (PQstatus(conn) != CONNECTION_OK)
        private_broken(PQerrorMessage(conn));
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
        private_broken(answer);
    return n;
}

/* ---- rows --------------------------------------------------------------------------------------- */

int64_t add_user(PGconn *db, const char *role)
{
    static int next = 1;
    return ask_int(db,
                   "INSERT INTO accounts_user (phone_number, role, is_phone_verified) "
                   "VALUES ('+96655%07d', '%s', true) RETURNING id",
                   next++, role);
}

int64_t add_salon(PGconn *db, int64_t owner, int opens, int closes)
{
    return ask_int(db,
                   "WITH salon AS (INSERT INTO catalogue_salon (owner_id, name_ar, name_en, "
                   "city_ar, city_en, currency) VALUES (%lld, 'س', 'S', 'ر', 'R', 'SAR') "
                   "RETURNING id), "
                   "hours AS (INSERT INTO catalogue_opening (salon_id, weekday, opens_minute, "
                   "closes_minute) SELECT id, d, %d, %d FROM salon, generate_series(0, 6) d) "
                   "SELECT id FROM salon",
                   LL(owner), opens, closes);
}

int64_t add_service(PGconn *db, int64_t salon)
{
    return ask_int(
        db,
        "INSERT INTO catalogue_service (salon_id, duration_minutes, price_amount, "
        "currency, name_ar, name_en) VALUES (%lld, 60, 10000, 'SAR', 'خ', 'S') RETURNING id",
        LL(salon));
}

int64_t add_staff(PGconn *db, int64_t salon, int64_t user, int64_t service, int starts, int ends)
{
    return ask_int(db,
                   "WITH member AS (INSERT INTO catalogue_staff (salon_id, user_id) "
                   "VALUES (%lld, %lld) RETURNING id), "
                   "offers AS (INSERT INTO catalogue_staff_service "
                   "SELECT id, %lld FROM member WHERE %lld > 0), "
                   "windows AS (INSERT INTO catalogue_staff_window (staff_id, weekday, "
                   "starts_minute, ends_minute) "
                   "SELECT id, d, %d, %d FROM member, generate_series(0, 6) d) "
                   "SELECT id FROM member",
                   LL(salon), LL(user), LL(service), LL(service), starts, ends);
}
