/* server/api/login_of.h - from a worker's app to its codes, logins and accounts. Filled in
 * server/login_services.c.
 * Waits: never. */
#pragma once
#include "domain/accounts/logins.h"
#include "domain/otp/otp.h"

struct app;

struct otp *otp_of(const struct app *app);
struct logins *logins_of(const struct app *app);
struct account_store *accounts_of(const struct app *app);
