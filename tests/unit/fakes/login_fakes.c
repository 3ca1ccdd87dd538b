#include "tests/unit/fakes/login_fakes.h"

#include <stdio.h>
#include <string.h>

#include "domain/accounts/phone_plan.h"

static void keep(char *to, size_t size, struct str from)
{
    snprintf(to, size, "%.*s", STR_FMT(from));
}

/* ---- numbering plans: two countries are enough ---- */

bool phone_plan_parse(struct str number, struct phone *out)
{
    bool uae = str_starts(number, STR("+9715")) && number.len == 13;
    bool office = str_starts(number, STR("+9714")) && number.len == 12;
    bool us = str_starts(number, STR("+1415")) && number.len == 12;
    if (!uae && !office && !us)
        return false;
    *out = (struct phone){.len = (uint8_t)number.len, .receives_sms = uae || us};
    memcpy(out->text, number.ptr, number.len);
    memcpy(out->country, us ? "US" : "AE", 2);
    return true;
}

/* ---- accounts ---- */

static struct account *account_of_phone(struct account_store *store, struct str phone)
{
    for (size_t i = 0; i < store->len; i++)
        if (str_eq(store->accounts[i].phone, phone))
            return &store->accounts[i];
    return NULL;
}

static struct account *account_upsert(struct account_store *store, struct str phone, enum lang lang)
{
    struct account *found = account_of_phone(store, phone);
    if (found)
        return found;
    size_t i = store->len++;
    keep(store->texts[i], sizeof(store->texts[i]), phone);
    store->accounts[i] =
        (struct account){.id = (int64_t)i + 1, .phone = str_c(store->texts[i]), .language = lang};
    return &store->accounts[i];
}

enum err account_store_get(struct ctx *c, struct account_store *store, int64_t id,
                           struct account *out)
{
    if (id < 1 || (size_t)id > store->len)
        return ERR_NOT_FOUND;
    *out = store->accounts[id - 1];
    return OK;
}

enum err account_store_change(struct ctx *c, struct account_store *store, int64_t id,
                              const struct account_changes *in, struct account *out)
{
    if (id < 1 || (size_t)id > store->len)
        return ERR_NOT_FOUND;
    struct account *account = &store->accounts[id - 1];
    for (size_t i = 0; in->email.ptr && i < store->len; i++)
        if (&store->accounts[i] != account && str_eq_nocase(store->accounts[i].email, in->email))
            return ERR_CONFLICT;
    if (in->first_name.ptr)
        account->first_name = in->first_name;
    if (in->last_name.ptr)
        account->last_name = in->last_name;
    if (in->email.ptr || in->email_clear)
        account->email = in->email;
    if (in->language)
        account->language = *in->language;
    *out = *account;
    return OK;
}

/* ---- requests for codes ---- */

struct fake_otp_row *fake_otp_last(struct otp_store *store)
{
    assert(store->len > 0);
    return &store->rows[store->len - 1];
}

enum err otp_store_create(struct ctx *c, struct otp_store *store, const struct otp_row *row,
                          struct otp_created *out)
{
    store->calls++;
    if (store->create_fails)
        return store->create_fails;
    if (store->taken_email.len && str_eq(store->taken_email, row->email))
        return ERR_CONFLICT;
    struct account *account = account_upsert(store->accounts, row->phone, row->language);
    struct fake_otp_row *kept = &store->rows[store->len++];
    *kept = (struct fake_otp_row){.row = *row, .user_id = account->id};
    keep(kept->phone, sizeof(kept->phone), row->phone);
    keep(kept->provider, sizeof(kept->provider), row->provider);
    keep(kept->email, sizeof(kept->email), row->email);
    keep(kept->first_name, sizeof(kept->first_name), row->first_name);
    keep(kept->last_name, sizeof(kept->last_name), row->last_name);
    kept->row.phone = account->phone;
    kept->row.provider = str_c(kept->provider);
    *out = (struct otp_created){account->id, account->language};
    return OK;
}

enum err otp_store_create_counted(struct ctx *c, struct otp_store *store,
                                  const struct otp_rules *rules, const struct otp_row *row,
                                  struct otp_admission *admission, struct otp_created *out)
{
    store->created_counted++;
    *admission = store->counted;
    if (admission->refused_by != OTP_LIMIT_NONE)
        return OK;
    return otp_store_create(c, store, row, out);
}

static struct fake_otp_row *find(struct otp_store *store, struct uuid id)
{
    for (size_t i = 0; i < store->len; i++)
        if (uuid_eq(store->rows[i].row.id, id))
            return &store->rows[i];
    return NULL;
}

enum err otp_store_void(struct ctx *c, struct otp_store *store, struct uuid id)
{
    store->calls++;
    find(store, id)->failed = true;
    return OK;
}

static bool replaced(const struct otp_store *store, const struct fake_otp_row *row)
{
    for (const struct fake_otp_row *newer = row + 1; newer < store->rows + store->len; newer++)
        if (!newer->failed && newer->row.purpose == row->row.purpose &&
            str_eq(newer->row.phone, row->row.phone))
            return true;
    return false;
}

enum err otp_store_count_attempt(struct ctx *c, struct otp_store *store, struct uuid id,
                                 enum otp_purpose purpose, struct otp_ticket *out)
{
    store->calls++;
    struct fake_otp_row *row = find(store, id);
    if (!row || row->row.purpose != purpose || row->used || row->failed || replaced(store, row) ||
        !instant_before(ctx_now(c), row->row.expires_at) || row->attempts >= row->row.attempts_max)
        return ERR_NOT_FOUND;
    row->attempts++;
    *out = (struct otp_ticket){.id = id,
                               .user_id = row->user_id,
                               .phone = row->row.phone,
                               .provider = row->row.provider,
                               .has_mac = row->row.has_mac,
                               .mac = row->row.mac};
    return OK;
}

