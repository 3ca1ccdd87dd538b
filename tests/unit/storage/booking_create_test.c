/* Creations against a private Postgres: decided together, each given her own answer, and one that
 * cannot be decided harms nobody. (Who leaves with whom: batch_test.c.) */
#include "storage/booking_store.h"

#include "storage/booking_rows.h"
#include "tests/unit/runtime/real_loop.h"
#include "tests/unit/storage/sql.h"

/* ---- fixture: a salon open around the clock with eight members, and twelve customers ------------ */

enum { CUSTOMERS = 12, STAFF = 8 };

struct fixture {
    struct real real;
    struct pg_pool *pool;
    PGconn *db;
    struct booking_store store;
    struct booking_limits limits;
    int64_t salon, service, staff, customer; /* the first of each; the others follow */
    struct instant starts;
};

static void make_salon(struct fixture *f)
{
    f->salon = add_salon(f->db, add_user(f->db, "manager"), 0, 1440);
    f->service = add_service(f->db, f->salon);
    f->staff = add_staff(f->db, f->salon, add_user(f->db, "staff"), f->service, 0, 1440);
    for (int i = 1; i < STAFF; i++)
        add_staff(f->db, f->salon, add_user(f->db, "staff"), f->service, 0, 1440);
    f->customer = add_user(f->db, "customer");
    for (int i = 1; i < CUSTOMERS; i++)
        add_user(f->db, "customer");
    f->starts.us = ask_int(f->db, "SELECT extract(epoch FROM date_trunc('day', now()) + interval "
                                  "'3 days 12 hours')::bigint * 1000000");
}

static void fixture_begin(struct fixture *f, uint32_t batches, uint32_t waiting_max)
{
    *f = (struct fixture){.db = sql_session(),
                          .limits = {.open_max = 10, .holds_max = 2, .hold_seconds = 600}};
    make_salon(f);
    f->real = real_begin();
    struct pg_options options = {.url = private_pg_url(),
                                 .conns = 6,
                                 .pipeline_max = 4,
                                 .queue_max = 64,
                                 .statement_timeout_ms = 5000,
                                 .lock_timeout_ms = 3000,
                                 .rows_bytes_max = 1 << 20,
                                 .application_name = "creations"};
    f->pool = pg_pool_new(f->real.loop, &options);
    struct booking_store_options how = {.batches_max = batches, .waiting_max = waiting_max};
    booking_store_begin(&f->store, f->real.loop, f->pool, &how);
    while (pg_pool_stats(f->pool)->conns_up < options.conns)
        loop_turn(f->real.loop, tick_add(loop_now(f->real.loop), milliseconds(5)));
}

static void fixture_end(struct fixture *f)
{
    booking_store_end(&f->store);
    pg_pool_free(f->pool);
    for (int i = 0; i < 20; i++)
        loop_turn(f->real.loop, tick_add(loop_now(f->real.loop), milliseconds(1)));
    real_end(&f->real);
    PQfinish(f->db);
}

/* One customer's request, on a fiber of its own. What it was answered is copied out. */
struct guest {
    struct fixture *f;
    struct job job;
    struct booking_request in;
    struct once once;
    int64_t customer;
    int64_t patience_ms;
    bool english;
    enum err err;
    struct booking_answer answer;
    size_t made;
    struct booking first; /* its texts are gone */
    int64_t id, staff;
    bool done;
};

static void guest_run(struct ctx *c, void *arg)
{
    struct guest *g = arg;
    struct bookings_made made = {0};
    c->request_id = STR("test");
    c->lang = g->english ? LANG_EN : LANG_AR;
    if (g->patience_ms)
        c->deadline = tick_add(loop_now(g->f->real.loop), milliseconds(g->patience_ms));
    g->in.once = &g->once;
    g->err = booking_store_create(c, &g->f->store, &g->f->limits, g->customer, &g->in, &g->answer,
                                  &made);
    g->made = made.len;
    if (made.len) {
        g->first = made.items[0];
        g->id = made.items[0].id;
        g->staff = made.items[0].staff;
    }
    g->done = true;
}

