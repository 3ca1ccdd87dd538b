/* server/api/login_of.h - from a worker's app to its codes, logins and accounts. Filled in
 * server/login_services.c.
 * Waits: never. */
#pragma once
#include "domain/accounts/logins.h"
#include "domain/otp/otp.h"

struct app;
struct token_gate;

struct otp *otp_of(const struct app *app);
struct logins *logins_of(const struct app *app);
struct account_store *accounts_of(const struct app *app);
/* What judges access tokens (server/http/middleware.h). */
const struct token_gate *token_gate_of(const struct app *app);
