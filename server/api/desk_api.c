#include "server/api/desk_api.h"

#include "domain/accounts/account.h"
#include "domain/desk/desk.h"
#include "server/api/actor.h"
#include "server/api/catalogue_json.h"
#include "server/services.h"

static struct desk_store *store_of(const struct request *req)
{
    return &req->app->services->desk.desk;
}

/* ---- what bodies have in common ----------------------------------------------------------------- */

static int64_t kept(struct json_int v)
{
    return v.set ? v.v : DESK_KEEP;
}

struct interval {
    struct json_int weekday, from, to;
};
static const struct json_field opening_item_fields[] = {
    {"weekday", JSON_INT, JSON_REQUIRED, offsetof(struct interval, weekday), 0, 6},
    {"opens", JSON_CLOCK, JSON_REQUIRED, offsetof(struct interval, from), 0, 1439},
    {"closes", JSON_CLOCK, JSON_REQUIRED, offsetof(struct interval, to), 1, 2880},
};
static const struct json_shape opening_shape = JSON_SHAPE(opening_item_fields, struct interval);
static const struct json_field window_item_fields[] = {
    {"weekday", JSON_INT, JSON_REQUIRED, offsetof(struct interval, weekday), 0, 6},
    {"starts", JSON_CLOCK, JSON_REQUIRED, offsetof(struct interval, from), 0, 1439},
    {"ends", JSON_CLOCK, JSON_REQUIRED, offsetof(struct interval, to), 1, 2880},
};
static const struct json_shape window_shape = JSON_SHAPE(window_item_fields, struct interval);

/* `*out` is NULL when the body had none. */
static enum err weekly(struct ctx *c, const char *field, const char *end_name,
                       const struct json_objects *items, const struct weekly_times **out)
{
    *out = NULL;
    if (!items->set)
        return OK;
    int64_t *columns = arena_array(c->arena, int64_t, 3 * items->len + 1);
    struct weekly_times *times = arena_new(c->arena, struct weekly_times);
    *times = (struct weekly_times){.len = items->len,
                                   .weekday = columns,
                                   .starts_minute = columns + items->len,
                                   .ends_minute = columns + 2 * items->len};
    const struct interval *intervals = items->items;
    for (size_t i = 0; i < items->len; i++) {
        columns[i] = intervals[i].weekday.v;
        columns[items->len + i] = intervals[i].from.v;
        columns[2 * items->len + i] = intervals[i].to.v;
    }
    size_t at;
    enum reason reason;
    if (weekly_problem(times, &at, &reason))
        return fail_item(c, field, at, end_name, reason);
    *out = times;
    return OK;
}

static const struct id_list *id_list(struct arena *arena, const struct json_ints *ints)
{
    if (!ints->set)
        return NULL;
    struct id_list *list = arena_new(arena, struct id_list);
    *list = (struct id_list){ints->v, ints->len};
    return list;
}

static void put_page_end(struct ctx *c, struct json_writer *w, bool more, int64_t last_id)
{
    json_array_end(w);
    json_put_next(c, w, catalogue_id_cursor(c, more, last_id));
    json_object_end(w);
}

static struct json_writer page_begin(struct ctx *c, struct response *res)
{
    struct json_writer w = respond_json(c, res, 200);
    json_object_begin(&w, NULL);
    json_array_begin(&w, "results");
    return w;
}

/* ---- salons ------------------------------------------------------------------------------------- */

struct policy_body {
    struct json_object here;
    struct json_int grid, notice, horizon, cutoff, late_fee, no_show_fee, deposit;
    struct json_bool auto_confirm;
};
static const struct json_field policy_fields[] = {
    {"grid_minutes", JSON_INT, 0, offsetof(struct policy_body, grid), 1, 1440},
    {"notice_minutes", JSON_INT, 0, offsetof(struct policy_body, notice), 0, NOTICE_MINUTES_MAX},
    {"horizon_days", JSON_INT, 0, offsetof(struct policy_body, horizon), 1, HORIZON_DAYS_MAX},
    {"auto_confirm", JSON_BOOL, 0, offsetof(struct policy_body, auto_confirm)},
    {"cancel_cutoff_minutes", JSON_INT, 0, offsetof(struct policy_body, cutoff), 0,
     NOTICE_MINUTES_MAX},
    {"late_cancel_fee_amount", JSON_INT, 0, offsetof(struct policy_body, late_fee), 0, MONEY_MAX},
    {"no_show_fee_amount", JSON_INT, 0, offsetof(struct policy_body, no_show_fee), 0, MONEY_MAX},
    {"deposit_amount", JSON_INT, 0, offsetof(struct policy_body, deposit), 0, MONEY_MAX},
};
static const struct json_shape policy_shape = JSON_SHAPE(policy_fields, struct policy_body);

