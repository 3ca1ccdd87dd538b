/* The rules of bookings on fakes of both stores: what the database answers becomes refusals. */
#include "domain/bookings/booking_store.h"
#include "domain/bookings/settlement.h"
#include "domain/catalogue/catalogue_store.h"

#include <stdlib.h>

#include "tests/test.h"

/* ---- fakes ------------------------------------------------------------------------------------ */

struct booking_store {
    enum err err;
    struct booking_answer answer;
    struct booking booking;
    struct booking_moving moving;
    enum err moving_err;
    struct actor actor;
    int calls;
    struct booking_limits limits;
    enum booking_action action;
};
struct catalogue_store {
    enum err err;
    struct slot_facts found;
    struct slots_query asked;
};

static enum err answer_with(struct booking_store *store, struct booking_answer *answer,
                            struct booking *out)
{
    store->calls++;
    if (store->err)
        return store->err;
    *answer = store->answer;
    if (!answer->refused)
        *out = store->booking;
    return OK;
}

enum err booking_store_create(struct ctx *c, struct booking_store *store,
                              const struct booking_limits *limits, int64_t customer,
                              const struct booking_request *in, struct booking_answer *answer,
                              struct bookings_made *out)
{
    store->limits = *limits;
    out->items = &store->booking;
    out->len = in->wishes_len;
    struct booking made;
    return answer_with(store, answer, &made);
}

enum err booking_store_move(struct ctx *c, struct booking_store *store, const struct actor *actor,
                            const struct booking_move *in, struct booking_answer *answer,
                            struct booking *out)
{
    store->action = in->action;
    store->actor = *actor;
    return answer_with(store, answer, out);
}

enum err booking_store_reschedule(struct ctx *c, struct booking_store *store, int64_t actor,
                                  const struct booking_new_time *in, struct booking_answer *answer,
                                  struct booking *out)
{
    return answer_with(store, answer, out);
}

enum err booking_store_get(struct ctx *c, struct booking_store *store, int64_t viewer, int64_t id,
                           struct booking_answer *answer, struct booking *out)
{
    return answer_with(store, answer, out);
}

enum err booking_store_moving(struct ctx *c, struct booking_store *store, int64_t actor, int64_t id,
                              struct booking_moving *out)
{
    *out = store->moving;
    return store->moving_err;
}

enum err booking_store_list(struct ctx *c, struct booking_store *store, int64_t viewer,
                            const struct booking_query *in, struct booking_answer *answer,
                            struct booking_page *out)
{
    *answer = store->answer;
    *out = (struct booking_page){0};
    return store->err;
}

enum err catalogue_store_slots(struct ctx *c, struct catalogue_store *store,
                               const struct slots_query *in, struct slot_facts *out)
{
    store->asked = *in;
    *out = store->found;
    return store->err;
}

enum err catalogue_store_search(struct ctx *c, struct catalogue_store *store,
                                const struct salon_query *in, struct salon_page *out)
{
    *out = (struct salon_page){0};
    return store->err;
}

enum err catalogue_store_salon(struct ctx *c, struct catalogue_store *store, int64_t id,
                               struct salon_details *out)
{
    return store->err;
}

enum err catalogue_store_services(struct ctx *c, struct catalogue_store *store,
                                  const struct part_query *in, struct service_page *out)
{
    return store->err;
}

enum err catalogue_store_staff(struct ctx *c, struct catalogue_store *store,
                               const struct part_query *in, struct staff_page *out)
{
    return store->err;
}

enum err catalogue_store_catch_up(struct ctx *c, struct catalogue_store *store)
{
    return store->err;
}

enum err catalogue_store_stamp(struct ctx *c, struct catalogue_store *store, int64_t salon,
                               uint64_t *out)
{
    *out = 0;
    return store->err;
}

/* ---- fixture ---------------------------------------------------------------------------------- */

struct fixture {
    struct arena_pool pool;
    struct arena arena;
    struct ctx c;
    struct booking_store store;
    struct catalogue_store catalogue;
    struct bookings bookings;
    struct actor actor;
    struct booking_request in;
    struct once once;
    struct bookings_made made;
    struct booking out;
};

static void fixture_begin(struct fixture *f)
{
    char why[200];
    if (tz_database_len() == 0 && !tz_database_load(NULL, why, sizeof(why)))
        abort();
    *f = (struct fixture){.store.booking.id = 1, .actor = actor_user(9)};
    arena_pool_init(&f->pool, 65536, 4);
    arena_begin(&f->arena, &f->pool);
    ctx_init(&f->c, &f->arena, &clock_system);
    f->bookings = (struct bookings){
        &f->store, &f->catalogue, {.open_max = 10, .holds_max = 2, .hold_seconds = 600}};
    f->in = (struct booking_request){
        .salon = 1, .wishes = {{.service = 2, .staff = 3}}, .wishes_len = 1, .once = &f->once};
}

