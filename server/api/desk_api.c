/* What a salon's people write: salons, services, rooms. Each thing has a body that is read by two tables, one
 * where its members are required (to make it) and one where none is (to change it), and one function that saves
 * it either way: what is not in the body stays as it is. Making something may be repeated under its
 * Idempotency-Key; changing it may be repeated anyway. */
#include "server/api/desk_api.h"

#include "domain/accounts/account.h"
#include "server/api/actor.h"
#include "server/api/catalogue_json.h"
#include "server/api/desk_json.h"
#include "server/api/desk_of.h"
#include "server/api/idempotency.h"
#include "server/api/page.h"
#include "server/api/work_of.h"

/* ---- salons ------------------------------------------------------------------------------------- */

static const struct json_field opening_item_fields[] = {
    {"weekday", JSON_INT, JSON_REQUIRED, offsetof(struct desk_interval, weekday), 0, 6},
    {"opens", JSON_CLOCK, JSON_REQUIRED, offsetof(struct desk_interval, from), 0, 1439},
    {"closes", JSON_CLOCK, JSON_REQUIRED, offsetof(struct desk_interval, to), 1, 2880},
};
static const struct json_shape opening_shape =
    JSON_SHAPE(opening_item_fields, struct desk_interval);

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
    {"name_ar", JSON_STRING,   (needed) | JSON_ONE_LINE, offsetof(struct salon_body, name_ar),     \
     1,         SALON_NAME_MAX},                                                                   \
        {"name_en", JSON_STRING,   (needed) | JSON_ONE_LINE, offsetof(struct salon_body, name_en), \
         1,         SALON_NAME_MAX},                                                               \
        {"city_ar", JSON_STRING,   (needed) | JSON_ONE_LINE, offsetof(struct salon_body, city_ar), \
         1,         SALON_CITY_MAX},                                                               \
        {"city_en", JSON_STRING,   (needed) | JSON_ONE_LINE, offsetof(struct salon_body, city_en), \
         1,         SALON_CITY_MAX},                                                               \
        {"address",                                                                                \
         JSON_STRING,                                                                              \
         JSON_MAY_BE_BLANK | JSON_ONE_LINE,                                                        \
         offsetof(struct salon_body, address),                                                     \
         0,                                                                                        \
         SALON_ADDRESS_MAX},                                                                       \
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
    out->grid_minutes = desk_kept(body->grid);
    out->notice_minutes = desk_kept(body->notice);
    out->horizon_days = desk_kept(body->horizon);
    out->cancel_cutoff_minutes = desk_kept(body->cutoff);
    out->late_cancel_fee_amount = desk_kept(body->late_fee);
    out->no_show_fee_amount = desk_kept(body->no_show_fee);
    out->deposit_amount = desk_kept(body->deposit);
    out->auto_confirm = body->auto_confirm.set ? body->auto_confirm.v : DESK_KEEP;
    if (body->grid.set && 1440 % body->grid.v != 0)
        return fail_at(c, FIELD_PATH({"booking_policy"}, {"grid_minutes"}), R_GRID_UNEVEN);
    return OK;
}

static enum err save_salon(struct ctx *c, struct request *req, struct response *res,
                           const struct salon_body *body, int64_t salon, struct once *once)
{
    struct salon_changes in = {.name = {[LANG_AR] = body->name_ar, [LANG_EN] = body->name_en},
                               .city = {[LANG_AR] = body->city_ar, [LANG_EN] = body->city_en},
                               .address = body->address,
                               .phone = body->phone,
                               .timezone = body->timezone,
                               .owner = body->owner.v};
    TRY(read_position(c, body, &in));
    TRY(read_policy(c, &body->policy, &in));
    TRY(desk_read_week(c, "opening_hours", "closes", &body->opening_hours, &in.opening));

    in.once = once;
    struct actor actor = actor_of(req);
    struct salon_details details;
    TRY(desk_salon_save(c, desk_of(req->app), &actor, salon, &in, &details));
    assert(details.salon.id > 0 && (!salon || details.salon.id == salon));
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
    struct once once;
    TRY(idempotency_key(c, req, &once));
    TRY(save_salon(c, req, res, &body, 0, &once));
    idempotency_tell(res, &once);
    return OK;
}

enum err api_salon_change(struct ctx *c, struct request *req, struct response *res)
{
    struct salon_body body;
    TRY(REQUEST_JSON(c, req, salon_change_fields, &body));
    return save_salon(c, req, res, &body, path_id(req, 0), NULL);
}

enum err api_salon_remove(struct ctx *c, struct request *req, struct response *res)
{
    struct actor actor = actor_of(req);
    TRY(desk_salon_close(c, desk_of(req->app), &actor, path_id(req, 0)));
    work_nudge(req->app);
    return respond_no_content(res);
}

