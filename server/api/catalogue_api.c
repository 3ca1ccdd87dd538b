/* The catalogue for everybody. All but free times are pages: the same bytes for everyone who asks in the same
 * language, kept until the catalogue's stamp moves (catalogue_pages.h), so an endpoint here is a function that
 * makes a page and says at which stamp. Free times are made for each request: they are never older than it. */
#include "server/api/catalogue_api.h"

#include <stdio.h>

#include "server/api/catalogue_json.h"
#include "server/api/catalogue_of.h"
#include "server/api/catalogue_pages.h"
#include "server/api/page.h"
#include "server/api/slots_json.h"

/* "name" in the language of the request, and both beside it. */
void catalogue_put_name(struct ctx *c, struct json_writer *w, const char *key, const char *key_ar,
                        const char *key_en, const struct name *name)
{
    json_put_str(w, key, name->in[c->lang]);
    json_put_str(w, key_ar, name->in[LANG_AR]);
    json_put_str(w, key_en, name->in[LANG_EN]);
}

static void put_decimal_or_null(struct json_writer *w, const char *key, bool there, double v,
                                int decimals)
{
    if (there)
        json_put_double(w, key, v, decimals);
    else
        json_put_null(w, key);
}

/* ---- salons --------------------------------------------------------------------------------- */

void catalogue_put_salon(struct ctx *c, struct json_writer *w, const struct salon *salon)
{
    json_put_int(w, "id", salon->id);
    catalogue_put_name(c, w, "name", "name_ar", "name_en", &salon->name);
    catalogue_put_name(c, w, "city", "city_ar", "city_en", &salon->city);
    json_put_str(w, "address", salon->address);
    json_put_str(w, "phone", salon->phone);
    put_decimal_or_null(w, "latitude", salon->has_position, salon->latitude, 6);
    put_decimal_or_null(w, "longitude", salon->has_position, salon->longitude, 6);
    put_decimal_or_null(w, "rating", salon->review_count > 0, salon->rating_hundredths / 100.0, 2);
    json_put_int(w, "review_count", salon->review_count);
    json_put_str(w, "timezone", salon->timezone);
}

/* The cursor is "rating:id" of the last salon that was shown. */
static bool salon_cursor(struct str cursor, struct salon_query *query)
{
    struct str rating;
    int64_t hundredths;
    if (!str_split(&cursor, ':', &rating) || !str_to_int64(rating, &hundredths) ||
        !str_to_int64(cursor, &query->after_id))
        return false;
    query->after_rating_hundredths = (int32_t)hundredths;
    return hundredths >= 0 && hundredths <= 500 && query->after_id > 0;
}

static enum err make_salons(struct ctx *c, struct request *req, struct response *res,
                            uint64_t *stamp)
{
    struct page page;
    TRY(query_page(c, req, &page));
    struct salon_query query = {.q = STR(""), .city = STR(""), .limit = page.limit};
    query_find(c, req, STR("q"), &query.q);
    query_find(c, req, STR("city"), &query.city);
    if (page.cursor.len && !salon_cursor(page.cursor, &query))
        return fail_field(c, STR("cursor"), R_BAD_QUERY);

    struct salon_page found;
    TRY(catalogue_search(c, catalogue_of(req->app), &query, &found));
    assert((int64_t)found.len <= query.limit && (!found.more || found.len > 0));
    *stamp = found.stamp;
    struct json_writer w = respond_page(c, res);
    for (size_t i = 0; i < found.len; i++) {
        json_object_begin(&w, NULL);
        catalogue_put_salon(c, &w, &found.items[i]);
        json_object_end(&w);
    }
    struct str next = STR("");
    if (found.more) {
        const struct salon *last = &found.items[found.len - 1];
        next = str_printf(c->arena, "%d:%lld", last->rating_hundredths, (long long)last->id);
    }
    page_end(c, &w, next);
    return OK;
}

enum err api_salons(struct ctx *c, struct request *req, struct response *res)
{
    return catalogue_page(c, req, res, 0, make_salons);
}

/* "09:00"; an interval that runs past midnight ends "24:30". */
void catalogue_put_minute(struct json_writer *w, const char *key, int64_t minute)
{
    assert(minute >= 0 && minute <= 2 * 24 * 60);
    char text[8];
    int len =
        snprintf(text, sizeof(text), "%02d:%02d", (int)(minute / 60) % 100, (int)(minute % 60));
    json_put_str(w, key, str_of(text, (size_t)len));
}

static void put_opening(struct json_writer *w, const struct weekly_times *opening)
{
    json_array_begin(w, "opening_hours");
    for (size_t i = 0; i < opening->len; i++) {
        json_object_begin(w, NULL);
        json_put_int(w, "weekday", opening->weekday[i]);
        catalogue_put_minute(w, "opens", opening->starts_minute[i]);
        catalogue_put_minute(w, "closes", opening->ends_minute[i]);
        json_object_end(w);
    }
    json_array_end(w);
}

static void put_policy(struct json_writer *w, const struct salon_details *details)
{
    const struct booking_policy *policy = &details->policy;
    json_object_begin(w, "booking_policy");
    json_put_int(w, "grid_minutes", details->grid_minutes);
    json_put_int(w, "notice_minutes", details->notice_minutes);
    json_put_int(w, "horizon_days", details->horizon_days);
    json_put_bool(w, "auto_confirm", policy->auto_confirm);
    json_put_int(w, "cancel_cutoff_minutes", policy->cancel_cutoff_minutes);
    json_put_int(w, "late_cancel_fee_amount", policy->late_cancel_fee_amount);
    json_put_int(w, "no_show_fee_amount", policy->no_show_fee_amount);
    json_put_int(w, "deposit_amount", policy->deposit_amount);
    json_put_str(w, "currency", currency_code(&policy->currency));
    json_object_end(w);
}

