/* What decides about bookings, in a private Postgres: reasons and races. (That what the slots offer can
 * be booked, and nothing else, is shown by catalogue_cache_test.c.) */

#include "embedded.h"
#include "storage/seed.h"
#include "tests/unit/runtime/real_loop.h"
#include "tests/unit/storage/sql.h"

/* ---- one salon: open 10:00-20:00 in Riyadh, two members who work 10:00-18:00 ------------------- */

struct fixture {
    PGconn *db;
    int64_t salon, service, staff[2], customer;
};

static int64_t add_member(struct fixture *f)
{
    return add_staff(f->db, f->salon, add_user(f->db, "staff"), f->service, 600, 1080);
}

static struct fixture fixture_begin(void)
{
    struct fixture f = {.db = sql_session()};
    f.salon = add_salon(f.db, add_user(f.db, "manager"), 600, 1200);
    ask(f.db, "UPDATE catalogue_salon SET late_cancel_fee_amount = 2500 WHERE id = %lld",
        (long long)f.salon);
    f.service = add_service(f.db, f.salon);
    f.staff[0] = add_member(&f);
    f.staff[1] = add_member(&f);
    f.customer = add_user(f.db, "customer");
    return f;
}

static void fixture_end(struct fixture *f)
{
    PQfinish(f->db);
}

/* Minutes of the local day in three days; staff 0: any. */
static const char *create_sql(const struct fixture *f, int64_t staff, int minute)
{
    static char sql[500];
    snprintf(sql, sizeof(sql),
             "SELECT coalesce(refused, 'ok') FROM bookings_decide(3, 0, 0, '{%lld}', '{%lld}', "
             "'{0}', '{\"\"}', "
             "'{test}', '{\"\"}', '{\"\"}', '{\"\"}', '{1}', '{%lld}', '{%lld}', "
             "ARRAY[local_instant(((now() AT TIME ZONE 'Asia/Riyadh')::date + 3), %d, "
             "'Asia/Riyadh')])",
             (long long)f->customer, (long long)f->salon, (long long)f->service, (long long)staff,
             minute);
    return sql;
}

static const char *create(const struct fixture *f, int64_t staff, int minute)
{
    return ask(f->db, "%s", create_sql(f, staff, minute));
}

/* The newest booking of the salon: the answer, and what became of it. */
static const char *cancel(const struct fixture *f, int64_t actor)
{
    return ask(f->db,
               "SELECT concat_ws(',', coalesce(refused, 'ok'), status, version, fee_amount, "
               "cancelled_by) FROM "
               "booking_move(%lld, (SELECT max(id) FROM bookings_booking WHERE salon_id = %lld), "
               "'cancel', 0, '', 'test')",
               (long long)actor, (long long)f->salon);
}

/* An hour from that minute of the local day in three days, by a customer of its own; it runs out now
 * when `over`. */
static int64_t hold(const struct fixture *f, int64_t staff, int minute, bool over)
{
    int64_t id =
        ask_int(f->db,
                "SELECT coalesce(id, 0) FROM bookings_decide(0, 0, 600, '{%lld}', '{%lld}', '{1}', "
                "'{\"\"}', '{test}', '{\"\"}', '{\"\"}', '{\"\"}', '{1}', '{%lld}', '{%lld}', "
                "ARRAY[local_instant(((now() AT TIME ZONE 'Asia/Riyadh')::date + 3), %d, "
                "'Asia/Riyadh')])",
                (long long)add_user(f->db, "customer"), (long long)f->salon, (long long)f->service,
                (long long)staff, minute);
    if (over)
        ask(f->db,
            "UPDATE bookings_booking SET hold_expires_at = now() - interval '1 second' "
            "WHERE id = %lld",
            (long long)id);
    return id;
}

#define CHECK_ANSWER(call, expected) CHECK_STR(str_c(call), STR(expected))

/* ---- reasons ---------------------------------------------------------------------------------- */

TEST(each_rule_has_its_reason)
{
    struct fixture f = fixture_begin(), other = fixture_begin();
    struct fixture wrong = f;
    CHECK_ANSWER(create(&f, f.staff[0], 720), "ok");
    wrong.customer = 999999999;
    CHECK_ANSWER(create(&wrong, f.staff[0], 720), "TOKEN_INVALID");
    wrong = f;
    wrong.salon = 999999999;
    CHECK_ANSWER(create(&wrong, f.staff[0], 720), "SALON_UNKNOWN");
    wrong = f;
    wrong.service = other.service;
    CHECK_ANSWER(create(&wrong, f.staff[0], 720), "SERVICE_UNKNOWN");
    CHECK_ANSWER(create(&f, 999999999, 720), "STAFF_UNKNOWN");
    CHECK_ANSWER(create(&f, other.staff[0], 720), "STAFF_ELSEWHERE");
    CHECK_ANSWER(create(&f, f.staff[0], 725), "BOOKING_OFF_GRID");
    CHECK_ANSWER(create(&f, f.staff[0], 540), "BOOKING_OUTSIDE_HOURS");
    CHECK_ANSWER(create(&f, f.staff[0], 1155), "BOOKING_OUTSIDE_HOURS");
    CHECK_ANSWER(create(&f, f.staff[0], 1035), "BOOKING_OUTSIDE_WINDOWS");
    CHECK_ANSWER(create(&f, f.staff[0], -3 * 1440), "BOOKING_PAST");
    CHECK_ANSWER(create(&f, f.staff[0], 100 * 1440), "BOOKING_TOO_FAR");
    CHECK_ANSWER(create(&f, f.staff[0], 675), "SLOT_TAKEN");
    ask(f.db, "UPDATE catalogue_salon SET notice_minutes = 43200 WHERE id = %lld",
        (long long)f.salon);
    CHECK_ANSWER(create(&f, f.staff[0], 780), "BOOKING_TOO_SOON");
    ask(f.db, "UPDATE catalogue_salon SET notice_minutes = 0 WHERE id = %lld", (long long)f.salon);
    ask(f.db,
        "INSERT INTO catalogue_staff_exception (staff_id, kind, starts_at, ends_at) "
        "SELECT %lld, 'off', now(), now() + interval '7 days'",
        (long long)f.staff[0]);
    CHECK_ANSWER(create(&f, f.staff[0], 780), "BOOKING_STAFF_OFF");
    ask(f.db, "DELETE FROM catalogue_staff_service WHERE staff_id = %lld", (long long)f.staff[0]);
    CHECK_ANSWER(create(&f, f.staff[0], 780), "STAFF_NOT_OFFERING");
    ask(f.db, "UPDATE accounts_user SET is_phone_verified = false WHERE id = %lld",
        (long long)f.customer);
    CHECK_ANSWER(create(&f, f.staff[1], 780), "PHONE_UNVERIFIED");
    fixture_end(&other);
    fixture_end(&f);
}

