/* One connection, blocking: this is the command line, no loop runs here.
 *
 * Functions are code and not history: the database notes of which file each was made (schema_function),
 * and what differs is made again. A change of tables is history and happens once (schema_change). What
 * is there is looked up behind the lock, and of the functions once more behind the changes, which may
 * have dropped some to get at what they stood on. */
#include "storage/migrate.h"

#include <stdio.h>
#include <string.h>

#include "storage/blocking.h"

#define LOCK "SELECT pg_advisory_xact_lock(7300, 1)"
/* Whoever comes after one that waits for a table waits behind it. A change itself may take long. */
#define PATIENCE "SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = 0"

enum {
    PARTS_EARLY = 10, /* below: extensions and our own tables, before any function */
    NAME_MAX_LEN = 128,
};

struct session {
    struct blocking db;
    const struct schema *schema;
    struct migration *done;
};

/* ---- what is there ------------------------------------------------------------------------------ */

static bool look_for_schema(struct session *s, bool *there)
{
    PGresult *result = blocking_ask(&s->db,
                                    "SELECT to_regclass('schema_change') IS NOT NULL, "
                                    "to_regclass('schema_migration') IS NOT NULL",
                                    NULL, 0, "DATABASE_URL");
    if (!result)
        return false;
    *there = PQgetvalue(result, 0, 0)[0] == 't';
    bool former = PQgetvalue(result, 0, 1)[0] == 't';
    PQclear(result);
    if (former && !*there)
        return blocking_explain(
            &s->db, "this database was made before the first release, and cannot be brought "
                    "to what was released: make a new one, then run mawid migrate");
    return true;
}

static PGresult *changes_there(struct session *s)
{
    return blocking_ask(&s->db, "SELECT number, name FROM schema_change ORDER BY number", NULL, 0,
                        "schema_change");
}

/* Those that a change, or somebody, has dropped are not there. */
static PGresult *functions_there(struct session *s)
{
    const char *version[] = {s->schema->version};
    return blocking_ask(&s->db,
                        "SELECT f.name, f.signature, f.checksum, "
                        "string_to_array(f.version, '.')::int[] > string_to_array($1, '.')::int[], "
                        "EXISTS (SELECT FROM pg_proc p WHERE p.proname = f.name "
                        "AND pg_function_is_visible(p.oid)) FROM schema_function f",
                        version, 1, "schema_function");
}

static bool row_is(const PGresult *rows, int row, int column)
{
    return PQgetvalue(rows, row, column)[0] == 't';
}

/* The row whose value in that column this is; -1: none. */
static int row_of(const PGresult *rows, int column, const char *value)
{
    for (int row = 0; row < PQntuples(rows); row++)
        if (strcmp(PQgetvalue(rows, row, column), value) == 0)
            return row;
    return -1;
}

static const struct schema_function *function_named(const struct schema *schema, const char *name)
{
    for (size_t i = 0; i < schema->functions_len; i++)
        if (strcmp(schema->functions[i].name, name) == 0)
            return &schema->functions[i];
    return NULL;
}

static bool change_is_there(const PGresult *there, const struct schema_file *change)
{
    char number[16];
    snprintf(number, sizeof(number), "%d", change->number);
    return row_of(there, 0, number) >= 0;
}

static bool function_is_there(const PGresult *there, const struct schema_function *function)
{
    int row = row_of(there, 0, function->name);
    return row >= 0 && strcmp(PQgetvalue(there, row, 2), function->checksum) == 0 &&
           row_is(there, row, 4);
}

/* What the database has under the numbers that we know must be what we mean by them. */
static bool compare_changes(struct session *s, const PGresult *there, struct migration *missing)
{
    int known = 0;
    for (size_t i = 0; i < s->schema->changes_len; i++) {
        const struct schema_file *change = &s->schema->changes[i];
        int row = row_of(there, 1, change->name);
        known += row >= 0;
        missing->changes += row < 0;
        if (row < 0 && change_is_there(there, change))
            return blocking_explain(&s->db,
                                    "change %d is another one in the database than %s: not ours",
                                    change->number, change->name);
    }
    missing->newer = PQntuples(there) > known;
    return true;
}

static void compare_functions(struct session *s, const PGresult *there, struct migration *missing)
{
    for (int row = 0; row < PQntuples(there); row++) {
        missing->newer |= row_is(there, row, 3);
        missing->dropped += !function_named(s->schema, PQgetvalue(there, row, 0));
    }
    for (size_t i = 0; i < s->schema->functions_len; i++)
        missing->functions += !function_is_there(there, &s->schema->functions[i]);
}

/* What the database lacks, nothing of which is done yet. */
static bool compare(struct session *s, struct migration *missing)
{
    *missing = (struct migration){0};
    bool there;
    if (!look_for_schema(s, &there))
        return false;
    missing->made = !there;
    if (!there)
        return true;
    PGresult *changes = changes_there(s);
    PGresult *functions = changes ? functions_there(s) : NULL;
    bool ok = functions && compare_changes(s, changes, missing);
    if (ok)
        compare_functions(s, functions, missing);
    PQclear(changes);
    PQclear(functions);
    if (ok && missing->newer && missing->changes)
        return blocking_explain(
            &s->db, "a newer program has migrated this database, and it lacks a change of "
                    "this one: not ours");
    if (missing->newer)
        missing->functions = missing->dropped = 0;
    return ok;
}

/* ---- doing it ----------------------------------------------------------------------------------- */

