#include "storage/catalogue_store.h"

#include "embedded.h"

/* Columns are read in the order in which the statements list them. */
struct cursor {
    const struct pg_rows *rows;
    uint32_t row, column;
};

static struct str next_text(struct cursor *at)
{
    return pg_get_text(at->rows, at->row, at->column++);
}

static int32_t next_int4(struct cursor *at)
{
    uint32_t column = at->column++;
    return pg_is_null(at->rows, at->row, column) ? 0 : pg_get_int4(at->rows, at->row, column);
}

static int64_t next_int8(struct cursor *at)
{
    return pg_get_int8(at->rows, at->row, at->column++);
}

static bool next_bool(struct cursor *at)
{
    return pg_get_bool(at->rows, at->row, at->column++);
}

static struct name next_name(struct cursor *at)
{
    struct name name;
    name.in[LANG_AR] = next_text(at);
    name.in[LANG_EN] = next_text(at);
    return name;
}

static size_t next_int8_array(struct ctx *c, struct cursor *at, const int64_t **out)
{
    return pg_get_int8_array(c->arena, at->rows, at->row, at->column++, out);
}

/* ---- salons --------------------------------------------------------------------------------- */

static struct salon read_salon(struct cursor *at)
{
    struct salon salon = {.id = next_int8(at)};
    salon.name = next_name(at);
    salon.city = next_name(at);
    salon.address = next_text(at);
    salon.phone = next_text(at);
    salon.timezone = next_text(at);
    salon.has_position = !pg_is_null(at->rows, at->row, at->column);
    if (salon.has_position) {
        salon.latitude = pg_get_float8(at->rows, at->row, at->column);
        salon.longitude = pg_get_float8(at->rows, at->row, at->column + 1);
    }
    at->column += 2;
    salon.rating_hundredths = next_int4(at);
    salon.review_count = next_int4(at);
    return salon;
}

enum err catalogue_store_search(struct ctx *c, struct catalogue_store *store,
                                const struct salon_query *in, struct salon_page *out)
{
    /* One more than asked for tells whether there is a next page. */
    struct pg_arg city = pg_text(in->city), rating = pg_int4(in->after_rating_hundredths),
                  after = pg_int8(in->after_id), limit = pg_int8(in->limit + 1);
    struct pg_rows rows;
    if (in->q.len)
        TRY(pg_query(c, store->pool, &SQL_CATALOGUE_SALONS_SEARCH,
                     PG_ARGS(city, rating, after, limit, pg_text(in->q)), &rows));
    else
        TRY(pg_query(c, store->pool, &SQL_CATALOGUE_SALONS_LIST,
                     PG_ARGS(city, rating, after, limit), &rows));
    out->more = rows.len > (uint64_t)in->limit;
    out->len = out->more ? (size_t)in->limit : rows.len;
    out->items = arena_array(c->arena, struct salon, out->len + 1);
    for (uint32_t row = 0; row < out->len; row++)
        out->items[row] = read_salon(&(struct cursor){&rows, row, 0});
    return OK;
}

enum err catalogue_store_salon(struct ctx *c, struct catalogue_store *store, int64_t id,
                               struct salon_details *out)
{
    struct pg_rows rows;
    TRY(pg_query(c, store->pool, &SQL_CATALOGUE_SALON, PG_ARGS(pg_int8(id)), &rows));
    if (rows.len == 0)
        return ERR_NOT_FOUND;
    struct cursor at = {&rows, 0, 0};
    out->salon = read_salon(&at);
    out->grid_minutes = next_int4(&at);
    out->notice_minutes = next_int4(&at);
    out->horizon_days = next_int4(&at);
    out->policy.auto_confirm = next_bool(&at);
    out->policy.cancel_cutoff_minutes = next_int4(&at);
    out->policy.late_cancel_fee_amount = next_int8(&at);
    out->policy.no_show_fee_amount = next_int8(&at);
    out->policy.deposit_amount = next_int8(&at);
    out->policy.currency = next_text(&at);
    out->opening = (struct weekly_times){0};
    out->opening.len = next_int8_array(c, &at, &out->opening.weekday);
    next_int8_array(c, &at, &out->opening.starts_minute);
    next_int8_array(c, &at, &out->opening.ends_minute);
    return OK;
}

/* ---- services and staff --------------------------------------------------------------------- */