enum err api_salons_mine(struct ctx *c, struct request *req, struct response *res)
{
    struct part_query query;
    TRY(catalogue_part_query(c, req, &query));
    struct actor actor = actor_of(req);
    struct my_salon_page found;
    TRY(desk_mine(c, desk_of(req->app), &actor, query.after_id, query.limit, &found));
    assert((int64_t)found.len <= query.limit && (!found.more || found.len > 0));
    struct json_writer w = respond_page(c, res);
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
    page_end_by_id(c, &w, found.more, found.more ? found.items[found.len - 1].salon.id : 0);
    return OK;
}

/* ---- services ----------------------------------------------------------------------------------- */

struct service_body {
    struct str name_ar, name_en;
    struct json_int duration, before, after, price;
    struct json_ints rooms;
};
#define SERVICE_FIELDS(needed)                                                                       \
    {"name_ar", JSON_STRING,   (needed) | JSON_ONE_LINE, offsetof(struct service_body, name_ar),     \
     1,         SALON_NAME_MAX},                                                                     \
        {"name_en", JSON_STRING,   (needed) | JSON_ONE_LINE, offsetof(struct service_body, name_en), \
         1,         SALON_NAME_MAX},                                                                 \
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
                             const struct service_body *body, int64_t service, struct once *once)
{
    struct service_changes in = {.name = {[LANG_AR] = body->name_ar, [LANG_EN] = body->name_en},
                                 .duration_minutes = desk_kept(body->duration),
                                 .buffer_before_minutes = desk_kept(body->before),
                                 .buffer_after_minutes = desk_kept(body->after),
                                 .price_amount = desk_kept(body->price),
                                 .rooms = desk_read_ids(c->arena, &body->rooms)};
    in.once = once;
    struct actor actor = actor_of(req);
    struct desk_service saved;
    TRY(desk_service_save(c, desk_of(req->app), &actor, path_id(req, 0), service, &in, &saved));
    assert(saved.service.id > 0 && (!service || saved.service.id == service));
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
    struct once once;
    TRY(idempotency_key(c, req, &once));
    TRY(save_service(c, req, res, &body, 0, &once));
    idempotency_tell(res, &once);
    return OK;
}

enum err api_service_change(struct ctx *c, struct request *req, struct response *res)
{
    struct service_body body;
    TRY(REQUEST_JSON(c, req, service_change_fields, &body));
    return save_service(c, req, res, &body, path_id(req, 1), NULL);
}

enum err api_service_remove(struct ctx *c, struct request *req, struct response *res)
{
    struct actor actor = actor_of(req);
    TRY(desk_service_close(c, desk_of(req->app), &actor, path_id(req, 0), path_id(req, 1)));
    return respond_no_content(res);
}

/* ---- rooms -------------------------------------------------------------------------------------- */

struct room_body {
    struct str name_ar, name_en;
};
#define ROOM_FIELDS(needed)                                                                       \
    {"name_ar", JSON_STRING,   (needed) | JSON_ONE_LINE, offsetof(struct room_body, name_ar),     \
     1,         SALON_NAME_MAX},                                                                  \
    {                                                                                             \
        "name_en", JSON_STRING, (needed) | JSON_ONE_LINE, offsetof(struct room_body, name_en), 1, \
            SALON_NAME_MAX                                                                        \
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
                          const struct room_body *body, int64_t room, struct once *once)
{
    const struct str name[LANG_COUNT] = {[LANG_AR] = body->name_ar, [LANG_EN] = body->name_en};
    struct actor actor = actor_of(req);
    struct room saved;
    TRY(desk_room_save(c, desk_of(req->app), &actor, path_id(req, 0), room, name, once, &saved));
    assert(saved.id > 0 && (!room || saved.id == room));
    struct json_writer w = respond_json(c, res, room ? 200 : 201);
    put_room(c, &w, &saved);
    return OK;
}

enum err api_room_create(struct ctx *c, struct request *req, struct response *res)
{
    struct room_body body;
    TRY(REQUEST_JSON(c, req, room_create_fields, &body));
    struct once once;
    TRY(idempotency_key(c, req, &once));
    TRY(save_room(c, req, res, &body, 0, &once));
    idempotency_tell(res, &once);
    return OK;
}

enum err api_room_change(struct ctx *c, struct request *req, struct response *res)
{
    struct room_body body;
    TRY(REQUEST_JSON(c, req, room_change_fields, &body));
    return save_room(c, req, res, &body, path_id(req, 1), NULL);
}

enum err api_room_remove(struct ctx *c, struct request *req, struct response *res)
{
    struct actor actor = actor_of(req);
    TRY(desk_room_close(c, desk_of(req->app), &actor, path_id(req, 0), path_id(req, 1)));
    return respond_no_content(res);
}

enum err api_rooms(struct ctx *c, struct request *req, struct response *res)
{
    struct part_query query;
    TRY(catalogue_part_query(c, req, &query));
    struct actor actor = actor_of(req);
    struct room_page found;
    TRY(desk_rooms(c, desk_of(req->app), &actor, &query, &found));
    struct json_writer w = respond_page(c, res);
    for (size_t i = 0; i < found.len; i++)
        put_room(c, &w, &found.items[i]);
    page_end_by_id(c, &w, found.more, found.more ? found.items[found.len - 1].id : 0);
    return OK;
}
