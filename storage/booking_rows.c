/* One table says what the columns of an answer are and where each goes. It is the only place in C that
 * spells them; that it agrees with the view, names and order, is shown by booking_create_test.c. Columns
 * that a later schema adds come behind these, and an older program does not look at them. */
#include "storage/booking_rows.h"

#include "domain/i18n/texts.h"

enum { COL_UNIT, COL_ITEM, COL_REFUSED, COL_LANG, COL_SHOWN };
static const char *const answer_columns[] = {
    [COL_UNIT] = "unit", [COL_ITEM] = "item", [COL_REFUSED] = "refused", [COL_LANG] = "lang"};
static_assert(ARRAY_LEN(answer_columns) == COL_SHOWN, "the booking comes behind the answer");

/* NULL is 0 or empty. */
enum cell { CELL_INT4, CELL_INT8, CELL_INSTANT, CELL_TEXT, CELL_STATUS };

struct column {
    const char *name;
    enum cell cell;
    size_t offset;
};
#define COLUMN(name, cell, member)                          \
    {                                                       \
        name, CELL_##cell, offsetof(struct booking, member) \
    }

static const struct column columns[] = {
    COLUMN("id", INT8, id),
    COLUMN("salon_id", INT8, salon),
    COLUMN("service_id", INT8, service),
    COLUMN("staff_id", INT8, staff),
    COLUMN("customer_id", INT8, customer),
    COLUMN("starts_at", INSTANT, starts_at),
    COLUMN("ends_at", INSTANT, ends_at),
    COLUMN("status", STATUS, status),
    COLUMN("version", INT4, version),
    COLUMN("hold_expires_at", INSTANT, hold_expires_at),
    COLUMN("price_amount", INT8, price_amount),
    COLUMN("currency", TEXT, currency),
    COLUMN("deposit_amount", INT8, deposit_amount),
    COLUMN("fee_amount", INT8, fee_amount),
    COLUMN("created_at", INSTANT, created_at),
    COLUMN("cancel_free_until", INSTANT, cancel_free_until),
    COLUMN("cancelled_by", TEXT, cancelled_by),
    COLUMN("reason", TEXT, reason),
    COLUMN("notes", TEXT, notes),
    COLUMN("visit_id", INT8, visit),
    COLUMN("room_id", INT8, room),
    COLUMN("timezone", TEXT, timezone),
    COLUMN("salon_name_ar", TEXT, salon_name.in[LANG_AR]),
    COLUMN("salon_name_en", TEXT, salon_name.in[LANG_EN]),
    COLUMN("service_name_ar", TEXT, service_name.in[LANG_AR]),
    COLUMN("service_name_en", TEXT, service_name.in[LANG_EN]),
    COLUMN("staff_name", TEXT, staff_name),
    COLUMN("customer_name", TEXT, customer_name),
};

const char *booking_row_column(size_t at)
{
    if (at < COL_SHOWN)
        return answer_columns[at];
    return at - COL_SHOWN < ARRAY_LEN(columns) ? columns[at - COL_SHOWN].name : NULL;
}

/* ---- the answer --------------------------------------------------------------------------------- */

enum err booking_row_answer(const struct pg_rows *rows, uint32_t row, struct booking_answer *answer)
{
    assert(rows->columns >= COL_SHOWN + ARRAY_LEN(columns));
    int32_t item = pg_get_int4(rows, row, COL_ITEM);
    assert(item >= 1 && item <= BOOKING_VISIT_MAX);
    *answer = (struct booking_answer){.refused = R_NONE, .item = (size_t)item - 1};
    if (!pg_is_null(rows, row, COL_REFUSED)) {
        bool known = reason_parse(pg_get_text(rows, row, COL_REFUSED), &answer->refused);
        return known ? OK : ERR_INTERNAL;
    }
    answer->replayed = !pg_is_null(rows, row, COL_LANG);
    if (answer->replayed && !lang_parse(pg_get_text(rows, row, COL_LANG), &answer->lang))
        return ERR_INTERNAL;
    return OK;
}

bool booking_row_has_booking(const struct pg_rows *rows, uint32_t row)
{
    return !pg_is_null(rows, row, COL_SHOWN);
}

/* ---- the booking -------------------------------------------------------------------------------- */

/* False: a value that this program does not know. */
static bool read_cell(const struct pg_rows *rows, uint32_t row, uint32_t at, enum cell cell,
                      void *to)
{
    bool null = pg_is_null(rows, row, at);
    switch (cell) {
    case CELL_INT4: *(int32_t *)to = null ? 0 : pg_get_int4(rows, row, at); return true;
    case CELL_INT8: *(int64_t *)to = null ? 0 : pg_get_int8(rows, row, at); return true;
    case CELL_INSTANT:
        *(struct instant *)to = null ? (struct instant){0} : pg_get_instant(rows, row, at);
        return true;
    case CELL_TEXT: *(struct str *)to = pg_get_text(rows, row, at); return true;
    case CELL_STATUS: return booking_status_parse(pg_get_text(rows, row, at), to);
    }
    return false;
}

enum err booking_row_read(const struct pg_rows *rows, uint32_t row, struct booking *out)
{
    assert(rows->columns >= COL_SHOWN + ARRAY_LEN(columns));
    assert(booking_row_has_booking(rows, row));
    *out = (struct booking){0};
    for (uint32_t i = 0; i < ARRAY_LEN(columns); i++)
        if (!read_cell(rows, row, COL_SHOWN + i, columns[i].cell, (char *)out + columns[i].offset))
            return ERR_INTERNAL;
    out->held = out->hold_expires_at.us != 0;
    out->tz = tz_find(out->timezone);
    return out->tz ? OK : ERR_INTERNAL;
}

enum err booking_rows_one(const struct pg_rows *rows, struct booking_answer *answer,
                          struct booking *out)
{
    if (rows->len != 1)
        return ERR_INTERNAL;
    TRY(booking_row_answer(rows, 0, answer));
    return answer->refused ? OK : booking_row_read(rows, 0, out);
}

bool booking_was_overtaken(enum err err, const struct pg_rows *rows)
{
    return err == ERR_CONFLICT && (str_eq(rows->constraint, STR("bookings_no_overlap")) ||
                                   str_eq(rows->constraint, STR("bookings_no_room_overlap")));
}
