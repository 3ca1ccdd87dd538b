/* storage/row_cursor.h - reading the columns of a row in the order in which a statement lists them.
 *
 * Nothing here waits. */
#pragma once
#include "domain/catalogue/catalogue.h"
#include "runtime/pg.h"

struct row_cursor {
    const struct pg_rows *rows;
    uint32_t row, column;
};

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
    return pg_get_bool(at->rows, at->row, at->column++);
}
/* NULL: 0. int2, int4 or int8. */
static inline int64_t row_int8(struct row_cursor *at)
{
    uint32_t column = at->column++;
    return pg_is_null(at->rows, at->row, column) ? 0 : pg_get_int8(at->rows, at->row, column);
}
static inline int32_t row_int4(struct row_cursor *at)
{
    uint32_t column = at->column++;
    return pg_is_null(at->rows, at->row, column) ? 0 : pg_get_int4(at->rows, at->row, column);
}
static inline struct instant row_instant(struct row_cursor *at)
{
    return pg_get_instant(at->rows, at->row, at->column++);
}
static inline struct name row_name(struct row_cursor *at)
{
    struct name name;
    name.in[LANG_AR] = row_text(at);
    name.in[LANG_EN] = row_text(at);
    return name;
}
/* NULL: none. */
static inline size_t row_int8_array(struct ctx *c, struct row_cursor *at, const int64_t **out)
{
    uint32_t column = at->column++;
    *out = NULL;
    return pg_is_null(at->rows, at->row, column)
               ? 0
               : pg_get_int8_array(c->arena, at->rows, at->row, column, out);
}
/* Weekday, begin, end. */
static inline struct weekly_times row_weekly(struct ctx *c, struct row_cursor *at)
{
    struct weekly_times weekly = {0};
    weekly.len = row_int8_array(c, at, &weekly.weekday);
    row_int8_array(c, at, &weekly.starts_minute);
    row_int8_array(c, at, &weekly.ends_minute);
    return weekly;
}
