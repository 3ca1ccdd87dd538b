#include "storage/booking_store.h"

#include "domain/i18n/texts.h"
#include "embedded.h"

/* Every statement of this area answers: verdict, language, and the columns of bookings_card. */
enum column {
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
    COL_TIMEZONE,
    COL_SALON_NAME,
    COL_SERVICE_NAME = COL_SALON_NAME + LANG_COUNT,
    COL_STAFF_NAME = COL_SERVICE_NAME + LANG_COUNT,
    COL_CUSTOMER_NAME,
    COL_COUNT
};

static struct name read_name(const struct pg_rows *rows, uint32_t row, uint32_t column)
{
    struct name name;
    name.in[LANG_AR] = pg_get_text(rows, row, column);
    name.in[LANG_EN] = pg_get_text(rows, row, column + 1);
    return name;
}

static enum err read_booking(const struct pg_rows *rows, uint32_t row, struct booking *out)
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
        .price_amount = pg_get_int8(rows, row, COL_PRICE),
        .currency = pg_get_text(rows, row, COL_CURRENCY),
        .deposit_amount = pg_get_int8(rows, row, COL_DEPOSIT),
        .fee_amount = pg_get_int8(rows, row, COL_FEE),
        .created_at = pg_get_instant(rows, row, COL_CREATED_AT),
        .cancel_free_until = pg_get_instant(rows, row, COL_CANCEL_FREE_UNTIL),
        .cancelled_by = pg_get_text(rows, row, COL_CANCELLED_BY),
        .reason = pg_get_text(rows, row, COL_REASON),
        .notes = pg_get_text(rows, row, COL_NOTES),
        .timezone = pg_get_text(rows, row, COL_TIMEZONE),
        .salon_name = read_name(rows, row, COL_SALON_NAME),
        .service_name = read_name(rows, row, COL_SERVICE_NAME),
        .staff_name = pg_get_text(rows, row, COL_STAFF_NAME),
        .customer_name = pg_get_text(rows, row, COL_CUSTOMER_NAME),
    };
    if (out->held)
        out->hold_expires_at = pg_get_instant(rows, row, COL_HOLD_EXPIRES_AT);
    out->tz = tz_find(out->timezone);
    bool known = booking_status_parse(pg_get_text(rows, row, COL_STATUS), &out->status);
    return known && out->tz ? OK : ERR_INTERNAL;
}

static enum err read_answer(const struct pg_rows *rows, struct booking_answer *answer)
{
    /* Statements that begin with the user answer nothing when there is no such user. */
    if (rows->len == 0 || pg_is_null(rows, 0, COL_LANG)) {
        answer->verdict = VERDICT_CUSTOMER_UNKNOWN;
        return OK;
    }
    bool known = booking_verdict_parse(pg_get_text(rows, 0, COL_VERDICT), &answer->verdict) &&
                 lang_parse(pg_get_text(rows, 0, COL_LANG), &answer->language);
    return known ? OK : ERR_INTERNAL;
}

static enum err read_one(const struct pg_rows *rows, struct booking_answer *answer,
                         struct booking *out)
{
    TRY(read_answer(rows, answer));
    return answer->verdict == VERDICT_OK ? read_booking(rows, 0, out) : OK;
}

enum err booking_store_create(struct ctx *c, struct booking_store *store, int64_t customer,
                              int32_t open_max, const struct booking_request *in,
                              struct booking_answer *answer, struct booking *out)
{
    struct pg_rows rows;
    enum err err = pg_query(c, store->pool, &SQL_BOOKINGS_CREATE,
                            PG_ARGS(pg_int8(customer), pg_int8(in->salon), pg_int8(in->service),
                                    pg_int8_or_null(in->staff), pg_instant(in->starts_at),
                                    pg_text(in->notes), pg_int4(open_max), pg_text(c->request_id)),
                            &rows);
    if (err == ERR_CONFLICT && str_eq(rows.constraint, STR("bookings_no_overlap"))) {
        /* Somebody wrote without taking the staff row's lock first: what the constraint is for. */
        *answer = (struct booking_answer){VERDICT_SLOT_TAKEN, c->lang};
        return OK;
    }
    TRY(err);
    return read_one(&rows, answer, out);
}

enum err booking_store_cancel(struct ctx *c, struct booking_store *store, int64_t actor, int64_t id,
                              struct str reason, struct booking_answer *answer, struct booking *out)
{
    struct pg_rows rows;
    TRY(pg_query(c, store->pool, &SQL_BOOKINGS_CANCEL,
                 PG_ARGS(pg_int8(actor), pg_int8(id), pg_text(reason), pg_text(c->request_id)),
                 &rows));
    return read_one(&rows, answer, out);
}

enum err booking_store_get(struct ctx *c, struct booking_store *store, int64_t viewer, int64_t id,
                           struct booking_answer *answer, struct booking *out)
{
    struct pg_rows rows;
    TRY(pg_query(c, store->pool, &SQL_BOOKINGS_GET, PG_ARGS(pg_int8(viewer), pg_int8(id)), &rows));
    return read_one(&rows, answer, out);
}

static enum err list_rows(struct ctx *c, struct booking_store *store, int64_t viewer,
                          const struct booking_query *in, struct pg_rows *rows)
{
    struct pg_arg who = pg_int8(viewer), limit = pg_int8(in->limit + 1),
                  after_at = pg_instant(in->after_starts_at), after_id = pg_int8(in->after_id),
                  status = pg_text(in->status ? booking_status_code(*in->status) : STR("")),
                  salon = pg_int8(in->salon);
    if (in->when == BOOKINGS_UPCOMING)
        return pg_query(c, store->pool, &SQL_BOOKINGS_LIST_SOONEST,
                        PG_ARGS(who, limit, after_at, after_id, status, salon), rows);
    return pg_query(
        c, store->pool, &SQL_BOOKINGS_LIST_LATEST,
        PG_ARGS(who, limit, after_at, after_id, status, salon, pg_bool(in->when == BOOKINGS_PAST)),
        rows);
}

enum err booking_store_list(struct ctx *c, struct booking_store *store, int64_t viewer,
                            const struct booking_query *in, struct booking_answer *answer,
                            struct booking_page *out)
{
    struct pg_rows rows;
    TRY(list_rows(c, store, viewer, in, &rows));
    TRY(read_answer(&rows, answer));
    if (answer->verdict != VERDICT_OK)
        return OK;
    out->more = rows.len > (uint64_t)in->limit;
    out->len = out->more ? (size_t)in->limit : rows.len;
    if (pg_is_null(&rows, 0, COL_ID))
        out->len = 0;
    out->items = arena_array(c->arena, struct booking, out->len + 1);
    for (uint32_t row = 0; row < out->len; row++)
        TRY(read_booking(&rows, row, &out->items[row]));
    return OK;
}