TEST(anybody_is_the_one_with_the_least_to_do_that_day)
{
    struct fixture f = fixture_begin();
    CHECK_ANSWER(create(&f, f.staff[0], 600), "ok");
    CHECK_ANSWER(create(&f, 0, 720), "ok");
    char expected[64];
    snprintf(expected, sizeof(expected), "%lld,%lld", (long long)f.staff[0], (long long)f.staff[1]);
    CHECK_STR(str_c(ask(f.db,
                        "SELECT string_agg(staff_id::text, ',' ORDER BY id) FROM bookings_booking "
                        "WHERE salon_id = %lld",
                        (long long)f.salon)),
              str_c(expected));
    CHECK_ANSWER(create(&f, 0, 720), "ok");
    f.customer = add_user(f.db, "customer");
    CHECK_ANSWER(create(&f, 0, 720), "SLOT_TAKEN");
    ask(f.db, "DELETE FROM catalogue_staff_service WHERE service_id = %lld", (long long)f.service);
    CHECK_ANSWER(create(&f, 0, 780), "NOBODY_OFFERS");
    fixture_end(&f);
}

TEST(what_is_over_or_moves_is_no_load)
{
    struct fixture f = fixture_begin();
    CHECK_ANSWER(create(&f, f.staff[1], 600), "ok");
    for (int i = 0; i < 2; i++)
        CHECK(hold(&f, f.staff[0], 600 + 60 * i, true));
    CHECK_ANSWER(create(&f, 0, 840), "ok");
    CHECK_INT(ask_int(f.db, "SELECT staff_id FROM bookings_booking ORDER BY id DESC LIMIT 1"),
              f.staff[0]);
    /* One each: that it is hers already does not count against her. */
    CHECK_ANSWER(
        ask(f.db,
            "SELECT coalesce(refused, 'ok') FROM booking_reschedule(%lld, (SELECT max(id) FROM "
            "bookings_booking), (SELECT starts_at + interval '1 hour' FROM "
            "bookings_booking ORDER BY id DESC LIMIT 1), 0, 0, '')",
            (long long)f.customer),
        "ok");
    CHECK_INT(ask_int(f.db, "SELECT staff_id FROM bookings_booking ORDER BY id DESC LIMIT 1"),
              f.staff[0]);
    fixture_end(&f);
}

TEST(the_limit_counts_active_bookings_ahead)
{
    struct fixture f = fixture_begin();
    CHECK_ANSWER(create(&f, f.staff[0], 600), "ok");
    CHECK_ANSWER(create(&f, f.staff[0], 660), "ok");
    CHECK_ANSWER(create(&f, f.staff[0], 720), "ok");
    CHECK_ANSWER(create(&f, f.staff[0], 780), "BOOKING_TOO_MANY");
    CHECK_ANSWER(cancel(&f, f.customer), "ok,cancelled,2,0,customer");
    CHECK_ANSWER(create(&f, f.staff[0], 780), "ok");
    fixture_end(&f);
}

TEST(a_refusal_writes_nothing)
{
    struct fixture f = fixture_begin();
    CHECK_ANSWER(create(&f, f.staff[0], 600), "ok");
    CHECK_ANSWER(create(&f, f.staff[0], 600), "SLOT_TAKEN");
    CHECK_ASK("1,1", f.db,
              "SELECT count(DISTINCT b.id) || ',' || count(*) FROM bookings_booking b "
              "JOIN bookings_history h ON h.booking_id = b.id WHERE b.salon_id = %lld",
              (long long)f.salon);
    fixture_end(&f);
}

static const char *answer_of(PGconn *conn)
{
    static char answer[512];
    PGresult *result = PQgetResult(conn);
    snprintf(answer, sizeof(answer), "%s",
             PQresultStatus(result) == PGRES_TUPLES_OK ? PQgetvalue(result, 0, 0)
                                                       : PQresultErrorMessage(result));
    PQclear(result);
    while ((result = PQgetResult(conn)))
        PQclear(result);
    return answer;
}

