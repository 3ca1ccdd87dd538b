/* The desk's statements. What may be left out of a change travels as NULL: texts without a pointer, numbers
 * that are DESK_KEEP, lists that are NULL.
 *
 * What comes back begins with a reason or none (answer_row.h): a refusal is returned as one, so nothing here
 * knows what any of them means. The answer of what may come twice is read from the card that was kept for its
 * key, the first time as well: both are made of the same columns by the same lines. */
#include "storage/desk_store.h"

#include "embedded.h"
#include "storage/answer_row.h"
#include "storage/catalogue_rows.h"

/* ---- what may be left out ----------------------------------------------------------------------- */

static struct pg_arg null_of(struct pg_arg arg)
{
    arg.len = -1;
    return arg;
}
static struct pg_arg kept_int8(int64_t v)
{
    return v == DESK_KEEP ? null_of(pg_int8(0)) : pg_int8(v);
}
static struct pg_arg kept_text(struct str v)
{
    return v.ptr ? pg_text(v) : null_of(pg_text(STR("")));
}
static struct pg_arg kept_ids(struct ctx *c, const struct id_list *list)
{
    return list ? pg_int8_array(c->arena, list->ids, list->len)
                : null_of(pg_int8_array(c->arena, NULL, 0));
}
static struct pg_arg kept_column(struct ctx *c, const struct weekly_times *times,
                                 const int64_t *column)
{
    return kept_ids(c, times ? &(struct id_list){column, times->len} : NULL);
}
#define KEPT_WEEK(c, times)                                                 \
    kept_column((c), (times), (times) ? (times)->weekday : NULL),           \
        kept_column((c), (times), (times) ? (times)->starts_minute : NULL), \
        kept_column((c), (times), (times) ? (times)->ends_minute : NULL)

/* ---- salons ------------------------------------------------------------------------------------- */

enum err desk_store_salon_save(struct ctx *c, struct desk_store *store, int64_t actor,
                               int64_t salon, const struct salon_changes *in,
                               struct salon_details *out)
{
    struct pg_arg latitude = pg_float8(in->latitude), longitude = pg_float8(in->longitude);
    struct pg_arg confirm = pg_bool(in->auto_confirm == 1);
    if (!in->has_position) {
        latitude = null_of(latitude);
        longitude = null_of(longitude);
    }
    if (in->auto_confirm == DESK_KEEP)
        confirm = null_of(confirm);
    struct pg_rows rows;
    TRY(pg_query(c, store->pool, &SQL_DESK_SALON_SAVE,
                 PG_ARGS(pg_int8(actor), pg_int8_or_null(salon), pg_int8_or_null(in->owner),
                         kept_text(in->name[LANG_AR]), kept_text(in->name[LANG_EN]),
                         kept_text(in->city[LANG_AR]), kept_text(in->city[LANG_EN]),
                         kept_text(in->address), kept_text(in->phone), kept_text(in->timezone),
                         pg_bool(in->write_position), latitude, longitude,
                         kept_int8(in->grid_minutes), kept_int8(in->notice_minutes),
                         kept_int8(in->horizon_days), confirm, kept_int8(in->cancel_cutoff_minutes),
                         kept_int8(in->late_cancel_fee_amount), kept_int8(in->no_show_fee_amount),
                         kept_int8(in->deposit_amount), KEPT_WEEK(c, in->opening),
                         pg_int8(SALONS_PER_OWNER_MAX), pg_text(currency_code(&store->currency)),
                         ROW_ONCE(c, in->once)),
                 &rows));
    struct row_cursor at;
    TRY(rows_granted_once(c, &rows, in->once, &at));
    *out = row_salon_details(&at, c->arena);
    row_end(&at);
    return OK;
}

enum err desk_store_mine(struct ctx *c, struct desk_store *store, int64_t actor, int64_t after_id,
                         int64_t limit, struct my_salon_page *out)
{
    struct pg_rows rows;
    TRY(pg_query(c, store->pool, &SQL_DESK_MINE,
                 PG_ARGS(pg_int8(actor), pg_int8(after_id), pg_int8(limit + 1)), &rows));
    struct row_cursor at;
    TRY(rows_granted(c, &rows, &at));
    out->len = row_page_len(&rows, limit, row_null(&at), &out->more);
    out->items = arena_array(c->arena, struct my_salon, out->len + 1);
    for (uint32_t row = 0; row < out->len; row++) {
        at = row_at_column(&rows, row, 1);
        struct my_salon *mine = &out->items[row];
        mine->salon = row_salon(&at);
        mine->owned = row_bool(&at);
        mine->staff = row_int8(&at);
        row_end(&at);
    }
    return OK;
}

