/* The functions of the work queue, clause by clause, in a private Postgres; then the port on top of
 * them. */
#include "embedded.h"
#include "storage/work_store.h"
#include "tests/unit/runtime/real_loop.h"
#include "tests/unit/storage/sql.h"

#define L1 "'00000000-0000-4000-8000-000000000001'"
#define L2 "'00000000-0000-4000-8000-000000000002'"

static PGconn *begin(void)
{
    PGconn *db = sql_session();
    ask(db, "TRUNCATE work");
    return db;
}

static void add(PGconn *db, const char *kind, int subject, const char *lane, const char *due)
{
    ask(db, "SELECT work_add('%s', %d, '%s', now() + interval '%s', 'r-%d')", kind, subject, lane,
        due, subject);
}

/* "kind:subject kind:subject …" of what is lent out, in order of kind and subject. */
static const char *claim(PGconn *db, const char *lanes, const char *room, const char *kinds,
                         const char *lease)
{
    return ask(
        db,
        "SELECT coalesce(string_agg(kind || ':' || subject, ' ' ORDER BY kind, subject), '') "
        "FROM work_claim('{%s}', '{%s}', '{%s}', "
        "(SELECT array_agg(30) FROM unnest('{%s}'::text[])), %s)",
        lanes, room, kinds, kinds, lease);
}

static const char *state(PGconn *db, const char *what)
{
    return ask(db, "SELECT %s FROM work", what);
}

/* ---- adding ---------------------------------------------------------------------------------- */

TEST(a_piece_exists_exactly_if_its_transaction_was_committed)
{
    PGconn *db = begin();
    ask(db, "BEGIN");
    add(db, "a", 1, "house", "0");
    ask(db, "ROLLBACK");
    CHECK_ASK("0", db, "SELECT count(*) FROM work");
    ask(db, "BEGIN");
    add(db, "a", 1, "house", "0");
    ask(db, "COMMIT");
    CHECK_ASK("a 1 house 0 r-1 t", db,
              "SELECT concat_ws(' ', kind, subject, lane, attempts, request_id, lease IS NULL AND "
              "dead_at IS NULL AND due_at <= now()) FROM work");
    PQfinish(db);
}

TEST(there_is_one_piece_per_kind_and_subject_due_at_the_earlier_time)
{
    PGconn *db = begin();
    add(db, "a", 1, "house", "1 hour");
    add(db, "a", 1, "house", "2 hours");
    CHECK_ASK("1", db, "SELECT count(*) FROM work");
    CHECK_ASK("t", db, "SELECT due_at < now() + interval '61 min' FROM work");
    add(db, "a", 1, "other", "1 min");
    CHECK_ASK("t", db, "SELECT due_at < now() + interval '2 min' AND lane = 'other' FROM work");
    add(db, "a", 2, "house", "0");
    add(db, "b", 1, "house", "0");
    CHECK_ASK("3", db, "SELECT count(*) FROM work");
    PQfinish(db);
}

TEST(added_again_it_loses_its_lease_and_begins_anew)
{
    PGconn *db = begin();
    add(db, "a", 1, "house", "0");
    claim(db, "house", "1", "a", L1);
    ask(db, "SELECT work_add('a', 1, 'house', now(), 'r-later')");
    CHECK_ASK(
        "0 r-later t", db,
        "SELECT concat_ws(' ', attempts, request_id, lease IS NULL AND due_at <= now()) FROM work");
    CHECK_ASK("f", db, "SELECT work_done('a', 1, " L1 ")");
    CHECK_STR(str_c(claim(db, "house", "1", "a", L2)), STR("a:1"));
    CHECK_ASK("t", db, "SELECT work_done('a', 1, " L2 ")");
    PQfinish(db);
}

TEST(added_again_for_later_it_is_due_when_the_lease_would_have_ended)
{
    PGconn *db = begin();
    add(db, "a", 1, "house", "0");
    claim(db, "house", "1", "a", L1); /* for 30 seconds */
    add(db, "a", 1, "house", "1 hour");
    CHECK_ASK(
        "t", db,
        "SELECT due_at > now() AND due_at <= now() + interval '30 s' AND lease IS NULL FROM work");
    PQfinish(db);
}