static void fixture_end(struct fixture *f)
{
    arena_end(&f->arena);
    arena_pool_fini(&f->pool);
}

static enum err create(struct fixture *f)
{
    return bookings_create(&f->c, &f->bookings, &f->actor, &f->in, &f->made);
}

static enum err cancel(struct fixture *f)
{
    struct booking_move in = {.id = 1, .action = BOOKING_CANCEL};
    return bookings_move(&f->c, &f->bookings, &f->actor, &in, &f->out);
}

#define CHECK_REFUSED(call, why)                    \
    do {                                            \
        CHECK_INT((call), reason_info(why)->class); \
        CHECK_INT(f.c.refusal.reason, why);         \
    } while (0)

/* ---- answers ----------------------------------------------------------------------------------- */

TEST(each_refusal_names_its_field)
{
    static const struct {
        enum reason reason;
        const char *field;
    } cases[] = {
        {R_TOKEN_INVALID, ""},
        {R_SALON_UNKNOWN, "salon"},
        {R_SERVICE_UNKNOWN, "service"},
        {R_NOBODY_OFFERS, "service"},
        {R_STAFF_ELSEWHERE, "staff"},
        {R_PHONE_UNVERIFIED, ""},
        {R_BOOKING_TOO_SOON, "starts_at"},
        {R_BOOKING_STAFF_OFF, "starts_at"},
        {R_SLOT_TAKEN, ""},
        {R_BOOKING_TOO_MANY, ""},
        {R_BOOKING_TOO_MANY_HOLDS, ""},
        {R_KEY_REUSED, ""},
    };
    struct fixture f;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        fixture_begin(&f);
        f.store.answer.refused = cases[i].reason;
        CHECK_REFUSED(create(&f), cases[i].reason);
        CHECK_STR(f.c.refusal.field, str_c(cases[i].field));
        fixture_end(&f);
    }
}

TEST(too_many_waiting_are_told_when_to_come_back)
{
    struct fixture f;
    fixture_begin(&f);
    f.store.answer.refused = R_OVERLOADED;
    CHECK_REFUSED(create(&f), R_OVERLOADED);
    CHECK_INT(f.c.refusal.retry_after_s, 1);
    fixture_end(&f);
}

TEST(states_are_written_and_read_alike)
{
    for (int i = 0; i < BOOKING_STATUS_COUNT; i++) {
        enum booking_status status;
        CHECK(booking_status_parse(booking_status_code((enum booking_status)i), &status));
        CHECK_INT(status, i);
    }
    enum booking_status status;
    CHECK(!booking_status_parse(STR("done"), &status));
}

TEST(the_limits_go_to_the_one_who_decides)
{
    struct fixture f;
    fixture_begin(&f);
    CHECK_INT(create(&f), OK);
    CHECK_INT(f.store.limits.open_max, 10);
    CHECK_INT(f.store.limits.holds_max, 2);
    CHECK_INT(f.store.limits.hold_seconds, 600);
    CHECK_INT(f.store.calls, 1);
    fixture_end(&f);
}

TEST(an_unknown_outcome_stays_unknown)
{
    struct fixture f;
    fixture_begin(&f);
    f.store.err = ERR_TIMEOUT;
    CHECK_INT(create(&f), ERR_TIMEOUT);
    CHECK_INT(f.c.refusal.reason, R_NONE);
    fixture_end(&f);
}

TEST(what_is_not_the_callers_business_is_not_found)
{
    struct fixture f;
    fixture_begin(&f);
    f.store.answer.refused = R_NOT_FOUND;
    CHECK_REFUSED(bookings_get(&f.c, &f.bookings, &f.actor, 1, &f.out), R_NOT_FOUND);
    CHECK_REFUSED(cancel(&f), R_NOT_FOUND);
    fixture_end(&f);
}

TEST(a_replayed_answer_speaks_the_language_it_was_given_in)
{
    struct fixture f;
    fixture_begin(&f);
    CHECK_INT(create(&f), OK);
    CHECK(!f.once.replayed);
    CHECK_INT(f.c.lang, LANG_AR);
    f.store.answer = (struct booking_answer){.replayed = true, .lang = LANG_EN};
    CHECK_INT(create(&f), OK);
    CHECK(f.once.replayed);
    CHECK_INT(f.c.lang, LANG_EN);
    fixture_end(&f);
}

