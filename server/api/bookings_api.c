/* Bookings over HTTP: a body becomes one call of the domain, its result one booking, or a list of them.
 *
 * What an answer shows is what the database said in the statement that decided, all of it: names, prices and
 * policy as they were then, times in the salon's zone. So an answer that is given again, for the same
 * Idempotency-Key, is written by the same code from the same values, and nothing here remembers anything.
 *
 * Whether a body is for one service or for a visit is its form: one table reads both, and says no to what
 * is a bit of each. A refusal, with what it offers instead, is the domain's and is written where all are
 * (http/refusal_json.c); no endpoint adds to it. */
#include "server/api/bookings_api.h"

#include "server/api/actor.h"
#include "server/api/bookings_of.h"
#include "server/api/idempotency.h"
#include "server/api/page.h"

enum { NOTES_MAX = 1000, REASON_MAX = 500 }; /* code points; the schema has the same */

/* ---- out ------------------------------------------------------------------------------------ */

static void put_local(struct json_writer *w, const char *key, const struct booking *booking,
                      struct instant at)
{
    assert(booking->tz);
    json_put_instant(w, key, at, tz_offset_at(booking->tz, at));
}

static void put_text_or_null(struct json_writer *w, const char *key, struct str text)
{
    json_put_str_or_null(w, key, text.len ? text : (struct str){NULL, 0});
}

static void put_id_or_null(struct json_writer *w, const char *key, int64_t id)
{
    if (id)
        json_put_int(w, key, id);
    else
        json_put_null(w, key);
}

/* Ids as they were sent, and beside each the name under which it is shown. */
static void put_parts(struct ctx *c, struct json_writer *w, const struct booking *booking)
{
    json_put_int(w, "salon", booking->salon);
    json_put_str(w, "salon_name", booking->salon_name.in[c->lang]);
    json_put_int(w, "service", booking->service);
    json_put_str(w, "service_name", booking->service_name.in[c->lang]);
    json_put_int(w, "staff", booking->staff);
    json_put_str(w, "staff_name", booking->staff_name);
    json_put_int(w, "customer", booking->customer);
    json_put_str(w, "customer_name", booking->customer_name);
    put_id_or_null(w, "room", booking->room);
    put_id_or_null(w, "visit", booking->visit);
}

static void put_booking(struct ctx *c, struct json_writer *w, const struct booking *booking)
{
    assert(booking->id > 0 && booking->tz && booking->ends_at.us > booking->starts_at.us);
    json_object_begin(w, NULL);
    json_put_int(w, "id", booking->id);
    put_parts(c, w, booking);
    put_local(w, "starts_at", booking, booking->starts_at);
    put_local(w, "ends_at", booking, booking->ends_at);
    json_put_str(w, "timezone", booking->timezone);
    json_put_str(w, "status", booking_status_code(booking->status));
    json_put_int(w, "price_amount", booking->price_amount);
    json_put_str(w, "currency", booking->currency);
    json_put_int(w, "deposit_amount", booking->deposit_amount);
    json_put_int(w, "fee_amount", booking->fee_amount);
    put_local(w, "cancel_free_until", booking, booking->cancel_free_until);
    if (booking->held)
        put_local(w, "hold_expires_at", booking, booking->hold_expires_at);
    else
        json_put_null(w, "hold_expires_at");
    json_put_int(w, "version", booking->version);
    put_local(w, "created_at", booking, booking->created_at);
    put_text_or_null(w, "cancelled_by", booking->cancelled_by);
    json_put_str(w, "reason", booking->reason);
    json_put_str(w, "notes", booking->notes);
    json_object_end(w);
}

static enum err respond_booking(struct ctx *c, struct response *res, int status,
                                const struct booking *booking)
{
    struct json_writer w = respond_json(c, res, status);
    put_booking(c, &w, booking);
    return OK;
}

/* ---- create --------------------------------------------------------------------------------- */

struct wish_body {
    struct json_int service, staff;
    struct json_instant starts_at;
};
struct create_body {
    struct json_int salon;
    struct wish_body one;
    struct json_objects items;
    struct json_bool hold;
    struct str notes;
};
enum create_form { ONE_SERVICE = 1, VISIT };

#define WISH_FIELDS(type, base, in_form)                                          \
    {"service", JSON_INT,  JSON_REQUIRED,    offsetof(type, base service),        \
     1,         INT64_MAX, .form = (in_form)},                                    \
        {"staff", JSON_INT,  JSON_NULLABLE,    offsetof(type, base staff),        \
         1,       INT64_MAX, .form = (in_form)},                                  \
    {                                                                             \
        "starts_at", JSON_INSTANT, JSON_REQUIRED, offsetof(type, base starts_at), \
            .form = (in_form)                                                     \
    }

