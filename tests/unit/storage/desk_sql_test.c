/* What decides at the desk, in a private Postgres: locks against bookings, holds that have run out, the
 * rights of each role, the minutes in which somebody could have been booked. */
#include "tests/unit/storage/sql.h"

/* ---- one salon: open around the clock, one member who works 10:00-18:00 ------------------------- */

struct fixture {
    PGconn *db;
    long long manager, other, admin, customer, worker, salon, service, room, staff;
};

static PGconn *impatient(void)
{
    PGconn *db = sql_session();
    ask(db, "SET lock_timeout = 300");
    return db;
}

static struct fixture fixture_begin(const char *zone)
{
    struct fixture f = {.db = impatient()};
    f.manager = add_user(f.db, "manager");
    f.other = add_user(f.db, "manager");
    f.admin = add_user(f.db, "admin");
    f.customer = add_user(f.db, "customer");
    f.worker = add_user(f.db, "staff");
    f.salon = add_salon(f.db, f.manager, 0, 1440);
    ask(f.db, "UPDATE catalogue_salon SET timezone = '%s' WHERE id = %lld", zone, f.salon);
    f.service = add_service(f.db, f.salon);
    f.room = ask_int(f.db,
                     "INSERT INTO catalogue_room (salon_id, name_ar, name_en) "
                     "VALUES (%lld, 'غ', 'R') RETURNING id",
                     f.salon);
    f.staff = add_staff(f.db, f.salon, f.worker, 0, 600, 1080);
    return f;
}

static long long add_booking(struct fixture *f, const char *status, const char *from_now)
{
    return ask_int(
        f->db,
        "INSERT INTO bookings_booking (salon_id, service_id, staff_id, customer_id, "
        "starts_at, ends_at, claimed, status, hold_expires_at, price_amount, currency, "
        "cancel_cutoff_minutes, late_cancel_fee_amount, no_show_fee_amount, "
        "deposit_amount, room_id) "
        "SELECT %lld, %lld, %lld, %lld, t, t + interval '1 hour', tstzrange(t, t + "
        "interval '1 hour'), '%s', now() - interval '1 minute', 10000, 'SAR', 0, 0, 0, 0, "
        "%lld FROM (SELECT now() + interval '%s' AS t) x RETURNING id",
        f->salon, f->service, f->staff, f->customer, status, f->room, from_now);
}

TEST(each_role_has_its_rights)
{
    struct fixture f = fixture_begin("Asia/Riyadh");
    const struct {
        long long user;
        const char *manages, *works;
    } all[] = {{f.manager, "", ""},
               {f.admin, "", ""},
               {f.other, "NOT_FOUND", "NOT_FOUND"},
               {f.worker, "FORBIDDEN", ""},
               {f.customer, "FORBIDDEN", "FORBIDDEN"},
               {0, "TOKEN_INVALID", "TOKEN_INVALID"}};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        CHECK_STR(
            str_c(ask(f.db, "SELECT coalesce(salon_check(%lld, %lld), '')", all[i].user, f.salon)),
            str_c(all[i].manages));
        CHECK_STR(
            str_c(ask(f.db, "SELECT coalesce(refused, '') FROM salon_worker_check(%lld, %lld)",
                      all[i].user, f.salon)),
            str_c(all[i].works));
    }
    CHECK_ASK("", f.db, "SELECT coalesce(own::text, '') FROM salon_worker_check(%lld, %lld)",
              f.manager, f.salon);
    CHECK_INT(ask_int(f.db, "SELECT own FROM salon_worker_check(%lld, %lld)", f.worker, f.salon),
              f.staff);
    PQfinish(f.db);
}

/* Of service, staff and room one, or none: the salon. */
#define CLOSE(what)                                                                               \
    "SELECT " what " FROM desk_close(%lld, %lld, nullif(%lld, 0), nullif(%lld, 0), nullif(%lld, " \
    "0))"

static const long long none = 0;

TEST(what_is_removed_is_that_and_nothing_else)
{
    struct fixture f = fixture_begin("Asia/Riyadh");
    const struct {
        long long service, staff, room;
        const char *seen; /* salon, service, staff, room */
    } all[] = {{f.service, 0, 0, "t f t t"}, {0, f.staff, 0, "t f f t"}, {0, 0, f.room, "t f f f"}};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        CHECK_ASK("t", f.db, CLOSE("refused IS NULL"), f.manager, f.salon, all[i].service,
                  all[i].staff, all[i].room);
        CHECK_STR(str_c(ask(f.db,
                            "SELECT concat_ws(' ', s.active, v.active, m.active, r.active) FROM "
                            "catalogue_salon s, catalogue_service v, catalogue_staff m, "
                            "catalogue_room r WHERE s.id = %lld AND v.id = %lld AND m.id = %lld "
                            "AND r.id = %lld",
                            f.salon, f.service, f.staff, f.room)),
                  str_c(all[i].seen));
        CHECK_ASK("NOT_FOUND", f.db, CLOSE("refused"), f.manager, f.salon, all[i].service,
                  all[i].staff, all[i].room);
    }
    PQfinish(f.db);
}