static const struct refusal_extra *extra(const struct fixture *f, const char *name)
{
    for (size_t i = 0; i < f->c.refusal.extras_len; i++)
        if (strcmp(f->c.refusal.extras[i].name, name) == 0)
            return &f->c.refusal.extras[i];
    return NULL;
}

TEST(a_refused_visit_tells_which_service_it_is_about)
{
    struct fixture f;
    fixture_begin(&f);
    f.in.wishes_len = 4;
    static const struct {
        enum reason reason;
        bool about_item;
    } cases[] = {{R_SLOT_TAKEN, true},     {R_BOOKING_PAST, true},      {R_BOOKING_TOO_MANY, true},
                 {R_SALON_UNKNOWN, false}, {R_PHONE_UNVERIFIED, false}, {R_KEY_REUSED, false}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        f.store.answer = (struct booking_answer){.refused = cases[i].reason, .item = 3};
        CHECK_REFUSED(create(&f), cases[i].reason);
        CHECK_INT(extra(&f, "item") != NULL, cases[i].about_item);
        if (cases[i].about_item) {
            CHECK_INT(extra(&f, "item")->number, 3);
            CHECK_STR(f.c.refusal.field, STR(""));
        }
    }
    f.in.wishes_len = 1;
    f.store.answer = (struct booking_answer){.refused = R_BOOKING_PAST};
    CHECK_REFUSED(create(&f), R_BOOKING_PAST);
    CHECK(!extra(&f, "item"));
    fixture_end(&f);
}

TEST(the_system_may_move_a_booking)
{
    struct fixture f;
    fixture_begin(&f);
    struct actor system = actor_system();
    struct booking_move in = {.id = 1, .action = BOOKING_CONFIRM};
    CHECK_INT(bookings_move(&f.c, &f.bookings, &system, &in, &f.out), OK);
    CHECK_INT(f.store.actor.kind, ACTOR_SYSTEM);
    fixture_end(&f);
}

/* ---- alternatives ----------------------------------------------------------------------------- */

static const int64_t week[7] = {0, 1, 2, 3, 4, 5, 6},
                     opens[7] = {600, 600, 600, 600, 600, 600, 600},
                     closes[7] = {780, 780, 780, 780, 780, 780, 780},
                     one[7] = {3, 3, 3, 3, 3, 3, 3};

/* Open 10:00-13:00 in Riyadh, one member (3), services of an hour on the hour; 11:00 is taken. */
static void busy_salon(struct fixture *f, const char *starts_at)
{
    static int64_t taken;
    static struct claims busy;
    struct instant starts;
    if (!instant_parse_rfc3339(str_c(starts_at), &starts))
        abort();
    f->in.wishes[0].starts_at = starts;
    taken = claim_make(starts.us / 1000000, starts.us / 1000000 + 3600);
    busy = (struct claims){.len = 1, .items = &taken};
    f->catalogue.found = (struct slot_facts){.timezone = STR("Asia/Riyadh"),
                                             .service_found = true,
                                             .staff_found = true,
                                             .staff_here = true,
                                             .staff_offers = true,
                                             .now = {starts.us - 86400000000},
                                             .grid_minutes = 60,
                                             .horizon_days = 30,
                                             .duration_minutes = 60,
                                             .opening = {7, NULL, week, opens, closes},
                                             .staff_len = 1,
                                             .staff = one,
                                             .windows = {7, one, week, opens, closes},
                                             .busy = &busy};
}

/* Cell `column` of the offered time `row`: starts_at, ends_at, staff. */
static const struct refusal_extra *offered(const struct fixture *f, size_t row, size_t column)
{
    const struct refusal_extra *found = extra(f, "alternatives");
    assert(found && row < found->list.rows && found->list.columns == 3);
    return &found->list.cells[3 * row + column];
}

static int64_t offered_start(const struct fixture *f, size_t row)
{
    assert(strcmp(offered(f, row, 0)->name, "starts_at") == 0);
    return offered(f, row, 0)->instant.at.us;
}

