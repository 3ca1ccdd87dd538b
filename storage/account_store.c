#include "storage/account_store.h"

#include "embedded.h"
#include "storage/account_rows.h"

enum err account_read(const struct pg_rows *rows, uint32_t row, struct account *out)
{
    assert(rows->columns >= ACCOUNT_COLUMNS);
    *out = (struct account){.id = pg_get_int8(rows, row, 0),
                            .phone = pg_get_text(rows, row, 1),
                            .email = pg_get_text(rows, row, 2),
                            .first_name = pg_get_text(rows, row, 3),
                            .last_name = pg_get_text(rows, row, 4),
                            .phone_verified = pg_get_bool(rows, row, 7),
                            .joined_at = pg_get_instant(rows, row, 8)};
    bool known = role_parse(pg_get_text(rows, row, 5), &out->role) &&
                 lang_parse(pg_get_text(rows, row, 6), &out->language);
    return known ? OK : ERR_INTERNAL;
}

enum err account_store_get(struct ctx *c, struct account_store *store, int64_t id,
                           struct account *out)
{
    struct pg_rows rows;
    TRY(pg_query(c, store->pool, &SQL_ACCOUNTS_GET, PG_ARGS(pg_int8(id)), &rows));
    return rows.len == 0 ? ERR_NOT_FOUND : account_read(&rows, 0, out);
}

static struct pg_arg text_if_given(struct str v)
{
    return v.ptr ? pg_text(v) : pg_text_or_null(v);
}

enum err account_store_change(struct ctx *c, struct account_store *store, int64_t id,
                              const struct account_changes *in, struct account *out)
{
    struct pg_rows rows;
    bool write_email = in->email_clear || in->email.ptr;
    struct str language = in->language ? lang_code(*in->language) : (struct str){NULL, 0};
    TRY(pg_query(c, store->pool, &SQL_ACCOUNTS_CHANGE,
                 PG_ARGS(pg_int8(id), text_if_given(in->first_name), text_if_given(in->last_name),
                         pg_bool(write_email), text_if_given(in->email), text_if_given(language)),
                 &rows));
    return rows.len == 0 ? ERR_NOT_FOUND : account_read(&rows, 0, out);
}
