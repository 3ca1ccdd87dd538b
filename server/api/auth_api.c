/* Login by phone and what keeps it alive. The limits count an address as one subscriber has it (IPv6: a /64),
 * because that is what costs an attacker something. A blank phone number or code is not refused by the field
 * table: the rule that knows its text does it, and the same for every way in which it can be wrong. */
#include "server/api/auth_api.h"

#include <string.h>

#include "domain/otp/signals.h"
#include "server/api/login_of.h"
#include "server/api/me_api.h"
#include "server/http/cidr.h"

/* Times that belong to no salon are shown in the platform's own zone. */
enum { RIYADH_OFFSET_S = 3 * 60 * 60 };

/* What is limited: an IPv4 address, or the /64 that one subscriber's IPv6 addresses come from. */
static struct str address_key(struct ctx *c, struct str client_ip)
{
    struct ip ip;
    if (!ip_parse(client_ip, &ip) || ip_is_v4(ip))
        return client_ip;
    memset(ip.bytes + 8, 0, 8);
    char *text = arena_push_bytes(c->arena, IP_TEXT_MAX + 3);
    size_t len = ip_format(ip, text);
    assert(len > 0 && len <= IP_TEXT_MAX);
    memcpy(text + len, "/64", 3);
    return str_of(text, len + 3);
}

/* ---- asking for a code --------------------------------------------------------------------- */

struct request_body {
    struct str phone_number, device_id, email, first_name, last_name;
    struct json_int channel;
};
static const char *const channels[] = {[OTP_SMS] = "sms", [OTP_WHATSAPP] = "whatsapp", NULL};

enum { OPTIONAL_TEXT = JSON_NULLABLE | JSON_MAY_BE_BLANK, TYPED_MAX = 1024 };

/* A blank phone number or address is judged by the rule that knows its text, not as a blank. */
static const struct json_field request_fields[] = {
    {"phone_number", JSON_STRING, JSON_REQUIRED | JSON_MAY_BE_BLANK,
     offsetof(struct request_body, phone_number), 0, 0, NULL}, /* its own text refuses it */
    {"channel", JSON_CHOICE, 0, offsetof(struct request_body, channel), 0, 0, channels},
    {"device_id", JSON_STRING, OPTIONAL_TEXT, offsetof(struct request_body, device_id), 0,
     DEVICE_ID_MAX, NULL},
    {"email", JSON_STRING, OPTIONAL_TEXT, offsetof(struct request_body, email), 0, TYPED_MAX, NULL},
    {"first_name", JSON_STRING, OPTIONAL_TEXT, offsetof(struct request_body, first_name), 0,
     ACCOUNT_NAME_MAX, NULL},
    {"last_name", JSON_STRING, OPTIONAL_TEXT, offsetof(struct request_body, last_name), 0,
     ACCOUNT_NAME_MAX, NULL},
};

static enum err request_code(struct ctx *c, struct request *req, struct response *res,
                             enum otp_purpose purpose)
{
    struct request_body body;
    TRY(REQUEST_JSON(c, req, request_fields, &body));

    const struct otp_request request = {
        .purpose = purpose,
        .channel = body.channel.set ? (enum otp_channel)body.channel.v : OTP_SMS,
        .phone = body.phone_number,
        .device_id = body.device_id,
        .email = str_trim(body.email),
        .first_name = body.first_name,
        .last_name = body.last_name,
        .address = req->client_ip,
        .address_key = address_key(c, req->client_ip),
        .user_agent = request_header(req, STR("user-agent")),
        .accept_language = request_header(req, STR("accept-language"))};
    struct otp_receipt receipt;
    TRY(otp_request(c, otp_of(req->app), &request, &receipt));

    struct json_writer w = respond_json(c, res, 201);
    json_object_begin(&w, NULL);
    json_put_uuid(&w, "request_id", receipt.id);
    json_put_instant(&w, "expires_at", receipt.expires_at, RIYADH_OFFSET_S);
    json_object_end(&w);
    return OK;
}