void catalogue_put_details(struct json_writer *w, const struct salon_details *details)
{
    put_opening(w, &details->opening);
    put_policy(w, details);
}

static enum err make_salon(struct ctx *c, struct request *req, struct response *res,
                           uint64_t *stamp)
{
    struct salon_details details;
    TRY(catalogue_salon(c, catalogue_of(req->app), path_id(req, 0), &details));
    *stamp = details.stamp;
    struct json_writer w = respond_json(c, res, 200);
    json_object_begin(&w, NULL);
    catalogue_put_salon(c, &w, &details.salon);
    catalogue_put_details(&w, &details);
    json_object_end(&w);
    return OK;
}

enum err api_salon(struct ctx *c, struct request *req, struct response *res)
{
    return catalogue_page(c, req, res, path_id(req, 0), make_salon);
}

/* ---- services and staff --------------------------------------------------------------------- */

/* The cursor of both lists is the last id that was shown. */
enum err catalogue_part_query(struct ctx *c, struct request *req, struct part_query *out)
{
    struct page page;
    TRY(query_page(c, req, &page));
    *out = (struct part_query){.salon = req->ids[0], .limit = page.limit};
    if (page.cursor.len && (!str_to_int64(page.cursor, &out->after_id) || out->after_id <= 0))
        return fail_field(c, STR("cursor"), R_BAD_QUERY);
    return OK;
}

void catalogue_put_service(struct ctx *c, struct json_writer *w, const struct service *service)
{
    json_put_int(w, "id", service->id);
    catalogue_put_name(c, w, "name", "name_ar", "name_en", &service->name);
    json_put_int(w, "duration_minutes", service->duration_minutes);
    json_put_int(w, "buffer_before_minutes", service->buffer_before_minutes);
    json_put_int(w, "buffer_after_minutes", service->buffer_after_minutes);
    json_put_int(w, "price_amount", service->price_amount);
    json_put_str(w, "currency", currency_code(&service->currency));
}

static enum err make_services(struct ctx *c, struct request *req, struct response *res,
                              uint64_t *stamp)
{
    struct part_query query;
    struct service_page found;
    TRY(catalogue_part_query(c, req, &query));
    TRY(catalogue_services(c, catalogue_of(req->app), &query, &found));
    assert((int64_t)found.len <= query.limit && (!found.more || found.len > 0));
    *stamp = found.stamp;
    struct json_writer w = respond_page(c, res);
    for (size_t i = 0; i < found.len; i++) {
        json_object_begin(&w, NULL);
        catalogue_put_service(c, &w, &found.items[i]);
        json_object_end(&w);
    }
    page_end_by_id(c, &w, found.more, found.more ? found.items[found.len - 1].id : 0);
    return OK;
}

enum err api_services(struct ctx *c, struct request *req, struct response *res)
{
    return catalogue_page(c, req, res, path_id(req, 0), make_services);
}

void catalogue_put_ids(struct json_writer *w, const char *key, const int64_t *ids, size_t len)
{
    json_array_begin(w, key);
    for (size_t i = 0; i < len; i++)
        json_put_int(w, NULL, ids[i]);
    json_array_end(w);
}

static enum err make_staff(struct ctx *c, struct request *req, struct response *res,
                           uint64_t *stamp)
{
    struct part_query query;
    struct staff_page found;
    TRY(catalogue_part_query(c, req, &query));
    TRY(catalogue_staff(c, catalogue_of(req->app), &query, &found));
    assert((int64_t)found.len <= query.limit && (!found.more || found.len > 0));
    *stamp = found.stamp;
    struct json_writer w = respond_page(c, res);
    for (size_t i = 0; i < found.len; i++) {
        const struct staff_member *member = &found.items[i];
        json_object_begin(&w, NULL);
        json_put_int(&w, "id", member->id);
        json_put_str(&w, "display_name", member->name);
        catalogue_put_ids(&w, "services", member->services, member->services_len);
        json_object_end(&w);
    }
    page_end_by_id(c, &w, found.more, found.more ? found.items[found.len - 1].id : 0);
    return OK;
}

enum err api_staff(struct ctx *c, struct request *req, struct response *res)
{
    return catalogue_page(c, req, res, path_id(req, 0), make_staff);
}

/* ---- slots ---------------------------------------------------------------------------------- */

static enum err slots_query(struct ctx *c, struct request *req, struct slots_query *out)
{
    int64_t days;
    *out = (struct slots_query){.salon = path_id(req, 0)};
    TRY(query_int(c, req, STR("service"), 1, INT64_MAX, 0, &out->service));
    TRY(query_int(c, req, STR("staff"), 1, INT64_MAX, 0, &out->staff));
    TRY(query_int(c, req, STR("days"), 1, SLOTS_DAYS_MAX, 7, &days));
    out->days = (int)days;
    if (out->service == 0)
        return fail_field(c, STR("service"), R_FIELD_REQUIRED);
    return query_date(c, req, STR("from"), &out->from);
}

enum err api_slots(struct ctx *c, struct request *req, struct response *res)
{
    struct slots_query query;
    struct slots found;
    TRY(slots_query(c, req, &query));
    TRY(catalogue_slots(c, catalogue_of(req->app), &query, &found));
    respond_json(c, res, 200);
    slots_json(c->arena, &res->body, &found);
    return OK;
}