TEST(a_dead_one_rises_at_the_time_that_it_is_added_for)
{
    PGconn *db = begin();
    add(db, "a", 1, "house", "0");
    claim(db, "house", "1", "a", L1);
    ask(db, "SELECT work_dead(kind, subject, " L1 ", 'no such thing') FROM work");
    add(db, "a", 1, "house", "1 hour");
    CHECK_ASK(
        "0  t", db,
        "SELECT attempts || ' ' || last_error || ' ' || (dead_at IS NULL AND due_at > now() + "
        "interval '59 min')::text::char FROM work");
    PQfinish(db);
}

TEST(many_are_added_as_each_of_them_would_be)
{
    PGconn *db = begin();
    add(db, "a", 2, "house", "1 hour");
    add(db, "a", 3, "house", "0");
    claim(db, "house", "1", "a", L1);
    ask(db, "SELECT work_add_all('a', '{3,1,2}', 'bank', now() + interval '1 min', '{r3,r1,r2}')");
    CHECK_ASK(
        "1:bank:r1:60 2:bank:r2:60 3:bank:r3:30", db,
        "SELECT string_agg(concat_ws(':', subject, lane, request_id, round(extract(epoch FROM "
        "due_at - now()))), ' ' ORDER BY subject) FROM work WHERE lease IS NULL AND attempts = "
        "0");
    PQfinish(db);
}

/* Each adds both, in opposite orders. */
TEST(two_who_add_the_same_do_not_wait_for_each_other_in_a_circle)
{
    PGconn *db = begin(), *other = sql_session();
    ask(db, "BEGIN");
    ask(db, "SELECT work_add_all('a', '{1}', 'house', now(), '{x}')");
    CHECK_INT(PQsendQuery(other, "SELECT work_add_all('a', '{2,1}', 'house', now(), '{x,x}')"), 1);
    ask(db, "SELECT pg_sleep(0.05)");
    CHECK_ASK("", db, "SELECT work_add_all('a', '{2}', 'house', now(), '{x}')");
    ask(db, "COMMIT");
    PGresult *result = PQgetResult(other);
    CHECK_INT(PQresultStatus(result), PGRES_TUPLES_OK);
    PQclear(result);
    PQclear(PQgetResult(other));
    CHECK_ASK("2", db, "SELECT count(*) FROM work");
    PQfinish(db);
    PQfinish(other);
}

/* ---- lending out ----------------------------------------------------------------------------- */

TEST(the_earliest_of_each_lane_as_many_as_there_is_room_for)
{
    PGconn *db = begin();
    for (int i = 1; i <= 5; i++) {
        char due[20];
        snprintf(due, sizeof(due), "-%d min", i);
        add(db, "a", i, "house", due);
        add(db, "b", i, "bank", due);
    }
    CHECK_STR(str_c(claim(db, "house,bank,empty", "2,3,9", "a,b", L1)), STR("a:4 a:5 b:3 b:4 b:5"));
    CHECK_STR(str_c(claim(db, "house,bank", "0,1", "a,b", L1)), STR("b:2"));
    CHECK_STR(str_c(claim(db, "bank", "9", "a,b", L1)), STR("b:1"));
    CHECK_STR(str_c(claim(db, "bank,house", "9,9", "a,b", L1)), STR("a:1 a:2 a:3"));
    PQfinish(db);
}

TEST(what_is_not_due_yet_or_dead_is_not_lent_out)
{
    PGconn *db = begin();
    add(db, "a", 1, "house", "1 min");
    CHECK_STR(str_c(claim(db, "house", "9", "a", L1)), STR(""));
    add(db, "a", 2, "house", "0");
    claim(db, "house", "9", "a", L1);
    ask(db, "SELECT work_dead(kind, subject, " L1 ", 'x') FROM work WHERE subject = 2");
    CHECK_STR(str_c(claim(db, "house", "9", "a", L1)), STR(""));
    PQfinish(db);
}

