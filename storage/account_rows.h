/* storage/account_rows.h - an account as every statement selects it:
 *
 *     id, phone_number, email, first_name, last_name, role, preferred_language, is_phone_verified,
 *     date_joined
 *
 * Waits: never. */
#pragma once
#include "domain/accounts/account.h"
#include "storage/row_cursor.h"

/* ERR_INTERNAL: a role or language that this binary does not know. */
NODISCARD enum err row_account(struct row_cursor *at, struct account *out);