/* It is asked after a while in which it could have gone on. */
#define CHECK_WAITS_FOR_LOCK(watcher, waiter)                                    \
    CHECK_ASK("1", (watcher),                                                    \
              "SELECT count(*) FROM (SELECT pg_sleep(0.3)) s, pg_stat_activity " \
              "WHERE pid = %d AND wait_event_type = 'Lock'",                     \
              PQbackendPID(waiter))

/* ---- two at once ------------------------------------------------------------------------------ */

TEST(who_waits_for_the_winner_is_told_that_it_is_taken)
{
    struct fixture f = fixture_begin();
    PGconn *late = sql_session();
    ask(f.db, "BEGIN");
    CHECK_ANSWER(create(&f, f.staff[0], 720), "ok");
    struct fixture second = f;
    second.customer = add_user(late, "customer");
    CHECK(PQsendQuery(late, create_sql(&second, f.staff[0], 735)));
    /* It saw nothing in its way, and now waits for the row of the member of staff. */
    CHECK_WAITS_FOR_LOCK(f.db, late);
    ask(f.db, "COMMIT");
    CHECK_ANSWER(answer_of(late), "SLOT_TAKEN");
    PQfinish(late);
    fixture_end(&f);
}

TEST(who_takes_no_lock_meets_the_constraint)
{
    struct fixture f = fixture_begin();
    CHECK_ANSWER(create(&f, f.staff[0], 720), "ok");
    CHECK_ASK("error: 23P01 bookings_no_overlap", f.db,
              "INSERT INTO bookings_booking (salon_id, service_id, staff_id, customer_id, "
              "starts_at, ends_at, claimed, status, price_amount, currency, "
              "cancel_cutoff_minutes, late_cancel_fee_amount, no_show_fee_amount, deposit_amount) "
              "SELECT salon_id, service_id, staff_id, customer_id, starts_at, ends_at, claimed, "
              "'pending', 0, 'SAR', 0, 0, 0, 0 FROM bookings_booking WHERE salon_id = %lld",
              (long long)f.salon);
    fixture_end(&f);
}

/* ---- holds and moves: locks, and who waits for whom --------------------------------------------- */

static int64_t newest(const struct fixture *f)
{
    return ask_int(f->db, "SELECT max(id) FROM bookings_booking WHERE salon_id = %lld",
                   (long long)f->salon);
}

/* By the customer, whatever the version is. staff 0: the same. */
static const char *reschedule_sql(const struct fixture *f, int64_t booking, int64_t staff,
                                  int minute)
{
    static char sql[400];
    snprintf(sql, sizeof(sql),
             "SELECT coalesce(refused, 'ok') FROM booking_reschedule(%lld, %lld, "
             "local_instant(((now() AT TIME ZONE 'Asia/Riyadh')::date + 3), %d, 'Asia/Riyadh'), "
             "nullif(%lld, 0), 0, 'test')",
             (long long)f->customer, (long long)booking, minute, (long long)staff);
    return sql;
}

static const char *state_of(const struct fixture *f, int64_t booking)
{
    return ask(f->db,
               "SELECT status || ',' || version || ',' || (SELECT count(*) FROM bookings_history h "
               "WHERE h.booking_id = b.id) FROM bookings_booking b WHERE id = %lld",
               (long long)booking);
}

TEST(every_hold_in_the_way_that_has_run_out_gives_way)
{
    struct fixture f = fixture_begin();
    ask(f.db, "UPDATE catalogue_service SET duration_minutes = 30 WHERE id = %lld",
        (long long)f.service);
    int64_t first = hold(&f, f.staff[0], 720, true), second = hold(&f, f.staff[0], 750, true);
    int64_t third = hold(&f, f.staff[1], 720, true), fourth = hold(&f, f.staff[1], 750, true);
    ask(f.db, "UPDATE catalogue_service SET duration_minutes = 60 WHERE id = %lld",
        (long long)f.service);
    CHECK_ANSWER(create(&f, f.staff[0], 720), "ok");
    CHECK_ANSWER(state_of(&f, first), "expired,2,2");
    CHECK_ANSWER(state_of(&f, second), "expired,2,2");
    CHECK_ANSWER(ask(f.db, "%s", reschedule_sql(&f, newest(&f), f.staff[1], 720)), "ok");
    CHECK_ANSWER(state_of(&f, third), "expired,2,2");
    CHECK_ANSWER(state_of(&f, fourth), "expired,2,2");
    CHECK_ANSWER(create(&f, 0, 720), "ok");
    fixture_end(&f);
}

TEST(holds_that_have_run_out_give_way_to_anybody)
{
    struct fixture f = fixture_begin();
    int64_t one = hold(&f, f.staff[0], 720, true), two = hold(&f, f.staff[0], 780, true);
    CHECK(hold(&f, f.staff[1], 750, false));
    CHECK_ANSWER(create(&f, 0, 750), "ok");
    CHECK_ANSWER(state_of(&f, one), "expired,2,2");
    CHECK_ANSWER(state_of(&f, two), "expired,2,2");
    fixture_end(&f);
}

