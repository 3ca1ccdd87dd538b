#include "storage/seed.h"

#include <libpq-fe.h>
#include <string.h>

#include "embedded.h"

static void ignore_notice(void *arg, const PGresult *result) {}

/* One line: what libpq says ends in a newline and may have more than one. */
static bool explain(char *why, size_t why_len, const char *what, PGconn *conn)
{
    snprintf(why, why_len, "%s: %s", what, PQerrorMessage(conn));
    size_t len = strcspn(why, "\n");
    why[len] = '\0';
    return false;
}

static void print_people(const PGresult *people, FILE *to)
{
    fprintf(to, "Demo data is there. Log in by phone number:\n\n");
    for (int row = 0; row < PQntuples(people); row++) {
        const char *salon = PQgetvalue(people, row, 3);
        fprintf(to, "  %-9s %-14s %s%s%s\n", PQgetvalue(people, row, 0), PQgetvalue(people, row, 1),
                PQgetvalue(people, row, 2), salon[0] ? ", " : "", salon);
    }
    fprintf(
        to,
        "\n"
        "  POST /api/auth/phone/request/ {\"phone_number\": \"+966500000000\", \"channel\": "
        "\"sms\"}\n"
        "  POST /api/auth/phone/verify/  {\"request_id\": \"...\", \"code\": \"...\"}\n\n"
        "With OTP_TEST_NUMBERS=+966500000000:123456 that number's code is 123456; the console\n"
        "provider writes every other code to the server's log (\"code\"). The customer's e-mail\n"
        "address is customer@example.com.\n");
}

/* A block of code takes no parameters; what it is to know stands in a setting of the session. */
static bool set_currency(PGconn *conn, struct currency currency)
{
    const char *const values[] = {currency.code};
    PGresult *result = PQexecParams(conn, "SELECT set_config('mawid.currency', $1, false)", 1, NULL,
                                    values, NULL, NULL, 0);
    bool ok = PQresultStatus(result) == PGRES_TUPLES_OK;
    PQclear(result);
    return ok;
}

static bool write_all(PGconn *conn, struct currency currency, char *why, size_t why_len)
{
    if (!set_currency(conn, currency))
        return explain(why, why_len, "seed-demo", conn);
    PGresult *result = PQexec(conn, SQL_SEED_DEMO.sql);
    bool ok = PQresultStatus(result) == PGRES_COMMAND_OK;
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (!ok && state && strcmp(state, "42P01") == 0) /* undefined_table */
        snprintf(why, why_len, "the schema is not there yet: run `mawid migrate` first");
    else if (!ok)
        explain(why, why_len, "seed-demo", conn);
    PQclear(result);
    return ok;
}

static bool seed(PGconn *conn, struct currency currency, FILE *to, char *why, size_t why_len)
{
    if (PQstatus(conn) != CONNECTION_OK)
        return explain(why, why_len, "DATABASE_URL", conn);
    PQsetNoticeReceiver(conn, ignore_notice, NULL);
    if (!write_all(conn, currency, why, why_len))
        return false;
    PGresult *result = PQexec(conn, SQL_SEED_PEOPLE.sql);
    bool ok = PQresultStatus(result) == PGRES_TUPLES_OK || explain(why, why_len, "seed-demo", conn);
    if (ok)
        print_people(result, to);
    PQclear(result);
    return ok;
}

bool seed_demo(const char *database_url, struct currency currency, FILE *to, char *why,
               size_t why_len)
{
    const char *const names[] = {"dbname", "application_name", "connect_timeout", NULL};
    const char *const values[] = {database_url, "mawid seed-demo", "10", NULL};
    PGconn *conn = PQconnectdbParams(names, values, 1);
    bool ok = seed(conn, currency, to, why, why_len);
    PQfinish(conn);
    return ok;
}