static bool run_file(struct session *s, const char *folder, const char *name, const char *sql)
{
    char what[NAME_MAX_LEN];
    snprintf(what, sizeof(what), "%s%s", folder, name);
    if (!blocking_run(&s->db, sql, NULL, 0, what))
        return false;
    if (PQtransactionStatus(s->db.conn) != PQTRANS_INTRANS)
        return blocking_explain(&s->db, "%s ends the transaction in which it runs", what);
    return true;
}

static bool make_parts(struct session *s, bool early)
{
    for (size_t i = 0; i < s->schema->parts_len; i++) {
        const struct schema_file *part = &s->schema->parts[i];
        if ((part->number < PARTS_EARLY) == early && !run_file(s, "schema/", part->name, part->sql))
            return false;
    }
    return true;
}

static bool note_change(struct session *s, const struct schema_file *change)
{
    char number[16];
    snprintf(number, sizeof(number), "%d", change->number);
    const char *row[] = {number, change->name};
    return blocking_run(&s->db, "INSERT INTO schema_change (number, name) VALUES ($1, $2)", row, 2,
                        change->name);
}

static bool note_all_changes(struct session *s)
{
    for (size_t i = 0; i < s->schema->changes_len; i++)
        if (!note_change(s, &s->schema->changes[i]))
            return false;
    return true;
}

static bool apply_changes(struct session *s)
{
    PGresult *there = changes_there(s);
    bool ok = there != NULL;
    for (size_t i = 0; ok && i < s->schema->changes_len; i++) {
        const struct schema_file *change = &s->schema->changes[i];
        if (!change_is_there(there, change))
            ok = run_file(s, "changes/", change->name, change->sql) && note_change(s, change);
    }
    PQclear(there);
    return ok;
}

static bool drop_function(struct session *s, const char *name)
{
    char sql[NAME_MAX_LEN];
    snprintf(sql, sizeof(sql), "DROP FUNCTION IF EXISTS %s",
             name); /* a file's name, or a row of ours */
    const char *row[] = {name};
    return blocking_run(&s->db, sql, NULL, 0, name) &&
           blocking_run(&s->db, "DELETE FROM schema_function WHERE name = $1", row, 1, name);
}

static bool make_function(struct session *s, const struct schema_function *f, const PGresult *there)
{
    int row = row_of(there, 0, f->name);
    if (row >= 0 && strcmp(PQgetvalue(there, row, 1), f->signature) != 0 &&
        !drop_function(s, f->name))
        return false;
    const char *values[] = {f->name, f->signature, f->checksum, s->schema->version};
    s->done->functions++;
    return run_file(s, "function ", f->name, f->sql) &&
           blocking_run(
               &s->db,
               "INSERT INTO schema_function (name, signature, checksum, version) "
               "VALUES ($1, $2, $3, $4) ON CONFLICT (name) DO UPDATE SET signature = "
               "excluded.signature, checksum = excluded.checksum, version = excluded.version, "
               "applied_at = now()",
               values, 4, f->name);
}

static bool make_functions(struct session *s, bool early)
{
    PGresult *there = functions_there(s);
    bool ok = there != NULL;
    for (size_t i = 0; ok && i < s->schema->functions_len; i++) {
        const struct schema_function *f = &s->schema->functions[i];
        if (f->early == early && !function_is_there(there, f))
            ok = make_function(s, f, there);
    }
    PQclear(there);
    return ok;
}

/* Once nothing is left that could need them. */
static bool drop_functions(struct session *s)
{
    PGresult *there = functions_there(s);
    bool ok = there != NULL;
    for (int row = 0; ok && row < PQntuples(there); row++)
        if (!function_named(s->schema, PQgetvalue(there, row, 0)))
            ok = drop_function(s, PQgetvalue(there, row, 0));
    PQclear(there);
    return ok;
}

static bool make(struct session *s)
{
    return make_parts(s, true) && make_functions(s, true) && make_parts(s, false) &&
           make_functions(s, false) && note_all_changes(s);
}

static bool upgrade(struct session *s)
{
    return make_functions(s, true) && apply_changes(s) && make_functions(s, false) &&
           drop_functions(s);
}

static bool migrate(struct session *s, struct migration *done)
{
    if (!blocking_run(&s->db, "BEGIN", NULL, 0, "begin") ||
        !blocking_run(&s->db, LOCK, NULL, 0, "lock") ||
        !blocking_run(&s->db, PATIENCE, NULL, 0, "lock") || !compare(s, done))
        return false;
    done->functions = 0; /* counted as they are made: changes may have dropped some */
    bool ok = done->made ? make(s) : done->newer || upgrade(s);
    return ok && blocking_run(&s->db, "COMMIT", NULL, 0, "commit");
}

bool migrate_up(const struct schema *schema, const char *database_url, struct migration *done,
                char *why, size_t why_len)
{
    struct session s = {.schema = schema, .done = done, .db = {.why = why, .why_len = why_len}};
    bool ok = blocking_begin(&s.db, database_url, "mawid migrate") && migrate(&s, done);
    blocking_end(&s.db);
    return ok;
}

bool migrate_missing(const struct schema *schema, const char *database_url,
                     struct migration *missing, char *why, size_t why_len)
{
    struct session s = {.schema = schema, .db = {.why = why, .why_len = why_len}};
    bool ok = blocking_begin(&s.db, database_url, "mawid migrate") && compare(&s, missing);
    blocking_end(&s.db);
    return ok;
}

bool migration_is_none(const struct migration *migration)
{
    return !migration->made && migration->changes + migration->functions == 0;
}

int schema_number(const struct schema *schema)
{
    return schema->changes_len ? schema->changes[schema->changes_len - 1].number : 0;
}