struct salon_body {
    struct str name_ar, name_en, city_ar, city_en, address, phone, timezone;
    struct json_decimal latitude, longitude;
    struct json_int owner;
    struct json_objects opening_hours;
    struct policy_body policy;
};
#define SALON_FIELDS(needed)                                                                       \
    {"name_ar", JSON_STRING, needed, offsetof(struct salon_body, name_ar), 1, SALON_NAME_MAX},     \
        {"name_en", JSON_STRING, needed, offsetof(struct salon_body, name_en), 1, SALON_NAME_MAX}, \
        {"city_ar", JSON_STRING, needed, offsetof(struct salon_body, city_ar), 1, SALON_CITY_MAX}, \
        {"city_en", JSON_STRING, needed, offsetof(struct salon_body, city_en), 1, SALON_CITY_MAX}, \
        {"address", JSON_STRING,      JSON_MAY_BE_BLANK, offsetof(struct salon_body, address),     \
         0,         SALON_ADDRESS_MAX},                                                            \
        {"phone", JSON_STRING,          JSON_MAY_BE_BLANK, offsetof(struct salon_body, phone),     \
         0,       PHONE_TYPED_BYTES_MAX},                                                          \
        {"timezone", JSON_STRING, 0, offsetof(struct salon_body, timezone), 1, 64},                \
        {"latitude", JSON_DECIMAL, JSON_NULLABLE, offsetof(struct salon_body, latitude), -90, 90}, \
        {"longitude", JSON_DECIMAL, JSON_NULLABLE, offsetof(struct salon_body, longitude),         \
         -180,        180},                                                                        \
        {"owner", JSON_INT, 0, offsetof(struct salon_body, owner), 1, INT64_MAX},                  \
        {"opening_hours",                                                                          \
         JSON_OBJECTS,                                                                             \
         0,                                                                                        \
         offsetof(struct salon_body, opening_hours),                                               \
         .shape = &opening_shape,                                                                  \
         .items_max = WEEKLY_TIMES_MAX},                                                           \
    {                                                                                              \
        "booking_policy", JSON_OBJECT, 0, offsetof(struct salon_body, policy),                     \
            .shape = &policy_shape                                                                 \
    }
static const struct json_field salon_create_fields[] = {SALON_FIELDS(JSON_REQUIRED)};
static const struct json_field salon_change_fields[] = {SALON_FIELDS(0)};

/* Both or neither; null takes the position away. */
static enum err read_position(struct ctx *c, const struct salon_body *body,
                              struct salon_changes *out)
{
    bool set = body->latitude.set || body->longitude.set;
    if (set && (!body->latitude.set || body->latitude.null != body->longitude.null))
        return fail_field(c, body->latitude.set ? STR("longitude") : STR("latitude"),
                          R_FIELD_REQUIRED);
    if (set && !body->longitude.set)
        return fail_field(c, STR("longitude"), R_FIELD_REQUIRED);
    out->write_position = set;
    out->has_position = set && !body->latitude.null;
    out->latitude = body->latitude.v;
    out->longitude = body->longitude.v;
    return OK;
}

static enum err read_policy(struct ctx *c, const struct policy_body *body,
                            struct salon_changes *out)
{
    out->grid_minutes = kept(body->grid);
    out->notice_minutes = kept(body->notice);
    out->horizon_days = kept(body->horizon);
    out->cancel_cutoff_minutes = kept(body->cutoff);
    out->late_cancel_fee_amount = kept(body->late_fee);
    out->no_show_fee_amount = kept(body->no_show_fee);
    out->deposit_amount = kept(body->deposit);
    out->auto_confirm = body->auto_confirm.set ? body->auto_confirm.v : DESK_KEEP;
    if (body->grid.set && 1440 % body->grid.v != 0) {
        fail_data(c, str_printf(c->arena, "\"booking_policy\":{\"grid_minutes\":[\"%.*s\"]}",
                                STR_FMT(reason_info(R_FIELD_RANGE)->text[c->lang])));
        return fail(c, R_INVALID_FIELDS);
    }
    return OK;
}