TEST(a_kind_that_is_not_known_is_left_alone_and_in_nobodys_way)
{
    PGconn *db = begin();
    for (int i = 1; i <= 50; i++)
        add(db, "newer", i, "house", "-1 hour");
    add(db, "a", 1, "house", "0");
    CHECK_STR(str_c(claim(db, "house", "3", "a", L1)), STR("a:1"));
    CHECK_ASK(
        "50 0", db,
        "SELECT count(*) || ' ' || max(attempts) FROM work WHERE kind = 'newer' AND lease IS NULL");
    PQfinish(db);
}

TEST(a_lane_that_is_not_asked_for_is_left_alone)
{
    PGconn *db = begin();
    add(db, "a", 1, "newer", "0");
    CHECK_STR(str_c(claim(db, "house", "3", "a", L1)), STR(""));
    PQfinish(db);
}

TEST(lent_out_it_is_due_again_when_the_lease_of_its_kind_has_run_out)
{
    PGconn *db = begin();
    add(db, "a", 1, "house", "0");
    add(db, "b", 1, "house", "0");
    CHECK_ASK(
        "a:1:1:r-1 b:1:1:r-1", db,
        "SELECT string_agg(concat_ws(':', kind, subject, attempt, request_id), ' ' ORDER BY kind) "
        "FROM work_claim('{house}', '{9}', '{b,a}', '{100,20}', " L1 ")");
    CHECK_ASK(
        "a 20, b 100", db,
        "SELECT string_agg(kind || ' ' || round(extract(epoch FROM due_at - now())), ', ' ORDER BY "
        "kind) FROM work");
    CHECK_STR(str_c(claim(db, "house", "9", "a,b", L2)), STR(""));
    ask(db, "UPDATE work SET due_at = now() WHERE kind = 'a'"); /* its time has run out */
    CHECK_STR(str_c(claim(db, "house", "9", "a,b", L2)), STR("a:1"));
    CHECK_ASK("2", db, "SELECT attempts FROM work WHERE kind = 'a'");
    PQfinish(db);
}

TEST(two_who_claim_at_once_get_different_pieces_and_neither_waits)
{
    PGconn *db = begin(), *other = sql_session();
    for (int i = 1; i <= 4; i++)
        add(db, "a", i, "house", "0");
    ask(db, "BEGIN");
    char first[100];
    snprintf(first, sizeof(first), "%s", claim(db, "house", "2", "a", L1));
    ask(other, "SET lock_timeout = '1s'");
    CHECK_STR(str_c(claim(other, "house", "9", "a", L2)),
              str_eq(str_c(first), STR("a:1 a:2")) ? STR("a:3 a:4") : STR("a:1 a:2"));
    ask(db, "COMMIT");
    CHECK_ASK("2 2", db,
              "SELECT count(*) FILTER (WHERE lease = " L1
              ") || ' ' || count(*) FILTER (WHERE lease = " L2 ") FROM work");
    PQfinish(db);
    PQfinish(other);
}

TEST(one_who_adds_while_it_is_being_finished_adds_a_new_one)
{
    PGconn *db = begin(), *other = sql_session();
    add(db, "a", 1, "house", "0");
    claim(db, "house", "9", "a", L1);
    ask(db, "BEGIN");
    CHECK_ASK("t", db, "SELECT work_done(kind, subject, " L1 ") FROM work");
    CHECK_INT(PQsendQuery(other, "SELECT work_add('a', 1, 'house', now(), 'r-2')"), 1);
    ask(db, "SELECT pg_sleep(0.05)");
    ask(db, "COMMIT");
    for (PGresult *result; (result = PQgetResult(other));)
        PQclear(result);
    CHECK_ASK("0 r-2 t", db,
              "SELECT concat_ws(' ', attempts, request_id, lease IS NULL) FROM work");
    PQfinish(db);
    PQfinish(other);
}

TEST(one_who_finishes_while_it_is_added_again_finds_the_lease_gone)
{
    PGconn *db = begin(), *other = sql_session();
    add(db, "a", 1, "house", "0");
    claim(db, "house", "9", "a", L1);
    ask(db, "BEGIN");
    ask(db, "SELECT work_add('a', 1, 'house', now(), 'r-2')");
    CHECK_INT(PQsendQuery(other, "SELECT work_done('a', 1, " L1 ")"), 1);
    ask(db, "SELECT pg_sleep(0.05)");
    ask(db, "COMMIT");
    PGresult *result = PQgetResult(other);
    CHECK_STR(str_c(PQgetvalue(result, 0, 0)), STR("f"));
    PQclear(result);
    PQclear(PQgetResult(other));
    CHECK_ASK("1", db, "SELECT count(*) FROM work");
    PQfinish(db);
    PQfinish(other);
}