enum err api_phone_request(struct ctx *c, struct request *req, struct response *res)
{
    return request_code(c, req, res, OTP_PURPOSE_AUTH);
}

enum err api_otp_request(struct ctx *c, struct request *req, struct response *res)
{
    return request_code(c, req, res, OTP_PURPOSE_VERIFY);
}

/* ---- entering a code ----------------------------------------------------------------------- */

struct verify_body {
    struct json_uuid request_id;
    struct str code;
};
enum { CODE_TYPED_MAX = 64 };

static const struct json_field verify_fields[] = {
    {"request_id", JSON_UUID, JSON_REQUIRED, offsetof(struct verify_body, request_id), 0, 0, NULL},
    {"code", JSON_STRING, JSON_REQUIRED, offsetof(struct verify_body, code), 0, CODE_TYPED_MAX,
     NULL},
};

static enum err read_attempt(struct ctx *c, struct request *req, enum otp_purpose purpose,
                             struct otp_attempt *out)
{
    struct verify_body body;
    TRY(REQUEST_JSON(c, req, verify_fields, &body));
    *out = (struct otp_attempt){.request_id = body.request_id.v,
                                .purpose = purpose,
                                .code = body.code,
                                .address_key = address_key(c, req->client_ip)};
    return OK;
}

static struct session_client client_of(const struct request *req)
{
    return (struct session_client){.address = req->client_ip,
                                   .user_agent = request_header(req, STR("user-agent"))};
}

static void put_tokens(struct json_writer *w, const struct token_pair *tokens)
{
    assert(tokens->access.len > 0 && tokens->refresh.len > 0);
    json_put_str(w, "access", tokens->access);
    json_put_str(w, "refresh", tokens->refresh);
}

enum err api_phone_verify(struct ctx *c, struct request *req, struct response *res)
{
    struct str typed SCOPED(secret_wipe) = req->body;
    struct otp_attempt attempt;
    TRY(read_attempt(c, req, OTP_PURPOSE_AUTH, &attempt));

    const struct session_client client = client_of(req);
    struct login login;
    TRY(login_by_code(c, logins_of(req->app), otp_of(req->app), &attempt, &client, &login));

    struct json_writer w = respond_json(c, res, 200);
    json_object_begin(&w, NULL);
    put_tokens(&w, &login.tokens);
    put_account(c, &w, "user", &login.account);
    json_put_bool(&w, "is_new", login.first_time);
    json_object_end(&w);
    return OK;
}

enum err api_otp_verify(struct ctx *c, struct request *req, struct response *res)
{
    struct str typed SCOPED(secret_wipe) = req->body;
    struct otp_attempt attempt;
    TRY(read_attempt(c, req, OTP_PURPOSE_VERIFY, &attempt));
    TRY(otp_prove(c, otp_of(req->app), &attempt));

    struct json_writer w = respond_json(c, res, 200);
    json_object_begin(&w, NULL);
    json_put_bool(&w, "verified", true);
    json_object_end(&w);
    return OK;
}

/* ---- tokens -------------------------------------------------------------------------------- */

struct refresh_body {
    struct str refresh;
};
static const struct json_field refresh_fields[] = {
    {"refresh", JSON_STRING, JSON_REQUIRED, offsetof(struct refresh_body, refresh), 0, 4096, NULL},
};

enum err api_token_refresh(struct ctx *c, struct request *req, struct response *res)
{
    struct str typed SCOPED(secret_wipe) = req->body;
    struct refresh_body body;
    TRY(REQUEST_JSON(c, req, refresh_fields, &body));

    const struct session_client client = client_of(req);
    struct token_pair tokens;
    TRY(login_refresh(c, logins_of(req->app), body.refresh, &client, &tokens));

    struct json_writer w = respond_json(c, res, 200);
    json_object_begin(&w, NULL);
    put_tokens(&w, &tokens);
    json_object_end(&w);
    return OK;
}

enum err api_token_gone(struct ctx *c, struct request *req, struct response *res)
{
    return fail(c, R_PASSWORD_LOGIN_GONE);
}