static enum err save_salon(struct ctx *c, struct request *req, struct response *res,
                           const struct salon_body *body, int64_t salon, struct desk_once *once)
{
    struct salon_changes in = {.name = {[LANG_AR] = body->name_ar, [LANG_EN] = body->name_en},
                               .city = {[LANG_AR] = body->city_ar, [LANG_EN] = body->city_en},
                               .address = body->address,
                               .phone = body->phone,
                               .timezone = body->timezone,
                               .owner = body->owner.v};
    TRY(read_position(c, body, &in));
    TRY(read_policy(c, &body->policy, &in));
    TRY(weekly(c, "opening_hours", "closes", &body->opening_hours, &in.opening));

    in.once = once;
    struct actor actor = actor_of(req);
    struct salon_details details;
    TRY(actor_settled(req, desk_salon_save(c, store_of(req), &actor, salon, &in, &details)));
    struct json_writer w = respond_json(c, res, salon ? 200 : 201);
    json_object_begin(&w, NULL);
    catalogue_put_salon(c, &w, &details.salon);
    catalogue_put_details(&w, &details);
    json_object_end(&w);
    return OK;
}

enum err api_salon_create(struct ctx *c, struct request *req, struct response *res)
{
    struct salon_body body;
    TRY(REQUEST_JSON(c, req, salon_create_fields, &body));
    struct desk_once once;
    TRY(once_begin(c, req, &once));
    TRY(save_salon(c, req, res, &body, 0, &once));
    once_end(res, &once);
    return OK;
}

enum err api_salon_change(struct ctx *c, struct request *req, struct response *res)
{
    struct salon_body body;
    TRY(REQUEST_JSON(c, req, salon_change_fields, &body));
    return save_salon(c, req, res, &body, req->ids[0], NULL);
}

enum err api_salon_remove(struct ctx *c, struct request *req, struct response *res)
{
    struct actor actor = actor_of(req);
    TRY(actor_settled(req, desk_salon_close(c, store_of(req), &actor, req->ids[0])));
    return respond_no_content(res);
}

enum err api_salons_mine(struct ctx *c, struct request *req, struct response *res)
{
    struct part_query query;
    TRY(catalogue_part_query(c, req, &query));
    struct actor actor = actor_of(req);
    struct my_salon_page found;
    TRY(actor_settled(req,
                      desk_mine(c, store_of(req), &actor, query.after_id, query.limit, &found)));
    struct json_writer w = page_begin(c, res);
    for (size_t i = 0; i < found.len; i++) {
        json_object_begin(&w, NULL);
        catalogue_put_salon(c, &w, &found.items[i].salon);
        json_put_bool(&w, "owned", found.items[i].owned);
        if (found.items[i].staff)
            json_put_int(&w, "staff", found.items[i].staff);
        else
            json_put_null(&w, "staff");
        json_object_end(&w);
    }
    put_page_end(c, &w, found.more, found.more ? found.items[found.len - 1].salon.id : 0);
    return OK;
}

/* ---- services ----------------------------------------------------------------------------------- */

struct service_body {
    struct str name_ar, name_en;
    struct json_int duration, before, after, price;
    struct json_ints rooms;
};
#define SERVICE_FIELDS(needed)                                                                       \
    {"name_ar", JSON_STRING, needed, offsetof(struct service_body, name_ar), 1, SALON_NAME_MAX},     \
        {"name_en", JSON_STRING, needed, offsetof(struct service_body, name_en), 1, SALON_NAME_MAX}, \
        {"duration_minutes",  JSON_INT,           needed, offsetof(struct service_body, duration),   \
         SERVICE_MINUTES_MIN, SERVICE_MINUTES_MAX},                                                  \
        {"buffer_before_minutes", JSON_INT, 0, offsetof(struct service_body, before), 0,             \
         BUFFER_MINUTES_MAX},                                                                        \
        {"buffer_after_minutes", JSON_INT, 0, offsetof(struct service_body, after), 0,               \
         BUFFER_MINUTES_MAX},                                                                        \
        {"price_amount", JSON_INT, needed, offsetof(struct service_body, price), 0, MONEY_MAX},      \
    {                                                                                                \
        "rooms", JSON_INTS, 0, offsetof(struct service_body, rooms), 1, INT64_MAX,                   \
            .items_max = ROOMS_PER_SALON_MAX                                                         \
    }
