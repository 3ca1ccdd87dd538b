/* Requests that may come twice, in a private Postgres: both forms of domain/once.h, around a function that
 * counts how often it had its effect. */
#include "tests/unit/storage/sql.h"

/* effect(n): refuses for 0, else counts and shows the count. effect_row: the same, only begun. */
static PGconn *begin(void)
{
    PGconn *db = sql_session();
    ask(db, "TRUNCATE idempotency_key");
    ask(db, "DROP TABLE IF EXISTS effects; CREATE TABLE effects (id uuid, n bigint)");
    ask(db, "CREATE OR REPLACE FUNCTION effect(p_n bigint) RETURNS answer LANGUAGE plpgsql AS $$ "
            "BEGIN IF p_n = 0 THEN RETURN refused('CATALOGUE_FULL'); END IF; "
            "INSERT INTO effects (n) VALUES (p_n); RETURN granted(jsonb_build_object("
            "'n', p_n, 'made', (SELECT count(*) FROM effects))); END $$");
    ask(db,
        "CREATE OR REPLACE FUNCTION effect_row(p_id uuid) RETURNS answer LANGUAGE plpgsql AS $$ "
        "BEGIN INSERT INTO effects (id) VALUES (p_id); RETURN granted_row(p_id); END $$");
    ask(db, "SET lock_timeout = 300");
    return db;
}

/* As the statements of storage/sql are written. */
#define ONCE(caller, key, fingerprint, lang, effect)                                            \
    "WITH done AS MATERIALIZED (SELECT coalesce(once(" caller ", '" key "', '" fingerprint      \
    "'), once_keep(" caller ", '" key "', '" fingerprint "', '" lang "', " effect ")) AS a) "   \
    "SELECT concat_ws(' ', coalesce((a).refused, 'ok'), coalesce((a).lang, 'new'), card.n, "    \
    "card.made, (a).row_id) FROM done, jsonb_to_record((done.a).card) AS card (n bigint, made " \
    "bigint)"

TEST(the_effect_happens_once_and_its_answer_is_kept_with_its_language)
{
    PGconn *db = begin();
    CHECK_ASK("ok new 7 1", db, ONCE("1", "k", "f", "en", "effect(7)"));
    CHECK_ASK("ok en 7 1", db, ONCE("1", "k", "f", "ar-sa", "effect(7)"));
    CHECK_ASK("ok en 7 1", db, ONCE("1", "k", "f", "ar-sa", "effect(8)"));
    CHECK_ASK("1", db, "SELECT count(*) FROM effects");
    PQfinish(db);
}

TEST(a_key_is_its_callers_and_of_one_request)
{
    PGconn *db = begin();
    CHECK_ASK("ok new 1 1", db, ONCE("1", "k", "f", "en", "effect(1)"));
    CHECK_ASK("KEY_REUSED new", db, ONCE("1", "k", "other", "en", "effect(1)"));
    CHECK_ASK("ok new 1 2", db, ONCE("2", "k", "f", "en", "effect(1)"));
    CHECK_ASK("ok new 1 3", db, ONCE("1", "k2", "f", "en", "effect(1)"));
    PQfinish(db);
}

TEST(without_a_key_each_request_has_its_effect_and_nothing_is_kept)
{
    PGconn *db = begin();
    CHECK_ASK("ok new 1 1", db, ONCE("1", "", "", "en", "effect(1)"));
    CHECK_ASK("ok new 1 2", db, ONCE("1", "", "", "en", "effect(1)"));
    CHECK_ASK("0", db, "SELECT count(*) FROM idempotency_key");
    PQfinish(db);
}

TEST(a_refusal_is_not_kept_and_may_be_asked_again)
{
    PGconn *db = begin();
    CHECK_ASK("CATALOGUE_FULL new", db, ONCE("1", "k", "f", "en", "effect(0)"));
    CHECK_ASK("0", db, "SELECT count(*) FROM idempotency_key");
    CHECK_ASK("ok new 2 1", db, ONCE("1", "k", "f", "en", "effect(2)"));
    PQfinish(db);
}

TEST(after_its_day_a_key_is_free_again)
{
    PGconn *db = begin();
    CHECK_ASK("ok new 1 1", db, ONCE("1", "k", "f", "en", "effect(1)"));
    ask(db, "UPDATE idempotency_key SET expires_at = now() - interval '1 second'");
    CHECK_ASK("ok new 2 2", db, ONCE("1", "k", "other", "ar-sa", "effect(2)"));
    CHECK_ASK("ok ar-sa 2 2", db, ONCE("1", "k", "other", "en", "effect(2)"));
    CHECK_ASK("t", db, "SELECT expires_at > now() + interval '23 hours' FROM idempotency_key");
    PQfinish(db);
}

TEST(what_was_rolled_back_leaves_no_key)
{
    PGconn *db = begin();
    ask(db, "BEGIN");
    CHECK_ASK("ok new 1 1", db, ONCE("1", "k", "f", "en", "effect(1)"));
    ask(db, "ROLLBACK");
    CHECK_ASK("ok new 1 1", db, ONCE("1", "k", "f", "en", "effect(1)"));
    PQfinish(db);
}

TEST(twins_of_one_caller_wait_for_each_other_others_do_not)
{
    PGconn *db = begin(), *twin = sql_session();
    ask(twin, "SET lock_timeout = 300");
    ask(db, "BEGIN");
    CHECK_ASK("ok new 1 1", db, ONCE("1", "k", "f", "en", "effect(1)"));
    CHECK_ASK("error: 55P03", twin, ONCE("1", "k", "f", "en", "effect(1)"));
    CHECK_ASK("ok new 1 1", twin, ONCE("2", "k", "f", "en", "effect(1)"));
    ask(db, "COMMIT");
    CHECK_ASK("ok en 1 1", twin, ONCE("1", "k", "f", "ar-sa", "effect(1)"));
    PQfinish(twin);
    PQfinish(db);
}

#define ROW_1 "00000000-0000-4000-8000-000000000001"
#define ROW_2 "00000000-0000-4000-8000-000000000002"

TEST(what_only_began_is_found_again_by_its_row)
{
    PGconn *db = begin();
    CHECK_ASK("ok new " ROW_1, db, ONCE("1", "k", "f", "en", "effect_row('" ROW_1 "')"));
    CHECK_ASK("ok en " ROW_1, db, ONCE("1", "k", "f", "ar-sa", "effect_row('" ROW_2 "')"));
    CHECK_ASK("KEY_REUSED new", db, ONCE("1", "k", "x", "en", "effect_row('" ROW_2 "')"));
    CHECK_ASK("1", db, "SELECT count(*) FROM effects");
    PQfinish(db);
}

TEST(a_key_has_an_answer_or_a_row_never_both_or_neither)
{
    PGconn *db = begin();
    CHECK_ASK("error: 23514 idempotency_key_answer_or_row", db,
              "INSERT INTO idempotency_key (caller_id, key, fingerprint, lang, status) "
              "VALUES (1, 'k', 'f', 'en', 201)");
    CHECK_ASK("error: 23514 idempotency_key_answer_or_row", db,
              "INSERT INTO idempotency_key (caller_id, key, fingerprint, lang, status, answer, "
              "row_id) VALUES (1, 'k', 'f', 'en', 201, '{}', '" ROW_1 "')");
    PQfinish(db);
}