/* Both statements: no row: no such salon; one row of NULLs: nothing (more) there. */
static enum err part_rows(struct ctx *c, struct catalogue_store *store,
                          const struct pg_statement *statement, const struct part_query *in,
                          struct pg_rows *rows, size_t *len, bool *more)
{
    TRY(pg_query(c, store->pool, statement,
                 PG_ARGS(pg_int8(in->salon), pg_int8(in->after_id), pg_int8(in->limit + 1)), rows));
    if (rows->len == 0)
        return ERR_NOT_FOUND;
    *more = rows->len > (uint64_t)in->limit;
    *len = *more ? (size_t)in->limit : rows->len;
    if (pg_is_null(rows, 0, 0))
        *len = 0;
    return OK;
}

enum err catalogue_store_services(struct ctx *c, struct catalogue_store *store,
                                  const struct part_query *in, struct service_page *out)
{
    struct pg_rows rows;
    TRY(part_rows(c, store, &SQL_CATALOGUE_SERVICES, in, &rows, &out->len, &out->more));
    out->items = arena_array(c->arena, struct service, out->len + 1);
    for (uint32_t row = 0; row < out->len; row++) {
        struct cursor at = {&rows, row, 0};
        struct service *service = &out->items[row];
        service->id = next_int8(&at);
        service->name = next_name(&at);
        service->duration_minutes = next_int4(&at);
        service->buffer_before_minutes = next_int4(&at);
        service->buffer_after_minutes = next_int4(&at);
        service->price_amount = next_int8(&at);
        service->currency = next_text(&at);
    }
    return OK;
}

enum err catalogue_store_staff(struct ctx *c, struct catalogue_store *store,
                               const struct part_query *in, struct staff_page *out)
{
    struct pg_rows rows;
    TRY(part_rows(c, store, &SQL_CATALOGUE_STAFF, in, &rows, &out->len, &out->more));
    out->items = arena_array(c->arena, struct staff_member, out->len + 1);
    for (uint32_t row = 0; row < out->len; row++) {
        struct cursor at = {&rows, row, 0};
        struct staff_member *member = &out->items[row];
        member->id = next_int8(&at);
        member->name = next_text(&at);
        member->services_len = next_int8_array(c, &at, &member->services);
    }
    return OK;
}

/* ---- slots ---------------------------------------------------------------------------------- */

static struct weekly_times next_weekly(struct ctx *c, struct cursor *at, bool owned)
{
    struct weekly_times weekly = {0};
    if (owned)
        next_int8_array(c, at, &weekly.owner);
    weekly.len = next_int8_array(c, at, &weekly.weekday);
    next_int8_array(c, at, &weekly.starts_minute);
    next_int8_array(c, at, &weekly.ends_minute);
    return weekly;
}

static struct dated_times next_dated(struct ctx *c, struct cursor *at)
{
    struct dated_times dated = {0};
    dated.len = next_int8_array(c, at, &dated.owner);
    next_int8_array(c, at, &dated.starts_s);
    next_int8_array(c, at, &dated.ends_s);
    return dated;
}

enum err catalogue_store_slots(struct ctx *c, struct catalogue_store *store,
                               const struct slots_query *in, struct slots_found *out)
{
    struct pg_rows rows;
    TRY(pg_query(c, store->pool, &SQL_CATALOGUE_SLOTS,
                 PG_ARGS(pg_int8(in->salon), pg_int8(in->service), pg_int8_or_null(in->staff),
                         pg_date(in->from), pg_int4(in->days), pg_int8(SLOTS_STAFF_MAX)),
                 &rows));
    if (rows.len == 0)
        return ERR_NOT_FOUND;
    struct cursor at = {&rows, 0, 0};
    struct slot_facts *facts = &out->facts;
    *out = (struct slots_found){.timezone = next_text(&at)};
    facts->grid_minutes = next_int4(&at);
    facts->notice_minutes = next_int4(&at);
    facts->horizon_days = next_int4(&at);
    facts->now = pg_get_instant(&rows, 0, at.column++);
    out->service_found = next_bool(&at);
    facts->duration_minutes = next_int4(&at);
    facts->buffer_before_minutes = next_int4(&at);
    facts->buffer_after_minutes = next_int4(&at);
    out->staff_found = next_bool(&at);
    out->staff_here = next_bool(&at);
    out->staff_offers = next_bool(&at);
    facts->opening = next_weekly(c, &at, false);
    facts->staff_len = next_int8_array(c, &at, &facts->staff);
    facts->windows = next_weekly(c, &at, true);
    facts->extra = next_dated(c, &at);
    facts->off = next_dated(c, &at);
    facts->busy = next_dated(c, &at);
    return OK;
}