static const struct json_field service_create_fields[] = {SERVICE_FIELDS(JSON_REQUIRED)};
static const struct json_field service_change_fields[] = {SERVICE_FIELDS(0)};

static enum err save_service(struct ctx *c, struct request *req, struct response *res,
                             const struct service_body *body, int64_t service,
                             struct desk_once *once)
{
    struct service_changes in = {.name = {[LANG_AR] = body->name_ar, [LANG_EN] = body->name_en},
                                 .duration_minutes = kept(body->duration),
                                 .buffer_before_minutes = kept(body->before),
                                 .buffer_after_minutes = kept(body->after),
                                 .price_amount = kept(body->price),
                                 .rooms = id_list(c->arena, &body->rooms)};
    in.once = once;
    struct actor actor = actor_of(req);
    struct desk_service saved;
    TRY(actor_settled(
        req, desk_service_save(c, store_of(req), &actor, req->ids[0], service, &in, &saved)));
    struct json_writer w = respond_json(c, res, service ? 200 : 201);
    json_object_begin(&w, NULL);
    catalogue_put_service(c, &w, &saved.service);
    catalogue_put_ids(&w, "rooms", saved.rooms.ids, saved.rooms.len);
    json_object_end(&w);
    return OK;
}

enum err api_service_create(struct ctx *c, struct request *req, struct response *res)
{
    struct service_body body;
    TRY(REQUEST_JSON(c, req, service_create_fields, &body));
    struct desk_once once;
    TRY(once_begin(c, req, &once));
    TRY(save_service(c, req, res, &body, 0, &once));
    once_end(res, &once);
    return OK;
}

enum err api_service_change(struct ctx *c, struct request *req, struct response *res)
{
    struct service_body body;
    TRY(REQUEST_JSON(c, req, service_change_fields, &body));
    return save_service(c, req, res, &body, req->ids[1], NULL);
}

enum err api_service_remove(struct ctx *c, struct request *req, struct response *res)
{
    struct actor actor = actor_of(req);
    TRY(actor_settled(req, desk_service_close(c, store_of(req), &actor, req->ids[0], req->ids[1])));
    return respond_no_content(res);
}

/* ---- rooms -------------------------------------------------------------------------------------- */

struct room_body {
    struct str name_ar, name_en;
};
#define ROOM_FIELDS(needed)                                                                    \
    {"name_ar", JSON_STRING, needed, offsetof(struct room_body, name_ar), 1, SALON_NAME_MAX},  \
    {                                                                                          \
        "name_en", JSON_STRING, needed, offsetof(struct room_body, name_en), 1, SALON_NAME_MAX \
    }
static const struct json_field room_create_fields[] = {ROOM_FIELDS(JSON_REQUIRED)};
static const struct json_field room_change_fields[] = {ROOM_FIELDS(0)};

static void put_room(struct ctx *c, struct json_writer *w, const struct room *room)
{
    json_object_begin(w, NULL);
    json_put_int(w, "id", room->id);
    catalogue_put_name(c, w, "name", "name_ar", "name_en", &room->name);
    json_object_end(w);
}

static enum err save_room(struct ctx *c, struct request *req, struct response *res,
                          const struct room_body *body, int64_t room, struct desk_once *once)
{
    const struct str name[LANG_COUNT] = {[LANG_AR] = body->name_ar, [LANG_EN] = body->name_en};
    struct actor actor = actor_of(req);
    struct room saved;
    TRY(actor_settled(
        req, desk_room_save(c, store_of(req), &actor, req->ids[0], room, name, once, &saved)));
    struct json_writer w = respond_json(c, res, room ? 200 : 201);
    put_room(c, &w, &saved);
    return OK;
}

enum err api_room_create(struct ctx *c, struct request *req, struct response *res)
{
    struct room_body body;
    TRY(REQUEST_JSON(c, req, room_create_fields, &body));
    struct desk_once once;
    TRY(once_begin(c, req, &once));
    TRY(save_room(c, req, res, &body, 0, &once));
    once_end(res, &once);
    return OK;
}

enum err api_room_change(struct ctx *c, struct request *req, struct response *res)
{
    struct room_body body;
    TRY(REQUEST_JSON(c, req, room_change_fields, &body));
    return save_room(c, req, res, &body, req->ids[1], NULL);
}

