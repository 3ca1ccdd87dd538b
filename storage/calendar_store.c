#include "storage/calendar_store.h"

#include "embedded.h"
#include "storage/answer_row.h"

/* ---- days --------------------------------------------------------------------------------------- */

static struct spans read_spans(struct row_cursor *at, struct arena *arena)
{
    struct spans spans;
    spans.len = row_int8_array(at, arena, &spans.starts_s);
    row_int8_array(at, arena, &spans.ends_s);
    return spans;
}

static enum err read_booking(struct row_cursor *at, struct calendar_booking *out)
{
    out->id = row_int8(at);
    out->starts_at = row_instant(at);
    out->ends_at = row_instant(at);
    if (!booking_status_parse(row_text(at), &out->status))
        return ERR_INTERNAL;
    out->service = row_int8(at);
    out->service_name = row_name(at);
    out->customer = row_int8(at);
    out->customer_name = row_text(at);
    out->customer_phone = row_text(at);
    out->room = row_int8(at);
    out->price_amount = row_int8(at);
    out->currency = row_currency(at);
    out->notes = row_text(at);
    row_end(at);
    return OK;
}

/* Rows come line by line; each line's bookings are a stretch of one array. */
static enum err read_row(struct ctx *c, struct row_cursor at, struct calendar *out,
                         struct calendar_booking *bookings, size_t *bookings_len)
{
    int64_t staff = row_int8(&at);
    struct str name = row_text(&at);
    bool first = row_bool(&at);
    if (first) {
        struct calendar_line *line = &out->lines[out->len++];
        *line = (struct calendar_line){
            .staff = staff, .name = name, .bookings = bookings + *bookings_len};
        line->windows = row_weekly(&at, c->arena);
        line->off = read_spans(&at, c->arena);
        line->extra = read_spans(&at, c->arena);
    } else {
        row_skip(&at, 7);
    }
    if (row_null(&at))
        return OK;
    out->lines[out->len - 1].bookings_len++;
    return read_booking(&at, &bookings[(*bookings_len)++]);
}

static uint32_t count_lines(const struct pg_rows *rows)
{
    enum { COL_FIRST = 4 };
    uint32_t lines = 0;
    for (uint32_t row = 0; row < rows->len; row++)
        lines += !pg_is_null(rows, row, COL_FIRST) && pg_get_bool(rows, row, COL_FIRST);
    return lines;
}

enum err calendar_store_days(struct ctx *c, struct calendar_store *store, int64_t actor,
                             const struct calendar_query *in, struct calendar *out)
{
    struct pg_rows rows;
    TRY(pg_query(c, store->pool, &SQL_CALENDAR_DAYS,
                 PG_ARGS(pg_int8(actor), pg_int8(in->salon), pg_date(in->from), pg_int4(in->days),
                         pg_int8(CALENDAR_BOOKINGS_MAX + 1)),
                 &rows));
    struct row_cursor at;
    TRY(rows_granted(c, &rows, &at));
    *out = (struct calendar){.timezone = row_text(&at)};
    out->tz = tz_find(out->timezone);
    if (!out->tz)
        return ERR_INTERNAL;
    bool nobody = row_null(&at);
    out->lines = arena_array(c->arena, struct calendar_line, count_lines(&rows) + 1);
    struct calendar_booking *bookings =
        arena_array(c->arena, struct calendar_booking, rows.len + 1);
    size_t bookings_len = 0;
    for (uint32_t row = 0; row < rows.len && !nobody; row++)
        TRY(read_row(c, row_at_column(&rows, row, 2), out, bookings, &bookings_len));
    out->cut = bookings_len > CALENDAR_BOOKINGS_MAX;
    return OK;
}

/* ---- sums --------------------------------------------------------------------------------------- */

static enum err read_line(struct row_cursor at, struct salon_summary *out)
{
    struct str kind = row_text(&at), label = row_text(&at);
    struct staff_load load = {.staff = row_int8(&at), .name = label};
    load.bookings = row_int8(&at);
    load.price_amount = row_int8(&at);
    int64_t fee = row_int8(&at);
    load.booked_minutes = row_int8(&at);
    load.open_minutes = row_int8(&at);
    row_end(&at);
    if (str_eq(kind, STR("staff"))) {
        out->staff[out->staff_len++] = load;
        return OK;
    }
    enum payment_status payment;
    if (str_eq(kind, STR("payment"))) {
        if (!payment_status_parse(label, &payment))
            return ERR_INTERNAL;
        out->by_payment[payment] = load.price_amount;
        return OK;
    }
    enum booking_status status;
    if (!booking_status_parse(label, &status))
        return ERR_INTERNAL;
    out->by_status[status].bookings = load.bookings;
    out->by_status[status].price_amount = load.price_amount;
    out->by_status[status].fee_amount = fee;
    return OK;
}

enum err calendar_store_summary(struct ctx *c, struct calendar_store *store, int64_t actor,
                                int64_t salon, struct date from, struct date to,
                                struct salon_summary *out)
{
    struct pg_rows rows;
    TRY(pg_query(c, store->pool, &SQL_CALENDAR_SUMMARY,
                 PG_ARGS(pg_int8(actor), pg_int8(salon), pg_date(from), pg_date(to)), &rows));
    struct row_cursor at;
    TRY(rows_granted(c, &rows, &at));
    *out = (struct salon_summary){.timezone = row_text(&at)};
    out->currency = row_currency(&at);
    out->staff = arena_array(c->arena, struct staff_load, rows.len);
    for (uint32_t row = 0; row < rows.len && !row_null(&at); row++)
        TRY(read_line(row_at_column(&rows, row, 3), out));
    return OK;
}