TEST(a_refused_reschedule_changes_nothing)
{
    struct fixture f = fixture_begin();
    CHECK_ANSWER(create(&f, f.staff[0], 600), "ok");
    int64_t booking = newest(&f);
    CHECK_ANSWER(create(&f, f.staff[0], 720), "ok");
    CHECK_ANSWER(ask(f.db, "%s", reschedule_sql(&f, booking, 0, 735)), "SLOT_TAKEN");
    CHECK_ANSWER(state_of(&f, booking), "confirmed,1,1");
    fixture_end(&f);
}

/* Both saw version 1 and said that any will do. The second waits for the member's row; judging anew then
 * would move a booking that its client has never seen. */
TEST(of_two_reschedules_at_once_the_second_is_told_that_it_moved)
{
    struct fixture f = fixture_begin();
    PGconn *late = sql_session();
    CHECK_ANSWER(create(&f, f.staff[0], 600), "ok");
    int64_t booking = newest(&f);
    ask(f.db, "BEGIN");
    CHECK_ANSWER(ask(f.db, "%s", reschedule_sql(&f, booking, f.staff[1], 720)), "ok");
    CHECK(PQsendQuery(late, reschedule_sql(&f, booking, 0, 840)));
    CHECK_WAITS_FOR_LOCK(f.db, late);
    ask(f.db, "COMMIT");
    CHECK_ANSWER(answer_of(late), "BOOKING_MOVED");
    CHECK_ANSWER(state_of(&f, booking), "confirmed,2,2");
    PQfinish(late);
    fixture_end(&f);
}

TEST(a_reschedule_that_meets_a_cancellation_is_told_that_it_moved)
{
    struct fixture f = fixture_begin();
    PGconn *late = sql_session();
    CHECK_ANSWER(create(&f, f.staff[0], 600), "ok");
    int64_t booking = newest(&f);
    ask(f.db, "BEGIN");
    CHECK_ASK(
        "ok", f.db,
        "SELECT coalesce(refused, 'ok') FROM booking_move(%lld, %lld, 'cancel', 0, '', 'test')",
        (long long)f.customer, (long long)booking);
    CHECK(PQsendQuery(late, reschedule_sql(&f, booking, f.staff[1], 840)));
    CHECK_WAITS_FOR_LOCK(f.db, late);
    ask(f.db, "COMMIT");
    CHECK_ANSWER(answer_of(late), "BOOKING_MOVED");
    CHECK_ANSWER(state_of(&f, booking), "cancelled,2,2");
    PQfinish(late);
    fixture_end(&f);
}

/* Whoever waits for the booking's own row has taken every other lock before: nobody who has that row
 * waits for any of them. */
TEST(a_reschedule_has_all_locks_of_staff_when_it_asks_for_the_booking)
{
    struct fixture f = fixture_begin();
    PGconn *late = sql_session(), *third = sql_session();
    CHECK_ANSWER(create(&f, f.staff[1], 600), "ok");
    int64_t booking = newest(&f);
    ask(f.db, "BEGIN");
    ask(f.db, "SELECT FROM bookings_booking WHERE id = %lld FOR NO KEY UPDATE", (long long)booking);
    CHECK(PQsendQuery(late, reschedule_sql(&f, booking, f.staff[0], 840)));
    CHECK_WAITS_FOR_LOCK(f.db, late);
    CHECK_ASK("0", third,
              "SELECT count(*) FROM (SELECT FROM catalogue_staff WHERE id IN (%lld, %lld) "
              "FOR NO KEY UPDATE SKIP LOCKED) free",
              (long long)f.staff[0], (long long)f.staff[1]);
    ask(f.db, "ROLLBACK");
    CHECK_ANSWER(answer_of(late), "ok");
    PQfinish(third);
    PQfinish(late);
    fixture_end(&f);
}

TEST(a_hold_that_runs_out_while_its_reschedule_waits_stays_where_it_was)
{
    struct fixture f = fixture_begin();
    PGconn *late = sql_session();
    int64_t booking = hold(&f, f.staff[0], 600, false);
    f.customer = ask_int(f.db, "SELECT customer_id FROM bookings_booking ORDER BY id DESC LIMIT 1");
    ask(f.db,
        "UPDATE bookings_booking SET hold_expires_at = clock_timestamp() + interval '0.4 s' "
        "WHERE id = %lld",
        (long long)booking);
    ask(f.db, "BEGIN");
    ask(f.db, "SELECT FROM catalogue_staff WHERE id = %lld FOR NO KEY UPDATE",
        (long long)f.staff[0]);
    CHECK(PQsendQuery(late, reschedule_sql(&f, booking, 0, 840)));
    ask(f.db, "SELECT pg_sleep(0.6)");
    ask(f.db, "COMMIT");
    CHECK_ANSWER(answer_of(late), "BOOKING_TRANSITION");
    CHECK_ANSWER(state_of(&f, booking), "held,1,1");
    PQfinish(late);
    fixture_end(&f);
}