/* Customer n wants member n % STAFF (-1: anybody) at noon plus so many hours. */
static struct guest guest(struct fixture *f, int customer, int member, int hours)
{
    struct guest g = {.f = f, .customer = f->customer + customer};
    g.in = (struct booking_request){.salon = f->salon, .wishes_len = 1, .notes = STR("")};
    g.in.wishes[0] = (struct booking_wish){
        .service = f->service,
        .staff = member < 0 ? 0 : f->staff + member,
        .starts_at = instant_add(f->starts, minutes(60 * hours)),
    };
    return g;
}

static void start(struct guest *guests, size_t len)
{
    for (size_t i = 0; i < len; i++)
        job_start(&guests[i].f->real, &guests[i].job, guest_run, &guests[i]);
}

static uint64_t statements(const struct fixture *f)
{
    return pg_pool_stats(f->pool)->statements;
}

/* ---- together --------------------------------------------------------------------------------- */

TEST(those_of_one_turn_are_decided_by_one_statement_each_with_her_own_answer)
{
    struct fixture f;
    fixture_begin(&f, 1, 100);
    struct guest g[6] = {guest(&f, 0, 0, 0),  guest(&f, 1, 0, 0),    guest(&f, 2, 1, 0),
                         guest(&f, 3, -1, 0), guest(&f, 4, 2, -200), guest(&f, 5, 3, 0)};
    start(g, ARRAY_LEN(g));
    CHECK(real_finish(&f.real, 5000));
    static const enum reason expected[6] = {R_NONE, R_SLOT_TAKEN,   R_NONE,
                                            R_NONE, R_BOOKING_PAST, R_NONE};
    for (int i = 0; i < 6; i++) {
        CHECK_INT(g[i].err, OK);
        CHECK_INT(g[i].answer.refused, expected[i]);
        CHECK_INT(g[i].made, expected[i] == R_NONE);
    }
    CHECK_INT(g[0].staff, f.staff);
    CHECK_INT(g[2].staff, f.staff + 1);
    CHECK_INT(statements(&f), 1);
    fixture_end(&f);
}

TEST(each_answer_is_the_row_of_the_one_who_asked)
{
    struct fixture f;
    fixture_begin(&f, 2, 100);
    struct guest g[CUSTOMERS];
    for (int i = 0; i < CUSTOMERS; i++)
        g[i] = guest(&f, i, i % 3 == 2 ? -1 : i % STAFF, i);
    start(g, CUSTOMERS);
    CHECK(real_finish(&f.real, 5000));
    for (int i = 0; i < CUSTOMERS; i++) {
        CHECK_INT(g[i].answer.refused, R_NONE);
        CHECK_INT(ask_int(f.db, "SELECT customer_id FROM bookings_booking WHERE id = %lld",
                          (long long)g[i].id),
                  g[i].customer);
        CHECK_INT(ask_int(f.db, "SELECT staff_id FROM bookings_booking WHERE id = %lld",
                          (long long)g[i].id),
                  g[i].staff);
    }
    CHECK(statements(&f) <= 2);
    fixture_end(&f);
}

/* A visit of two services, the second at another hour. */
static struct guest visit(struct fixture *f, int customer, int member, int hours, int second)
{
    struct guest g = guest(f, customer, member, hours);
    g.in.wishes[1] = guest(f, customer, member, second).in.wishes[0];
    g.in.wishes_len = 2;
    return g;
}

TEST(what_a_refused_visit_would_have_taken_is_free_for_those_behind_it)
{
    struct fixture f;
    fixture_begin(&f, 1, 100);
    struct guest g[3] = {guest(&f, 0, 0, 5), visit(&f, 1, 0, 0, 5), guest(&f, 2, 0, 0)};
    start(g, 3);
    CHECK(real_finish(&f.real, 5000));
    CHECK_INT(g[0].answer.refused, R_NONE);
    CHECK_INT(g[1].answer.refused, R_SLOT_TAKEN);
    CHECK_INT(g[1].made, 0);
    CHECK_INT(g[2].answer.refused, R_NONE);
    CHECK_INT(statements(&f), 1);
    fixture_end(&f);
}