/* ---- removing ----------------------------------------------------------------------------------- */

enum err desk_store_close(struct ctx *c, struct desk_store *store, int64_t actor, int64_t salon,
                          enum desk_part what, int64_t part, int64_t *active_bookings)
{
    int64_t ids[DESK_PARTS] = {0};
    ids[what] = part;
    struct pg_rows rows;
    TRY(pg_query(c, store->pool, &SQL_DESK_CLOSE,
                 PG_ARGS(pg_int8(actor), pg_int8(salon), pg_int8_or_null(ids[DESK_PART_SERVICE]),
                         pg_int8_or_null(ids[DESK_PART_STAFF]),
                         pg_int8_or_null(ids[DESK_PART_ROOM]), pg_text(c->request_id)),
                 &rows));
    struct row_cursor at;
    enum err err = rows_granted(c, &rows, &at);
    *active_bookings = row_int8(&at);
    row_end(&at);
    return err;
}

/* ---- services and rooms ------------------------------------------------------------------------- */

enum err desk_store_service_save(struct ctx *c, struct desk_store *store, int64_t actor,
                                 int64_t salon, int64_t service, const struct service_changes *in,
                                 struct desk_service *out)
{
    struct pg_rows rows;
    TRY(pg_query(c, store->pool, &SQL_DESK_SERVICE_SAVE,
                 PG_ARGS(pg_int8(actor), pg_int8(salon), pg_int8_or_null(service),
                         kept_text(in->name[LANG_AR]), kept_text(in->name[LANG_EN]),
                         kept_int8(in->duration_minutes), kept_int8(in->buffer_before_minutes),
                         kept_int8(in->buffer_after_minutes), kept_int8(in->price_amount),
                         kept_ids(c, in->rooms), pg_int8(SERVICES_PER_SALON_MAX),
                         ROW_ONCE(c, in->once)),
                 &rows));
    struct row_cursor at;
    TRY(rows_granted_once(c, &rows, in->once, &at));
    out->service = row_service(&at);
    out->rooms.len = row_int8_array(&at, c->arena, &out->rooms.ids);
    row_end(&at);
    return OK;
}

static struct room read_room(struct row_cursor at)
{
    struct room room = {.id = row_int8(&at)};
    room.name = row_name(&at);
    row_end(&at);
    return room;
}

enum err desk_store_room_save(struct ctx *c, struct desk_store *store, int64_t actor, int64_t salon,
                              int64_t room, const struct str name[LANG_COUNT], struct once *once,
                              struct room *out)
{
    struct pg_rows rows;
    TRY(pg_query(c, store->pool, &SQL_DESK_ROOM_SAVE,
                 PG_ARGS(pg_int8(actor), pg_int8(salon), pg_int8_or_null(room),
                         kept_text(name[LANG_AR]), kept_text(name[LANG_EN]),
                         pg_int8(ROOMS_PER_SALON_MAX), ROW_ONCE(c, once)),
                 &rows));
    struct row_cursor at;
    TRY(rows_granted_once(c, &rows, once, &at));
    *out = read_room(at);
    return OK;
}

enum err desk_store_rooms(struct ctx *c, struct desk_store *store, int64_t actor,
                          const struct part_query *in, struct room_page *out)
{
    struct pg_rows rows;
    TRY(pg_query(
        c, store->pool, &SQL_DESK_ROOMS,
        PG_ARGS(pg_int8(actor), pg_int8(in->salon), pg_int8(in->after_id), pg_int8(in->limit + 1)),
        &rows));
    struct row_cursor at;
    TRY(rows_granted(c, &rows, &at));
    out->len = row_page_len(&rows, in->limit, row_null(&at), &out->more);
    out->items = arena_array(c->arena, struct room, out->len + 1);
    for (uint32_t row = 0; row < out->len; row++)
        out->items[row] = read_room(row_at_column(&rows, row, 1));
    return OK;
}

/* ---- staff -------------------------------------------------------------------------------------- */

static struct desk_staff read_staff(struct row_cursor at, struct arena *arena)
{
    struct desk_staff staff = {.id = row_int8(&at)};
    staff.user = row_int8(&at);
    staff.name = row_text(&at);
    staff.phone = row_text(&at);
    staff.services.len = row_int8_array(&at, arena, &staff.services.ids);
    staff.windows = row_weekly(&at, arena);
    row_end(&at);
    return staff;
}

