#include "storage/review_store.h"

#include "embedded.h"
#include "storage/answer_row.h"

/* Both statements end with the zone. */
static void read_review(struct row_cursor at, struct review *out, const struct tz **tz)
{
    out->id = row_int8(&at);
    out->author = row_text(&at);
    out->rating = row_int4(&at);
    out->comment = row_text(&at);
    out->created_at = row_instant(&at);
    out->service = row_name(&at);
    *tz = tz_find(row_text(&at));
    row_end(&at);
}

enum err review_store_add(struct ctx *c, struct review_store *store, int64_t actor,
                          const struct review_request *in, struct review *out, const struct tz **tz)
{
    struct pg_rows rows;
    TRY(pg_query(c, store->pool, &SQL_REVIEWS_ADD,
                 PG_ARGS(pg_int8(actor), pg_int8(in->salon), pg_int8(in->booking),
                         pg_int8(in->rating), pg_text(in->comment), ROW_ONCE(c, in->once)),
                 &rows));
    struct row_cursor at;
    TRY(rows_granted_once(c, &rows, in->once, &at));
    read_review(at, out, tz);
    return *tz ? OK : ERR_INTERNAL;
}

enum err review_store_list(struct ctx *c, struct review_store *store, const struct part_query *in,
                           struct review_page *out)
{
    struct pg_rows rows;
    TRY(pg_query(c, store->pool, &SQL_REVIEWS_LIST,
                 PG_ARGS(pg_int8(in->salon), pg_int8(in->after_id), pg_int8(in->limit + 1)),
                 &rows));
    if (rows.len == 0)
        return ERR_NOT_FOUND;
    out->len = row_page_len(&rows, in->limit, pg_is_null(&rows, 0, 0), &out->more);
    out->items = arena_array(c->arena, struct review, out->len + 1);
    for (uint32_t row = 0; row < out->len; row++) {
        read_review(row_at(&rows, row), &out->items[row], &out->tz);
        if (!out->tz)
            return ERR_INTERNAL;
    }
    return OK;
}
