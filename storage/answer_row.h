/* storage/answer_row.h - the columns with which every statement that decides begins its rows (the type
 * `answer` of storage/schema/15_once.sql):
 *
 *     refused text    why it refused, by the reason's name; NULL: it did not
 *     lang text       only of what may come twice: the language of an answer that was kept for the
 *                     request's key; NULL: this one is new
 *
 * A refusal of the database is the statement's error, as any other: who calls the store gets R_… and its
 * class. Waits: never. */
#pragma once
#include "domain/i18n/texts.h"
#include "domain/once.h"
#include "domain/reason.h"
#include "storage/row_cursor.h"

/* OK: granted, and the cursor is behind the column. Else the refusal; ERR_INTERNAL: one without a name. */
NODISCARD enum err row_granted(struct ctx *c, struct row_cursor *at);
/* The same of the first row, there must be one. */
NODISCARD enum err rows_granted(struct ctx *c, const struct pg_rows *rows, struct row_cursor *at);
/* The same of what may come twice: with an answer that was kept, the request speaks its language now. */
NODISCARD enum err rows_granted_once(struct ctx *c, const struct pg_rows *rows, struct once *once,
                                     struct row_cursor *at);

/* The arguments with which such a statement ends: language, key, fingerprint. `once` NULL: no key. */
#define ROW_ONCE(c, once)                                                   \
    pg_text(lang_code((c)->lang)), pg_text((once) ? (once)->key : STR("")), \
        pg_text((once) ? (once)->fingerprint : STR(""))