enum err desk_store_staff_save(struct ctx *c, struct desk_store *store, int64_t actor,
                               int64_t salon, int64_t staff, const struct staff_changes *in,
                               struct desk_staff *out)
{
    struct pg_rows rows;
    TRY(pg_query(c, store->pool, &SQL_DESK_STAFF_SAVE,
                 PG_ARGS(pg_int8(actor), pg_int8(salon), pg_int8_or_null(staff),
                         kept_text(in->phone), kept_text(in->first_name), kept_text(in->last_name),
                         kept_ids(c, in->services), KEPT_WEEK(c, in->windows),
                         pg_int8(STAFF_PER_SALON_MAX), ROW_ONCE(c, in->once)),
                 &rows));
    struct row_cursor at;
    TRY(rows_granted_once(c, &rows, in->once, &at));
    *out = read_staff(at, c->arena);
    return OK;
}

enum err desk_store_staff_get(struct ctx *c, struct desk_store *store, int64_t actor, int64_t salon,
                              int64_t staff, struct desk_staff *out)
{
    struct pg_rows rows;
    TRY(pg_query(c, store->pool, &SQL_DESK_STAFF_GET,
                 PG_ARGS(pg_int8(actor), pg_int8(salon), pg_int8(staff)), &rows));
    struct row_cursor at;
    TRY(rows_granted(c, &rows, &at));
    *out = read_staff(at, c->arena);
    return OK;
}

enum err desk_store_exception_add(struct ctx *c, struct desk_store *store, int64_t actor,
                                  int64_t salon, int64_t staff, const struct staff_exception *in,
                                  struct once *once, struct exception_added *out)
{
    struct pg_rows rows;
    TRY(pg_query(c, store->pool, &SQL_DESK_EXCEPTION_ADD,
                 PG_ARGS(pg_int8(actor), pg_int8(salon), pg_int8(staff),
                         pg_text(exception_kind_code(in->kind)), pg_instant(in->starts_at),
                         pg_instant(in->ends_at), pg_text(in->note),
                         pg_int8(EXCEPTIONS_PER_STAFF_MAX), ROW_ONCE(c, once)),
                 &rows));
    struct row_cursor at;
    TRY(rows_granted_once(c, &rows, once, &at));
    out->id = row_int8(&at);
    out->clashing.len = row_int8_array(&at, c->arena, &out->clashing.ids);
    out->tz = tz_find(row_text(&at));
    row_end(&at);
    return out->tz ? OK : ERR_INTERNAL;
}

enum err desk_store_exception_remove(struct ctx *c, struct desk_store *store, int64_t actor,
                                     int64_t salon, int64_t staff, int64_t exception)
{
    struct pg_rows rows;
    TRY(pg_query(c, store->pool, &SQL_DESK_EXCEPTION_REMOVE,
                 PG_ARGS(pg_int8(actor), pg_int8(salon), pg_int8(staff), pg_int8(exception)),
                 &rows));
    struct row_cursor at;
    return rows_granted(c, &rows, &at);
}

static enum err read_exception(struct row_cursor at, struct staff_exception *out)
{
    out->id = row_int8(&at);
    struct str kind = row_text(&at);
    for (out->kind = 0; out->kind < EXCEPTION_KIND_COUNT; out->kind++)
        if (str_eq(kind, exception_kind_code(out->kind)))
            break;
    out->starts_at = row_instant(&at);
    out->ends_at = row_instant(&at);
    out->note = row_text(&at);
    row_end(&at);
    return out->kind < EXCEPTION_KIND_COUNT ? OK : ERR_INTERNAL;
}

enum err desk_store_exceptions(struct ctx *c, struct desk_store *store, int64_t actor,
                               int64_t staff, const struct part_query *in,
                               struct exception_page *out)
{
    struct pg_rows rows;
    TRY(pg_query(c, store->pool, &SQL_DESK_EXCEPTIONS,
                 PG_ARGS(pg_int8(actor), pg_int8(in->salon), pg_int8(staff), pg_int8(in->after_id),
                         pg_int8(in->limit + 1)),
                 &rows));
    struct row_cursor at;
    TRY(rows_granted(c, &rows, &at));
    out->tz = tz_find(row_text(&at));
    out->len = row_page_len(&rows, in->limit, row_null(&at), &out->more);
    out->items = arena_array(c->arena, struct staff_exception, out->len + 1);
    for (uint32_t row = 0; row < out->len; row++)
        TRY(read_exception(row_at_column(&rows, row, 2), &out->items[row]));
    return out->tz ? OK : ERR_INTERNAL;
}
