#include "storage/booking_store.h"

#include "embedded.h"
#include "storage/booking_rows.h"
#include "storage/retry.h"

enum err booking_store_move(struct ctx *c, struct booking_store *store, const struct actor *actor,
                            const struct booking_move *in, struct booking_answer *answer,
                            struct booking *out)
{
    static const struct str actions[] = {
        [BOOKING_CONFIRM] = STR("confirm"),
        [BOOKING_COMPLETE] = STR("complete"),
        [BOOKING_DID_NOT_SHOW] = STR("no_show"),
        [BOOKING_CANCEL] = STR("cancel"),
    };
    struct pg_arg who = actor->kind == ACTOR_SYSTEM ? pg_int8_or_null(0) : pg_int8(actor->user_id);
    struct pg_rows rows;
    TRY(pg_query(c, store->pool, &SQL_BOOKINGS_MOVE,
                 PG_ARGS(who, pg_int8(in->id), pg_text(actions[in->action]), pg_int4(in->version),
                         pg_text(in->reason), pg_text(c->request_id)),
                 &rows));
    return booking_rows_one(&rows, answer, out);
}

enum err booking_store_reschedule(struct ctx *c, struct booking_store *store, int64_t actor,
                                  const struct booking_new_time *in, struct booking_answer *answer,
                                  struct booking *out)
{
    struct pg_arg staff = pg_int8(in->staff);
    if (!in->other_staff)
        staff.len = -1;
    struct pg_rows rows;
    enum err err = retry_query(c, store->pool, &SQL_BOOKINGS_RESCHEDULE,
                               PG_ARGS(pg_int8(actor), pg_int8(in->id), pg_instant(in->starts_at),
                                       staff, pg_int4(in->version), pg_text(c->request_id)),
                               &rows);
    if (booking_was_overtaken(err, &rows)) {
        *answer = (struct booking_answer){.refused = R_SLOT_TAKEN};
        return OK;
    }
    TRY(err);
    return booking_rows_one(&rows, answer, out);
}

enum err booking_store_moving(struct ctx *c, struct booking_store *store, int64_t actor, int64_t id,
                              struct booking_moving *out)
{
    struct pg_rows rows;
    TRY(pg_query(c, store->pool, &SQL_BOOKINGS_MOVING, PG_ARGS(pg_int8(actor), pg_int8(id)),
                 &rows));
    if (rows.len == 0)
        return ERR_NOT_FOUND;
    *out = (struct booking_moving){
        .salon = pg_get_int8(&rows, 0, 0),
        .service = pg_get_int8(&rows, 0, 1),
        .staff = pg_get_int8(&rows, 0, 2),
        .slot = {.staff = pg_get_int8(&rows, 0, 2),
                 .room = pg_is_null(&rows, 0, 3) ? 0 : pg_get_int8(&rows, 0, 3),
                 .claim = pg_get_int8(&rows, 0, 4),
                 .duration_minutes = pg_get_int4(&rows, 0, 5),
                 .buffer_before_minutes = pg_get_int4(&rows, 0, 6),
                 .buffer_after_minutes = pg_get_int4(&rows, 0, 7)},
        .pressing = pg_get_bool(&rows, 0, 8),
    };
    return OK;
}

enum err booking_store_get(struct ctx *c, struct booking_store *store, int64_t viewer, int64_t id,
                           struct booking_answer *answer, struct booking *out)
{
    struct pg_rows rows;
    TRY(pg_query(c, store->pool, &SQL_BOOKINGS_GET, PG_ARGS(pg_int8(viewer), pg_int8(id)), &rows));
    return booking_rows_one(&rows, answer, out);
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
    if (rows.len == 0)
        return ERR_INTERNAL;
    TRY(booking_row_answer(&rows, 0, answer));
    out->more = rows.len > (uint64_t)in->limit;
    out->len = out->more ? (size_t)in->limit : rows.len;
    if (!booking_row_has_booking(&rows, 0))
        out->len = 0;
    out->items = arena_array(c->arena, struct booking, out->len + 1);
    for (uint32_t row = 0; row < out->len; row++)
        TRY(booking_row_read(&rows, row, &out->items[row]));
    return OK;
}
