/* storage/rows_by_entry.h - the rows of a statement about many entries, told apart by the entry.
 *
 * The first column, int4, says which entry a row is about, from 1. Rows of an entry keep their order, and may stand
 * anywhere.   Waits: never. */
#pragma once
#include "runtime/pg.h"

struct rows_by_entry {
    const struct pg_rows *rows;
    uint32_t entries;
    uint32_t *first; /* by entry: its first row + 1, or 0 */
    uint32_t *next;  /* by row: the next row of its entry + 1, or 0 */
};

/* In the arena; `rows` outlives it. A row about no entry is a bug of the statement's. */
struct rows_by_entry rows_by_entry(struct arena *arena, const struct pg_rows *rows,
                                   uint32_t entries);

/* The rows of one entry (from 0), maybe none, copied into this arena: cells, and then all bytes behind each
 * other. */
void rows_of_entry(struct arena *arena, const struct rows_by_entry *by, uint32_t entry,
                   struct pg_rows *out);
