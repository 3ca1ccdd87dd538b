#include "storage/otp_store.h"

#include <string.h>

#include "domain/i18n/texts.h"
#include "embedded.h"

static const struct str purposes[OTP_PURPOSE_COUNT] = {
    [OTP_PURPOSE_AUTH] = {"auth", 4},
    [OTP_PURPOSE_VERIFY] = {"verify", 6},
};
static const struct str channels[OTP_CHANNEL_COUNT] = {
    [OTP_SMS] = {"sms", 3},
    [OTP_WHATSAPP] = {"whatsapp", 8},
};

static struct str mac_str(const struct otp_mac *mac)
{
    return str_of((const char *)mac->bytes, sizeof(mac->bytes));
}

static int32_t whole_seconds(struct duration d)
{
    return (int32_t)duration_seconds_up(d);
}

/* The parameters $1 to $16 of both ways to create. */
#define ROW_ARGS(row)                                                                        \
    pg_uuid(&(row)->id), pg_text((row)->phone), pg_text(purposes[(row)->purpose]),           \
        pg_text(channels[(row)->channel]), pg_text((row)->provider),                         \
        (row)->has_mac ? pg_bytea(mac_str(&(row)->mac)) : pg_null(),                         \
        pg_int2((int16_t)(row)->attempts_max), pg_instant((row)->created_at),                \
        pg_instant((row)->expires_at), pg_text((row)->address), pg_text((row)->address_key), \
        pg_text((row)->device), pg_text_or_null((row)->email), pg_text((row)->first_name),   \
        pg_text((row)->last_name), pg_text(lang_code((row)->language))

enum err otp_store_create(struct ctx *c, struct otp_store *store, const struct otp_row *row,
                          struct otp_created *out)
{
    struct pg_rows rows;
    TRY(pg_query(c, store->pool, &SQL_OTP_CREATE, PG_ARGS(ROW_ARGS(row)), &rows));
    if (rows.len == 0)
        return ERR_CONFLICT;
    assert(rows.len == 1 && rows.columns == 2);
    out->user_id = pg_get_int8(&rows, 0, 0);
    return lang_parse(pg_get_text(&rows, 0, 1), &out->language) ? OK : ERR_INTERNAL;
}

enum err otp_store_create_counted(struct ctx *c, struct otp_store *store,
                                  const struct otp_rules *rules, const struct otp_row *row,
                                  struct otp_admission *admission, struct otp_created *out)
{
    struct pg_rows rows;
    TRY(pg_query(c, store->pool, &SQL_OTP_CREATE_COUNTED,
                 PG_ARGS(ROW_ARGS(row), pg_bool(row->device_named), pg_int4(rules->address.max),
                         pg_int4(rules->device.max), pg_int4(whole_seconds(rules->address.length)),
                         pg_int4(rules->phone.max), pg_int4(whole_seconds(rules->phone.length)),
                         pg_int4(whole_seconds(rules->cooldown))),
                 &rows));
    assert(rows.len == 1 && rows.columns == 4);
    int32_t refused = pg_get_int4(&rows, 0, 0);
    assert(refused >= 0 && refused < OTP_LIMIT_COUNT);
    admission->refused_by = (enum otp_limit)refused;
    admission->retry_after_s = pg_get_int4(&rows, 0, 1);
    if (refused)
        return OK;
    if (pg_is_null(&rows, 0, 2))
        return ERR_CONFLICT;
    out->user_id = pg_get_int8(&rows, 0, 2);
    return lang_parse(pg_get_text(&rows, 0, 3), &out->language) ? OK : ERR_INTERNAL;
}

enum err otp_store_void(struct ctx *c, struct otp_store *store, struct uuid id)
{
    struct pg_rows rows;
    return pg_query(c, store->pool, &SQL_OTP_VOID, PG_ARGS(pg_uuid(&id), pg_instant(ctx_now(c))),
                    &rows);
}

enum err otp_store_count_attempt(struct ctx *c, struct otp_store *store, struct uuid id,
                                 enum otp_purpose purpose, struct otp_ticket *out)
{
    struct pg_rows rows;
    TRY(pg_query(c, store->pool, &SQL_OTP_COUNT_ATTEMPT,
                 PG_ARGS(pg_uuid(&id), pg_text(purposes[purpose]), pg_instant(ctx_now(c))), &rows));
    if (rows.len == 0)
        return ERR_NOT_FOUND;
    assert(rows.len == 1 && rows.columns == 4);
    *out = (struct otp_ticket){.id = id,
                               .user_id = pg_get_int8(&rows, 0, 0),
                               .phone = pg_get_text(&rows, 0, 1),
                               .provider = pg_get_text(&rows, 0, 2),
                               .has_mac = !pg_is_null(&rows, 0, 3)};
    if (out->has_mac) {
        struct str mac = pg_get_text(&rows, 0, 3);
        assert(mac.len == sizeof(out->mac.bytes)); /* otp_request_code_mac */
        memcpy(out->mac.bytes, mac.ptr, mac.len);
    }
    return OK;
}

static enum err prove(struct ctx *c, struct otp_store *store, struct uuid id, bool with_email,
                      struct pg_rows *rows)
{
    return pg_query(c, store->pool, &SQL_OTP_PROVE,
                    PG_ARGS(pg_uuid(&id), pg_instant(ctx_now(c)), pg_bool(with_email)), rows);
}

enum err otp_store_prove(struct ctx *c, struct otp_store *store, struct uuid id)
{
    struct pg_rows rows;
    enum err err = prove(c, store, id, true, &rows);
    if (err == ERR_CONFLICT) /* the waiting address was taken this moment: go without it */
        err = prove(c, store, id, false, &rows);
    TRY(err);
    assert(rows.len <= 1);
    return rows.len == 0 ? ERR_NOT_FOUND : OK;
}

static bool over(const struct otp_window *window, int64_t attempts)
{
    /* The attempt that is being judged is among those counted, when its request is known. */
    return window->max > 0 && attempts > window->max;
}

static int32_t wait_for(struct ctx *c, const struct pg_rows *rows, uint32_t column,
                        struct duration length)
{
    assert(length.us > 0);
    if (pg_is_null(rows, 0, column))
        return 1;
    struct instant room = instant_add(pg_get_instant(rows, 0, column), length);
    return (int32_t)MAX(duration_seconds_up(instant_since(room, ctx_now(c))), 1);
}

enum err otp_store_admit_attempt(struct ctx *c, struct otp_store *store,
                                 const struct otp_rules *rules, const struct otp_asker *asker,
                                 struct otp_admission *out)
{
    struct duration length = rules->verify_phone.length;
    struct instant from = instant_add(ctx_now(c), (struct duration){-length.us});
    struct pg_rows rows;
    TRY(pg_query(c, store->pool, &SQL_OTP_RECENT_ATTEMPTS,
                 PG_ARGS(pg_text(asker->phone), pg_text(asker->address_key), pg_instant(from)),
                 &rows));
    assert(rows.len == 1 && rows.columns == 4);
    *out = (struct otp_admission){OTP_LIMIT_NONE, 0};
    if (over(&rules->verify_address, pg_get_int8(&rows, 0, 2)))
        *out = (struct otp_admission){OTP_LIMIT_ADDRESS, wait_for(c, &rows, 3, length)};
    else if (over(&rules->verify_phone, pg_get_int8(&rows, 0, 0)))
        *out = (struct otp_admission){OTP_LIMIT_PHONE, wait_for(c, &rows, 1, length)};
    return OK;
}
