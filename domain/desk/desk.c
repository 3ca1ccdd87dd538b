/* What a manager may type, made clean; the rest is the database's.
 *
 * Judged here is what needs no row: phones, zones, names, weeks that overlap. Who may, what is there, how
 * many there may be is decided by the functions of storage/schema/functions/desk/ in the transaction of the
 * change: asked beforehand, it could be another answer by then. They name the reason; which field of the
 * input it is about is known here only. */
#include "domain/desk/desk.h"

#include "domain/accounts/account.h"
#include "domain/desk/desk_store.h"

enum { DAY_MINUTES = 24 * 60, WEEK_MINUTES = 7 * DAY_MINUTES };

/* ---- the week --------------------------------------------------------------------------------- */

static int64_t begins(const struct weekly_times *times, size_t i)
{
    return times->weekday[i] * DAY_MINUTES + times->starts_minute[i];
}

/* Of two intervals on a ring, each at most a day: does one begin inside the other? */
static bool overlap(const struct weekly_times *times, size_t a, size_t b)
{
    int64_t apart = (begins(times, b) - begins(times, a) + WEEK_MINUTES) % WEEK_MINUTES;
    int64_t length_a = times->ends_minute[a] - times->starts_minute[a];
    int64_t length_b = times->ends_minute[b] - times->starts_minute[b];
    return apart < length_a || WEEK_MINUTES - apart < length_b;
}

bool weekly_problem(const struct weekly_times *times, size_t *at, enum reason *reason)
{
    for (size_t i = 0; i < times->len; i++) {
        int64_t length = times->ends_minute[i] - times->starts_minute[i];
        *at = i;
        *reason = R_HOURS_BACKWARD;
        if (length <= 0 || length > DAY_MINUTES)
            return true;
        *reason = R_HOURS_OVERLAP;
        for (size_t j = 0; j < i; j++)
            if (overlap(times, j, i))
                return true;
    }
    return false;
}

/* ---- refusals --------------------------------------------------------------------------------- */

/* The database knows no fields of the input: a refusal for that reason is about this one. */
static enum err about(struct ctx *c, enum err err, enum reason reason, struct str field)
{
    return err && refused(c) == reason ? fail_field(c, field, reason) : err;
}

/* ---- salons ----------------------------------------------------------------------------------- */

static struct str trimmed(struct str typed)
{
    return typed.ptr ? str_trim(typed) : typed;
}

/* "" takes the number away. */
static bool clean_phone(struct arena *arena, struct str *phone)
{
    struct phone parsed;
    if (phone->len == 0)
        return true;
    if (!phone_parse(*phone, &parsed))
        return false;
    *phone = str_copy(arena, phone_str(&parsed));
    return true;
}

enum err desk_salon_save(struct ctx *c, struct desk_store *store, const struct actor *actor,
                         int64_t salon, const struct salon_changes *in, struct salon_details *out)
{
    struct salon_changes clean = *in;
    for (enum lang lang = 0; lang < LANG_COUNT; lang++) {
        clean.name[lang] = trimmed(in->name[lang]);
        clean.city[lang] = trimmed(in->city[lang]);
    }
    clean.address = trimmed(in->address);
    clean.phone = trimmed(in->phone);
    if (!clean_phone(c->arena, &clean.phone))
        return fail_field(c, STR("phone"), R_PHONE_INVALID);
    if (in->timezone.ptr && !tz_find(in->timezone))
        return fail_field(c, STR("timezone"), R_TIMEZONE_UNKNOWN);

    enum err err = desk_store_salon_save(c, store, actor_user_id(actor), salon, &clean, out);
    return about(c, err, R_OWNER_UNKNOWN, STR("owner"));
}

static enum err close_part(struct ctx *c, struct desk_store *store, const struct actor *actor,
                           int64_t salon, enum desk_part what, int64_t part)
{
    int64_t ahead;
    enum err err = desk_store_close(c, store, actor_user_id(actor), salon, what, part, &ahead);
    if (err && refused(c) == R_CATALOGUE_IN_USE)
        refusal_add(&c->refusal, extra_number("active_bookings", ahead));
    return err;
}

enum err desk_salon_close(struct ctx *c, struct desk_store *store, const struct actor *actor,
                          int64_t salon)
{
    return close_part(c, store, actor, salon, DESK_PART_SALON, 0);
}

enum err desk_mine(struct ctx *c, struct desk_store *store, const struct actor *actor,
                   int64_t after_id, int64_t limit, struct my_salon_page *out)
{
    return desk_store_mine(c, store, actor_user_id(actor), after_id, limit, out);
}

/* ---- services and rooms ----------------------------------------------------------------------- */