TEST(the_number_of_attempts_does_not_overflow)
{
    PGconn *db = begin();
    add(db, "a", 1, "house", "0");
    ask(db, "UPDATE work SET attempts = 2147483646");
    for (int i = 0; i < 3; i++) {
        CHECK_STR(str_c(claim(db, "house", "9", "a", L1)), STR("a:1"));
        CHECK_ASK("2147483647", db, "SELECT attempts FROM work");
        ask(db, "UPDATE work SET due_at = now()");
    }
    PQfinish(db);
}

#define ALL_ENDS                                                                              \
    "SELECT work_done('a', 0, " L1 "), work_again('a', 0, " L1 ", '1 s', NULL, ''), "         \
    "work_next('a', 0, " L1 ", '1 s'), work_give_back('a', 0, " L1 "), work_dead('a', 0, " L1 \
    ", '')"

/* Rows that were read, by whatever way. */
static int64_t rows_read(PGconn *db)
{
    ask(db, "SELECT pg_stat_force_next_flush()");
    ask(db, "SELECT pg_stat_clear_snapshot()");
    return ask_int(db,
                   "SELECT t.seq_tup_read + sum(i.idx_tup_read) FROM pg_stat_user_tables t JOIN "
                   "pg_stat_user_indexes i USING (relid) WHERE t.relname = 'work' GROUP BY "
                   "t.seq_tup_read");
}

/* A plan that was made for an empty table must not read all of a full one, nor one that was made
 * for a full one all of that. */
TEST(a_claim_of_a_few_does_not_read_the_whole_table)
{
    PGconn *db = begin();
    ask(db, "VACUUM ANALYZE work"); /* known to be empty: reading all of it costs nothing */
    for (int i = 0; i < 10; i++) {  /* plans, and keeps the plan */
        claim(db, "house,bank", "4,4", "a", L1);
        ask(db, ALL_ENDS);
    }
    ask(db, "SELECT work_add('a', n, 'house', now() - n * interval '1 ms', '') FROM "
            "generate_series(1, 20000) n");
    for (int planned_anew = 0; planned_anew < 2; planned_anew++) {
        int64_t before = rows_read(db);
        for (int i = 0; i < 10; i++) {
            CHECK(*claim(db, "house,bank", "4,4", "a", L1));
            ask(db, ALL_ENDS);
        }
        CHECK(rows_read(db) - before < 1000);
        ask(db, "VACUUM ANALYZE work");
    }
    PQfinish(db);
}

/* ---- ends ------------------------------------------------------------------------------------ */

/* One piece, lent out under L1. */
static PGconn *lent(void)
{
    PGconn *db = begin();
    add(db, "a", 1, "house", "0");
    claim(db, "house", "1", "a", L1);
    return db;
}

TEST(done_it_is_gone)
{
    PGconn *db = lent();
    CHECK_ASK("t", db, "SELECT work_done(kind, subject, " L1 ") FROM work");
    CHECK_ASK("0", db, "SELECT count(*) FROM work");
    CHECK_ASK("f", db, "SELECT work_done('a', 1, " L1 ")");
    PQfinish(db);
}

TEST(with_an_old_lease_nothing_is_changed)
{
    static const char *const ends[] = {
        "work_done(kind, subject, %s)", "work_again(kind, subject, %s, '1 s', 'x', 'y')",
        "work_next(kind, subject, %s, '1 s')", "work_give_back(kind, subject, %s)",
        "work_dead(kind, subject, %s, 'x')"};
    PGconn *db = lent();
    char before[500], call[100];
    snprintf(before, sizeof(before), "%s", state(db, "work::text"));
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        snprintf(call, sizeof(call), "%.*s%s%s", (int)(strstr(ends[i], "%s") - ends[i]), ends[i],
                 L2, strstr(ends[i], "%s") + 2);
        CHECK_ASK("f", db, "SELECT %s FROM work", call);
        CHECK_STR(str_c(state(db, "work::text")), str_c(before));
    }
    ask(db, "UPDATE work SET lease = NULL");
    CHECK_ASK("f", db, "SELECT work_done(kind, subject, " L1 ") FROM work");
    CHECK_ASK("f", db, "SELECT work_done(kind, subject, NULL) FROM work");
    PQfinish(db);
}

