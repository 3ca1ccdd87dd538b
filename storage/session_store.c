#include "storage/session_store.h"

#include "embedded.h"
#include "storage/account_rows.h"

static struct str hash_str(const struct token_hash *hash)
{
    return str_of((const char *)hash->bytes, sizeof(hash->bytes));
}

static enum err login(struct ctx *c, struct session_store *store, struct uuid otp_request,
                      const struct session_new *session, bool with_email, struct pg_rows *rows)
{
    return pg_query(c, store->pool, &SQL_SESSIONS_LOGIN,
                    PG_ARGS(pg_uuid(&otp_request), pg_instant(ctx_now(c)), pg_bool(with_email),
                            pg_uuid(&session->id), pg_text(session->client.address),
                            pg_text(session->client.user_agent),
                            pg_bytea(hash_str(&session->refresh_hash)),
                            pg_uuid(&session->refresh.jti), pg_instant(session->refresh.issued_at),
                            pg_instant(session->refresh.expires_at)),
                    rows);
}

enum err session_store_login(struct ctx *c, struct session_store *store, struct uuid otp_request,
                             const struct session_new *session, struct account *out,
                             bool *first_time)
{
    struct pg_rows rows;
    enum err err = login(c, store, otp_request, session, true, &rows);
    if (err == ERR_CONFLICT) /* the waiting address was taken this moment: go without it */
        err = login(c, store, otp_request, session, false, &rows);
    TRY(err);
    if (rows.len == 0)
        return ERR_NOT_FOUND;
    assert(rows.len == 1);
    struct row_cursor at = row_at(&rows, 0);
    TRY(row_account(&at, out));
    *first_time = row_bool(&at);
    row_end(&at);
    return OK;
}

enum err session_store_open_for_phone(struct ctx *c, struct session_store *store, struct str phone,
                                      const struct session_new *session, struct session_owner *out)
{
    struct pg_rows rows;
    TRY(pg_query(c, store->pool, &SQL_SESSIONS_OPEN_FOR_PHONE,
                 PG_ARGS(pg_text(phone), pg_instant(ctx_now(c)), pg_uuid(&session->id),
                         pg_bytea(hash_str(&session->refresh_hash)), pg_uuid(&session->refresh.jti),
                         pg_instant(session->refresh.issued_at),
                         pg_instant(session->refresh.expires_at)),
                 &rows));
    assert(rows.len == 1);
    struct row_cursor at = row_at(&rows, 0);
    out->user_id = row_int8(&at);
    struct str lang = row_text(&at);
    row_end(&at);
    assert(out->user_id > 0);
    return lang_parse(lang, &out->lang) ? OK : ERR_INTERNAL;
}

static bool read_verdict(struct str text, enum rotation *out)
{
    static const struct str verdicts[] = {[ROTATION_DONE] = {"rotated", 7},
                                          [ROTATION_REPEATED] = {"repeated", 8},
                                          [ROTATION_REUSED] = {"reused", 6},
                                          [ROTATION_ENDED] = {"ended", 5}};
    for (size_t i = 0; i < ARRAY_LEN(verdicts); i++) {
        if (!str_eq(text, verdicts[i]))
            continue;
        *out = (enum rotation)i;
        return true;
    }
    return false;
}

enum err session_store_rotate(struct ctx *c, struct session_store *store,
                              const struct token_hash *shown, const struct session_new *next,
                              struct duration grace, struct rotated *out)
{
    assert(instant_before(next->refresh.issued_at, next->refresh.expires_at));
    struct pg_rows rows;
    TRY(pg_query(c, store->pool, &SQL_SESSIONS_ROTATE,
                 PG_ARGS(pg_uuid(&next->id), pg_int8(next->refresh.user_id),
                         pg_bytea(hash_str(shown)), pg_bytea(hash_str(&next->refresh_hash)),
                         pg_uuid(&next->refresh.jti), pg_instant(next->refresh.issued_at),
                         pg_instant(next->refresh.expires_at), pg_instant(ctx_now(c)),
                         pg_int4((int32_t)duration_seconds_up(grace)),
                         pg_text(next->client.address), pg_text(next->client.user_agent),
                         pg_text(c->request_id)),
                 &rows));
    assert(rows.len == 1);
    struct row_cursor at = row_at(&rows, 0);
    if (!read_verdict(row_text(&at), &out->verdict))
        return ERR_INTERNAL;
    if (out->verdict == ROTATION_REUSED || out->verdict == ROTATION_ENDED)
        return OK;
    out->successor = next->refresh;
    out->successor.jti = row_uuid(&at);
    out->successor.issued_at = row_instant(&at);
    out->successor.expires_at = row_instant(&at);
    struct str lang = row_text(&at);
    row_end(&at);
    assert(instant_before(out->successor.issued_at, out->successor.expires_at));
    return lang_parse(lang, &out->lang) ? OK : ERR_INTERNAL;
}
