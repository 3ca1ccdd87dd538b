/* domain/accounts/account_store.h - port: where accounts are kept. Every call is one statement.
 *
 * Waits: exactly the calls that take a ctx. */
#pragma once
#include "domain/accounts/account.h"

struct account_store;

/* ERR_NOT_FOUND, with no reason noted: there is none. */
NODISCARD enum err account_store_get(struct ctx *c, struct account_store *store, int64_t id,
                                     struct account *out);
/* Parsed values. ERR_NOT_FOUND as above; ERR_CONFLICT: another account has that e-mail address. */
NODISCARD enum err account_store_change(struct ctx *c, struct account_store *store, int64_t id,
                                        const struct account_changes *in, struct account *out);