/* A claim lends many out under one lease. */
TEST(an_end_is_of_one_piece_and_no_other_of_its_lease)
{
    static const char *const ends[] = {
        "work_done('a', 1, " L1 ")", "work_again('a', 1, " L1 ", '1 h', NULL, 'x')",
        "work_next('a', 1, " L1 ", '1 h')", "work_give_back('a', 1, " L1 ")",
        "work_dead('a', 1, " L1 ", 'x')"};
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        PGconn *db = begin();
        add(db, "a", 1, "house", "0");
        add(db, "a", 2, "house", "0");
        add(db, "b", 1, "house", "0");
        claim(db, "house", "9", "a,b", L1);
        CHECK_ASK("t", db, "SELECT %s", ends[i]);
        CHECK_ASK("a:2 b:1", db,
                  "SELECT string_agg(kind || ':' || subject, ' ' ORDER BY kind) FROM work "
                  "WHERE lease = " L1 " AND attempts = 1 AND dead_at IS NULL");
        PQfinish(db);
    }
}

TEST(again_it_is_due_after_the_pause_with_its_error_and_perhaps_in_another_lane)
{
    PGconn *db = lent();
    CHECK_ASK("t", db,
              "SELECT work_again(kind, subject, " L1 ", '40 s', NULL, repeat('x', 600)) FROM work");
    CHECK_ASK("1 house 500 40 t", db,
              "SELECT concat_ws(' ', attempts, lane, length(last_error), "
              "round(extract(epoch FROM due_at - now())), lease IS NULL) FROM work");
    ask(db, "UPDATE work SET due_at = now()");
    claim(db, "house", "1", "a", L2);
    CHECK_ASK("t", db, "SELECT work_again(kind, subject, " L2 ", '0 s', 'twilio', 'y') FROM work");
    CHECK_ASK("2 twilio y", db, "SELECT concat_ws(' ', attempts, lane, last_error) FROM work");
    CHECK_STR(str_c(claim(db, "twilio", "1", "a", L1)), STR("a:1"));
    PQfinish(db);
}

TEST(next_it_comes_round_as_if_it_were_new)
{
    PGconn *db = lent();
    ask(db, "UPDATE work SET attempts = 7, last_error = 'x'");
    CHECK_ASK("t", db, "SELECT work_next(kind, subject, " L1 ", '40 s') FROM work");
    CHECK_ASK("0 40 t", db,
              "SELECT concat_ws(' ', attempts, round(extract(epoch FROM due_at - now())), "
              "lease IS NULL AND last_error = '') FROM work");
    PQfinish(db);
}

TEST(given_back_it_is_due_at_once_and_the_attempt_does_not_count)
{
    PGconn *db = lent();
    CHECK_ASK("t", db, "SELECT work_give_back(kind, subject, " L1 ") FROM work");
    CHECK_ASK("0 t", db,
              "SELECT concat_ws(' ', attempts, lease IS NULL AND due_at <= now()) FROM work");
    ask(db, "UPDATE work SET lease = " L1);
    CHECK_ASK("t", db, "SELECT work_give_back(kind, subject, " L1 ") FROM work");
    CHECK_ASK("0", db, "SELECT attempts FROM work"); /* nor below nothing */
    PQfinish(db);
}

TEST(dead_it_stays_with_its_reason_until_it_is_replayed)
{
    PGconn *db = lent();
    CHECK_ASK("t", db, "SELECT work_dead(kind, subject, " L1 ", 'booking.slot_taken') FROM work");
    CHECK_ASK("1 booking.slot_taken t", db,
              "SELECT concat_ws(' ', attempts, last_error, dead_at IS NOT NULL AND lease IS NULL) "
              "FROM work");
    CHECK_ASK("f", db, "SELECT work_done(kind, subject, " L1 ") FROM work");
    PQfinish(db);
}

