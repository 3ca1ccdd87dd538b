#include "storage/account_store.h"

#include "embedded.h"
#include "storage/account_rows.h"

enum err row_account(struct row_cursor *at, struct account *out)
{
    *out = (struct account){.id = row_int8(at)};
    out->phone = row_text(at);
    out->email = row_text(at);
    out->first_name = row_text(at);
    out->last_name = row_text(at);
    struct str role = row_text(at), language = row_text(at);
    out->phone_verified = row_bool(at);
    out->joined_at = row_instant(at);
    return role_parse(role, &out->role) && lang_parse(language, &out->language) ? OK : ERR_INTERNAL;
}

/* No row: there is no such account. */
static enum err read_one(const struct pg_rows *rows, struct account *out)
{
    if (rows->len == 0)
        return ERR_NOT_FOUND;
    assert(rows->len == 1);
    struct row_cursor at = row_at(rows, 0);
    TRY(row_account(&at, out));
    row_end(&at);
    return OK;
}

enum err account_store_get(struct ctx *c, struct account_store *store, int64_t id,
                           struct account *out)
{
    struct pg_rows rows;
    TRY(pg_query(c, store->pool, &SQL_ACCOUNTS_GET, PG_ARGS(pg_int8(id)), &rows));
    return read_one(&rows, out);
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
    return read_one(&rows, out);
}