enum err desk_service_save(struct ctx *c, struct desk_store *store, const struct actor *actor,
                           int64_t salon, int64_t service, const struct service_changes *in,
                           struct desk_service *out)
{
    struct service_changes clean = *in;
    for (enum lang lang = 0; lang < LANG_COUNT; lang++)
        clean.name[lang] = trimmed(in->name[lang]);
    enum err err =
        desk_store_service_save(c, store, actor_user_id(actor), salon, service, &clean, out);
    return about(c, err, R_ROOM_UNKNOWN, STR("rooms"));
}

enum err desk_service_close(struct ctx *c, struct desk_store *store, const struct actor *actor,
                            int64_t salon, int64_t service)
{
    return close_part(c, store, actor, salon, DESK_PART_SERVICE, service);
}

enum err desk_room_save(struct ctx *c, struct desk_store *store, const struct actor *actor,
                        int64_t salon, int64_t room, const struct str name[LANG_COUNT],
                        struct once *once, struct room *out)
{
    struct str clean[LANG_COUNT];
    for (enum lang lang = 0; lang < LANG_COUNT; lang++)
        clean[lang] = trimmed(name[lang]);
    return desk_store_room_save(c, store, actor_user_id(actor), salon, room, clean, once, out);
}

enum err desk_room_close(struct ctx *c, struct desk_store *store, const struct actor *actor,
                         int64_t salon, int64_t room)
{
    return close_part(c, store, actor, salon, DESK_PART_ROOM, room);
}

enum err desk_rooms(struct ctx *c, struct desk_store *store, const struct actor *actor,
                    const struct part_query *in, struct room_page *out)
{
    return desk_store_rooms(c, store, actor_user_id(actor), in, out);
}

/* ---- staff ------------------------------------------------------------------------------------ */

static enum err clean_person(struct ctx *c, const struct staff_changes *in,
                             struct staff_changes *clean)
{
    clean->phone = trimmed(in->phone);
    if (clean->phone.len == 0 || !clean_phone(c->arena, &clean->phone))
        return fail_field(c, STR("phone_number"), R_PHONE_INVALID);
    if (in->first_name.ptr && !name_parse(c->arena, in->first_name, &clean->first_name))
        return fail_field(c, STR("first_name"), R_NAME_INVALID);
    if (in->last_name.ptr && !name_parse(c->arena, in->last_name, &clean->last_name))
        return fail_field(c, STR("last_name"), R_NAME_INVALID);
    return OK;
}

enum err desk_staff_save(struct ctx *c, struct desk_store *store, const struct actor *actor,
                         int64_t salon, int64_t staff, const struct staff_changes *in,
                         struct desk_staff *out)
{
    struct staff_changes clean = *in;
    if (staff == 0)
        TRY(clean_person(c, in, &clean));
    enum err err = desk_store_staff_save(c, store, actor_user_id(actor), salon, staff, &clean, out);
    err = about(c, err, R_SERVICE_UNKNOWN, STR("services"));
    return about(c, err, R_STAFF_UNNAMED, STR("first_name"));
}

enum err desk_staff_close(struct ctx *c, struct desk_store *store, const struct actor *actor,
                          int64_t salon, int64_t staff)
{
    return close_part(c, store, actor, salon, DESK_PART_STAFF, staff);
}

enum err desk_staff_get(struct ctx *c, struct desk_store *store, const struct actor *actor,
                        int64_t salon, int64_t staff, struct desk_staff *out)
{
    return desk_store_staff_get(c, store, actor_user_id(actor), salon, staff, out);
}

struct str exception_kind_code(enum exception_kind kind)
{
    assert(kind < EXCEPTION_KIND_COUNT);
    return kind == EXCEPTION_OFF ? STR("off") : STR("extra");
}

enum err desk_exception_add(struct ctx *c, struct desk_store *store, const struct actor *actor,
                            int64_t salon, int64_t staff, const struct staff_exception *in,
                            struct once *once, struct exception_added *out)
{
    enum { YEAR_DAYS = 366 };
    int64_t length_us = instant_since(in->ends_at, in->starts_at).us;
    if (length_us <= 0 || length_us > YEAR_DAYS * seconds(24 * 3600).us)
        return fail_field(c, STR("ends_at"), R_TIMES_BACKWARD);
    return desk_store_exception_add(c, store, actor_user_id(actor), salon, staff, in, once, out);
}

enum err desk_exception_remove(struct ctx *c, struct desk_store *store, const struct actor *actor,
                               int64_t salon, int64_t staff, int64_t exception)
{
    return desk_store_exception_remove(c, store, actor_user_id(actor), salon, staff, exception);
}

enum err desk_exceptions(struct ctx *c, struct desk_store *store, const struct actor *actor,
                         int64_t staff, const struct part_query *in, struct exception_page *out)
{
    return desk_store_exceptions(c, store, actor_user_id(actor), staff, in, out);
}