TEST(only_active_bookings_that_are_not_over_keep_things)
{
    struct fixture f = fixture_begin("Asia/Riyadh");
    static const struct {
        const char *status, *from_now;
    } harmless[] = {{"completed", "-1 day"},   {"cancelled", "1 day"}, {"no_show", "-2 hours"},
                    {"confirmed", "-2 hours"}, {"expired", "2 days"},  {"held", "3 days"}};
    for (size_t i = 0; i < ARRAY_LEN(harmless); i++)
        add_booking(&f, harmless[i].status, harmless[i].from_now);
    CHECK_ASK("0", f.db, "SELECT bookings_ahead(%lld, NULL, NULL, NULL)", f.salon);
    long long now_on = add_booking(&f, "confirmed", "-30 minutes");
    const long long parts[][3] = {{f.service}, {0, f.staff}, {0, 0, f.room}, {0}};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        CHECK_ASK("CATALOGUE_IN_USE 1", f.db, CLOSE("refused || ' ' || card"), f.manager, f.salon,
                  parts[i][0], parts[i][1], parts[i][2]);
    ask(f.db, "UPDATE bookings_booking SET status = 'cancelled' WHERE id = %lld", now_on);
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        CHECK_ASK("t", f.db, CLOSE("refused IS NULL"), f.manager, f.salon, parts[i][0], parts[i][1],
                  parts[i][2]);
    CHECK_ASK("f f f f", f.db,
              "SELECT concat_ws(' ', s.active, v.active, m.active, r.active) "
              "FROM catalogue_salon s, catalogue_service v, catalogue_staff m, catalogue_room r "
              "WHERE s.id = %lld AND v.id = %lld AND m.id = %lld AND r.id = %lld",
              f.salon, f.service, f.staff, f.room);
    PQfinish(f.db);
}

/* A booking under way holds the row of its member of staff: nothing may be removed beside it. */
TEST(removing_waits_for_bookings_under_way)
{
    struct fixture f = fixture_begin("Asia/Riyadh");
    PGconn *booking = impatient();
    ask(booking, "BEGIN; SELECT 1 FROM catalogue_staff WHERE id = %lld FOR NO KEY UPDATE", f.staff);
    const long long parts[][3] = {{0, f.staff}, {f.service}, {0, 0, f.room}, {0}};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        CHECK_ASK("error: 55P03", f.db, CLOSE("refused"), f.manager, f.salon, parts[i][0],
                  parts[i][1], parts[i][2]);
    CHECK_ASK("error: 55P03", f.db,
              "SELECT refused FROM staff_exception_add(%lld, %lld, %lld, 'off', now(), now() + "
              "interval '1 day', '', 9)",
              f.manager, f.salon, f.staff);
    /* Who may not is told without waiting, and takes no lock. */
    CHECK_ASK("FORBIDDEN", f.db, CLOSE("refused"), f.customer, f.salon, none, f.staff, none);
    ask(booking, "ROLLBACK");
    CHECK_ASK("t", f.db, CLOSE("refused IS NULL"), f.manager, f.salon, none, f.staff, none);
    PQfinish(booking);
    PQfinish(f.db);
}

TEST(a_rating_is_the_mean_of_its_reviews_rounded)
{
    struct fixture f = fixture_begin("Asia/Riyadh");
    static const struct {
        int rating;
        const char *seen;
    } all[] = {{5, "500 1"}, {4, "450 2"}, {4, "433 3"}, {1, "350 4"}};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        char when[32];
        snprintf(when, sizeof(when), "-%zu days", i + 2);
        long long booking = add_booking(&f, "completed", when);
        CHECK_ASK("t", f.db, "SELECT refused IS NULL FROM review_add(%lld, %lld, %lld, %d, 'x')",
                  f.customer, f.salon, booking, all[i].rating);
        CHECK_STR(str_c(ask(f.db,
                            "SELECT rating_hundredths || ' ' || review_count FROM catalogue_salon "
                            "WHERE id = %lld",
                            f.salon)),
                  str_c(all[i].seen));
        CHECK_ASK("REVIEW_EXISTS", f.db, "SELECT refused FROM review_add(%lld, %lld, %lld, 5, 'x')",
                  f.customer, f.salon, booking);
    }
    PQfinish(f.db);
}

