/* Accounts and login on one worker: stores, limits, provider, rules. */
#include <stdio.h>

#include "domain/accounts/phone_plan.h"
#include "providers/senders.h"
#include "server/api/login_of.h"
#include "server/area.h"
#include "server/http/middleware.h"
#include "storage/account_store.h"
#include "storage/otp_limits.h"
#include "storage/otp_store.h"
#include "storage/session_store.h"

struct login_services {
    struct token_gate gate;
    struct token_keys keys;
    struct otp_options otp_options;
    struct account_store accounts;
    struct session_store sessions;
    struct otp_store otp_store;
    struct otp_limits otp_limits;
    struct senders senders;
    struct otp otp;
    struct logins logins;
};

struct otp *otp_of(const struct app *app)
{
    return &app->login->otp;
}

struct logins *logins_of(const struct app *app)
{
    return &app->login->logins;
}

const struct token_gate *token_gate_of(const struct app *app)
{
    return &app->login->gate;
}

struct account_store *accounts_of(const struct app *app)
{
    return &app->login->accounts;
}

static struct otp_rules rules_of(const struct config *config)
{
    return (struct otp_rules){
        .address = {(int32_t)config->phone_auth_ip_max_per_window, config->phone_auth_risk_window},
        .device = {(int32_t)config->phone_auth_device_max_per_window,
                   config->phone_auth_risk_window},
        .phone = {(int32_t)config->otp_max_per_window, config->otp_window},
        .cooldown = config->otp_resend_cooldown,
        .verify_address = {(int32_t)config->otp_verify_ip_max_per_window,
                           config->otp_verify_window},
        .verify_phone = {(int32_t)config->otp_verify_phone_max_per_window,
                         config->otp_verify_window},
    };
}

static bool read_test_numbers(struct app *app, struct otp_options *options, char *why,
                              size_t why_len)
{
    const struct str_list *list = &app->config->otp_test_numbers;
    struct otp_test_number *numbers =
        arena_array(&app->arena, struct otp_test_number, MAX(list->len, (size_t)1));
    for (size_t i = 0; i < list->len; i++) {
        if (otp_test_number_parse(list->items[i], &numbers[i]))
            continue;
        snprintf(why, why_len,
                 "OTP_TEST_NUMBERS: entry %zu is not a valid phone number, a colon and 6 digits",
                 i + 1);
        return false;
    }
    options->test_numbers = numbers;
    options->test_numbers_len = list->len;
    return true;
}

static bool make_sender(struct app *app, struct senders *senders, char *why, size_t why_len)
{
    const struct config *config = app->config;
    const struct str_list *providers = &config->otp_provider;
    if (providers->len != 1) {
        snprintf(why, why_len,
                 "OTP_PROVIDER names %zu providers; allowed is one: console or authentica",
                 providers->len);
        return false;
    }
    const struct sender_options options = {
        .otp_provider = providers->items[0],
        .authentica = {.base_url = config->authentica_base_url,
                       .api_key = config->authentica_api_key,
                       .own_codes = config->authentica_otp_mode == AUTHENTICA_OTP_OWN,
                       .timeout = config->authentica_timeout}};
    if (senders_init(senders, app->http, &options))
        return true;
    snprintf(why, why_len, "OTP_PROVIDER is '%.*s', allowed are console and authentica",
             STR_FMT(providers->items[0]));
    return false;
}

static bool whose_token(const struct token_gate *gate, struct str token, struct instant now,
                        struct caller *out)
{
    const struct login_services *login = container_of(gate, struct login_services, gate);
    struct access_claims claims;
    if (!token_access_verify(&login->keys, now, token, &claims))
        return false;
    *out =
        (struct caller){.user_id = claims.user_id, .session = claims.session, .lang = claims.lang};
    return true;
}

static bool begin(struct app *app, char *why, size_t why_len)
{
    struct login_services *login = app->login = arena_new(&app->arena, struct login_services);
    const struct config *config = app->config;
    struct duration refresh_ttl = seconds(config->refresh_token_days * 24 * 60 * 60);
    if (!token_keys_init(&login->keys, config->secret_key, config->access_token_ttl, refresh_ttl)) {
        snprintf(why, why_len, "SECRET_KEY has %zu bytes, allowed are at least %d",
                 config->secret_key.len, TOKEN_KEY_MIN);
        return false;
    }
    struct otp_options *options = &login->otp_options;
    *options = (struct otp_options){.ttl = config->otp_expiry,
                                    .attempts_max = (int32_t)config->otp_max_attempts,
                                    .rules = rules_of(config),
                                    .countries = config->otp_allowed_countries.items,
                                    .countries_len = config->otp_allowed_countries.len};
    otp_key_init(&options->key, config->secret_key);
    if (!read_test_numbers(app, options, why, why_len) ||
        !make_sender(app, &login->senders, why, why_len))
        return false;

    login->accounts.pool = login->sessions.pool = login->otp_store.pool = app->pg;
    login->otp_limits.pool = app->redis;
    login->otp = (struct otp){.options = options,
                              .store = &login->otp_store,
                              .limits = &login->otp_limits,
                              .sender = login->senders.otp};
    login->logins = (struct logins){
        .keys = &login->keys, .sessions = &login->sessions, .grace = config->refresh_grace};
    /* The numbering plans load when first asked, for 13 ms: not while requests wait. */
    struct phone unused;
    (void)!phone_plan_parse(STR("+971500000000"), &unused);
    login->gate.whose = whose_token;
    return true;
}

const struct area login_area = {.begin = begin};