enum err api_room_remove(struct ctx *c, struct request *req, struct response *res)
{
    struct actor actor = actor_of(req);
    TRY(actor_settled(req, desk_room_close(c, store_of(req), &actor, req->ids[0], req->ids[1])));
    return respond_no_content(res);
}

enum err api_rooms(struct ctx *c, struct request *req, struct response *res)
{
    struct part_query query;
    TRY(catalogue_part_query(c, req, &query));
    struct actor actor = actor_of(req);
    struct room_page found;
    TRY(actor_settled(req, desk_rooms(c, store_of(req), &actor, &query, &found)));
    struct json_writer w = page_begin(c, res);
    for (size_t i = 0; i < found.len; i++)
        put_room(c, &w, &found.items[i]);
    put_page_end(c, &w, found.more, found.more ? found.items[found.len - 1].id : 0);
    return OK;
}

/* ---- staff -------------------------------------------------------------------------------------- */

struct staff_body {
    struct str phone, first_name, last_name;
    struct json_ints services;
    struct json_objects windows;
};
#define STAFF_FIELDS                                                      \
    {"services",                                                          \
     JSON_INTS,                                                           \
     0,                                                                   \
     offsetof(struct staff_body, services),                               \
     1,                                                                   \
     INT64_MAX,                                                           \
     .items_max = SERVICES_PER_SALON_MAX},                                \
    {                                                                     \
        "windows", JSON_OBJECTS, 0, offsetof(struct staff_body, windows), \
            .shape = &window_shape, .items_max = WEEKLY_TIMES_MAX         \
    }
static const struct json_field staff_add_fields[] = {
    STAFF_FIELDS,
    {"phone_number", JSON_STRING, JSON_REQUIRED, offsetof(struct staff_body, phone), 1,
     PHONE_TYPED_BYTES_MAX},
    {"first_name", JSON_STRING, JSON_NULLABLE | JSON_MAY_BE_BLANK,
     offsetof(struct staff_body, first_name), 0, ACCOUNT_NAME_MAX},
    {"last_name", JSON_STRING, JSON_NULLABLE | JSON_MAY_BE_BLANK,
     offsetof(struct staff_body, last_name), 0, ACCOUNT_NAME_MAX},
};
static const struct json_field staff_change_fields[] = {STAFF_FIELDS};

static void put_windows(struct json_writer *w, const struct weekly_times *windows)
{
    json_array_begin(w, "windows");
    for (size_t i = 0; i < windows->len; i++) {
        json_object_begin(w, NULL);
        json_put_int(w, "weekday", windows->weekday[i]);
        catalogue_put_minute(w, "starts", windows->starts_minute[i]);
        catalogue_put_minute(w, "ends", windows->ends_minute[i]);
        json_object_end(w);
    }
    json_array_end(w);
}

static enum err respond_staff(struct ctx *c, struct response *res, int status,
                              const struct desk_staff *staff)
{
    struct json_writer w = respond_json(c, res, status);
    json_object_begin(&w, NULL);
    json_put_int(&w, "id", staff->id);
    json_put_int(&w, "user", staff->user);
    json_put_str(&w, "display_name", staff->name);
    json_put_str(&w, "phone_number", staff->phone);
    catalogue_put_ids(&w, "services", staff->services.ids, staff->services.len);
    put_windows(&w, &staff->windows);
    json_object_end(&w);
    return OK;
}

static enum err save_staff(struct ctx *c, struct request *req, struct response *res,
                           const struct staff_body *body, int64_t staff, struct desk_once *once)
{
    struct staff_changes in = {.phone = body->phone,
                               .first_name = body->first_name,
                               .last_name = body->last_name,
                               .services = id_list(c->arena, &body->services)};
    TRY(weekly(c, "windows", "ends", &body->windows, &in.windows));
    in.once = once;
    struct actor actor = actor_of(req);
    struct desk_staff saved;
    TRY(actor_settled(req,
                      desk_staff_save(c, store_of(req), &actor, req->ids[0], staff, &in, &saved)));
    return respond_staff(c, res, staff ? 200 : 201, &saved);
}

enum err api_staff_add(struct ctx *c, struct request *req, struct response *res)
{
    struct staff_body body;
    TRY(REQUEST_JSON(c, req, staff_add_fields, &body));
    struct desk_once once;
    TRY(once_begin(c, req, &once));
    TRY(save_staff(c, req, res, &body, 0, &once));
    once_end(res, &once);
    return OK;
}

