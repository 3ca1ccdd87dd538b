#include "storage/seed.h"

#include <string.h>

#include "embedded.h"
#include "storage/blocking.h"

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
static bool set_currency(struct blocking *db, struct currency currency)
{
    const char *const values[] = {currency.code};
    return blocking_run(db, "SELECT set_config('mawid.currency', $1, false)", values, 1,
                        "seed-demo");
}

static bool write_demo(struct blocking *db)
{
    if (blocking_run(db, SQL_SEED_DEMO.sql, NULL, 0, "seed-demo"))
        return true;
    if (strcmp(db->sqlstate, "42P01") == 0) /* undefined_table */
        blocking_explain(db, "the schema is not there yet: run `mawid migrate` first");
    return false;
}

static bool show_people(struct blocking *db, FILE *to)
{
    PGresult *people = blocking_ask(db, SQL_SEED_PEOPLE.sql, NULL, 0, "seed-demo");
    if (!people)
        return false;
    print_people(people, to);
    PQclear(people);
    return true;
}

bool seed_demo(const char *database_url, struct currency currency, FILE *to, char *why,
               size_t why_len)
{
    struct blocking db = {.why = why, .why_len = why_len};
    bool ok = blocking_begin(&db, database_url, "mawid seed-demo") && set_currency(&db, currency) &&
              write_demo(&db) && show_people(&db, to);
    blocking_end(&db);
    return ok;
}
