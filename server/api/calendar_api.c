/* A salon's days and sums, for those who run it. Both answer for days of the salon's own calendar, so dates go in
 * and come out as they are, and instants in the salon's zone. */
#include "server/api/calendar_api.h"

#include <stdio.h>

#include "server/api/actor.h"
#include "server/api/calendar_of.h"
#include "server/api/catalogue_json.h"

static void put_day(struct json_writer *w, const char *key, struct date day)
{
    int year, month, date;
    char text[16];
    date_to_civil(day, &year, &month, &date);
    int len = snprintf(text, sizeof(text), "%04d-%02d-%02d", year % 10000, month, date);
    json_put_str(w, key, str_of(text, (size_t)MIN(len, (int)sizeof(text) - 1)));
}

/* ---- days --------------------------------------------------------------------------------------- */

static void put_spans(struct json_writer *w, const char *key, const struct spans *spans,
                      const struct tz *tz)
{
    json_array_begin(w, key);
    for (size_t i = 0; i < spans->len; i++) {
        struct instant starts = {spans->starts_s[i] * 1000000}, ends = {spans->ends_s[i] * 1000000};
        json_object_begin(w, NULL);
        json_put_instant(w, "starts_at", starts, tz_offset_at(tz, starts));
        json_put_instant(w, "ends_at", ends, tz_offset_at(tz, ends));
        json_object_end(w);
    }
    json_array_end(w);
}

static void put_booking(struct ctx *c, struct json_writer *w,
                        const struct calendar_booking *booking, const struct tz *tz)
{
    json_object_begin(w, NULL);
    json_put_int(w, "id", booking->id);
    json_put_instant(w, "starts_at", booking->starts_at, tz_offset_at(tz, booking->starts_at));
    json_put_instant(w, "ends_at", booking->ends_at, tz_offset_at(tz, booking->ends_at));
    json_put_str(w, "status", booking_status_code(booking->status));
    json_put_int(w, "service", booking->service);
    json_put_str(w, "service_name", booking->service_name.in[c->lang]);
    json_put_int(w, "customer", booking->customer);
    json_put_str(w, "customer_name", booking->customer_name);
    json_put_str(w, "customer_phone", booking->customer_phone);
    if (booking->room)
        json_put_int(w, "room", booking->room);
    else
        json_put_null(w, "room");
    json_put_int(w, "price_amount", booking->price_amount);
    json_put_str(w, "currency", currency_code(&booking->currency));
    json_put_str(w, "notes", booking->notes);
    json_object_end(w);
}

static void put_line(struct ctx *c, struct json_writer *w, const struct calendar_line *line,
                     const struct tz *tz)
{
    json_object_begin(w, NULL);
    json_put_int(w, "id", line->staff);
    json_put_str(w, "display_name", line->name);
    json_array_begin(w, "windows");
    for (size_t i = 0; i < line->windows.len; i++) {
        json_object_begin(w, NULL);
        json_put_int(w, "weekday", line->windows.weekday[i]);
        catalogue_put_minute(w, "starts", line->windows.starts_minute[i]);
        catalogue_put_minute(w, "ends", line->windows.ends_minute[i]);
        json_object_end(w);
    }
    json_array_end(w);
    put_spans(w, "time_off", &line->off, tz);
    put_spans(w, "extra_hours", &line->extra, tz);
    json_array_begin(w, "bookings");
    for (size_t i = 0; i < line->bookings_len; i++)
        put_booking(c, w, &line->bookings[i], tz);
    json_array_end(w);
    json_object_end(w);
}

