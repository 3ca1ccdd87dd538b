/* Accounts and login on one worker: stores, limits, provider, rules. */
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
    assert(app->login && app->login->otp.sender);
    return &app->login->otp;
}

struct logins *logins_of(const struct app *app)
{
    assert(app->login);
    return &app->login->logins;
}

const struct token_gate *token_gate_of(const struct app *app)
{
    assert(app->login && app->login->gate.whose);
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

/* The settings were checked (config_rules.c): what is not as it must be here is a bug. */
static void read_test_numbers(struct app *app, struct otp_options *options)
{
    const struct str_list *list = &app->config->otp_test_numbers;
    struct otp_test_number *numbers =
        arena_array(&app->arena, struct otp_test_number, MAX(list->len, (size_t)1));
    for (size_t i = 0; i < list->len; i++) {
        bool fine = otp_test_number_parse(list->items[i], &numbers[i]);
        assert(fine);
    }
    options->test_numbers = numbers;
    options->test_numbers_len = list->len;
}

static void make_sender(struct app *app, struct senders *senders)
{
    const struct config *config = app->config;
    struct sender_options options = {
        .authentica = {.base_url = config->authentica_base_url,
                       .api_key = config->authentica_api_key,
                       .own_codes = config->authentica_otp_mode == AUTHENTICA_OTP_OWN,
                       .timeout = config->authentica_timeout}};
    assert(config->otp_provider.len == 1);
    bool known = sender_find(config->otp_provider.items[0], &options.otp);
    assert(known);
    senders_init(senders, app->http, &options);
}

static bool whose_token(const struct token_gate *gate, struct arena *arena, struct str token,
                        struct instant now, struct caller *out)
{
    const struct login_services *login = container_of(gate, struct login_services, gate);
    struct access_claims claims;
    if (!token_access_verify(arena, &login->keys, now, token, &claims))
        return false;
    *out =
        (struct caller){.user_id = claims.user_id, .session = claims.session, .lang = claims.lang};
    return true;
}

static void begin(struct app *app)
{
    struct login_services *login = app->login = arena_new(&app->arena, struct login_services);
    const struct config *config = app->config;
    struct duration refresh_ttl = seconds(config->refresh_token_days * 24 * 60 * 60);
    bool long_enough =
        token_keys_init(&login->keys, config->secret_key, config->access_token_ttl, refresh_ttl);
    assert(long_enough);
    struct otp_options *options = &login->otp_options;
    *options = (struct otp_options){.ttl = config->otp_expiry,
                                    .attempts_max = (int32_t)config->otp_max_attempts,
                                    .rules = rules_of(config),
                                    .countries = config->otp_allowed_countries.items,
                                    .countries_len = config->otp_allowed_countries.len};
    otp_key_init(&options->key, config->secret_key);
    read_test_numbers(app, options);
    make_sender(app, &login->senders);

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
}

/* Only now: a fiber that was sent away may still sign what it got before. */
static void wipe(struct app *app)
{
    if (!app->login)
        return;
    token_keys_fini(&app->login->keys);
    hmac_key_fini(&app->login->otp_options.key);
}

const struct area login_area = {.begin = begin, .free = wipe};