/* Nobody sweeps here. */
TEST(a_hold_that_has_run_out_needs_no_sweeper_to_be_over)
{
    struct fixture f = fixture_begin();
    int64_t booking = hold(&f, f.staff[0], 600, true);
    int64_t customer =
        ask_int(f.db, "SELECT customer_id FROM bookings_booking ORDER BY id DESC LIMIT 1");
    CHECK_ASK("expired", f.db, "SELECT status FROM bookings_shown WHERE id = %lld",
              (long long)booking);
    CHECK_ASK("0", f.db, "SELECT customer_holds(%lld)", (long long)customer);
    static const char *const actions[] = {"confirm", "cancel", "complete", "no_show"};
    for (size_t i = 0; i < ARRAY_LEN(actions); i++)
        CHECK_STR(
            str_c(
                ask(f.db,
                    "SELECT coalesce(refused, 'ok') FROM booking_move(%lld, %lld, '%s', 0, '', '')",
                    (long long)customer, (long long)booking, actions[i])),
            i < 2 ? STR("BOOKING_TRANSITION") : STR("FORBIDDEN"));
    f.customer = customer;
    CHECK_ANSWER(ask(f.db, "%s", reschedule_sql(&f, booking, 0, 840)), "BOOKING_TRANSITION");
    CHECK_ANSWER(state_of(&f, booking), "held,1,1");
    for (int i = 0; i < 3; i++) /* the limit of open bookings is three */
        CHECK_ANSWER(create(&f, f.staff[1], 600 + 60 * i), "ok");
    CHECK_ANSWER(state_of(&f, booking), "held,1,1");
    fixture_end(&f);
}

/* The sweeper has no lock of staff, so nothing orders it against the others: it must not wait. */
TEST(the_sweeper_leaves_to_others_what_they_are_changing)
{
    struct fixture f = fixture_begin();
    PGconn *sweeper = sql_session();
    ask(f.db, "SELECT FROM holds_sweep(200)");
    int64_t busy = hold(&f, f.staff[0], 600, true), alone = hold(&f, f.staff[0], 720, true);
    ask(f.db, "BEGIN");
    ask(f.db, "SELECT FROM bookings_booking WHERE id = %lld FOR NO KEY UPDATE", (long long)busy);
    ask(sweeper, "SET statement_timeout = '5s'");
    CHECK_ASK("1", sweeper, "SELECT holds_sweep(200)");
    CHECK_ANSWER(state_of(&f, busy), "held,1,1");
    CHECK_ANSWER(state_of(&f, alone), "expired,2,2");
    ask(f.db, "COMMIT");
    CHECK_ASK("1", sweeper, "SELECT holds_sweep(200)");
    CHECK_ANSWER(state_of(&f, busy), "expired,2,2");
    PQfinish(sweeper);
    fixture_end(&f);
}

/* It was confirmed in time, but nobody could see that yet. */
TEST(who_wants_the_time_of_a_hold_waits_for_its_confirmation)
{
    struct fixture f = fixture_begin();
    PGconn *late = sql_session();
    int64_t booking = hold(&f, f.staff[0], 600, false);
    ask(f.db,
        "UPDATE bookings_booking SET hold_expires_at = clock_timestamp() + interval '0.3 s' "
        "WHERE id = %lld",
        (long long)booking);
    ask(f.db, "BEGIN");
    CHECK_ASK("ok", f.db,
              "SELECT coalesce(refused, 'ok') FROM booking_move((SELECT customer_id FROM "
              "bookings_booking "
              "WHERE id = %lld), %lld, 'confirm', 0, '', 'test')",
              (long long)booking, (long long)booking);
    ask(f.db, "SELECT pg_sleep(0.4)");
    CHECK(PQsendQuery(late, create_sql(&f, f.staff[0], 600)));
    CHECK_WAITS_FOR_LOCK(f.db, late);
    ask(f.db, "COMMIT");
    /* The last look, not the constraint; the store reads either as "taken". */
    CHECK(strstr(answer_of(late), "bookings_no_overlap: a hold in the way was confirmed"));
    CHECK_ANSWER(state_of(&f, booking), "confirmed,2,2");
    CHECK_ANSWER(create(&f, f.staff[0], 600), "SLOT_TAKEN");
    PQfinish(late);
    fixture_end(&f);
}

/* Her look saw a hold that is over; until she looks up which it is, its confirmation is committed. */
TEST(a_hold_confirmed_between_two_looks_is_noticed_behind_the_lock)
{
    struct fixture f = fixture_begin();
    PGconn *late = sql_session();
    int64_t booking = hold(&f, f.staff[0], 600, false);
    ask(f.db, "DROP SCHEMA IF EXISTS slow CASCADE");
    ask(f.db, "CREATE SCHEMA slow");
    ask(f.db,
        "CREATE FUNCTION slow.holds_over(p_staff bigint[], p_rooms bigint[], wanted tstzrange, "
        "moved bigint) RETURNS bigint[] LANGUAGE plpgsql AS $$ BEGIN "
        "PERFORM pg_advisory_xact_lock(4711); "
        "RETURN public.holds_over(p_staff, p_rooms, wanted, moved); END $$");
    ask(late, "SET search_path = slow, public");
    ask(f.db,
        "UPDATE bookings_booking SET hold_expires_at = clock_timestamp() + interval '0.3 s' "
        "WHERE id = %lld",
        (long long)booking);
    ask(f.db, "SELECT pg_advisory_lock(4711)");
    ask(f.db, "BEGIN");
    CHECK_ASK("ok", f.db,
              "SELECT coalesce(refused, 'ok') FROM booking_move((SELECT customer_id FROM "
              "bookings_booking "
              "WHERE id = %lld), %lld, 'confirm', 0, '', 'test')",
              (long long)booking, (long long)booking);
    ask(f.db, "SELECT pg_sleep(0.4)");
    CHECK(PQsendQuery(late, create_sql(&f, f.staff[0], 600)));
    CHECK_WAITS_FOR_LOCK(f.db, late);
    ask(f.db, "COMMIT");
    ask(f.db, "SELECT pg_advisory_unlock(4711)");
    CHECK(strstr(answer_of(late), "bookings_no_overlap: a hold in the way was confirmed"));
    CHECK_ANSWER(state_of(&f, booking), "confirmed,2,2");
    ask(f.db, "DROP SCHEMA slow CASCADE");
    PQfinish(late);
    fixture_end(&f);
}

