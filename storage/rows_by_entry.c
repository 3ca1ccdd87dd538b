#include "storage/rows_by_entry.h"

#include <string.h>

struct rows_by_entry rows_by_entry(struct arena *arena, const struct pg_rows *rows,
                                   uint32_t entries)
{
    struct rows_by_entry made = {.rows = rows,
                                 .entries = entries,
                                 .first = arena_array(arena, uint32_t, entries),
                                 .next = arena_array(arena, uint32_t, rows->len + 1)};
    assert(entries > 0);
    for (uint32_t row = rows->len; row-- > 0;) {
        int32_t entry = pg_get_int4(rows, row, 0);
        assert(entry >= 1 && (uint32_t)entry <= entries);
        made.next[row] = made.first[entry - 1];
        made.first[entry - 1] = row + 1;
    }
    return made;
}

static const struct pg_cell *cells_of(const struct pg_rows *rows, uint32_t row)
{
    return &rows->cells[(size_t)row * rows->columns];
}

static size_t bytes_in(const struct pg_rows *rows, uint32_t row)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < rows->columns; i++)
        bytes += (size_t)MAX(cells_of(rows, row)[i].len, 0);
    return bytes;
}

static char *copy_row(struct pg_cell *to, char *at, const struct pg_rows *rows, uint32_t row)
{
    for (uint32_t i = 0; i < rows->columns; i++) {
        to[i] = cells_of(rows, row)[i];
        if (to[i].len < 0)
            continue; /* NULL */
        if (to[i].len > 0)
            memcpy(at, to[i].ptr, (size_t)to[i].len);
        to[i].ptr = at;
        at += to[i].len;
    }
    return at;
}

void rows_of_entry(struct arena *arena, const struct rows_by_entry *by, uint32_t entry,
                   struct pg_rows *out)
{
    assert(entry < by->entries);
    size_t bytes = 0;
    *out = (struct pg_rows){.columns = by->rows->columns};
    for (uint32_t row = by->first[entry]; row; row = by->next[row - 1]) {
        bytes += bytes_in(by->rows, row - 1);
        out->len++;
    }
    if (out->len == 0)
        return;
    struct pg_cell *cells = arena_array(arena, struct pg_cell, (size_t)out->len * out->columns);
    char *begin = arena_push_bytes(arena, bytes), *at = begin;
    out->cells = cells;
    for (uint32_t row = by->first[entry]; row; row = by->next[row - 1], cells += out->columns)
        at = copy_row(cells, at, by->rows, row - 1);
    assert(at == begin + bytes);
}
