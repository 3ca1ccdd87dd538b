/* The rules of the desk on a fake store: what is refused before the database is asked, what is cleaned,
 * and what its verdicts become. */
#include "domain/desk/desk_store.h"

#include "tests/test.h"

/* ---- fakes ------------------------------------------------------------------------------------ */

struct desk_store {
    enum reason refuses; /* R_NONE: it grants */
    int64_t active_bookings;
    int calls;
    struct salon_changes salon;
    struct staff_changes staff;
};

static enum err told(struct ctx *c, struct desk_store *store)
{
    store->calls++;
    return store->refuses ? fail(c, store->refuses) : OK;
}

enum err desk_store_salon_save(struct ctx *c, struct desk_store *store, int64_t actor,
                               int64_t salon, const struct salon_changes *in,
                               struct salon_details *out)
{
    store->salon = *in;
    return told(c, store);
}
enum err desk_store_mine(struct ctx *c, struct desk_store *store, int64_t actor, int64_t after_id,
                         int64_t limit, struct my_salon_page *out)
{
    return told(c, store);
}
enum err desk_store_service_save(struct ctx *c, struct desk_store *store, int64_t actor,
                                 int64_t salon, int64_t service, const struct service_changes *in,
                                 struct desk_service *out)
{
    return told(c, store);
}
enum err desk_store_room_save(struct ctx *c, struct desk_store *store, int64_t actor, int64_t salon,
                              int64_t room, const struct str name[LANG_COUNT], struct once *once,
                              struct room *out)
{
    return told(c, store);
}
enum err desk_store_rooms(struct ctx *c, struct desk_store *store, int64_t actor,
                          const struct part_query *in, struct room_page *out)
{
    return told(c, store);
}
enum err desk_store_staff_save(struct ctx *c, struct desk_store *store, int64_t actor,
                               int64_t salon, int64_t staff, const struct staff_changes *in,
                               struct desk_staff *out)
{
    store->staff = *in;
    return told(c, store);
}
enum err desk_store_staff_get(struct ctx *c, struct desk_store *store, int64_t actor, int64_t salon,
                              int64_t staff, struct desk_staff *out)
{
    return told(c, store);
}
enum err desk_store_exception_add(struct ctx *c, struct desk_store *store, int64_t actor,
                                  int64_t salon, int64_t staff, const struct staff_exception *in,
                                  struct once *once, struct exception_added *out)
{
    return told(c, store);
}
enum err desk_store_exception_remove(struct ctx *c, struct desk_store *store, int64_t actor,
                                     int64_t salon, int64_t staff, int64_t exception)
{
    return told(c, store);
}
enum err desk_store_exceptions(struct ctx *c, struct desk_store *store, int64_t actor,
                               int64_t staff, const struct part_query *in,
                               struct exception_page *out)
{
    return told(c, store);
}
enum err desk_store_close(struct ctx *c, struct desk_store *store, int64_t actor, int64_t salon,
                          enum desk_part what, int64_t part, int64_t *active_bookings)
{
    *active_bookings = store->active_bookings;
    return told(c, store);
}

struct fixture {
    struct arena_pool pool;
    struct arena arena;
    struct ctx c;
    struct desk_store store;
    struct actor actor;
};

static void fixture_begin(struct fixture *f)
{
    *f = (struct fixture){.actor = {.user_id = 7}};
    arena_pool_init(&f->pool, 4096, 16);
    arena_begin(&f->arena, &f->pool);
    ctx_init(&f->c, &f->arena, &clock_system);
}
static void fixture_end(struct fixture *f)
{
    arena_end(&f->arena);
    arena_pool_fini(&f->pool);
}
#define FIXTURE                           \
    struct fixture f SCOPED(fixture_end); \
    fixture_begin(&f)

/* ---- the week ----------------------------------------------------------------------------------- */