/* ---- many in one call -------------------------------------------------------------------------- */

/* As many as `staff` lists, for one customer, one hour after the other from 10:00 in three days. */
static const char *batch_sql(const struct fixture *f, const char *limits, bool hold,
                             const char *staff)
{
    static char sql[1200];
    snprintf(sql, sizeof(sql),
             "WITH n AS MATERIALIZED (SELECT cardinality('{%s}'::bigint[]) AS n) "
             "SELECT string_agg(coalesce(refused, 'ok'), ',' ORDER BY unit) FROM n, LATERAL "
             "bookings_decide(%s, 600, "
             "array_fill(%lld::bigint, ARRAY[n]), array_fill(%lld::bigint, ARRAY[n]), "
             "array_fill(%d::bigint, ARRAY[n]), array_fill(''::text, ARRAY[n]), "
             "array_fill('test'::text, ARRAY[n]), array_fill(''::text, ARRAY[n]), "
             "array_fill(''::text, ARRAY[n]), array_fill(''::text, ARRAY[n]), "
             "ARRAY(SELECT generate_series(1, n)::bigint), array_fill(%lld::bigint, ARRAY[n]), "
             "'{%s}', ARRAY(SELECT local_instant(((now() AT TIME ZONE 'Asia/Riyadh')::date + 3), "
             "600 + 60 * i, 'Asia/Riyadh') FROM generate_series(0, n - 1) i))",
             staff, limits, (long long)f->customer, (long long)f->salon, hold,
             (long long)f->service, staff);
    return sql;
}

TEST(one_call_counts_what_it_gave_the_customer_itself)
{
    struct fixture f = fixture_begin();
    char staff[100];
    snprintf(staff, sizeof(staff), "%lld,%lld,%lld", (long long)f.staff[0], (long long)f.staff[1],
             (long long)f.staff[0]);
    CHECK_ASK("ok,ok,BOOKING_TOO_MANY_HOLDS", f.db, "%s", batch_sql(&f, "0, 2", true, staff));
    ask(f.db, "UPDATE bookings_booking SET status = 'cancelled', version = 2 WHERE salon_id = %lld",
        (long long)f.salon);
    CHECK_ASK("ok,ok,BOOKING_TOO_MANY", f.db, "%s", batch_sql(&f, "2, 0", false, staff));
    fixture_end(&f);
}

/* Both ways round, calls would wait for each other in a circle. */
TEST(rows_of_staff_are_locked_in_ascending_order)
{
    struct fixture f = fixture_begin();
    PGconn *late = sql_session(), *third = sql_session();
    char staff[100], taken[40];
    snprintf(staff, sizeof(staff), "%lld,%lld", (long long)f.staff[1], (long long)f.staff[0]);
    snprintf(taken, sizeof(taken), "%lld", (long long)f.staff[1]);
    CHECK(f.staff[0] < f.staff[1]);
    ask(f.db, "BEGIN");
    ask(f.db, "SELECT 1 FROM catalogue_staff WHERE id = %lld FOR UPDATE", (long long)f.staff[0]);
    CHECK(PQsendQuery(late, batch_sql(&f, "0, 0", false, staff)));
    CHECK_WAITS_FOR_LOCK(f.db, late);
    CHECK_STR(
        str_c(ask(third, "SELECT id FROM catalogue_staff WHERE id = %s FOR UPDATE NOWAIT", taken)),
        str_c(taken));
    ask(f.db, "COMMIT");
    CHECK_ANSWER(answer_of(late), "ok,ok");
    PQfinish(third);
    PQfinish(late);
    fixture_end(&f);
}

TEST(rows_of_rooms_are_locked)
{
    struct fixture f = fixture_begin();
    PGconn *late = sql_session();
    ask(f.db, "UPDATE catalogue_service SET needs_room = true WHERE id = %lld",
        (long long)f.service);
    ask(f.db,
        "WITH room AS (INSERT INTO catalogue_room (salon_id, name_ar, name_en) "
        "VALUES (%lld, 'غ', 'R') RETURNING id) "
        "INSERT INTO catalogue_service_room (service_id, room_id) SELECT %lld, id FROM room",
        (long long)f.salon, (long long)f.service);
    ask(f.db, "BEGIN");
    ask(f.db, "SELECT 1 FROM catalogue_room WHERE salon_id = %lld FOR UPDATE", (long long)f.salon);
    CHECK(PQsendQuery(late, create_sql(&f, f.staff[0], 600)));
    CHECK_WAITS_FOR_LOCK(f.db, late);
    ask(f.db, "COMMIT");
    CHECK_ANSWER(answer_of(late), "ok");
    PQfinish(late);
    fixture_end(&f);
}

static const char *by_system(const struct fixture *f, int64_t booking, const char *action)
{
    return ask(f->db,
               "SELECT concat_ws(',', coalesce(refused, 'ok'), status, fee_amount, cancelled_by) "
               "FROM booking_move(NULL, %lld, '%s', 0, '', 'work')",
               (long long)booking, action);
}