TEST(neighbours_that_touch_are_all_taken_and_one_that_overlaps_two_of_them_is_not)
{
    struct fixture f;
    fixture_begin(&f, 1, 100);
    struct guest g[5] = {guest(&f, 0, 0, 0), guest(&f, 1, 0, 2), guest(&f, 2, 0, 1),
                         guest(&f, 3, 0, 0), guest(&f, 4, 0, 3)};
    g[3].in.wishes[0].starts_at = instant_add(f.starts, minutes(90));
    start(g, 5);
    CHECK(real_finish(&f.real, 5000));
    for (int i = 0; i < 5; i++)
        CHECK_INT(g[i].answer.refused, i == 3 ? R_SLOT_TAKEN : R_NONE);
    fixture_end(&f);
}

/* The claim that begins last is the hold that has run out; the one before it is in the way. */
TEST(a_hold_that_has_run_out_does_not_hide_a_booking_in_the_way)
{
    struct fixture f;
    fixture_begin(&f, 1, 100);
    struct guest first[2] = {guest(&f, 0, 0, 0), guest(&f, 1, 0, 1)};
    first[1].in.hold = true;
    start(first, 2);
    CHECK(real_finish(&f.real, 5000));
    ask(f.db,
        "UPDATE bookings_booking SET hold_expires_at = now() - interval '1 second' WHERE id = %lld",
        (long long)first[1].id);
    struct guest g[2] = {guest(&f, 2, 0, 0), guest(&f, 3, 0, 1)};
    g[0].in.wishes[0].starts_at = instant_add(f.starts, minutes(30));
    start(g, 2);
    CHECK(real_finish(&f.real, 5000));
    CHECK_INT(g[0].answer.refused, R_SLOT_TAKEN);
    CHECK_INT(g[1].answer.refused, R_NONE);
    CHECK_INT(
        ask_int(f.db,
                "SELECT count(*) FROM bookings_booking WHERE id = %lld AND status = 'expired'",
                (long long)first[1].id),
        1);
    fixture_end(&f);
}

TEST(more_than_may_wait_are_told_to_come_back)
{
    struct fixture f;
    fixture_begin(&f, 1, 2);
    struct guest g[3] = {guest(&f, 0, 0, 0), guest(&f, 1, 1, 0), guest(&f, 2, 2, 0)};
    start(g, 3);
    CHECK(g[2].done);
    CHECK_INT(g[2].err, OK);
    CHECK_INT(g[2].answer.refused, R_OVERLOADED);
    CHECK(real_finish(&f.real, 5000));
    CHECK_INT(g[1].err, OK);
    fixture_end(&f);
}

/* ---- after the commit ------------------------------------------------------------------------- */

/* Commits last until a standby that does not exist has them; `standby` "" lets them go. */
static void commits_wait_for(struct fixture *f, const char *standby)
{
    char target[600];
    snprintf(target, sizeof(target), "%s%suser=postgres", private_pg_url(),
             strchr(private_pg_url(), '?') ? "&" : "?");
    PGconn *owner = PQconnectdb(target);
    if (PQstatus(owner) != CONNECTION_OK)
        base_die(__FILE__, __LINE__, PQerrorMessage(owner));
    ask(owner, "ALTER SYSTEM SET synchronous_standby_names = '%s'", standby);
    ask(owner, "SELECT pg_reload_conf()::integer");
    PQfinish(owner);
    while (ask_int(f->db, "SELECT (current_setting('synchronous_standby_names') = '%s')::integer",
                   standby) == 0)
        usleep(5000);
    usleep(100000); /* the sessions of the pool, and who writes the log, read it as well */
}

TEST(nobody_is_answered_before_the_commit_is_durable_and_refusals_do_not_wait_for_it)
{
    struct fixture f;
    fixture_begin(&f, 2, 100);
    struct guest before = guest(&f, 0, 0, 0);
    start(&before, 1);
    CHECK(real_finish(&f.real, 5000));
    commits_wait_for(&f, "nobody");
    struct guest winner = guest(&f, 1, 1, 0), loser = guest(&f, 2, 0, 0);
    start(&winner, 1);
    loop_turn(f.real.loop, (struct tick){0}); /* it leaves; the loser takes the other place */
    start(&loser, 1);
    bool refused = real_turn_until(&f.real, &loser.done, 2000);
    bool early = real_turn_until(&f.real, &winner.done, 300);
    commits_wait_for(&f, "");
    CHECK(real_finish(&f.real, 5000));
    CHECK(refused);
    CHECK(!early);
    CHECK_INT(loser.answer.refused, R_SLOT_TAKEN);
    CHECK_INT(winner.answer.refused, R_NONE);
    fixture_end(&f);
}