struct week {
    int64_t weekday[8], starts[8], ends[8];
    struct weekly_times times;
};
static void week_add(struct week *w, int64_t weekday, int64_t starts, int64_t ends)
{
    size_t n = w->times.len++;
    w->weekday[n] = weekday;
    w->starts[n] = starts;
    w->ends[n] = ends;
    w->times.weekday = w->weekday;
    w->times.starts_minute = w->starts;
    w->times.ends_minute = w->ends;
}

#define WEEK_PROBLEM(w, place, why)                        \
    do {                                                   \
        size_t at_;                                        \
        enum reason reason_;                               \
        CHECK(weekly_problem(&(w).times, &at_, &reason_)); \
        CHECK_INT(at_, (place));                           \
        CHECK_INT(reason_, (why));                         \
    } while (0)
#define WEEK_FINE(w)                                        \
    do {                                                    \
        size_t at_;                                         \
        enum reason reason_;                                \
        CHECK(!weekly_problem(&(w).times, &at_, &reason_)); \
    } while (0)

TEST(a_week_may_have_breaks_nights_and_whole_days)
{
    struct week w = {0};
    WEEK_FINE(w);
    week_add(&w, 0, 540, 720);
    week_add(&w, 0, 720, 1080); /* touches */
    week_add(&w, 3, 0, 1440);
    week_add(&w, 4, 0, 1440);
    week_add(&w, 6, 1200, 1980); /* Saturday 20:00 to Sunday 09:00 */
    WEEK_FINE(w);
}

TEST(an_interval_goes_forward_and_lasts_a_day_at_most)
{
    struct week none = {0}, back = {0}, longer = {0};
    week_add(&none, 0, 600, 600);
    WEEK_PROBLEM(none, 0, R_HOURS_BACKWARD);
    week_add(&back, 0, 600, 660);
    week_add(&back, 1, 600, 540);
    WEEK_PROBLEM(back, 1, R_HOURS_BACKWARD);
    week_add(&longer, 0, 1, 1442);
    WEEK_PROBLEM(longer, 0, R_HOURS_BACKWARD);
}

TEST(intervals_do_not_overlap_round_the_week_either)
{
    struct week same = {0}, inside = {0}, night = {0}, round = {0}, before = {0};
    week_add(&same, 2, 600, 700);
    week_add(&same, 2, 600, 700);
    WEEK_PROBLEM(same, 1, R_HOURS_OVERLAP);
    week_add(&inside, 2, 600, 700);
    week_add(&inside, 2, 650, 660);
    WEEK_PROBLEM(inside, 1, R_HOURS_OVERLAP);
    week_add(&night, 2, 1400, 1500);
    week_add(&night, 3, 59, 100);
    WEEK_PROBLEM(night, 1, R_HOURS_OVERLAP);
    week_add(&round, 0, 0, 60);
    week_add(&round, 6, 1400, 1441);
    WEEK_PROBLEM(round, 1, R_HOURS_OVERLAP);
    week_add(&before, 3, 100, 200);
    week_add(&before, 2, 1430, 1541);
    WEEK_PROBLEM(before, 1, R_HOURS_OVERLAP);
}

/* ---- before the database is asked --------------------------------------------------------------- */

TEST(names_are_trimmed_and_phones_become_e164)
{
    FIXTURE;
    struct salon_details out;
    struct salon_changes in = {.name = {STR("  a "), STR("b")}, .phone = STR(" 0512345678 ")};
    CHECK_INT(desk_salon_save(&f.c, &f.store, &f.actor, 0, &in, &out), OK);
    CHECK_STR(f.store.salon.name[0], STR("a"));
    CHECK_STR(f.store.salon.phone, STR("+966512345678"));
    CHECK(!f.store.salon.city[0].ptr && !f.store.salon.timezone.ptr); /* left as they are */
}