static const struct json_field wish_fields[] = {WISH_FIELDS(struct wish_body, , 0)};
static const struct json_shape wish_shape = JSON_SHAPE(wish_fields, struct wish_body);

/* More than may be, to be refused in words of their own. */
enum { ITEMS_READ_MAX = 16 };
static const struct json_field create_fields[] = {
    {"salon", JSON_INT, JSON_REQUIRED, offsetof(struct create_body, salon), 1, INT64_MAX},
    WISH_FIELDS(struct create_body, one., ONE_SERVICE),
    {"hold", JSON_BOOL, JSON_NULLABLE, offsetof(struct create_body, hold)},
    {"notes", JSON_STRING, JSON_NULLABLE | JSON_MAY_BE_BLANK, offsetof(struct create_body, notes),
     0, NOTES_MAX},
    {"items", JSON_OBJECTS, JSON_NULLABLE, offsetof(struct create_body, items),
     .shape = &wish_shape, .items_max = ITEMS_READ_MAX, .form = VISIT},
};

static struct booking_wish wish_of(const struct wish_body *body)
{
    return (struct booking_wish){
        .service = body->service.v, .staff = body->staff.v, .starts_at = body->starts_at.v};
}

static enum err read_create(struct ctx *c, struct request *req, struct booking_request *out)
{
    struct create_body body;
    TRY(REQUEST_JSON(c, req, create_fields, &body));
    bool visit = body.items.set && !body.items.null;
    const struct wish_body *wishes = visit ? body.items.items : &body.one;
    size_t len = visit ? body.items.len : 1;
    if (len == 0 || len > BOOKING_VISIT_MAX)
        return fail_field(c, STR("items"), R_VISIT_SIZE);
    *out = (struct booking_request){.salon = body.salon.v,
                                    .hold = body.hold.v,
                                    .notes = body.notes.ptr ? body.notes : STR(""),
                                    .wishes_len = len};
    for (size_t i = 0; i < len; i++)
        out->wishes[i] = wish_of(&wishes[i]);
    return OK;
}

static void put_visit(struct ctx *c, struct json_writer *w, const struct bookings_made *made)
{
    assert(made->len > 1);
    json_object_begin(w, NULL);
    json_put_int(w, "visit", made->items[0].visit);
    json_array_begin(w, "items");
    for (size_t i = 0; i < made->len; i++)
        put_booking(c, w, &made->items[i]);
    json_array_end(w);
    json_object_end(w);
}

enum err api_booking_create(struct ctx *c, struct request *req, struct response *res)
{
    struct booking_request in;
    struct once once;
    TRY(idempotency_key(c, req, &once));
    TRY(read_create(c, req, &in));
    in.once = &once;

    struct actor actor = actor_of(req);
    struct bookings_made made;
    TRY(bookings_create(c, bookings_of(req->app), &actor, &in, &made));
    idempotency_tell(res, &once);
    struct json_writer w = respond_json(c, res, 201);
    if (made.items[0].visit)
        put_visit(c, &w, &made);
    else
        put_booking(c, &w, &made.items[0]);
    return OK;
}

/* ---- read ----------------------------------------------------------------------------------- */

static enum err list_filters(struct ctx *c, struct request *req, struct booking_query *out,
                             enum booking_status *status)
{
    struct str text;
    if (query_find(c, req, STR("when"), &text) && text.len) {
        if (str_eq(text, STR("upcoming")))
            out->when = BOOKINGS_UPCOMING;
        else if (str_eq(text, STR("past")))
            out->when = BOOKINGS_PAST;
        else
            return fail_field(c, STR("when"), R_BAD_QUERY);
    }
    if (query_find(c, req, STR("status"), &text) && text.len) {
        if (!booking_status_parse(text, status))
            return fail_field(c, STR("status"), R_BAD_QUERY);
        out->status = status;
    }
    return query_int(c, req, STR("salon"), 1, INT64_MAX, 0, &out->salon);
}

/* The cursor is "microseconds:id" of the last booking that was shown. */
static bool booking_cursor(struct str cursor, struct booking_query *query)
{
    struct str at;
    return str_split(&cursor, ':', &at) && str_to_int64(at, &query->after_starts_at.us) &&
           str_to_int64(cursor, &query->after_id) && query->after_id > 0 &&
           query->after_starts_at.us > 0 && query->after_starts_at.us < INT64_C(1) << 55;
}