enum err otp_store_prove(struct ctx *c, struct otp_store *store, struct uuid id)
{
    store->calls++;
    struct fake_otp_row *row = find(store, id);
    if (!row || row->used)
        return ERR_NOT_FOUND;
    row->used = true;
    store->accounts->accounts[row->user_id - 1].phone_verified = true;
    return OK;
}

enum err otp_store_admit_attempt(struct ctx *c, struct otp_store *store,
                                 const struct otp_rules *rules, const struct otp_asker *asker,
                                 struct otp_admission *out)
{
    store->calls++;
    *out = store->counted;
    return OK;
}

/* ---- limits ---- */

enum err otp_limits_admit(struct ctx *c, struct otp_limits *limits, const struct otp_rules *rules,
                          const struct otp_asker *asker, struct otp_admission *out)
{
    if (limits->lost)
        return ERR_UNAVAILABLE;
    limits->last = *asker;
    *out = limits->answer;
    limits->admitted += limits->answer.refused_by == OTP_LIMIT_NONE;
    return OK;
}

enum err otp_limits_refund(struct ctx *c, struct otp_limits *limits, const struct otp_asker *asker)
{
    limits->refunded++;
    return limits->lost ? ERR_UNAVAILABLE : OK;
}

enum err otp_limits_admit_attempt(struct ctx *c, struct otp_limits *limits,
                                  const struct otp_rules *rules, const struct otp_asker *asker,
                                  struct otp_admission *out)
{
    if (limits->lost)
        return ERR_UNAVAILABLE;
    limits->attempts++;
    limits->last = *asker;
    *out = limits->attempt_answer;
    return OK;
}

/* ---- sessions ---- */

static void open_session(struct session_store *store, const struct session_new *session,
                         int64_t user_id)
{
    store->sessions[store->len++] = (struct fake_session){.opened = *session,
                                                          .user_id = user_id,
                                                          .current = session->refresh_hash,
                                                          .newest = session->refresh};
}

enum err session_store_login(struct ctx *c, struct session_store *store, struct uuid otp_request,
                             const struct session_new *session, struct account *out,
                             bool *first_time)
{
    if (store->lose_race)
        return ERR_NOT_FOUND;
    struct fake_otp_row *row = find(store->otp, otp_request);
    struct account *account = &store->otp->accounts->accounts[row->user_id - 1];
    *first_time = !account->phone_verified;
    TRY(otp_store_prove(c, store->otp, otp_request));
    open_session(store, session, account->id);
    *out = *account;
    return OK;
}

enum err session_store_open_for_phone(struct ctx *c, struct session_store *store, struct str phone,
                                      const struct session_new *session, struct session_owner *out)
{
    struct account *account = account_upsert(store->otp->accounts, phone, LANG_AR);
    account->phone_verified = true;
    open_session(store, session, account->id);
    *out = (struct session_owner){account->id, account->language};
    return OK;
}

enum err session_store_rotate(struct ctx *c, struct session_store *store,
                              const struct token_hash *shown, const struct session_new *next,
                              struct duration grace, struct rotated *out)
{
    struct fake_session *s = NULL;
    for (size_t i = 0; i < store->len; i++)
        if (uuid_eq(store->sessions[i].opened.id, next->id))
            s = &store->sessions[i];
    if (s)
        out->lang = store->otp->accounts->accounts[s->user_id - 1].language;
    if (!s || s->revoked) {
        out->verdict = ROTATION_ENDED;
    } else if (memcmp(&s->current, shown, sizeof(*shown)) == 0) {
        s->previous = s->current;
        s->has_previous = true;
        s->current = next->refresh_hash;
        s->newest = out->successor = next->refresh;
        s->rotated_at = ctx_now(c);
        out->verdict = ROTATION_DONE;
    } else if (s->has_previous && memcmp(&s->previous, shown, sizeof(*shown)) == 0 &&
               instant_since(ctx_now(c), s->rotated_at).us <= grace.us) {
        out->successor = s->newest;
        out->verdict = ROTATION_REPEATED;
    } else {
        s->revoked = true;
        out->verdict = ROTATION_REUSED;
    }
    return OK;
}

/* ---- who sends ---- */

static enum err fake_send(struct ctx *c, struct otp_sender *sender,
                          const struct otp_message *message, int32_t *retry_after_s)
{
    struct fake_sender *fake = container_of(sender, struct fake_sender, sender);
    fake->sends++;
    fake->channel = message->channel;
    keep(fake->phone, sizeof(fake->phone), message->phone);
    keep(fake->code, sizeof(fake->code), message->code);
    keep(fake->text, sizeof(fake->text), message->text);
    fake->text_there = message->text;
    *retry_after_s = fake->retry_after_s;
    return fake->send_err;
}

static enum err fake_check(struct ctx *c, struct otp_sender *sender, struct str phone,
                           struct str code, bool *right, int32_t *retry_after_s)
{
    struct fake_sender *fake = container_of(sender, struct fake_sender, sender);
    fake->checks++;
    keep(fake->checked, sizeof(fake->checked), code);
    *right = fake->right;
    *retry_after_s = fake->retry_after_s;
    return fake->check_err;
}

void fake_sender_init(struct fake_sender *fake, const char *name, bool makes_code)
{
    *fake = (struct fake_sender){
        .sender = {.name = name, .makes_code = makes_code, .send = fake_send, .check = fake_check}};
}