TEST(odd_input_is_refused_without_a_question)
{
    FIXTURE;
    struct salon_details salon;
    struct desk_staff staff;
    struct exception_added added;
    struct salon_changes zone = {.timezone = STR("Mars/Base")};
    struct staff_changes nobody = {.phone = STR("  ")};
    struct staff_exception back = {.starts_at = {5}, .ends_at = {5}};
    CHECK_INT(desk_salon_save(&f.c, &f.store, &f.actor, 1, &zone, &salon), ERR_INVALID);
    CHECK_INT(f.c.refusal.reason, R_TIMEZONE_UNKNOWN);
    CHECK_INT(desk_staff_save(&f.c, &f.store, &f.actor, 1, 0, &nobody, &staff), ERR_INVALID);
    CHECK_INT(f.c.refusal.reason, R_PHONE_INVALID);
    CHECK_STR(f.c.refusal.field, STR("phone_number"));
    CHECK_INT(desk_exception_add(&f.c, &f.store, &f.actor, 1, 1, &back, NULL, &added), ERR_INVALID);
    CHECK_INT(f.c.refusal.reason, R_TIMES_BACKWARD);
    CHECK_INT(f.store.calls, 0);
}

TEST(a_change_of_staff_needs_no_phone)
{
    FIXTURE;
    struct desk_staff out;
    CHECK_INT(desk_staff_save(&f.c, &f.store, &f.actor, 1, 2, &(struct staff_changes){0}, &out),
              OK);
    CHECK_INT(f.store.calls, 1);
}

/* ---- what the database refuses ------------------------------------------------------------------- */

#define CHECK_REFUSED_FIELD(call, why, name)        \
    do {                                            \
        CHECK_INT((call), reason_info(why)->class); \
        CHECK_INT(refused(&f.c), (why));            \
        CHECK_STR(f.c.refusal.field, STR(name));    \
    } while (0)

TEST(a_refusal_about_a_field_of_the_input_names_it)
{
    FIXTURE;
    struct salon_details salon;
    struct desk_service service;
    struct desk_staff staff;
    struct salon_changes of_salon = {.phone = STR("")};
    struct service_changes of_service = {0};
    struct staff_changes of_staff = {0};
    f.store.refuses = R_OWNER_UNKNOWN;
    CHECK_REFUSED_FIELD(desk_salon_save(&f.c, &f.store, &f.actor, 1, &of_salon, &salon),
                        R_OWNER_UNKNOWN, "owner");
    f.store.refuses = R_ROOM_UNKNOWN;
    CHECK_REFUSED_FIELD(desk_service_save(&f.c, &f.store, &f.actor, 1, 2, &of_service, &service),
                        R_ROOM_UNKNOWN, "rooms");
    f.store.refuses = R_SERVICE_UNKNOWN;
    CHECK_REFUSED_FIELD(desk_staff_save(&f.c, &f.store, &f.actor, 1, 2, &of_staff, &staff),
                        R_SERVICE_UNKNOWN, "services");
    f.store.refuses = R_STAFF_UNNAMED;
    CHECK_REFUSED_FIELD(desk_staff_save(&f.c, &f.store, &f.actor, 1, 2, &of_staff, &staff),
                        R_STAFF_UNNAMED, "first_name");
    f.store.refuses = R_CATALOGUE_FULL;
    CHECK_REFUSED_FIELD(desk_staff_save(&f.c, &f.store, &f.actor, 1, 2, &of_staff, &staff),
                        R_CATALOGUE_FULL, "");
}

TEST(what_is_in_use_says_by_how_many)
{
    FIXTURE;
    f.store.refuses = R_CATALOGUE_IN_USE;
    f.store.active_bookings = 3;
    CHECK_INT(desk_salon_close(&f.c, &f.store, &f.actor, 1), ERR_CONFLICT);
    CHECK_INT(f.c.refusal.extras_len, 1);
    CHECK_STR(str_c(f.c.refusal.extras[0].name), STR("active_bookings"));
    CHECK_INT(f.c.refusal.extras[0].number, 3);
    f.store.refuses = R_FORBIDDEN;
    CHECK_INT(desk_salon_close(&f.c, &f.store, &f.actor, 1), ERR_FORBIDDEN);
    CHECK_INT(f.c.refusal.extras_len, 0);
}