TEST(the_loser_is_offered_the_three_nearest_free_times)
{
    struct fixture f;
    fixture_begin(&f);
    busy_salon(&f, "2026-03-10T11:00:00+03:00");
    f.store.answer.refused = R_SLOT_TAKEN;
    CHECK_REFUSED(create(&f), R_SLOT_TAKEN);
    CHECK_INT(extra(&f, "alternatives")->list.rows, 3);
    int64_t hour = INT64_C(3600000000), wanted = f.in.wishes[0].starts_at.us;
    CHECK_INT(offered_start(&f, 0) - wanted, -hour);
    CHECK_INT(offered_start(&f, 1) - wanted, hour);
    CHECK_INT(offered_start(&f, 2) - wanted, -23 * hour);
    CHECK_INT(offered(&f, 0, 1)->instant.at.us - offered_start(&f, 0), hour);
    CHECK_INT(offered(&f, 0, 0)->instant.offset_s, 3 * 3600);
    CHECK_INT(offered(&f, 0, 2)->number, 3);
    CHECK_INT(f.catalogue.asked.staff, 3);
    fixture_end(&f);
}

TEST(nothing_free_is_an_empty_offer)
{
    struct fixture f;
    fixture_begin(&f);
    busy_salon(&f, "2026-03-10T11:00:00+03:00");
    f.catalogue.found.staff_len = 0;
    f.store.answer.refused = R_SLOT_TAKEN;
    CHECK_REFUSED(create(&f), R_SLOT_TAKEN);
    CHECK_INT(extra(&f, "alternatives")->list.rows, 0);
    fixture_end(&f);
}

TEST(a_look_that_fails_leaves_the_refusal_as_it_is)
{
    struct fixture f;
    fixture_begin(&f);
    busy_salon(&f, "2026-03-10T11:00:00+03:00");
    f.store.answer.refused = R_SLOT_TAKEN;
    static const enum err ways[] = {ERR_TIMEOUT, ERR_NOT_FOUND, ERR_UNAVAILABLE};
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        f.catalogue.err = ways[i];
        CHECK_REFUSED(create(&f), R_SLOT_TAKEN);
        CHECK_INT(extra(&f, "alternatives")->list.rows, 0);
    }
    struct booking_new_time in = {.id = 1, .starts_at = f.in.wishes[0].starts_at};
    f.store.moving_err = ERR_NOT_FOUND;
    CHECK_REFUSED(bookings_reschedule(&f.c, &f.bookings, &f.actor, &in, &f.out), R_SLOT_TAKEN);
    CHECK_INT(extra(&f, "alternatives")->list.rows, 0);
    fixture_end(&f);
}

TEST(only_who_was_too_late_is_offered_something)
{
    struct fixture f;
    fixture_begin(&f);
    busy_salon(&f, "2026-03-10T11:00:00+03:00");
    f.store.answer.refused = R_BOOKING_TOO_MANY;
    CHECK_REFUSED(create(&f), R_BOOKING_TOO_MANY);
    CHECK(!extra(&f, "alternatives"));
    CHECK_INT(f.catalogue.asked.salon, 0);
    fixture_end(&f);
}

TEST(what_a_moving_booking_takes_now_is_offered_to_it)
{
    struct fixture f;
    fixture_begin(&f);
    busy_salon(&f, "2026-03-10T11:00:00+03:00");
    struct booking_new_time in = {.id = 1, .starts_at = f.in.wishes[0].starts_at};
    f.store.answer.refused = R_SLOT_TAKEN;
    f.store.moving = (struct booking_moving){
        .salon = 1,
        .staff = 3,
        .slot = {.staff = 3, .claim = f.catalogue.found.busy->items[0], .duration_minutes = 120}};
    CHECK_REFUSED(bookings_reschedule(&f.c, &f.bookings, &f.actor, &in, &f.out), R_SLOT_TAKEN);
    CHECK_INT(extra(&f, "alternatives")->list.rows, 3);
    CHECK_INT(offered_start(&f, 0), in.starts_at.us);
    CHECK_INT(offered(&f, 0, 1)->instant.at.us - offered_start(&f, 0), INT64_C(7200000000));
    f.store.moving.slot.staff = 4; /* hers it is not */
    CHECK_REFUSED(bookings_reschedule(&f.c, &f.bookings, &f.actor, &in, &f.out), R_SLOT_TAKEN);
    CHECK(offered_start(&f, 0) != in.starts_at.us);
    fixture_end(&f);
}

/* ---- when a booking ends ----------------------------------------------------------------------- */

struct till {
    struct booking_payments payments;
    enum err err;
    struct settlement last;
    int settled;
};

static enum err till_paid(struct ctx *c, struct booking_payments *payments, int64_t booking,
                          int64_t *amount)
{
    *amount = 10000;
    return OK;
}