/* ---- duplicates ------------------------------------------------------------------------------- */

TEST(duplicates_have_one_effect_and_one_answer)
{
    struct fixture f;
    fixture_begin(&f, 1, 100);
    struct guest g[6];
    for (int i = 0; i < 6; i++) {
        g[i] = guest(&f, 0, 0, 0);
        g[i].once = (struct once){STR("k"), i == 4 ? STR("other") : STR("same")};
        g[i].english = i != 5;
    }
    start(g, 6);
    CHECK(real_finish(&f.real, 5000));
    CHECK_INT(g[0].answer.refused, R_NONE);
    for (int i = 1; i < 6; i++) {
        if (i == 4)
            continue;
        CHECK(g[i].answer.refused == R_NONE && g[i].answer.replayed);
        CHECK_INT(g[i].answer.lang, LANG_EN);
        CHECK_INT(g[i].id, g[0].id);
    }
    CHECK_INT(g[4].answer.refused, R_KEY_REUSED);
    CHECK_INT(ask_int(f.db, "SELECT count(*) FROM bookings_booking WHERE salon_id = %lld",
                      (long long)f.salon),
              1);
    /* One for four, one for who asked for something else, one for who asked in another language. */
    CHECK_INT(statements(&f), 3);
    fixture_end(&f);
}

/* ---- what goes wrong -------------------------------------------------------------------------- */

TEST(one_that_postgres_will_not_take_harms_nobody)
{
    struct fixture f;
    fixture_begin(&f, 1, 100);
    struct guest g[3] = {guest(&f, 0, 0, 0), guest(&f, 1, 1, 0), guest(&f, 2, 2, 0)};
    g[1].in.notes = STR("\xff\xfe");
    start(g, 3);
    CHECK(real_finish(&f.real, 5000));
    CHECK_INT(g[0].answer.refused, R_NONE);
    CHECK_INT(g[1].err, ERR_INTERNAL);
    CHECK_INT(g[2].answer.refused, R_NONE);
    CHECK_INT(statements(&f), 4);
    fixture_end(&f);
}

/* Not from the edge, which lets neither through; but nobody else is to pay for it. */
TEST(a_zero_byte_or_a_time_beyond_the_calendar_harms_nobody_else)
{
    struct fixture f;
    fixture_begin(&f, 1, 100);
    struct guest g[4] = {guest(&f, 0, 0, 0), guest(&f, 1, 1, 0), guest(&f, 2, 2, 0),
                         guest(&f, 3, 3, 0)};
    g[1].in.notes = str_of("a\0b", 3);
    g[2].in.wishes[0].starts_at.us = INT64_MAX - 1;
    start(g, 4);
    CHECK(real_finish(&f.real, 5000));
    CHECK_INT(g[0].answer.refused, R_NONE);
    CHECK_INT(g[1].made + g[2].made, 0);
    CHECK(g[1].err != OK);
    CHECK(g[2].err != OK || g[2].answer.refused == R_BOOKING_TOO_FAR);
    CHECK_INT(g[3].answer.refused, R_NONE);
    fixture_end(&f);
}

TEST(a_member_whom_somebody_keeps_locked_holds_up_nobody_else_for_long)
{
    struct fixture f;
    fixture_begin(&f, 1, 100);
    ask(f.db, "BEGIN");
    ask(f.db, "SELECT 1 FROM catalogue_staff WHERE id = %lld FOR UPDATE", (long long)f.staff + 1);
    struct guest g[3] = {guest(&f, 0, 0, 0), guest(&f, 1, 1, 0), guest(&f, 2, 2, 0)};
    start(g, 3);
    CHECK(real_turn_until(&f.real, &g[0].done, 2500) && real_turn_until(&f.real, &g[2].done, 500));
    CHECK_INT(g[0].answer.refused, R_NONE);
    CHECK_INT(g[2].answer.refused, R_NONE);
    CHECK(!g[1].done);
    ask(f.db, "COMMIT");
    CHECK(real_finish(&f.real, 5000));
    CHECK_INT(g[1].answer.refused, R_NONE);
    fixture_end(&f);
}

