#include "server/api/bookings_api.h"

#include "domain/bookings/bookings.h"
#include "runtime/base/json_scan.h"
#include "server/services.h"

enum { NOTES_MAX = 1000, REASON_MAX = 500 }; /* code points; the schema has the same */

static struct bookings *bookings_of(const struct request *req)
{
    return &req->app->services->booking.bookings;
}

static struct actor actor_of(const struct request *req)
{
    return (struct actor){req->caller.user_id, req->lang_from_header};
}

/* What the database answered told the caller's language too: no second look-up for it. */
static enum err settled(struct request *req, enum err err)
{
    if (err != ERR_UNAVAILABLE && err != ERR_TIMEOUT && err != ERR_CANCELED && err != ERR_INTERNAL)
        req->lang_settled = true;
    return err;
}

/* ---- out ------------------------------------------------------------------------------------ */

static void put_local(struct json_writer *w, const char *key, const struct booking *booking,
                      struct instant at)
{
    json_put_instant(w, key, at, tz_offset_at(booking->tz, at));
}

static void put_text_or_null(struct json_writer *w, const char *key, struct str text)
{
    json_put_str_or_null(w, key, text.len ? text : (struct str){NULL, 0});
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
}

static void put_booking(struct ctx *c, struct json_writer *w, const struct booking *booking)
{
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

struct create_body {
    struct json_int salon, service, staff;
    struct json_instant starts_at;
    struct json_bool hold;
    struct str notes;
};

static const struct json_field create_fields[] = {
    {"salon", JSON_INT, JSON_REQUIRED, offsetof(struct create_body, salon), 1, INT64_MAX},
    {"service", JSON_INT, JSON_REQUIRED, offsetof(struct create_body, service), 1, INT64_MAX},
    {"staff", JSON_INT, JSON_NULLABLE, offsetof(struct create_body, staff), 1, INT64_MAX},
    {"starts_at", JSON_INSTANT, JSON_REQUIRED, offsetof(struct create_body, starts_at)},
    {"hold", JSON_BOOL, JSON_NULLABLE, offsetof(struct create_body, hold)},
    {"notes", JSON_STRING, JSON_NULLABLE | JSON_MAY_BE_BLANK, offsetof(struct create_body, notes),
     0, NOTES_MAX},
};

/* Said clearly: whoever sends several services must not get a booking of one. */
static enum err refuse_items(struct ctx *c, struct str body)
{
    if (str_find(body, STR("\"items\"")) < 0)
        return OK;
    struct json_scan scan = json_scan_begin(body);
    struct json_member member;
    while (json_scan_next(&scan, &member))
        if (str_eq(member.name, STR("items")) && member.kind != JSON_KIND_NULL)
            return fail_field(c, STR("items"), R_BOOKING_NOT_YET);
    return OK;
}

static void put_alternatives(struct ctx *c, const struct booking_alternatives *found)
{
    struct strbuf text = strbuf_new(c->arena, 512);
    struct json_writer w = json_writer_on(&text);
    json_array_begin(&w, "alternatives");
    for (size_t i = 0; i < found->len; i++) {
        const struct booking_alternative *slot = &found->items[i];
        json_object_begin(&w, NULL);
        json_put_instant(&w, "starts_at", slot->starts_at,
                         tz_offset_at(found->tz, slot->starts_at));
        json_put_instant(&w, "ends_at", slot->ends_at, tz_offset_at(found->tz, slot->ends_at));
        json_put_int(&w, "staff", slot->staff);
        json_object_end(&w);
    }
    json_array_end(&w);
    fail_data(c, strbuf_str(&text));
}

/* The refusal stands whether or not the look for other times succeeds. */
static enum err slot_taken(struct ctx *c, struct bookings *bookings,
                           const struct booking_request *in)
{
    struct booking_alternatives found = {0};
    if (bookings_alternatives(c, bookings, in, &found) != OK)
        found.len = 0;
    enum err err = fail(c, R_SLOT_TAKEN);
    put_alternatives(c, &found);
    return err;
}

enum err api_booking_create(struct ctx *c, struct request *req, struct response *res)
{
    struct create_body body;
    TRY(refuse_items(c, req->body));
    TRY(REQUEST_JSON(c, req, create_fields, &body));
    if (body.hold.v)
        return fail_field(c, STR("hold"), R_BOOKING_NOT_YET);

    struct booking_request in = {.salon = body.salon.v,
                                 .service = body.service.v,
                                 .staff = body.staff.v,
                                 .starts_at = body.starts_at.v,
                                 .notes = body.notes.ptr ? body.notes : STR("")};
    struct actor actor = actor_of(req);
    struct booking booking;
    enum err err = settled(req, bookings_create(c, bookings_of(req), &actor, &in, &booking));
    if (err == ERR_CONFLICT && c->reason == R_SLOT_TAKEN)
        return slot_taken(c, bookings_of(req), &in);
    TRY(err);
    return respond_booking(c, res, 201, &booking);
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
    TRY(settled(req, bookings_list(c, bookings_of(req), &actor, &query, &found)));
    struct json_writer w = respond_json(c, res, 200);
    json_object_begin(&w, NULL);
    json_array_begin(&w, "results");
    for (size_t i = 0; i < found.len; i++)
        put_booking(c, &w, &found.items[i]);
    json_array_end(&w);
    struct str next = STR("");
    if (found.more) {
        const struct booking *last = &found.items[found.len - 1];
        next =
            str_printf(c->arena, "%lld:%lld", (long long)last->starts_at.us, (long long)last->id);
    }
    json_put_next(c, &w, next);
    json_object_end(&w);
    return OK;
}

enum err api_booking(struct ctx *c, struct request *req, struct response *res)
{
    struct actor actor = actor_of(req);
    struct booking booking;
    TRY(settled(req, bookings_get(c, bookings_of(req), &actor, req->ids[0], &booking)));
    return respond_booking(c, res, 200, &booking);
}

/* ---- cancel --------------------------------------------------------------------------------- */

struct cancel_body {
    struct str reason;
};
static const struct json_field cancel_fields[] = {
    {"reason", JSON_STRING, JSON_NULLABLE | JSON_MAY_BE_BLANK, offsetof(struct cancel_body, reason),
     0, REASON_MAX},
};

enum err api_booking_cancel(struct ctx *c, struct request *req, struct response *res)
{
    struct cancel_body body = {STR("")};
    if (req->body.len) /* a reason is optional, and so is the body */
        TRY(REQUEST_JSON(c, req, cancel_fields, &body));
    struct actor actor = actor_of(req);
    struct booking booking;
    TRY(settled(req, bookings_cancel(c, bookings_of(req), &actor, req->ids[0],
                                     body.reason.ptr ? body.reason : STR(""), &booking)));
    return respond_booking(c, res, 200, &booking);
}
