/* storage/account_rows.h - an account as every statement selects it:
 *
 *     id, phone_number, email, first_name, last_name, role, preferred_language, is_phone_verified,
 *     date_joined
 */
#pragma once
#include "domain/accounts/account.h"
#include "runtime/pg.h"

enum { ACCOUNT_COLUMNS = 9 };

/* ERR_INTERNAL: a role or language that this binary does not know. */
NODISCARD enum err account_read(const struct pg_rows *rows, uint32_t row, struct account *out);
