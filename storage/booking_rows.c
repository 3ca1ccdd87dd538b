#include "storage/booking_rows.h"

#include "domain/i18n/texts.h"

enum column {
    COL_REQUEST,
    COL_WISH,
    COL_VERDICT,
    COL_LANG,
    COL_ID,
    COL_SALON,
    COL_SERVICE,
    COL_STAFF,
    COL_CUSTOMER,
    COL_STARTS_AT,
    COL_ENDS_AT,
    COL_STATUS,
    COL_VERSION,
    COL_HOLD_EXPIRES_AT,
    COL_PRICE,
    COL_CURRENCY,
    COL_DEPOSIT,
    COL_FEE,
    COL_CREATED_AT,
    COL_CANCEL_FREE_UNTIL,
    COL_CANCELLED_BY,
    COL_REASON,
    COL_NOTES,
    COL_VISIT,
    COL_ROOM,
    COL_TIMEZONE,
    COL_SALON_NAME,
    COL_SERVICE_NAME = COL_SALON_NAME + LANG_COUNT,
    COL_STAFF_NAME = COL_SERVICE_NAME + LANG_COUNT,
    COL_CUSTOMER_NAME,
    COL_COUNT
};

enum err booking_row_answer(const struct pg_rows *rows, uint32_t row, struct booking_answer *answer)
{
    assert(rows->columns == COL_COUNT);
    *answer = (struct booking_answer){.verdict = VERDICT_CUSTOMER_UNKNOWN};
    if (pg_is_null(rows, row, COL_LANG))
        return OK;
    if (!pg_is_null(rows, row, COL_WISH) && pg_get_int4(rows, row, COL_WISH) > 0)
        answer->wish = (size_t)pg_get_int4(rows, row, COL_WISH) - 1;
    bool known = booking_verdict_parse(pg_get_text(rows, row, COL_VERDICT), &answer->verdict) &&
                 lang_parse(pg_get_text(rows, row, COL_LANG), &answer->language);
    return known ? OK : ERR_INTERNAL;
}

bool booking_row_has_booking(const struct pg_rows *rows, uint32_t row)
{
    return !pg_is_null(rows, row, COL_ID);
}

static struct name name(const struct pg_rows *rows, uint32_t row, uint32_t column)
{
    struct name found;
    found.in[LANG_AR] = pg_get_text(rows, row, column);
    found.in[LANG_EN] = pg_get_text(rows, row, column + 1);
    return found;
}

static int64_t id_or_0(const struct pg_rows *rows, uint32_t row, uint32_t column)
{
    return pg_is_null(rows, row, column) ? 0 : pg_get_int8(rows, row, column);
}

static void read_texts(const struct pg_rows *rows, uint32_t row, struct booking *out)
{
    out->currency = pg_get_text(rows, row, COL_CURRENCY);
    out->cancelled_by = pg_get_text(rows, row, COL_CANCELLED_BY);
    out->reason = pg_get_text(rows, row, COL_REASON);
    out->notes = pg_get_text(rows, row, COL_NOTES);
    out->timezone = pg_get_text(rows, row, COL_TIMEZONE);
    out->salon_name = name(rows, row, COL_SALON_NAME);
    out->service_name = name(rows, row, COL_SERVICE_NAME);
    out->staff_name = pg_get_text(rows, row, COL_STAFF_NAME);
    out->customer_name = pg_get_text(rows, row, COL_CUSTOMER_NAME);
}

enum err booking_row_read(const struct pg_rows *rows, uint32_t row, struct booking *out)
{
    assert(rows->columns == COL_COUNT);
    *out = (struct booking){
        .id = pg_get_int8(rows, row, COL_ID),
        .salon = pg_get_int8(rows, row, COL_SALON),
        .service = pg_get_int8(rows, row, COL_SERVICE),
        .staff = pg_get_int8(rows, row, COL_STAFF),
        .customer = pg_get_int8(rows, row, COL_CUSTOMER),
        .starts_at = pg_get_instant(rows, row, COL_STARTS_AT),
        .ends_at = pg_get_instant(rows, row, COL_ENDS_AT),
        .version = pg_get_int4(rows, row, COL_VERSION),
        .held = !pg_is_null(rows, row, COL_HOLD_EXPIRES_AT),
        .visit = id_or_0(rows, row, COL_VISIT),
        .room = id_or_0(rows, row, COL_ROOM),
        .price_amount = pg_get_int8(rows, row, COL_PRICE),
        .deposit_amount = pg_get_int8(rows, row, COL_DEPOSIT),
        .fee_amount = pg_get_int8(rows, row, COL_FEE),
        .created_at = pg_get_instant(rows, row, COL_CREATED_AT),
        .cancel_free_until = pg_get_instant(rows, row, COL_CANCEL_FREE_UNTIL),
    };
    if (out->held)
        out->hold_expires_at = pg_get_instant(rows, row, COL_HOLD_EXPIRES_AT);
    read_texts(rows, row, out);
    out->tz = tz_find(out->timezone);
    bool known = booking_status_parse(pg_get_text(rows, row, COL_STATUS), &out->status);
    return known && out->tz ? OK : ERR_INTERNAL;
}

enum err booking_rows_one(const struct pg_rows *rows, struct booking_answer *answer,
                          struct booking *out)
{
    *answer = (struct booking_answer){.verdict = VERDICT_CUSTOMER_UNKNOWN};
    if (rows->len == 0)
        return OK;
    TRY(booking_row_answer(rows, 0, answer));
    return answer->verdict == VERDICT_OK ? booking_row_read(rows, 0, out) : OK;
}

bool booking_was_overtaken(enum err err, const struct pg_rows *rows)
{
    return err == ERR_CONFLICT && (str_eq(rows->constraint, STR("bookings_no_overlap")) ||
                                   str_eq(rows->constraint, STR("bookings_no_room_overlap")));
}