TEST(what_comes_round_is_planted_once_spread_over_its_period)
{
    PGconn *db = begin();
    const char *plant = "SELECT work_plant('{holds,shards}', '{house,disk}', '{1,4}', '{10,400}')";
    ask(db, "%s", plant);
    CHECK_ASK("holds:0:0 shards:0:0 shards:1:100 shards:2:200 shards:3:300", db,
              "SELECT string_agg(concat_ws(':', kind, subject, round(extract(epoch FROM due_at - "
              "now()))), ' ' "
              "ORDER BY kind, subject) FROM work");
    CHECK_STR(str_c(claim(db, "house,disk", "9,9", "holds,shards", L1)), STR("holds:0 shards:0"));
    ask(db, "%s", plant);
    CHECK_ASK("5 2", db,
              "SELECT count(*) || ' ' || count(lease) FROM work"); /* leases are left alone */
    PQfinish(db);
}

TEST(planted_anew_a_piece_follows_its_kind)
{
    PGconn *db = begin();
    ask(db, "SELECT work_plant('{holds}', '{house}', '{1}', '{1000}')");
    ask(db, "UPDATE work SET due_at = now() + interval '900 s', attempts = 3");
    ask(db, "SELECT work_plant('{holds}', '{house}', '{1}', '{1000}')");
    CHECK_ASK("900 3 house", db,
              "SELECT concat_ws(' ', round(extract(epoch FROM due_at - now())), attempts, lane) "
              "FROM work");
    ask(db, "SELECT work_plant('{holds}', '{disk}', '{1}', '{60}')");
    CHECK_ASK("60 3 disk", db,
              "SELECT concat_ws(' ', round(extract(epoch FROM due_at - now())), attempts, lane) "
              "FROM work");
    PQfinish(db);
}

/* ---- the port -------------------------------------------------------------------------------- */

static struct ported {
    struct real real;
    struct work_store store;
    struct test *t;
} ported;

static void port_begin(struct test *t)
{
    const struct pg_options pg = {.url = private_pg_url(),
                                  .conns = 2,
                                  .pipeline_max = 16,
                                  .queue_max = 100,
                                  .statement_timeout_ms = 10000,
                                  .lock_timeout_ms = 5000,
                                  .rows_bytes_max = 1 << 20,
                                  .application_name = "work test"};
    ported = (struct ported){.real = real_begin(), .t = t};
    ported.store.pool = pg_pool_new(ported.real.loop, &pg);
}

static void port_run(void (*run)(struct ctx *c, void *arg))
{
    struct job job;
    job_start(&ported.real, &job, run, NULL);
    if (!real_finish(&ported.real, 10000))
        base_die(__FILE__, __LINE__, "a step does not end");
    pg_pool_free(ported.store.pool);
    real_turn_until(&ported.real, NULL, 20);
    real_end(&ported.real);
}

/* All that is due in both lanes. */
static size_t claim_all(struct ctx *c, struct work **work)
{
    const struct str lanes[] = {STR("house"), STR("bank")}, kinds[] = {STR("a"), STR("b")};
    const int64_t room[] = {10, 10}, lease_s[] = {30, 60};
    struct work_wish wish = {lanes, room, 2, kinds, lease_s, 2, uuid_random(c->clock)};
    size_t len = 0;
    if (work_store_claim(c, &ported.store, &wish, work, &len))
        base_die(__FILE__, __LINE__, "a claim failed");
    return len;
}

static void ends_through_the_port(struct ctx *c, void *arg)
{
    struct test *t = ported.t;
    struct work_store *store = &ported.store;
    struct work *work;
    bool ours = false;
    CHECK_INT(claim_all(c, &work), 5);
    for (size_t i = 0; i < 5; i++) {
        struct work *w = &work[i];
        CHECK(w->attempt == 1 && str_starts(w->request_id, STR("r-")));
        CHECK_STR(w->lane, w->subject == 5 ? STR("bank") : STR("house"));
        enum err err = w->subject == 1 ? work_store_done(c, store, w, &ours)
                       : w->subject == 2
                           ? work_store_again(c, store, w, seconds(5), STR("x"), &ours)
                       : w->subject == 3 ? work_store_next(c, store, w, seconds(5), &ours)
                       : w->subject == 4 ? work_store_give_back(c, store, w, &ours)
                                         : work_store_dead(c, store, w, STR("y"), &ours);
        CHECK(err == OK && ours);
        CHECK(work_store_done(c, store, w, &ours) == OK && !ours);
    }
}