/* A deposit was paid: confirmed, as far as the salon does not want to approve it. */
TEST(the_system_confirms_what_was_paid_for)
{
    struct fixture f = fixture_begin();
    ask(f.db, "UPDATE catalogue_salon SET deposit_amount = 500 WHERE id = %lld",
        (long long)f.salon);
    CHECK_ANSWER(create(&f, f.staff[0], 600), "ok");
    int64_t booking = newest(&f);
    CHECK_ANSWER(state_of(&f, booking), "pending,1,1");
    CHECK_ANSWER(by_system(&f, booking, "confirm"), "ok,confirmed,0");
    CHECK_ASK("system,pending,confirmed,work", f.db,
              "SELECT concat_ws(',', actor_role, from_status, to_status, request_id) FROM "
              "bookings_history WHERE booking_id = %lld AND version = 2 AND actor_id IS NULL",
              (long long)booking);
    CHECK_ANSWER(by_system(&f, booking, "confirm"), "BOOKING_TRANSITION");
    CHECK_ANSWER(by_system(&f, hold(&f, f.staff[0], 720, false), "confirm"), "ok,confirmed,0");
    CHECK_ANSWER(by_system(&f, hold(&f, f.staff[0], 840, true), "confirm"), "BOOKING_TRANSITION");
    ask(f.db, "UPDATE catalogue_salon SET auto_confirm = false WHERE id = %lld",
        (long long)f.salon);
    CHECK_ANSWER(create(&f, f.staff[1], 600), "ok");
    CHECK_ANSWER(by_system(&f, newest(&f), "confirm"), "FORBIDDEN");
    CHECK_ANSWER(by_system(&f, hold(&f, f.staff[1], 720, false), "confirm"), "ok,pending,0");
    CHECK_ANSWER(by_system(&f, 999999999, "confirm"), "NOT_FOUND");
    fixture_end(&f);
}

TEST(the_system_cancels_for_free_and_says_nothing_about_who_came)
{
    struct fixture f = fixture_begin();
    ask(f.db, "UPDATE catalogue_salon SET cancel_cutoff_minutes = 43200 WHERE id = %lld",
        (long long)f.salon);
    CHECK_ANSWER(create(&f, f.staff[0], 600), "ok");
    int64_t booking = newest(&f);
    CHECK_ANSWER(by_system(&f, booking, "complete"), "FORBIDDEN");
    CHECK_ANSWER(by_system(&f, booking, "no_show"), "FORBIDDEN");
    CHECK_ANSWER(by_system(&f, booking, "cancel"), "ok,cancelled,0,system");
    CHECK_ASK("0", f.db,
              "SELECT owed_amount FROM bookings_history WHERE booking_id = %lld AND version = 2",
              (long long)booking);
    fixture_end(&f);
}

/* Nobody becomes the system by having no account. */
TEST(an_unknown_user_is_nobody)
{
    struct fixture f = fixture_begin();
    CHECK_ANSWER(create(&f, f.staff[0], 600), "ok");
    CHECK_ASK("TOKEN_INVALID", f.db,
              "SELECT refused FROM booking_move(0, %lld, 'cancel', 0, '', '')",
              (long long)newest(&f));
    f.customer = 0;
    CHECK_ANSWER(ask(f.db, "%s", reschedule_sql(&f, newest(&f), 0, 840)), "TOKEN_INVALID");
    CHECK_ASK("TOKEN_INVALID", f.db,
              "SELECT refused FROM booking_reschedule(NULL, %lld, now(), 0, 0, '')",
              (long long)newest(&f));
    fixture_end(&f);
}

/* What payments will work off is written with the move, by the policy of the booking. */
TEST(the_history_says_what_an_ended_booking_leaves_owing)
{
    struct fixture f = fixture_begin();
    int64_t admin = add_user(f.db, "admin");
    ask(f.db,
        "UPDATE catalogue_salon SET cancel_cutoff_minutes = 43200, no_show_fee_amount = 700 "
        "WHERE id = %lld",
        (long long)f.salon);
    static const struct {
        const char *action, *owed;
        bool by_customer;
    } ends[] = {{"complete", "10000", false},
                {"no_show", "700", false},
                {"cancel", "2500", true},
                {"cancel", "0", false}};
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        CHECK_ANSWER(create(&f, f.staff[0], 600 + 60 * (int)i), "ok");
        int64_t booking = newest(&f);
        if (!ends[i].by_customer)
            ask(f.db,
                "UPDATE bookings_booking SET starts_at = starts_at - interval '9 days', "
                "ends_at = ends_at - interval '9 days', claimed = tstzrange(lower(claimed) - "
                "interval '9 days', upper(claimed) - interval '9 days') WHERE id = %lld",
                (long long)booking);
        CHECK_ASK(
            "ok", f.db,
            "SELECT coalesce(refused, 'ok') FROM booking_move(%lld, %lld, '%s', 0, '', 'test')",
            (long long)(ends[i].by_customer ? f.customer : admin), (long long)booking,
            ends[i].action);
        CHECK_STR(str_c(ask(f.db,
                            "SELECT owed_amount FROM bookings_history WHERE booking_id = %lld "
                            "AND version = 2 AND (SELECT owed_amount IS NULL FROM bookings_history "
                            "WHERE booking_id = %lld AND version = 1)",
                            (long long)booking, (long long)booking)),
                  str_c(ends[i].owed));
    }
    fixture_end(&f);
}

