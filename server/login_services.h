/* server/login_services.h - accounts and login on one worker: stores, limits, provider, rules. */
#pragma once
#include "domain/accounts/logins.h"
#include "providers/senders.h"
#include "server/app.h"
#include "storage/account_store.h"
#include "storage/otp_limits.h"
#include "storage/otp_store.h"
#include "storage/session_store.h"

struct login_services {
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

/* Also gives the app its token check and its look-up of languages. False with one clear line in
 * `why` when a setting does not fit. */
bool login_services_begin(struct app *app, struct login_services *login, char *why, size_t why_len);
