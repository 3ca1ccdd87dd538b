#include "storage/catalogue_rows.h"

struct salon row_salon(struct row_cursor *at)
{
    struct salon salon = {.id = row_int8(at)};
    salon.name = row_name(at);
    salon.city = row_name(at);
    salon.address = row_text(at);
    salon.phone = row_text(at);
    salon.timezone = row_text(at);
    salon.has_position = !row_null(at);
    salon.latitude = row_float8(at);
    salon.longitude = row_float8(at);
    salon.rating_hundredths = row_int4(at);
    salon.review_count = row_int4(at);
    return salon;
}

static struct booking_policy row_policy(struct row_cursor *at)
{
    struct booking_policy policy = {.auto_confirm = row_bool(at)};
    policy.cancel_cutoff_minutes = row_int4(at);
    policy.late_cancel_fee_amount = row_int8(at);
    policy.no_show_fee_amount = row_int8(at);
    policy.deposit_amount = row_int8(at);
    policy.currency = row_currency(at);
    return policy;
}

struct salon_details row_salon_details(struct row_cursor *at, struct arena *arena)
{
    struct salon_details details = {.salon = row_salon(at)};
    details.grid_minutes = row_int4(at);
    details.notice_minutes = row_int4(at);
    details.horizon_days = row_int4(at);
    details.policy = row_policy(at);
    details.opening = row_weekly(at, arena);
    return details;
}

struct service row_service(struct row_cursor *at)
{
    struct service service = {.id = row_int8(at)};
    service.name = row_name(at);
    service.duration_minutes = row_int4(at);
    service.buffer_before_minutes = row_int4(at);
    service.buffer_after_minutes = row_int4(at);
    service.price_amount = row_int8(at);
    service.currency = row_currency(at);
    return service;
}