TEST(who_wrote_without_locks_is_noticed_by_the_constraint_and_the_rest_goes_on)
{
    struct fixture f;
    fixture_begin(&f, 1, 100);
    ask(f.db, "BEGIN");
    ask(f.db,
        "INSERT INTO bookings_booking (salon_id, service_id, staff_id, customer_id, starts_at, "
        "ends_at, claimed, status, price_amount, currency, cancel_cutoff_minutes, "
        "late_cancel_fee_amount, no_show_fee_amount, deposit_amount) SELECT %lld, %lld, %lld, "
        "%lld, "
        "t, t + '1h', tstzrange(t, t + '1h'), 'confirmed', 0, 'SAR', 0, 0, 0, 0 FROM "
        "to_timestamp(%lld) t",
        (long long)f.salon, (long long)f.service, (long long)f.staff, (long long)f.customer,
        (long long)(f.starts.us / 1000000));
    struct guest g[2] = {guest(&f, 1, 0, 0), guest(&f, 2, 1, 0)};
    start(g, 2);
    CHECK(!real_turn_until(&f.real, &g[0].done, 200));
    ask(f.db, "COMMIT");
    CHECK(real_finish(&f.real, 5000));
    CHECK_INT(g[0].answer.refused, R_SLOT_TAKEN);
    CHECK_INT(g[1].answer.refused, R_NONE);
    fixture_end(&f);
}

TEST(a_deadline_before_leaving_is_not_done_and_after_it_unknown)
{
    struct fixture f;
    fixture_begin(&f, 1, 100);
    ask(f.db, "BEGIN");
    ask(f.db, "SELECT 1 FROM catalogue_staff WHERE id = %lld FOR UPDATE", (long long)f.staff);
    struct guest g[2] = {guest(&f, 0, 0, 0), guest(&f, 1, 1, 0)};
    g[0].patience_ms = 150;
    start(&g[0], 1);
    loop_turn(f.real.loop, (struct tick){0}); /* it leaves */
    g[1].patience_ms = 50;
    start(&g[1], 1);
    CHECK(real_finish(&f.real, 2000));
    CHECK_INT(g[1].err, ERR_UNAVAILABLE);
    CHECK_INT(g[0].err, ERR_TIMEOUT);
    ask(f.db, "COMMIT");
    fixture_end(&f);
}

TEST(who_is_cancelled_leaves_her_batch_which_goes_on_for_the_others)
{
    struct fixture f;
    fixture_begin(&f, 1, 100);
    ask(f.db, "BEGIN");
    ask(f.db, "SELECT 1 FROM catalogue_staff WHERE id = %lld FOR UPDATE", (long long)f.staff);
    struct guest g[3] = {guest(&f, 0, 0, 0), guest(&f, 1, 1, 0), guest(&f, 2, 2, 0)};
    start(g, 2);
    loop_turn(f.real.loop, (struct tick){0}); /* two leave together */
    start(&g[2], 1);
    ctx_cancel(g[0].job.c); /* under way: nobody knows */
    ctx_cancel(g[2].job.c); /* waiting: not done */
    CHECK(real_turn_until(&f.real, &g[0].done, 500) && real_turn_until(&f.real, &g[2].done, 500));
    CHECK_INT(g[0].err, ERR_CANCELED);
    CHECK_INT(g[2].err, ERR_CANCELED);
    CHECK_INT(batcher_waiting(&f.store.creations), 0);
    CHECK(!g[1].done);
    ask(f.db, "COMMIT");
    CHECK(real_finish(&f.real, 5000));
    CHECK_INT(g[1].answer.refused, R_NONE);
    CHECK_INT(ask_int(f.db, "SELECT count(*) FROM bookings_booking WHERE salon_id = %lld",
                      (long long)f.salon),
              2); /* hers was under way, and is made */
    fixture_end(&f);
}