/* ---- cancelling ------------------------------------------------------------------------------- */

TEST(cancelling_frees_the_time_and_happens_once)
{
    struct fixture f = fixture_begin();
    CHECK_ANSWER(create(&f, f.staff[0], 720), "ok");
    CHECK_ANSWER(cancel(&f, add_user(f.db, "customer")), "NOT_FOUND");
    CHECK_ANSWER(cancel(&f, f.customer), "ok,cancelled,2,0,customer");
    CHECK_ANSWER(cancel(&f, f.customer), "BOOKING_TRANSITION");
    CHECK_ANSWER(create(&f, f.staff[0], 720), "ok");
    fixture_end(&f);
}

TEST(a_late_cancellation_notes_the_fee_for_customers_only)
{
    struct fixture f = fixture_begin();
    int64_t admin = add_user(f.db, "admin");
    ask(f.db, "UPDATE catalogue_salon SET cancel_cutoff_minutes = 43200 WHERE id = %lld",
        (long long)f.salon);
    CHECK_ANSWER(create(&f, f.staff[0], 720), "ok");
    CHECK_ANSWER(cancel(&f, f.customer), "ok,cancelled,2,2500,customer");
    CHECK_ANSWER(create(&f, f.staff[0], 720), "ok");
    CHECK_ANSWER(cancel(&f, admin), "ok,cancelled,2,0,admin");
    fixture_end(&f);
}

TEST(history_is_only_ever_added_to)
{
    struct fixture f = fixture_begin();
    CHECK_ANSWER(create(&f, f.staff[0], 720), "ok");
    CHECK_ANSWER(cancel(&f, f.customer), "ok,cancelled,2,0,customer");
    CHECK_ASK(":confirmed confirmed:cancelled", f.db,
              "SELECT string_agg(coalesce(from_status, '') || ':' || to_status, ' ' ORDER BY "
              "version) FROM bookings_history WHERE booking_id = (SELECT max(id) FROM "
              "bookings_booking WHERE salon_id = %lld)",
              (long long)f.salon);
    CHECK_ASK("error: 23001", f.db, "UPDATE bookings_history SET note = 'x'");
    CHECK_ASK("error: 23001", f.db, "DELETE FROM bookings_history");
    fixture_end(&f);
}

TEST(what_a_booking_names_is_not_deleted)
{
    struct fixture f = fixture_begin();
    CHECK_ANSWER(create(&f, f.staff[0], 720), "ok");
    ask(f.db, "DELETE FROM catalogue_staff_service WHERE service_id = %lld", (long long)f.service);
    CHECK_ASK("error: 23503 bookings_keep_what_they_name", f.db,
              "DELETE FROM catalogue_service WHERE id = %lld", (long long)f.service);
    CHECK_ASK("error: 23503 bookings_keep_what_they_name", f.db,
              "DELETE FROM accounts_user WHERE id = %lld", (long long)f.customer);
    fixture_end(&f);
}

/* ---- words ------------------------------------------------------------------------------------ */

TEST(spellings_that_mean_one_name_fold_into_one)
{
    static const char *const pairs[][2] = {
        {"أناقة", "اناقه"},
        {"إلهام", "الهام"},
        {"آلاء", "الاء"},
        {"مستشفى", "مستشفي"},
        {"صــالون", "صالون"},
        {"لِلسَّيِّدات", "للسيدات"},
        {"مؤسسة", "موسسه"},
        {"عائلة", "عايله"},
        {"١٢٣", "123"},
        {"ﻻ", "لا"},
        {"Café Glow-UP", "cafe glow up"},
        {"  Two   words ", "two words"},
        {"100%_\\", "100"},
    };
    PGconn *db = sql_session();
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        CHECK_STR(str_c(ask(db, "SELECT search_fold('%s')", pairs[i][0])), str_c(pairs[i][1]));
    }
    PQfinish(db);
}

/* ---- demo data -------------------------------------------------------------------------------- */

TEST(demo_data_may_be_put_in_twice)
{
    static char text[4096];
    char why[512];
    PGconn *db = sql_session();
    FILE *to = fmemopen(text, sizeof(text), "w");
    CHECK(seed_demo(private_pg_url(), (struct currency){"KWD"}, to, why, sizeof(why)));
    int64_t rows = ask_int(db, "SELECT (SELECT count(*) FROM catalogue_salon) * 1000000 + (SELECT "
                               "count(*) FROM catalogue_staff_window)");
    CHECK(seed_demo(private_pg_url(), (struct currency){"KWD"}, to, why, sizeof(why)));
    fclose(to);
    CHECK_INT(ask_int(db, "SELECT (SELECT count(*) FROM catalogue_salon) * 1000000 + (SELECT "
                          "count(*) FROM catalogue_staff_window)"),
              rows);
    CHECK(strstr(text, "+966500000000") && strstr(text, "+966500000001"));
    CHECK_ASK("12", db,
              "SELECT count(*) FROM catalogue_salon s JOIN accounts_user u ON u.id = s.owner_id "
              "WHERE u.phone_number = '+966500000001' AND city_en IN ('Riyadh', 'Jeddah') "
              "AND s.currency = 'KWD' AND NOT EXISTS (SELECT FROM catalogue_service v "
              "WHERE v.salon_id = s.id AND v.currency <> 'KWD')");
    PQfinish(db);
}
