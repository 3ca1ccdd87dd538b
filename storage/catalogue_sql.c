/* The catalogue's statements, one function each: bind, ask, read the columns in order.
 *
 * Nothing is decided here and nothing kept. A salon's facts are four statements, as joined each row would
 * repeat the salon; they may see different moments, and what changed between them is in the feed afterwards,
 * so that a cache forgets what it made of them. */
#include "storage/catalogue_sql.h"

#include "embedded.h"
#include "runtime/base/log.h"
#include "storage/catalogue_rows.h"

/* ---- salons --------------------------------------------------------------------------------- */

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
    assert(in->limit > 0 && rows.len <= (uint64_t)in->limit + 1);
    out->stamp = 0;
    out->len = row_page_len(&rows, in->limit, false, &out->more);
    out->items = arena_array(c->arena, struct salon, out->len + 1);
    for (uint32_t row = 0; row < out->len; row++) {
        struct row_cursor at = row_at(&rows, row);
        out->items[row] = row_salon(&at);
        row_end(&at);
    }
    return OK;
}

enum err catalogue_sql_salon(struct ctx *c, struct pg_pool *pool, int64_t id,
                             struct salon_details *out)
{
    struct pg_rows rows;
    TRY(pg_query(c, pool, &SQL_CATALOGUE_SALON, PG_ARGS(pg_int8(id)), &rows));
    if (rows.len == 0)
        return ERR_NOT_FOUND;
    assert(rows.len == 1);
    struct row_cursor at = row_at(&rows, 0);
    *out = row_salon_details(&at, c->arena);
    row_end(&at);
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
    assert(in->limit > 0 && rows->len <= (uint64_t)in->limit + 1);
    *len = row_page_len(rows, in->limit, pg_is_null(rows, 0, 0), more);
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
        struct row_cursor at = row_at(&rows, row);
        out->items[row] = row_service(&at);
        row_end(&at);
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
        struct row_cursor at = row_at(&rows, row);
        struct staff_member *member = &out->items[row];
        member->id = row_int8(&at);
        member->name = row_text(&at);
        member->services_len = row_int8_array(&at, c->arena, &member->services);
        row_end(&at);
    }
    return OK;
}

/* ---- facts ---------------------------------------------------------------------------------- */

static struct weekly_times read_weekly(struct row_cursor *at, struct arena *arena)
{
    const int64_t *owner;
    size_t len = row_int8_array(at, arena, &owner);
    struct weekly_times weekly = row_weekly(at, arena);
    assert(weekly.len == len);
    weekly.owner = owner;
    return weekly;
}

static struct dated_times read_dated(struct row_cursor *at, struct arena *arena)
{
    struct dated_times dated;
    dated.len = row_int8_array(at, arena, &dated.owner);
    size_t starts = row_int8_array(at, arena, &dated.starts_s);
    size_t ends = row_int8_array(at, arena, &dated.ends_s);
    assert(starts == dated.len && ends == dated.len);
    return dated;
}

static enum err read_times(struct ctx *c, struct pg_pool *pool, int64_t id, struct salon_facts *out)
{
    struct pg_rows rows;
    TRY(pg_query(c, pool, &SQL_CATALOGUE_TIMES, PG_ARGS(pg_int8(id), pg_int8(SALON_TIMES_MAX)),
                 &rows));
    assert(rows.len == 1);
    struct row_cursor at = row_at(&rows, 0);
    out->windows = read_weekly(&at, c->arena);
    out->extra = read_dated(&at, c->arena);
    out->off = read_dated(&at, c->arena);
    out->rooms_len = row_int8_array(&at, c->arena, &out->room_service);
    size_t rooms = row_int8_array(&at, c->arena, &out->room);
    size_t active = row_int8_array(&at, c->arena, &out->room_active);
    row_end(&at);
    assert(rooms == out->rooms_len && active == out->rooms_len);
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

static void read_entries(struct arena *arena, const struct pg_rows *rows,
                         struct directory_entry **out, size_t *len)
{
    struct directory_entry *entries = arena_array(arena, struct directory_entry, rows->len + 1);
    for (uint32_t row = 0; row < rows->len; row++) {
        struct row_cursor at = row_at(rows, row);
        entries[row].salon = row_salon(&at);
        entries[row].search_text = row_text(&at);
        entries[row].city_ar_folded = row_text(&at);
        entries[row].city_en_folded = row_text(&at);
        row_end(&at);
    }
    *out = entries;
    *len = rows->len;
}

enum err catalogue_sql_directory(struct ctx *c, struct arena *arena, struct pg_pool *pool,
                                 const struct salon *last, int64_t limit,
                                 struct directory_entry **out, size_t *len)
{
    assert(limit > 0 && (!last || last->id > 0));
    struct pg_rows rows;
    TRY(pg_query_into(c, arena, pool, &SQL_CATALOGUE_DIRECTORY,
                      PG_ARGS(pg_int4(last ? last->rating_hundredths : 0),
                              pg_int8(last ? last->id : 0), pg_int8(limit)),
                      &rows));
    assert(rows.len <= (uint64_t)limit);
    read_entries(arena, &rows, out, len);
    return OK;
}

enum err catalogue_sql_directory_some(struct ctx *c, struct pg_pool *pool, const int64_t *ids,
                                      size_t ids_len, struct directory_entry **out, size_t *len)
{
    struct pg_rows rows;
    TRY(pg_query(c, pool, &SQL_CATALOGUE_DIRECTORY_SOME,
                 PG_ARGS(pg_int8_array(c->arena, ids, ids_len)), &rows));
    assert(rows.len <= ids_len); /* what is not active is left out */
    read_entries(c->arena, &rows, out, len);
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
    struct row_cursor at = row_at(&rows, 0);
    out->now = row_instant(&at);
    out->look = row_text(&at);
    out->continues = row_bool(&at);
    out->salons_len = row_int8_array(&at, c->arena, &out->salons);
    out->staff_len = row_int8_array(&at, c->arena, &out->staff);
    row_end(&at);
    assert(out->salons_len <= CATALOGUE_SALONS_CHANGED_MAX);
    assert(out->staff_len <= CATALOGUE_STAFF_CHANGED_MAX);
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
        struct row_cursor at = row_at(&rows, i);
        int64_t id = row_int8(&at);
        assert(id == (i < staff_len ? staff[i] : rooms[i - staff_len]));
        claims[i].len = row_int8_array(&at, c->arena, &claims[i].items);
        claims[i].holds_len = row_int8_array(&at, c->arena, &claims[i].holds);
        size_t ends = row_int8_array(&at, c->arena, &claims[i].hold_ends_us);
        row_end(&at);
        assert(ends == claims[i].holds_len);
    }
    return OK;
}

enum err catalogue_sql_staff_exists(struct ctx *c, struct pg_pool *pool, int64_t staff, bool *out)
{
    struct pg_rows rows;
    TRY(pg_query(c, pool, &SQL_CATALOGUE_STAFF_EXISTS, PG_ARGS(pg_int8(staff)), &rows));
    assert(rows.len == 1 && rows.columns == 1);
    *out = pg_get_bool(&rows, 0, 0);
    return OK;
}