enum err api_calendar(struct ctx *c, struct request *req, struct response *res)
{
    int64_t days;
    struct calendar_query query = {.salon = path_id(req, 0)};
    TRY(query_int(c, req, STR("days"), 1, CALENDAR_DAYS_MAX, 1, &days));
    TRY(query_date(c, req, STR("from"), &query.from));
    query.days = (int32_t)days;
    struct actor actor = actor_of(req);
    struct calendar found;
    TRY(calendar_days(c, calendar_of(req->app), &actor, &query, &found));
    assert(found.tz && query.days >= 1 && query.days <= CALENDAR_DAYS_MAX);
    struct json_writer w = respond_json(c, res, 200);
    json_object_begin(&w, NULL);
    json_put_str(&w, "timezone", found.timezone);
    put_day(&w, "from", query.from);
    json_put_int(&w, "days", query.days);
    json_array_begin(&w, "staff");
    for (size_t i = 0; i < found.len; i++)
        put_line(c, &w, &found.lines[i], found.tz);
    json_array_end(&w);
    json_put_bool(&w, "truncated", found.cut);
    json_object_end(&w);
    return OK;
}

/* ---- sums --------------------------------------------------------------------------------------- */

/* What a state's bookings are worth, and what was paid for them. */
static void put_revenue(struct json_writer *w, const struct salon_summary *sums)
{
    int64_t fees = 0;
    json_object_begin(w, "revenue");
    json_put_str(w, "currency", currency_code(&sums->currency));
    json_object_begin(w, "by_booking_status");
    for (int status = 0; status < BOOKING_STATUS_COUNT; status++) {
        json_put_int(w, booking_status_code((enum booking_status)status).ptr,
                     sums->by_status[status].price_amount);
        fees += sums->by_status[status].fee_amount;
    }
    json_object_end(w);
    json_object_begin(w, "by_payment_status");
    for (int status = 0; status < PAYMENT_STATUS_COUNT; status++)
        json_put_int(w, payment_status_code((enum payment_status)status).ptr,
                     sums->by_payment[status]);
    json_object_end(w);
    json_put_int(w, "earned_amount", sums->by_status[BOOKING_COMPLETED].price_amount);
    json_put_int(w, "expected_amount",
                 sums->by_status[BOOKING_PENDING].price_amount +
                     sums->by_status[BOOKING_CONFIRMED].price_amount);
    json_put_int(w, "fees_amount", fees);
    json_object_end(w);
}

static void put_load(struct json_writer *w, const struct staff_load *load)
{
    json_object_begin(w, NULL);
    json_put_int(w, "id", load->staff);
    json_put_str(w, "display_name", load->name);
    json_put_int(w, "bookings", load->bookings);
    json_put_int(w, "price_amount", load->price_amount);
    json_put_int(w, "booked_minutes", load->booked_minutes);
    json_put_int(w, "open_minutes", load->open_minutes);
    if (load->open_minutes)
        json_put_double(w, "load", (double)load->booked_minutes / (double)load->open_minutes, 3);
    else
        json_put_null(w, "load");
    json_object_end(w);
}

enum err api_report_summary(struct ctx *c, struct request *req, struct response *res)
{
    struct date from, to;
    TRY(query_date(c, req, STR("from"), &from));
    TRY(query_date(c, req, STR("to"), &to));
    struct actor actor = actor_of(req);
    struct salon_summary sums;
    TRY(salon_summarize(c, calendar_of(req->app), &actor, path_id(req, 0), from, to, &sums));
    struct json_writer w = respond_json(c, res, 200);
    json_object_begin(&w, NULL);
    json_put_str(&w, "timezone", sums.timezone);
    put_day(&w, "from", from);
    put_day(&w, "to", to);
    json_object_begin(&w, "bookings");
    for (int status = 0; status < BOOKING_STATUS_COUNT; status++)
        json_put_int(&w, booking_status_code((enum booking_status)status).ptr,
                     sums.by_status[status].bookings);
    json_object_end(&w);
    put_revenue(&w, &sums);
    json_array_begin(&w, "staff");
    for (size_t i = 0; i < sums.staff_len; i++)
        put_load(&w, &sums.staff[i]);
    json_array_end(&w);
    json_object_end(&w);
    return OK;
}
