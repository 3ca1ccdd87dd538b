#include "server/api/me_api.h"

#include "server/api/login_of.h"

/* People without a salon see times of the platform's own zone, which has no clock changes. */
enum { RIYADH_OFFSET_S = 3 * 60 * 60 };

void put_account(struct ctx *c, struct json_writer *w, const char *key,
                 const struct account *account)
{
    assert(account->id > 0);
    struct str email = account->email.len ? account->email : (struct str){NULL, 0};
    json_object_begin(w, key);
    json_put_int(w, "id", account->id);
    json_put_str(w, "phone_number", account->phone);
    json_put_str_or_null(w, "email", email);
    json_put_str(w, "first_name", account->first_name);
    json_put_str(w, "last_name", account->last_name);
    json_put_str(
        w, "display_name",
        account_display_name(c->arena, account->first_name, account->last_name, account->phone));
    json_put_str(w, "role", role_code(account->role));
    json_put_str(w, "preferred_language", lang_code(account->language));
    json_put_bool(w, "is_phone_verified", account->phone_verified);
    json_put_instant(w, "date_joined", account->joined_at, RIYADH_OFFSET_S);
    json_object_end(w);
}

static enum err respond_account(struct ctx *c, struct response *res, const struct account *account)
{
    struct json_writer w = respond_json(c, res, 200);
    put_account(c, &w, NULL, account);
    return OK;
}

enum err api_me_get(struct ctx *c, struct request *req, struct response *res)
{
    struct account account;
    TRY(account_get(c, accounts_of(req->app), req->caller.user_id, &account));
    return respond_account(c, res, &account);
}

struct me_body {
    struct str first_name, last_name;
    struct json_str email;
    struct json_int preferred_language;
};
static const char *const languages[] = {[LANG_AR] = "ar-sa", [LANG_EN] = "en", NULL};

static const struct json_field me_fields[] = {
    {"first_name", JSON_STRING, JSON_MAY_BE_BLANK, offsetof(struct me_body, first_name), 0,
     ACCOUNT_NAME_MAX, NULL},
    {"last_name", JSON_STRING, JSON_MAY_BE_BLANK, offsetof(struct me_body, last_name), 0,
     ACCOUNT_NAME_MAX, NULL},
    {"email", JSON_STRING_OR_NULL, JSON_NULLABLE | JSON_MAY_BE_BLANK,
     offsetof(struct me_body, email), 0, EMAIL_LEN_MAX, NULL},
    {"preferred_language", JSON_CHOICE, 0, offsetof(struct me_body, preferred_language), 0, 0,
     languages},
};

enum err api_me_patch(struct ctx *c, struct request *req, struct response *res)
{
    struct me_body body;
    TRY(REQUEST_JSON(c, req, me_fields, &body));

    struct account_changes changes = {.first_name = body.first_name, .last_name = body.last_name};
    /* Null and blank say the same: no address. */
    changes.email_clear = body.email.set && (body.email.null || body.email.v.len == 0);
    if (body.email.set && !changes.email_clear)
        changes.email = body.email.v;
    enum lang language = (enum lang)body.preferred_language.v;
    if (body.preferred_language.set)
        changes.language = &language;

    struct account account;
    TRY(account_change(c, accounts_of(req->app), req->caller.user_id, &changes, &account));
    return respond_account(c, res, &account);
}
