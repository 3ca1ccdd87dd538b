#include "storage/photo_store.h"

#include <string.h>

#include "embedded.h"
#include "storage/answer_row.h"

enum err photo_store_check(struct ctx *c, struct photo_store *store, int64_t actor, int64_t salon)
{
    struct pg_rows rows;
    TRY(pg_query(c, store->pool, &SQL_PHOTOS_CHECK, PG_ARGS(pg_int8(actor), pg_int8(salon)),
                 &rows));
    struct row_cursor at;
    return rows_granted(c, &rows, &at);
}

enum err photo_store_add(struct ctx *c, struct photo_store *store, int64_t actor, int64_t salon,
                         struct once *once, struct photo *photo)
{
    assert(photo->bytes > 0 && photo->image.width > 0 && photo->image.height > 0);
    struct pg_rows rows;
    TRY(pg_query(c, store->pool, &SQL_PHOTOS_ADD,
                 PG_ARGS(pg_int8(actor), pg_int8(salon), pg_text(content_str(&photo->content)),
                         pg_text(image_kind_code(photo->image.kind)), pg_int8(photo->image.width),
                         pg_int8(photo->image.height), pg_int8(photo->bytes),
                         pg_int8(PHOTOS_PER_SALON_MAX), ROW_ONCE(c, once)),
                 &rows));
    struct row_cursor at;
    TRY(rows_granted_once(c, &rows, once, &at));
    photo->id = row_int8(&at);
    photo->created_at = row_instant(&at);
    photo->tz = tz_find(row_text(&at));
    row_end(&at);
    return photo->tz ? OK : ERR_INTERNAL;
}

static enum err read_content(struct row_cursor *at, struct content *content, enum image_kind *kind)
{
    struct str hex = row_text(at);
    if (hex.len != CONTENT_LEN || !image_kind_parse(row_text(at), kind))
        return ERR_INTERNAL;
    memcpy(content->hex, hex.ptr, CONTENT_LEN);
    return OK;
}

enum err photo_store_remove(struct ctx *c, struct photo_store *store, int64_t actor, int64_t salon,
                            int64_t photo, struct content *content, enum image_kind *kind)
{
    struct pg_rows rows;
    TRY(pg_query(c, store->pool, &SQL_PHOTOS_REMOVE,
                 PG_ARGS(pg_int8(actor), pg_int8(salon), pg_int8(photo)), &rows));
    struct row_cursor at;
    TRY(rows_granted(c, &rows, &at));
    TRY(read_content(&at, content, kind));
    row_end(&at);
    return OK;
}

enum err photo_store_used(struct ctx *c, struct photo_store *store, const struct content *content,
                          bool *used)
{
    struct pg_rows rows;
    TRY(pg_query(c, store->pool, &SQL_PHOTOS_USED, PG_ARGS(pg_text(content_str(content))), &rows));
    assert(rows.len == 1 && rows.columns == 1);
    *used = pg_get_bool(&rows, 0, 0);
    return OK;
}

enum err photo_store_unused(struct ctx *c, struct photo_store *store, const struct str *contents,
                            size_t len, struct str *unused, size_t *unused_len)
{
    struct pg_rows rows;
    TRY(pg_query(c, store->pool, &SQL_PHOTOS_UNUSED,
                 PG_ARGS(pg_text_array(c->arena, contents, len)), &rows));
    assert(rows.len <= len);
    *unused_len = rows.len;
    for (uint32_t row = 0; row < rows.len; row++)
        unused[row] = pg_get_text(&rows, row, 0);
    return OK;
}

enum err photo_store_of_closed(struct ctx *c, struct photo_store *store, int64_t salon,
                               struct media_name **out, size_t *len)
{
    struct pg_rows rows;
    TRY(pg_query(c, store->pool, &SQL_PHOTOS_OF_CLOSED,
                 PG_ARGS(pg_int8(salon), pg_int8(PHOTOS_PER_SALON_MAX)), &rows));
    *len = rows.len;
    *out = arena_array(c->arena, struct media_name, rows.len + 1);
    for (uint32_t row = 0; row < rows.len; row++) {
        struct row_cursor at = row_at(&rows, row);
        TRY(read_content(&at, &(*out)[row].content, &(*out)[row].kind));
        row_end(&at);
    }
    return OK;
}

enum err photo_store_forget_closed(struct ctx *c, struct photo_store *store, int64_t salon)
{
    struct pg_rows rows;
    return pg_query(c, store->pool, &SQL_PHOTOS_FORGET_CLOSED, PG_ARGS(pg_int8(salon)), &rows);
}

static enum err read_photo(struct row_cursor at, struct photo *out)
{
    out->id = row_int8(&at);
    TRY(read_content(&at, &out->content, &out->image.kind));
    out->image.width = row_int4(&at);
    out->image.height = row_int4(&at);
    out->bytes = row_int8(&at);
    out->created_at = row_instant(&at);
    out->tz = tz_find(row_text(&at));
    row_end(&at);
    return out->tz ? OK : ERR_INTERNAL;
}

enum err photo_store_list(struct ctx *c, struct photo_store *store, const struct part_query *in,
                          struct photo_page *out)
{
    struct pg_rows rows;
    TRY(pg_query(c, store->pool, &SQL_PHOTOS_LIST,
                 PG_ARGS(pg_int8(in->salon), pg_int8(in->after_id), pg_int8(in->limit + 1)),
                 &rows));
    if (rows.len == 0)
        return ERR_NOT_FOUND;
    out->len = row_page_len(&rows, in->limit, pg_is_null(&rows, 0, 0), &out->more);
    out->items = arena_array(c->arena, struct photo, out->len + 1);
    for (uint32_t row = 0; row < out->len; row++)
        TRY(read_photo(row_at(&rows, row), &out->items[row]));
    return OK;
}
