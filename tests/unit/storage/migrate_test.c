/* How a database comes to the program's schema: from nothing, from an older one, twice, two at a time,
 * and what is left when it fails. */
#include "storage/migrate.h"

#include <pthread.h>

#include "tests/unit/runtime/real_loop.h"
#include "tests/unit/storage/sql.h"

enum { DUMP_MAX = 1 << 20, FUNCTIONS_MAX = 256, CHANGES_MAX = 4 };

/* ---- fixture: an empty database, and a schema that can be edited ------------------------------- */

static struct edition {
    struct schema schema;
    struct schema_function functions[FUNCTIONS_MAX];
    struct schema_file changes[CHANGES_MAX];
} edition;

static struct migration done;
static char why[512];
static PGconn *conn;

static void tell_nobody(void *arg, const PGresult *result) {}

static void fresh(void)
{
    edition = (struct edition){.schema = SCHEMA};
    assert(SCHEMA.functions_len + 1 < FUNCTIONS_MAX);
    memcpy(edition.functions, SCHEMA.functions, SCHEMA.functions_len * sizeof(*SCHEMA.functions));
    edition.schema.functions = edition.functions;
    edition.schema.changes = edition.changes;
    edition.schema.changes_len = 0;
    conn = PQconnectdb(private_pg_url());
    PQsetNoticeReceiver(conn, tell_nobody, NULL);
    ask(conn, "DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    snprintf(why, sizeof(why), "nothing was said");
}

static bool up(void)
{
    return migrate_up(&edition.schema, private_pg_url(), &done, why, sizeof(why));
}

/* Done: changes, functions and dropped functions as digits of one number. */
static int up_counts(void)
{
    return up() ? done.changes * 10000 + done.functions * 100 + done.dropped : -1;
}

static struct schema_function *edit(const char *name, const char *checksum, const char *sql)
{
    for (size_t i = 0; i < edition.schema.functions_len; i++)
        if (strcmp(edition.functions[i].name, name) == 0) {
            edition.functions[i].checksum = checksum;
            edition.functions[i].sql = sql;
            return &edition.functions[i];
        }
    private_broken(name);
}

static void add(const char *name, const char *signature, const char *checksum, const char *sql)
{
    edition.functions[edition.schema.functions_len++] = (struct schema_function){
        .name = name, .signature = signature, .checksum = checksum, .sql = sql};
}

static void change(int number, const char *name, const char *sql)
{
    edition.changes[edition.schema.changes_len++] =
        (struct schema_file){.number = number, .name = name, .sql = sql};
}

#define ONE "CREATE OR REPLACE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'"
#define ONE_AND_A_HALF \
    "CREATE OR REPLACE FUNCTION one() RETURNS numeric LANGUAGE sql AS 'SELECT 1.5'"

/* The whole schema as text, but the key that pg_dump makes up for each run. The caller frees. */
static char *dump(void)
{
    char *text = malloc(DUMP_MAX);
    const char *argv[] = {"/usr/bin/env", "pg_dump", "-s", private_pg_url(), NULL};
    if (!child_run(argv, text, DUMP_MAX))
        private_broken("pg_dump");
    for (char *line = text; (line = strstr(line, "restrict ")) != NULL; line += 9)
        memset(line + 9, '-', strcspn(line + 9, "\n"));
    return text;
}

/* Of the functions, those that were written anew since `xid`. */
static int64_t functions_since(int64_t xid)
{
    return ask_int(conn,
                   "SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND "
                   "proname IN (SELECT name FROM schema_function) AND xmin::text::bigint >= %lld",
                   (long long)xid);
}

/* ---- from nothing ------------------------------------------------------------------------------ */

TEST(an_empty_database_gets_all_of_it_and_twice_changes_nothing)
{
    fresh();
    change(7, "0007_seven", "SELECT fails_if_it_runs()");
    CHECK(migrate_missing(&edition.schema, private_pg_url(), &done, why, sizeof(why)));
    CHECK(done.made && !migration_is_none(&done));
    CHECK_INT(up_counts(), 100 * edition.schema.functions_len);
    CHECK(done.made);
    CHECK_INT(schema_number(&edition.schema), 7);
    CHECK_INT(ask_int(conn, "SELECT max(number) FROM schema_change"), 7);
    CHECK_INT(ask_int(conn, "SELECT count(*) FROM schema_function"), SCHEMA.functions_len);
    char *first = dump();
    int64_t xid = ask_int(conn, "SELECT pg_current_xact_id()::text");
    CHECK_INT(up_counts(), 0);
    CHECK(!done.made && !done.newer);
    char *second = dump();
    CHECK(strlen(first) > 100000 && strlen(first) < DUMP_MAX - 1 && strcmp(first, second) == 0);
    CHECK_INT(functions_since(xid), 0);
    CHECK(migrate_missing(&edition.schema, private_pg_url(), &done, why, sizeof(why)));
    CHECK(migration_is_none(&done));
    free(first);
    free(second);
    PQfinish(conn);
}

TEST(what_fails_in_an_empty_database_leaves_it_empty)
{
    fresh();
    edit("salon_save", "new", "CREATE OR REPLACE FUNCTION salon_save() RETURNS nothing_known");
    CHECK(!up());
    CHECK(strstr(why, "function salon_save: ERROR") == why && !strchr(why, '\n'));
    CHECK_INT(ask_int(conn, "SELECT count(*) FROM pg_class WHERE relnamespace = "
                            "'public'::regnamespace"),
              0);
    PQfinish(conn);
}

TEST(a_database_from_before_the_first_release_is_refused)
{
    fresh();
    ask(conn, "CREATE TABLE schema_migration (number int)");
    CHECK(!up());
    CHECK(strstr(why, "before the first release") && strstr(why, "mawid migrate") &&
          !strchr(why, '\n'));
    CHECK(!migrate_missing(&edition.schema, private_pg_url(), &done, why, sizeof(why)));
    PQfinish(conn);
}

TEST(strangers_are_refused)
{
    const char *nowhere = "postgresql:///nowhere?host=/nonexistent";
    CHECK(!migrate_up(&SCHEMA, nowhere, &done, why, sizeof(why)));
    CHECK(strstr(why, "DATABASE_URL") && !strchr(why, '\n'));
    CHECK(!migrate_missing(&SCHEMA, nowhere, &done, why, sizeof(why)));
}

/* ---- functions --------------------------------------------------------------------------------- */

TEST(of_the_functions_only_the_edited_one_is_made_anew)
{
    fresh();
    add("one", "() RETURNS int", "a", ONE);
    CHECK(up());
    int64_t xid = ask_int(conn, "SELECT pg_current_xact_id()::text");
    edit("one", "b", "CREATE OR REPLACE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 11'");
    CHECK(migrate_missing(&edition.schema, private_pg_url(), &done, why, sizeof(why)));
    CHECK_INT(done.functions, 1);
    CHECK_INT(up_counts(), 100);
    CHECK_INT(ask_int(conn, "SELECT one()"), 11);
    CHECK_INT(functions_since(xid), 1);
    CHECK_INT(up_counts(), 0);
    PQfinish(conn);
}

TEST(a_function_with_another_signature_takes_the_place_of_the_old_one)
{
    fresh();
    add("one", "() RETURNS int", "a", ONE);
    CHECK(up());
    edit("one", "b", ONE_AND_A_HALF);
    CHECK(!up()); /* Postgres does not change what a function returns */
    CHECK(strstr(why, "function one: ERROR") == why);
    edit("one", "b", ONE_AND_A_HALF)->signature = "() RETURNS numeric";
    CHECK_INT(up_counts(), 100);
    CHECK(strcmp(ask(conn, "SELECT one()"), "1.5") == 0);
    CHECK_INT(ask_int(conn, "SELECT count(*) FROM pg_proc WHERE proname = 'one'"), 1);
    PQfinish(conn);
}

/* As programs that run meanwhile do: what they have prepared finds the function that is there now. */
static const char *one_as_prepared(void)
{
    static char value[32];
    PGresult *result = PQexecPrepared(conn, "one", 0, NULL, NULL, NULL, 0);
    snprintf(value, sizeof(value), "%s",
             PQntuples(result) ? PQgetvalue(result, 0, 0) : PQresultErrorMessage(result));
    PQclear(result);
    return value;
}

TEST(prepared_statements_go_on_with_what_is_made_anew)
{
    fresh();
    add("one", "() RETURNS int", "a", ONE);
    CHECK(up());
    PQclear(PQprepare(conn, "one", "SELECT one()::text", 0, NULL));
    for (int i = 0; i < 7; i++) /* planned once for all by then */
        CHECK(strcmp(one_as_prepared(), "1") == 0);
    edit("one", "b", "CREATE OR REPLACE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 11'");
    CHECK_INT(up_counts(), 100);
    CHECK(strcmp(one_as_prepared(), "11") == 0);
    edit("one", "c", ONE_AND_A_HALF)->signature = "() RETURNS numeric";
    CHECK_INT(up_counts(), 100);
    CHECK(strcmp(one_as_prepared(), "1.5") == 0);
    PQfinish(conn);
}

TEST(a_function_without_a_file_is_dropped_and_a_dropped_one_is_made_anew)
{
    fresh();
    add("one", "() RETURNS int", "a", ONE);
    CHECK(up());
    ask(conn, "DROP FUNCTION one");
    CHECK(migrate_missing(&edition.schema, private_pg_url(), &done, why, sizeof(why)));
    CHECK_INT(done.functions, 1);
    CHECK_INT(up_counts(), 100);
    edition.schema.functions_len--;
    CHECK_INT(up_counts(), 1);
    CHECK(strcmp(ask(conn, "SELECT one()"), "error: 42883") == 0);
    CHECK_INT(up_counts(), 0);
    PQfinish(conn);
}

TEST(an_older_program_leaves_the_functions_of_a_newer_one)
{
    fresh();
    add("one", "() RETURNS int", "a", ONE);
    edition.schema.version = "0.9.3";
    CHECK(up());
    edition.schema.version = "0.10.0";
    edit("one", "b", "CREATE OR REPLACE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 11'");
    CHECK_INT(up_counts(), 100);
    edition.schema.version = "0.9.3";
    edit("one", "a", ONE);
    CHECK(migrate_missing(&edition.schema, private_pg_url(), &done, why, sizeof(why)));
    CHECK(migration_is_none(&done)); /* it serves */
    CHECK_INT(up_counts(), 0);
    CHECK(done.newer);
    CHECK_INT(ask_int(conn, "SELECT one()"), 11);
    PQfinish(conn);
}

/* ---- changes ----------------------------------------------------------------------------------- */

TEST(a_change_is_applied_once_and_what_it_drops_is_made_anew)
{
    fresh();
    add("one", "() RETURNS int", "a", ONE);
    CHECK(up());
    change(1, "0001_first", "CREATE TABLE first (n int); INSERT INTO first VALUES (1)");
    change(2, "0002_second", "INSERT INTO first VALUES (2); DROP FUNCTION one");
    CHECK(migrate_missing(&edition.schema, private_pg_url(), &done, why, sizeof(why)));
    CHECK_INT(done.changes, 2);
    CHECK_INT(up_counts(), 20100);
    CHECK_INT(ask_int(conn, "SELECT count(*) FROM first"), 2);
    CHECK_INT(ask_int(conn, "SELECT one()"), 1);
    CHECK_INT(up_counts(), 0);
    CHECK_INT(ask_int(conn, "SELECT count(*) FROM first"), 2);
    PQfinish(conn);
}

TEST(a_change_that_fails_leaves_nothing_of_it_of_others_or_of_functions)
{
    fresh();
    add("one", "() RETURNS int", "a", ONE);
    CHECK(up());
    char *before = dump();
    edit("one", "b", "CREATE OR REPLACE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 11'");
    edition.functions[edition.schema.functions_len - 1].early = true;
    change(1, "0001_good", "CREATE TABLE good (n int)");
    change(2, "0002_bad", "CREATE TABLE bad (n int); SELECT 1 / 0");
    CHECK(!up());
    CHECK(strstr(why, "changes/0002_bad: ERROR") == why && strstr(why, "zero") &&
          !strchr(why, '\n'));
    char *after = dump();
    CHECK(strcmp(before, after) == 0);
    CHECK_INT(ask_int(conn, "SELECT count(*) FROM schema_change"), 0);
    free(before);
    free(after);
    PQfinish(conn);
}

TEST(a_change_does_not_end_the_transaction)
{
    fresh();
    CHECK(up());
    change(1, "0001_commits", "CREATE TABLE half (n int); COMMIT");
    CHECK(!up());
    CHECK(strcmp(why, "changes/0001_commits ends the transaction in which it runs") == 0);
    PQfinish(conn);
}

TEST(a_change_waits_for_tables_not_long_and_works_as_long_as_it_must)
{
    fresh();
    CHECK(up());
    ask(conn, "ALTER ROLE current_user SET statement_timeout = '7s'");
    change(1, "0001_looks",
           "CREATE TABLE seen AS SELECT current_setting('lock_timeout') || ' ' || "
           "current_setting('statement_timeout') AS settings");
    CHECK(up());
    CHECK(strcmp(ask(conn, "SELECT settings FROM seen"), "5s 0") == 0);
    ask(conn, "ALTER ROLE current_user RESET statement_timeout");
    PQfinish(conn);
}

TEST(a_database_with_changes_that_are_not_ours_is_left_alone)
{
    fresh();
    change(1, "0001_theirs", "");
    CHECK(up());
    edition.changes[0].name = "0001_ours";
    CHECK(!up());
    CHECK(strstr(why, "0001_ours: not ours"));
    edition.schema.changes_len = 0; /* a program from before that change */
    CHECK_INT(up_counts(), 0);
    CHECK(done.newer);
    change(2, "0002_ours", "CREATE TABLE ours ()");
    CHECK(!up());
    CHECK(strstr(why, "not ours"));
    PQfinish(conn);
}

/* ---- two at once ------------------------------------------------------------------------------- */

struct twin {
    pthread_t thread;
    struct migration done;
    bool ok;
    char why[512];
};

static void *migrate_beside(void *arg)
{
    struct twin *twin = arg;
    twin->ok =
        migrate_up(&edition.schema, private_pg_url(), &twin->done, twin->why, sizeof(twin->why));
    return NULL;
}

static void twins_migrate(struct twin twins[], int len)
{
    for (int i = 0; i < len; i++)
        if (pthread_create(&twins[i].thread, NULL, migrate_beside, &twins[i]) != 0)
            private_broken("pthread_create");
    for (int i = 0; i < len; i++)
        pthread_join(twins[i].thread, NULL);
}

TEST(of_several_at_once_one_does_it)
{
    fresh();
    add("one", "() RETURNS int", "a", ONE);
    for (int round = 0; round < 2; round++) { /* from nothing, then from an older one */
        struct twin twins[4] = {0};
        int made = 0, changes = 0, functions = 0;
        twins_migrate(twins, 4);
        for (int i = 0; i < 4; i++) {
            CHECK(twins[i].ok);
            made += twins[i].done.made;
            changes += twins[i].done.changes;
            functions += twins[i].done.functions;
        }
        CHECK_INT(made, round == 0);
        CHECK_INT(changes, round == 1);
        CHECK_INT(functions, round == 1 ? 1 : edition.schema.functions_len);
        change(1, "0001_slow", "CREATE TABLE slow (n int); SELECT pg_sleep(0.05)");
        edit("one", "b", ONE);
    }
    PQfinish(conn);
}
