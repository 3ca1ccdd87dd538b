#include "storage/catalogue_sql.h"

#include "embedded.h"
#include "runtime/base/log.h"

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

enum err catalogue_sql_search(struct ctx *c, struct pg_pool *pool, const struct salon_query *in,
                              struct salon_page *out)
{
    /* One more than asked for tells whether there is a next page. */
    struct pg_arg city = pg_text(in->city), rating = pg_int4(in->after_rating_hundredths),
                  after = pg_int8(in->after_id), limit = pg_int8(in->limit + 1);
    struct pg_rows rows;
    if (in->q.len)
        TRY(pg_query(c, pool, &SQL_CATALOGUE_SALONS_SEARCH,
                     PG_ARGS(city, rating, after, limit, pg_text(in->q)), &rows));
    else
        TRY(pg_query(c, pool, &SQL_CATALOGUE_SALONS_LIST, PG_ARGS(city, rating, after, limit),
                     &rows));
    out->stamp = 0;
    out->more = rows.len > (uint64_t)in->limit;
    out->len = out->more ? (size_t)in->limit : rows.len;
    out->items = arena_array(c->arena, struct salon, out->len + 1);
    for (uint32_t row = 0; row < out->len; row++)
        out->items[row] = read_salon(&(struct cursor){&rows, row, 0});
    return OK;
}