TEST(at_the_end_those_who_wait_are_sent_away)
{
    struct fixture f;
    fixture_begin(&f, 1, 100);
    ask(f.db, "BEGIN");
    ask(f.db, "SELECT 1 FROM catalogue_staff WHERE id = %lld FOR UPDATE", (long long)f.staff);
    struct guest g[2] = {guest(&f, 0, 0, 0), guest(&f, 1, 1, 0)};
    start(&g[0], 1);
    loop_turn(f.real.loop, (struct tick){0});
    start(&g[1], 1);
    booking_store_end(&f.store);
    loop_turn(f.real.loop, (struct tick){0});
    CHECK(g[1].done && !g[0].done);
    CHECK_INT(g[1].err, ERR_CANCELED);
    ask(f.db, "COMMIT");
    CHECK(real_finish(&f.real, 5000));
    CHECK_INT(g[0].answer.refused, R_NONE);
    fixture_end(&f);
}

TEST(with_postgres_away_it_is_not_done)
{
    struct fixture f;
    fixture_begin(&f, 1, 100);
    ask(f.db, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
              "WHERE application_name = 'creations'");
    private_servers("stop-pg");
    for (int i = 0; i < 300; i++)
        loop_turn(f.real.loop, tick_add(loop_now(f.real.loop), milliseconds(1)));
    struct guest g[2] = {guest(&f, 0, 0, 0), guest(&f, 1, 1, 0)};
    start(g, 2);
    bool finished = real_finish(&f.real, 5000);
    private_servers("start-pg");
    CHECK(finished);
    CHECK_INT(g[0].err, ERR_UNAVAILABLE);
    CHECK_INT(g[1].err, ERR_UNAVAILABLE);
    fixture_end(&f);
}

/* ---- columns ---------------------------------------------------------------------------------- */

TEST(the_columns_that_are_read_are_those_of_the_view)
{
    struct fixture f;
    fixture_begin(&f, 1, 100);
    int columns = 0;
    for (const char *name; (name = booking_row_column((size_t)columns)); columns++)
        CHECK_INT(ask_int(f.db,
                          "SELECT attnum FROM pg_attribute WHERE attrelid = "
                          "'booking_decision'::regclass AND attname = '%s'",
                          name),
                  columns + 1);
    CHECK_INT(ask_int(f.db, "SELECT count(*) FROM pg_attribute WHERE attrelid = "
                            "'booking_decision'::regclass AND attnum > 0"),
              columns);
    fixture_end(&f);
}

/* What a row says, to the last column, by the table that the view is of. */
TEST(a_booking_is_read_as_it_is_written)
{
    struct fixture f;
    fixture_begin(&f, 1, 100);
    struct guest g = visit(&f, 0, 0, 0, 2);
    g.in.hold = true;
    g.in.notes = STR("window seat");
    start(&g, 1);
    CHECK(real_finish(&f.real, 5000));
    CHECK_INT(g.made, 2);
    CHECK_INT(g.first.id, g.first.visit);
    CHECK(g.first.held && g.first.status == BOOKING_HELD);
    CHECK_INT(
        ask_int(f.db,
                "SELECT count(*) FROM bookings_booking b WHERE id = %lld AND salon_id = %lld AND "
                "service_id = %lld AND staff_id = %lld AND customer_id = %lld AND version = %d "
                "AND price_amount = %lld AND fee_amount = %lld AND deposit_amount = %lld AND "
                "starts_at = to_timestamp(%lld) AND ends_at = to_timestamp(%lld) AND "
                "extract(epoch FROM hold_expires_at) * 1000000 = %lld AND "
                "extract(epoch FROM created_at) * 1000000 = %lld AND visit_id = %lld AND "
                "room_id IS NULL AND notes = 'window seat'",
                (long long)g.first.id, (long long)g.first.salon, (long long)g.first.service,
                (long long)g.first.staff, (long long)g.first.customer, g.first.version,
                (long long)g.first.price_amount, (long long)g.first.fee_amount,
                (long long)g.first.deposit_amount, (long long)g.first.starts_at.us / 1000000,
                (long long)g.first.ends_at.us / 1000000, (long long)g.first.hold_expires_at.us,
                (long long)g.first.created_at.us, (long long)g.first.visit),
        1);
    fixture_end(&f);
}
