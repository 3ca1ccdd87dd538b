/* A salon's people, the hours they work and the days they do not. As in desk_api.c, one body has two tables of
 * fields and one function that saves. */
#include "server/api/desk_staff_api.h"

#include "domain/accounts/account.h"
#include "server/api/actor.h"
#include "server/api/catalogue_json.h"
#include "server/api/desk_json.h"
#include "server/api/desk_of.h"
#include "server/api/idempotency.h"
#include "server/api/page.h"

/* ---- staff -------------------------------------------------------------------------------------- */

static const struct json_field window_item_fields[] = {
    {"weekday", JSON_INT, JSON_REQUIRED, offsetof(struct desk_interval, weekday), 0, 6},
    {"starts", JSON_CLOCK, JSON_REQUIRED, offsetof(struct desk_interval, from), 0, 1439},
    {"ends", JSON_CLOCK, JSON_REQUIRED, offsetof(struct desk_interval, to), 1, 2880},
};
static const struct json_shape window_shape = JSON_SHAPE(window_item_fields, struct desk_interval);

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
                           const struct staff_body *body, int64_t staff, struct once *once)
{
    struct staff_changes in = {.phone = body->phone,
                               .first_name = body->first_name,
                               .last_name = body->last_name,
                               .services = desk_read_ids(c->arena, &body->services)};
    TRY(desk_read_week(c, "windows", "ends", &body->windows, &in.windows));
    in.once = once;
    struct actor actor = actor_of(req);
    struct desk_staff saved;
    TRY(desk_staff_save(c, desk_of(req->app), &actor, path_id(req, 0), staff, &in, &saved));
    return respond_staff(c, res, staff ? 200 : 201, &saved);
}

enum err api_staff_add(struct ctx *c, struct request *req, struct response *res)
{
    struct staff_body body;
    TRY(REQUEST_JSON(c, req, staff_add_fields, &body));
    struct once once;
    TRY(idempotency_key(c, req, &once));
    TRY(save_staff(c, req, res, &body, 0, &once));
    idempotency_tell(res, &once);
    return OK;
}

enum err api_staff_change(struct ctx *c, struct request *req, struct response *res)
{
    struct staff_body body = {0};
    TRY(REQUEST_JSON(c, req, staff_change_fields, &body));
    return save_staff(c, req, res, &body, path_id(req, 1), NULL);
}

enum err api_staff_get(struct ctx *c, struct request *req, struct response *res)
{
    struct actor actor = actor_of(req);
    struct desk_staff found;
    TRY(desk_staff_get(c, desk_of(req->app), &actor, path_id(req, 0), path_id(req, 1), &found));
    return respond_staff(c, res, 200, &found);
}

enum err api_staff_remove(struct ctx *c, struct request *req, struct response *res)
{
    struct actor actor = actor_of(req);
    TRY(desk_staff_close(c, desk_of(req->app), &actor, path_id(req, 0), path_id(req, 1)));
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
    {"note", JSON_STRING, JSON_NULLABLE | JSON_MAY_BE_BLANK | JSON_ONE_LINE,
     offsetof(struct exception_body, note), 0, EXCEPTION_NOTE_MAX},
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
    struct once once;
    TRY(idempotency_key(c, req, &once));
    TRY(desk_exception_add(c, desk_of(req->app), &actor, path_id(req, 0), path_id(req, 1), &in,
                           &once, &added));
    in.id = added.id;
    idempotency_tell(res, &once);
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
    TRY(desk_exceptions(c, desk_of(req->app), &actor, path_id(req, 1), &query, &found));
    struct json_writer w = respond_page(c, res);
    for (size_t i = 0; i < found.len; i++) {
        json_object_begin(&w, NULL);
        put_exception(&w, &found.items[i], found.tz);
        json_object_end(&w);
    }
    page_end_by_id(c, &w, found.more, found.more ? found.items[found.len - 1].id : 0);
    return OK;
}

enum err api_exception_remove(struct ctx *c, struct request *req, struct response *res)
{
    struct actor actor = actor_of(req);
    TRY(desk_exception_remove(c, desk_of(req->app), &actor, path_id(req, 0), path_id(req, 1),
                              path_id(req, 2)));
    return respond_no_content(res);
}