#define OPEN_MINUTES                                                                             \
    "SELECT coalesce((SELECT minutes FROM salon_open_minutes(%2$lld, '%3$s', '%4$s', '%5$s') o " \
    "WHERE o.staff_id = %1$lld), 0)"

TEST(open_minutes_are_windows_within_hours_without_time_off)
{
    struct fixture f = fixture_begin("Asia/Riyadh");
    CHECK_ASK("480", f.db, OPEN_MINUTES, f.staff, f.salon, "2026-03-01", "2026-03-01",
              "Asia/Riyadh");
    CHECK_ASK("3360", f.db, OPEN_MINUTES, f.staff, f.salon, "2026-03-01", "2026-03-07",
              "Asia/Riyadh");
    ask(f.db,
        "INSERT INTO catalogue_staff_exception (staff_id, kind, starts_at, ends_at) VALUES "
        "(%lld, 'off', '2026-03-01 11:00+03', '2026-03-01 12:00+03'), "
        "(%lld, 'extra', '2026-03-01 20:00+03', '2026-03-02 01:00+03')",
        f.staff, f.staff);
    CHECK_ASK("660", f.db, OPEN_MINUTES, f.staff, f.salon, "2026-03-01", "2026-03-01",
              "Asia/Riyadh");
    CHECK_ASK("540", f.db, OPEN_MINUTES, f.staff, f.salon, "2026-03-02", "2026-03-02",
              "Asia/Riyadh");
    ask(f.db, "UPDATE catalogue_opening SET opens_minute = 720 WHERE salon_id = %lld", f.salon);
    CHECK_ASK("360", f.db, OPEN_MINUTES, f.staff, f.salon, "2026-03-03", "2026-03-03",
              "Asia/Riyadh");
    ask(f.db, "DELETE FROM catalogue_opening WHERE salon_id = %lld", f.salon);
    CHECK_ASK("0", f.db, OPEN_MINUTES, f.staff, f.salon, "2026-03-03", "2026-03-03", "Asia/Riyadh");
    PQfinish(f.db);
}

/* On 2026-03-29 Berlin's clocks go from 02:00 to 03:00; a night of Saturday is an hour shorter. */
TEST(open_minutes_know_nights_and_clock_changes)
{
    struct fixture f = fixture_begin("Europe/Berlin");
    ask(f.db, "DELETE FROM catalogue_staff_window WHERE staff_id = %lld", f.staff);
    ask(f.db,
        "INSERT INTO catalogue_staff_window (staff_id, weekday, starts_minute, ends_minute) "
        "VALUES (%lld, 6, 1320, 1680)",
        f.staff);
    CHECK_ASK("120", f.db, OPEN_MINUTES, f.staff, f.salon, "2026-03-28", "2026-03-28",
              "Europe/Berlin");
    CHECK_ASK("180", f.db, OPEN_MINUTES, f.staff, f.salon, "2026-03-29", "2026-03-29",
              "Europe/Berlin");
    CHECK_ASK("360", f.db, OPEN_MINUTES, f.staff, f.salon, "2026-03-21", "2026-03-22",
              "Europe/Berlin");
    PQfinish(f.db);
}

TEST(somebody_taken_on_again_keeps_her_id_and_what_was_not_told)
{
    struct fixture f = fixture_begin("Asia/Riyadh");
    CHECK_ASK("t", f.db, CLOSE("refused IS NULL"), f.manager, f.salon, none, f.staff, none);
    CHECK_INT(
        ask_int(f.db,
                "SELECT (card ->> 'id') FROM staff_save(%lld, %lld, NULL, (SELECT phone_number "
                "FROM accounts_user WHERE id = %lld), 'Sara', NULL, NULL, NULL, NULL, NULL, "
                "9)",
                f.manager, f.salon, f.worker),
        f.staff);
    CHECK_ASK("7", f.db, "SELECT count(*) FROM catalogue_staff_window WHERE staff_id = %lld",
              f.staff);
    PQfinish(f.db);
}

TEST(a_service_costs_in_the_currency_of_its_salon)
{
    struct fixture f = fixture_begin("Asia/Riyadh");
    ask(f.db, "UPDATE catalogue_salon SET currency = 'KWD' WHERE id = %lld", f.salon);
    CHECK_ASK("KWD", f.db,
              "SELECT card ->> 'currency' FROM service_save(%lld, %lld, NULL, 'خ', 'S', 30, NULL, "
              "NULL, 5000, NULL, 9)",
              f.manager, f.salon);
    CHECK_ASK("AED", f.db,
              "SELECT card ->> 'currency' FROM salon_save(%lld, NULL, (NULL, 'س', 'S', 'ر', 'R', "
              "NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, "
              "NULL, NULL, NULL, NULL)::salon_new, 9, 'AED')",
              f.manager);
    PQfinish(f.db);
}