enum err api_staff_change(struct ctx *c, struct request *req, struct response *res)
{
    struct staff_body body = {0};
    TRY(REQUEST_JSON(c, req, staff_change_fields, &body));
    return save_staff(c, req, res, &body, req->ids[1], NULL);
}

enum err api_staff_get(struct ctx *c, struct request *req, struct response *res)
{
    struct actor actor = actor_of(req);
    struct desk_staff found;
    TRY(actor_settled(req,
                      desk_staff_get(c, store_of(req), &actor, req->ids[0], req->ids[1], &found)));
    return respond_staff(c, res, 200, &found);
}

enum err api_staff_remove(struct ctx *c, struct request *req, struct response *res)
{
    struct actor actor = actor_of(req);
    TRY(actor_settled(req, desk_staff_close(c, store_of(req), &actor, req->ids[0], req->ids[1])));
    return respond_no_content(res);
}

/* ---- time off and extra hours ------------------------------------------------------------------- */

struct exception_body {
    struct json_int kind;
    struct json_instant starts_at, ends_at;
    struct str note;
};
static const char *const exception_kinds[] = {"off", "extra", NULL};
static_assert(EXCEPTION_OFF == 0 && EXCEPTION_EXTRA == 1, "the choices are in their order");
static const struct json_field exception_fields[] = {
    {"kind", JSON_CHOICE, JSON_REQUIRED, offsetof(struct exception_body, kind), 0, 0,
     exception_kinds},
    {"starts_at", JSON_INSTANT, JSON_REQUIRED, offsetof(struct exception_body, starts_at)},
    {"ends_at", JSON_INSTANT, JSON_REQUIRED, offsetof(struct exception_body, ends_at)},
    {"note", JSON_STRING, JSON_NULLABLE | JSON_MAY_BE_BLANK, offsetof(struct exception_body, note),
     0, EXCEPTION_NOTE_MAX},
};

static void put_exception(struct json_writer *w, const struct staff_exception *exception,
                          const struct tz *tz)
{
    json_put_int(w, "id", exception->id);
    json_put_str(w, "kind", exception_kind_code(exception->kind));
    json_put_instant(w, "starts_at", exception->starts_at, tz_offset_at(tz, exception->starts_at));
    json_put_instant(w, "ends_at", exception->ends_at, tz_offset_at(tz, exception->ends_at));
    json_put_str(w, "note", exception->note);
}

enum err api_exception_add(struct ctx *c, struct request *req, struct response *res)
{
    struct exception_body body;
    TRY(REQUEST_JSON(c, req, exception_fields, &body));
    struct staff_exception in = {.kind = (enum exception_kind)body.kind.v,
                                 .starts_at = body.starts_at.v,
                                 .ends_at = body.ends_at.v,
                                 .note = body.note.ptr ? body.note : STR("")};
    struct actor actor = actor_of(req);
    struct exception_added added;
    struct desk_once once;
    TRY(once_begin(c, req, &once));
    TRY(actor_settled(req, desk_exception_add(c, store_of(req), &actor, req->ids[0], req->ids[1],
                                              &in, &once, &added)));
    in.id = added.id;
    once_end(res, &once);
    struct json_writer w = respond_json(c, res, 201);
    json_object_begin(&w, NULL);
    put_exception(&w, &in, added.tz);
    catalogue_put_ids(&w, "clashing_bookings", added.clashing.ids, added.clashing.len);
    json_object_end(&w);
    return OK;
}

enum err api_exceptions(struct ctx *c, struct request *req, struct response *res)
{
    struct part_query query;
    TRY(catalogue_part_query(c, req, &query));
    struct actor actor = actor_of(req);
    struct exception_page found;
    TRY(actor_settled(req, desk_exceptions(c, store_of(req), &actor, req->ids[1], &query, &found)));
    struct json_writer w = page_begin(c, res);
    for (size_t i = 0; i < found.len; i++) {
        json_object_begin(&w, NULL);
        put_exception(&w, &found.items[i], found.tz);
        json_object_end(&w);
    }
    put_page_end(c, &w, found.more, found.more ? found.items[found.len - 1].id : 0);
    return OK;
}

enum err api_exception_remove(struct ctx *c, struct request *req, struct response *res)
{
    struct actor actor = actor_of(req);
    TRY(actor_settled(req, desk_exception_remove(c, store_of(req), &actor, req->ids[0], req->ids[1],
                                                 req->ids[2])));
    return respond_no_content(res);
}