TEST(the_port_says_each_ending)
{
    PGconn *db = begin();
    for (int i = 1; i <= 5; i++)
        add(db, i == 5 ? "b" : "a", i, i == 5 ? "bank" : "house", "0");
    port_begin(t);
    port_run(ends_through_the_port);
    CHECK_ASK(
        "2:1:5:x: 3:0:5:: 4:0:0:: 5:1:60:y:dead", db,
        "SELECT string_agg(concat_ws(':', subject, attempts, round(extract(epoch FROM due_at - "
        "now())), last_error, CASE WHEN dead_at IS NULL THEN '' ELSE 'dead' END), ' ' ORDER BY "
        "subject) FROM work");
    PQfinish(db);
}

static void operate_through_the_port(struct ctx *c, void *arg)
{
    struct test *t = ported.t;
    struct work_store *store = &ported.store;
    struct work_count *counts;
    struct work_row *rows;
    size_t len;
    int64_t risen;
    CHECK(work_store_counts(c, store, &counts, &len) == OK);
    CHECK_INT(len, 2);
    CHECK_STR(counts[0].kind, STR("a"));
    CHECK(counts[0].due == 1 && counts[0].leased == 1 && counts[0].waiting == 1 &&
          counts[0].dead == 0);
    CHECK(counts[0].oldest_s >= 60 && counts[0].oldest_s <= 70);
    CHECK(counts[1].dead == 2 && counts[1].oldest_s == 0);

    struct work_query query = {.kind = STR("b"), .which = WORK_DEAD_ONLY, .limit = 1};
    CHECK(work_store_list(c, store, &query, &rows, &len) == OK);
    CHECK_INT(len, 1);
    CHECK_STR(rows[0].error, STR("y"));
    CHECK_STR(rows[0].state, STR("dead"));
    query = (struct work_query){.which = WORK_ALIVE, .limit = 10};
    CHECK(work_store_list(c, store, &query, &rows, &len) == OK);
    CHECK_INT(len, 3);
    CHECK_STR(rows[0].state, STR("due"));
    CHECK_STR(rows[1].state, STR("leased"));
    CHECK_STR(rows[2].state, STR("waiting"));
    const int64_t one = 1, two = 2;
    query = (struct work_query){.kind = STR("a"), .subject = &two, .limit = 10};
    CHECK(work_store_list(c, store, &query, &rows, &len) == OK);
    CHECK(len == 1 && rows[0].work.subject == 2);

    query = (struct work_query){.kind = STR("a")};
    CHECK(work_store_replay(c, store, &query, &risen) == OK &&
          risen == 0); /* none of them is dead */
    query = (struct work_query){.kind = STR("b"), .subject = &one};
    CHECK(work_store_replay(c, store, &query, &risen) == OK && risen == 0);
    query.subject = NULL;
    CHECK(work_store_replay(c, store, &query, &risen) == OK && risen == 2);
    struct work_plant plant = {STR("c"), STR("house"), 2, 60};
    CHECK(work_store_plant(c, store, &plant, 1) == OK);
    CHECK(work_store_counts(c, store, &counts, &len) == OK);
    CHECK(len == 3 && counts[1].due == 2 && counts[2].due == 1 && counts[2].waiting == 1);
}

TEST(the_port_serves_operators)
{
    PGconn *db = begin();
    add(db, "a", 1, "house", "-1 min");
    add(db, "a", 2, "house", "0");
    add(db, "a", 3, "house", "1 hour");
    add(db, "b", 4, "bank", "0");
    add(db, "b", 5, "bank", "0");
    ask(db, "UPDATE work SET lease = " L1 ", due_at = now() + interval '1 min' WHERE subject = 2");
    ask(db, "UPDATE work SET dead_at = now(), last_error = 'y' WHERE kind = 'b'");
    port_begin(t);
    port_run(operate_through_the_port);
    PQfinish(db);
}