enum err api_bookings(struct ctx *c, struct request *req, struct response *res)
{
    struct page page;
    enum booking_status status;
    struct booking_query query = {.when = BOOKINGS_ANY_TIME};
    TRY(query_page(c, req, &page));
    query.limit = page.limit;
    TRY(list_filters(c, req, &query, &status));
    if (page.cursor.len && !booking_cursor(page.cursor, &query))
        return fail_field(c, STR("cursor"), R_BAD_QUERY);

    struct actor actor = actor_of(req);
    struct booking_page found;
    TRY(bookings_list(c, bookings_of(req->app), &actor, &query, &found));
    assert((int64_t)found.len <= query.limit && (!found.more || found.len > 0));
    struct json_writer w = respond_page(c, res);
    for (size_t i = 0; i < found.len; i++)
        put_booking(c, &w, &found.items[i]);
    struct str next = STR("");
    if (found.more) {
        const struct booking *last = &found.items[found.len - 1];
        next =
            str_printf(c->arena, "%lld:%lld", (long long)last->starts_at.us, (long long)last->id);
    }
    page_end(c, &w, next);
    return OK;
}

enum err api_booking(struct ctx *c, struct request *req, struct response *res)
{
    struct actor actor = actor_of(req);
    struct booking booking;
    TRY(bookings_get(c, bookings_of(req->app), &actor, path_id(req, 0), &booking));
    return respond_booking(c, res, 200, &booking);
}

/* ---- moves ---------------------------------------------------------------------------------- */

struct move_body {
    struct str reason;
    struct json_int version;
};
static const struct json_field move_fields[] = {
    {"reason", JSON_STRING, JSON_NULLABLE | JSON_MAY_BE_BLANK, offsetof(struct move_body, reason),
     0, REASON_MAX},
    {"version", JSON_INT, JSON_NULLABLE, offsetof(struct move_body, version), 1, INT32_MAX},
};

static enum err move(struct ctx *c, struct request *req, struct response *res,
                     enum booking_action action)
{
    struct move_body body = {.reason = STR("")};
    if (req->body.len) /* everything in it is optional, and so is the body */
        TRY(REQUEST_JSON(c, req, move_fields, &body));
    struct booking_move in = {.id = path_id(req, 0),
                              .action = action,
                              .version = (int32_t)body.version.v,
                              .reason = body.reason.ptr ? body.reason : STR("")};
    struct actor actor = actor_of(req);
    struct booking booking;
    TRY(bookings_move(c, bookings_of(req->app), &actor, &in, &booking));
    return respond_booking(c, res, 200, &booking);
}

enum err api_booking_confirm(struct ctx *c, struct request *req, struct response *res)
{
    return move(c, req, res, BOOKING_CONFIRM);
}

enum err api_booking_complete(struct ctx *c, struct request *req, struct response *res)
{
    return move(c, req, res, BOOKING_COMPLETE);
}

enum err api_booking_no_show(struct ctx *c, struct request *req, struct response *res)
{
    return move(c, req, res, BOOKING_DID_NOT_SHOW);
}

enum err api_booking_cancel(struct ctx *c, struct request *req, struct response *res)
{
    return move(c, req, res, BOOKING_CANCEL);
}

struct reschedule_body {
    struct json_instant starts_at;
    struct json_int staff, version;
};
static const struct json_field reschedule_fields[] = {
    {"starts_at", JSON_INSTANT, JSON_REQUIRED, offsetof(struct reschedule_body, starts_at)},
    {"staff", JSON_INT, JSON_NULLABLE, offsetof(struct reschedule_body, staff), 1, INT64_MAX},
    {"version", JSON_INT, JSON_NULLABLE, offsetof(struct reschedule_body, version), 1, INT32_MAX},
};

enum err api_booking_reschedule(struct ctx *c, struct request *req, struct response *res)
{
    struct reschedule_body body;
    TRY(REQUEST_JSON(c, req, reschedule_fields, &body));
    struct booking_new_time in = {.id = path_id(req, 0),
                                  .starts_at = body.starts_at.v,
                                  .other_staff = body.staff.set,
                                  .staff = body.staff.v,
                                  .version = (int32_t)body.version.v};
    struct actor actor = actor_of(req);
    struct booking booking;
    TRY(bookings_reschedule(c, bookings_of(req->app), &actor, &in, &booking));
    return respond_booking(c, res, 200, &booking);
}