enum err catalogue_sql_salon(struct ctx *c, struct pg_pool *pool, int64_t id,
                             struct salon_details *out)
{
    struct pg_rows rows;
    TRY(pg_query(c, pool, &SQL_CATALOGUE_SALON, PG_ARGS(pg_int8(id)), &rows));
    if (rows.len == 0)
        return ERR_NOT_FOUND;
    struct cursor at = {&rows, 0, 0};
    out->stamp = 0;
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
static enum err part_rows(struct ctx *c, struct pg_pool *pool, const struct pg_statement *statement,
                          const struct part_query *in, struct pg_rows *rows, size_t *len,
                          bool *more)
{
    TRY(pg_query(c, pool, statement,
                 PG_ARGS(pg_int8(in->salon), pg_int8(in->after_id), pg_int8(in->limit + 1)), rows));
    if (rows->len == 0)
        return ERR_NOT_FOUND;
    *more = rows->len > (uint64_t)in->limit;
    *len = *more ? (size_t)in->limit : rows->len;
    if (pg_is_null(rows, 0, 0))
        *len = 0;
    return OK;
}

enum err catalogue_sql_services(struct ctx *c, struct pg_pool *pool, const struct part_query *in,
                                struct service_page *out)
{
    struct pg_rows rows;
    TRY(part_rows(c, pool, &SQL_CATALOGUE_SERVICES, in, &rows, &out->len, &out->more));
    out->stamp = 0;
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

enum err catalogue_sql_staff(struct ctx *c, struct pg_pool *pool, const struct part_query *in,
                             struct staff_page *out)
{
    struct pg_rows rows;
    TRY(part_rows(c, pool, &SQL_CATALOGUE_STAFF, in, &rows, &out->len, &out->more));
    out->stamp = 0;
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

/* ---- facts ---------------------------------------------------------------------------------- */

static struct weekly_times next_weekly(struct ctx *c, struct cursor *at)
{
    struct weekly_times weekly;
    next_int8_array(c, at, &weekly.owner);
    weekly.len = next_int8_array(c, at, &weekly.weekday);
    next_int8_array(c, at, &weekly.starts_minute);
    next_int8_array(c, at, &weekly.ends_minute);
    return weekly;
}

static struct dated_times next_dated(struct ctx *c, struct cursor *at)
{
    struct dated_times dated;
    dated.len = next_int8_array(c, at, &dated.owner);
    next_int8_array(c, at, &dated.starts_s);
    next_int8_array(c, at, &dated.ends_s);
    return dated;
}

static enum err read_times(struct ctx *c, struct pg_pool *pool, int64_t id, struct salon_facts *out)
{
    struct pg_rows rows;
    TRY(pg_query(c, pool, &SQL_CATALOGUE_TIMES, PG_ARGS(pg_int8(id), pg_int8(SALON_TIMES_MAX)),
                 &rows));
    assert(rows.len == 1);
    struct cursor at = {&rows, 0, 0};
    out->windows = next_weekly(c, &at);
    out->extra = next_dated(c, &at);
    out->off = next_dated(c, &at);
    out->rooms_len = next_int8_array(c, &at, &out->room_service);
    next_int8_array(c, &at, &out->room);
    next_int8_array(c, &at, &out->room_active);
    if (MAX(MAX(out->windows.len, out->extra.len), MAX(out->off.len, out->rooms_len)) ==
        SALON_TIMES_MAX)
        log_event(LOG_ERROR, "salon_too_large", "salon %lld: times beyond %d are not read",
                  (long long)id, SALON_TIMES_MAX);
    return OK;
}

enum err catalogue_sql_facts(struct ctx *c, struct pg_pool *pool, int64_t id,
                             struct salon_facts *out)
{
    struct service_page services;
    struct staff_page staff;
    TRY(catalogue_sql_salon(c, pool, id, &out->details));
    TRY(catalogue_sql_services(c, pool, &(struct part_query){id, 0, SALON_SERVICES_MAX},
                               &services));
    TRY(catalogue_sql_staff(c, pool, &(struct part_query){id, 0, SALON_STAFF_MAX}, &staff));
    out->services = services.items;
    out->services_len = services.len;
    out->staff = staff.items;
    out->staff_len = staff.len;
    return read_times(c, pool, id, out);
}

/* ---- the directory -------------------------------------------------------------------------- */

static void read_entries(struct ctx *c, const struct pg_rows *rows, struct directory_entry **out,
                         size_t *len)
{
    struct directory_entry *entries = arena_array(c->arena, struct directory_entry, rows->len + 1);
    for (uint32_t row = 0; row < rows->len; row++) {
        struct cursor at = {rows, row, 0};
        entries[row].salon = read_salon(&at);
        entries[row].search_text = next_text(&at);
        entries[row].city_ar_folded = next_text(&at);
        entries[row].city_en_folded = next_text(&at);
    }
    *out = entries;
    *len = rows->len;
}

enum err catalogue_sql_directory(struct ctx *c, struct pg_pool *pool, const struct salon *last,
                                 int64_t limit, struct directory_entry **out, size_t *len)
{
    struct pg_rows rows;
    TRY(pg_query(c, pool, &SQL_CATALOGUE_DIRECTORY,
                 PG_ARGS(pg_int4(last ? last->rating_hundredths : 0), pg_int8(last ? last->id : 0),
                         pg_int8(limit)),
                 &rows));
    read_entries(c, &rows, out, len);
    return OK;
}

enum err catalogue_sql_directory_some(struct ctx *c, struct pg_pool *pool, const int64_t *ids,
                                      size_t ids_len, struct directory_entry **out, size_t *len)
{
    struct pg_rows rows;
    TRY(pg_query(c, pool, &SQL_CATALOGUE_DIRECTORY_SOME,
                 PG_ARGS(pg_int8_array(c->arena, ids, ids_len)), &rows));
    read_entries(c, &rows, out, len);
    return OK;
}

enum err catalogue_sql_changes(struct ctx *c, struct pg_pool *pool, struct str look,
                               struct catalogue_changes *out)
{
    struct pg_rows rows;
    TRY(pg_query(c, pool, &SQL_CATALOGUE_CHANGES,
                 PG_ARGS(pg_text_or_null(look), pg_int8(CATALOGUE_SALONS_CHANGED_MAX),
                         pg_int8(CATALOGUE_STAFF_CHANGED_MAX)),
                 &rows));
    assert(rows.len == 1);
    struct cursor at = {&rows, 0, 0};
    out->now = pg_get_instant(&rows, 0, at.column++);
    out->look = next_text(&at);
    out->continues = next_bool(&at);
    out->salons_len = next_int8_array(c, &at, &out->salons);
    out->staff_len = next_int8_array(c, &at, &out->staff);
    return OK;
}

/* ---- slots ---------------------------------------------------------------------------------- */

enum err catalogue_sql_busy(struct ctx *c, struct pg_pool *pool, const int64_t *staff,
                            size_t staff_len, const int64_t *rooms, size_t rooms_len,
                            struct claims **out)
{
    struct pg_rows rows;
    struct claims *claims = arena_array(c->arena, struct claims, staff_len + rooms_len + 1);
    *out = claims;
    if (staff_len + rooms_len == 0)
        return OK;
    TRY(pg_query(c, pool, &SQL_CATALOGUE_BUSY,
                 PG_ARGS(pg_int8_array(c->arena, staff, staff_len),
                         pg_int8_array(c->arena, rooms, rooms_len)),
                 &rows));
    assert(rows.len == staff_len + rooms_len);
    for (uint32_t i = 0; i < rows.len; i++) {
        struct cursor at = {&rows, i, 0};
        int64_t id = next_int8(&at);
        assert(id == (i < staff_len ? staff[i] : rooms[i - staff_len]));
        claims[i].len = next_int8_array(c, &at, &claims[i].items);
        claims[i].holds_len = next_int8_array(c, &at, &claims[i].holds);
        next_int8_array(c, &at, &claims[i].hold_ends_us);
    }
    return OK;
}

enum err catalogue_sql_staff_exists(struct ctx *c, struct pg_pool *pool, int64_t staff, bool *out)
{
    struct pg_rows rows;
    TRY(pg_query(c, pool, &SQL_CATALOGUE_STAFF_EXISTS, PG_ARGS(pg_int8(staff)), &rows));
    *out = pg_get_bool(&rows, 0, 0);
    return OK;
}
