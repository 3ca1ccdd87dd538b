/* storage/row_cursor.h - reading the columns of a row in the order in which its statement lists them.
 *
 * The one way in which the stores read rows: no column is counted by hand, and row_end asserts that the
 * statement and its reader agree on where the last one is. NULL reads as 0, empty, or no items; where NULL
 * means something, ask row_null first.
 *
 * What is read are views into the rows, copies of arrays lie in the arena.   Waits: never. */
#pragma once
#include "domain/catalogue/catalogue.h"
#include "runtime/pg.h"

struct row_cursor {
    const struct pg_rows *rows;
    uint32_t row, column; /* the next one */
};

static inline struct row_cursor row_at(const struct pg_rows *rows, uint32_t row)
{
    assert(row < rows->len);
    assert(rows->columns > 0);
    return (struct row_cursor){rows, row, 0};
}
/* Behind the columns that all rows of the statement begin with alike. */
static inline struct row_cursor row_at_column(const struct pg_rows *rows, uint32_t row,
                                              uint32_t column)
{
    struct row_cursor at = row_at(rows, row);
    at.column = column;
    return at;
}
static inline void row_skip(struct row_cursor *at, uint32_t columns)
{
    at->column += columns;
    assert(at->column <= at->rows->columns);
}
static inline void row_end(const struct row_cursor *at)
{
    assert(at->column == at->rows->columns);
}

static inline bool row_null(const struct row_cursor *at) /* the next one; it stays the next */
{
    return pg_is_null(at->rows, at->row, at->column);
}
static inline struct str row_text(struct row_cursor *at)
{
    return pg_get_text(at->rows, at->row, at->column++);
}
static inline bool row_bool(struct row_cursor *at)
{
    uint32_t column = at->column++;
    return !pg_is_null(at->rows, at->row, column) && pg_get_bool(at->rows, at->row, column);
}
/* int2, int4 or int8. */
static inline int64_t row_int8(struct row_cursor *at)
{
    uint32_t column = at->column++;
    return pg_is_null(at->rows, at->row, column) ? 0 : pg_get_int8(at->rows, at->row, column);
}
/* int2 or int4. */
static inline int32_t row_int4(struct row_cursor *at)
{
    uint32_t column = at->column++;
    return pg_is_null(at->rows, at->row, column) ? 0 : pg_get_int4(at->rows, at->row, column);
}
static inline double row_float8(struct row_cursor *at)
{
    uint32_t column = at->column++;
    return pg_is_null(at->rows, at->row, column) ? 0 : pg_get_float8(at->rows, at->row, column);
}
static inline struct instant row_instant(struct row_cursor *at)
{
    uint32_t column = at->column++;
    return pg_is_null(at->rows, at->row, column) ? (struct instant){0}
                                                 : pg_get_instant(at->rows, at->row, column);
}
static inline struct uuid row_uuid(struct row_cursor *at)
{
    uint32_t column = at->column++;
    return pg_is_null(at->rows, at->row, column) ? (struct uuid){0}
                                                 : pg_get_uuid(at->rows, at->row, column);
}
/* A column that checks itself to be one. */
static inline struct currency row_currency(struct row_cursor *at)
{
    struct currency currency;
    bool fine = currency_parse(row_text(at), &currency);
    assert(fine);
    return currency;
}
/* Arabic, then English. */
static inline struct name row_name(struct row_cursor *at)
{
    struct name name;
    name.in[LANG_AR] = row_text(at);
    name.in[LANG_EN] = row_text(at);
    return name;
}
static inline size_t row_int8_array(struct row_cursor *at, struct arena *arena, const int64_t **out)
{
    uint32_t column = at->column++;
    *out = NULL;
    if (pg_is_null(at->rows, at->row, column))
        return 0;
    return pg_get_int8_array(arena, at->rows, at->row, column, out);
}
/* Weekday, begin, end. */
static inline struct weekly_times row_weekly(struct row_cursor *at, struct arena *arena)
{
    struct weekly_times weekly = {0};
    weekly.len = row_int8_array(at, arena, &weekly.weekday);
    size_t starts = row_int8_array(at, arena, &weekly.starts_minute);
    size_t ends = row_int8_array(at, arena, &weekly.ends_minute);
    assert(starts == weekly.len && ends == weekly.len);
    return weekly;
}

/* A page of which one row more than `limit` was asked for, to see whether there are more. A page of
 * nothing may be one row, whose columns of the page are NULL: `empty`. */
static inline size_t row_page_len(const struct pg_rows *rows, int64_t limit, bool empty, bool *more)
{
    assert(limit > 0 && rows->len <= (uint64_t)limit + 1);
    *more = rows->len > (uint64_t)limit;
    return empty ? 0 : *more ? (size_t)limit : rows->len;
}