static enum err till_settle(struct ctx *c, struct booking_payments *payments, int64_t booking,
                            const struct settlement *settlement)
{
    struct till *till = container_of(payments, struct till, payments);
    till->settled++;
    till->last = *settlement;
    return till->err;
}

TEST(a_move_that_ends_a_booking_settles_what_was_paid)
{
    struct fixture f;
    struct till till = {.payments = {till_paid, till_settle}};
    fixture_begin(&f);
    f.bookings.payments = &till.payments;
    f.store.booking = (struct booking){.id = 1, .status = BOOKING_CANCELLED, .fee_amount = 2500};
    CHECK_INT(cancel(&f), OK);
    CHECK_INT(till.settled, 1);
    CHECK_INT(till.last.kept_amount, 2500);
    CHECK_INT(till.last.returned_amount, 7500);
    f.store.booking.status = BOOKING_CONFIRMED;
    CHECK_INT(cancel(&f), OK);
    CHECK_INT(till.settled, 1);
    f.store.answer.refused = R_BOOKING_TRANSITION;
    CHECK_REFUSED(cancel(&f), R_BOOKING_TRANSITION);
    CHECK_INT(till.settled, 1);
    fixture_end(&f);
}

TEST(a_move_is_made_whether_or_not_payments_can_be_told)
{
    struct fixture f;
    struct till till = {.payments = {till_paid, till_settle}, .err = ERR_UNAVAILABLE};
    fixture_begin(&f);
    f.bookings.payments = &till.payments;
    f.store.booking = (struct booking){.id = 1, .status = BOOKING_CANCELLED};
    CHECK_INT(cancel(&f), OK);
    CHECK_INT(f.out.status, BOOKING_CANCELLED);
    f.bookings.payments = NULL;
    CHECK_INT(cancel(&f), OK);
    CHECK_INT(till.settled, 1);
    fixture_end(&f);
}

/* ---- slots, as the catalogue answers for them -------------------------------------------------- */

TEST(a_question_about_slots_that_makes_no_sense_names_the_parameter)
{
    struct fixture f;
    struct slots answer;
    struct slots_query query = {.salon = 1, .service = 2, .staff = 3, .days = 1};
    fixture_begin(&f);
    busy_salon(&f, "2026-03-10T11:00:00+03:00");
    f.catalogue.found.staff_offers = false;
    CHECK_REFUSED(catalogue_slots(&f.c, &f.catalogue, &query, &answer), R_STAFF_NOT_OFFERING);
    f.catalogue.found.staff_here = false;
    CHECK_REFUSED(catalogue_slots(&f.c, &f.catalogue, &query, &answer), R_STAFF_ELSEWHERE);
    f.catalogue.found.staff_found = false;
    CHECK_REFUSED(catalogue_slots(&f.c, &f.catalogue, &query, &answer), R_STAFF_UNKNOWN);
    f.catalogue.found.service_found = false;
    CHECK_REFUSED(catalogue_slots(&f.c, &f.catalogue, &query, &answer), R_SERVICE_UNKNOWN);
    CHECK_STR(f.c.refusal.field, STR("service"));
    f.catalogue.err = ERR_NOT_FOUND;
    CHECK_REFUSED(catalogue_slots(&f.c, &f.catalogue, &query, &answer), R_NOT_FOUND);
    fixture_end(&f);
}

TEST(a_zone_that_this_machine_does_not_know_is_our_fault)
{
    struct fixture f;
    struct slots answer;
    struct slots_query query = {.salon = 1, .service = 2, .days = 1};
    fixture_begin(&f);
    busy_salon(&f, "2026-03-10T11:00:00+03:00");
    f.catalogue.found.timezone = STR("Asia/Atlantis");
    CHECK_INT(catalogue_slots(&f.c, &f.catalogue, &query, &answer), ERR_INTERNAL);
    fixture_end(&f);
}

TEST(a_search_longer_than_any_name_is_refused_by_its_parameter)
{
    struct fixture f;
    struct salon_page page;
    char text[SALON_QUERY_MAX + 2];
    fixture_begin(&f);
    memset(text, 'x', sizeof(text));
    struct salon_query query = {.q = {text, SALON_QUERY_MAX}, .city = STR(""), .limit = 20};
    CHECK_INT(catalogue_search(&f.c, &f.catalogue, &query, &page), OK);
    query.q.len++;
    CHECK_REFUSED(catalogue_search(&f.c, &f.catalogue, &query, &page), R_BAD_QUERY);
    CHECK_STR(f.c.refusal.field, STR("q"));
    fixture_end(&f);
}
