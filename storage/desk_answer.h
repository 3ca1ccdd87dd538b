/* storage/desk_answer.h - what every statement of the desk begins its rows with: verdict, language. */
#pragma once
#include "domain/desk/desk_verdict.h"
#include "domain/i18n/texts.h"
#include "storage/row_cursor.h"

/* The arguments with which creations end: language of the answer, key, fingerprint (`once` NULL: none). */
#define ROW_ONCE(c, once)                                                   \
    pg_text(lang_code((c)->lang)), pg_text((once) ? (once)->key : STR("")), \
        pg_text((once) ? (once)->fingerprint : STR(""))

/* Puts the cursor behind them. No row, or no language: there is no such user. */
static inline enum err row_desk_answer(const struct pg_rows *rows, struct row_cursor *at,
                                       struct desk_answer *answer)
{
    *at = (struct row_cursor){rows, 0, 2};
    *answer = (struct desk_answer){.verdict = DESK_ACTOR_UNKNOWN};
    if (rows->len == 0 || pg_is_null(rows, 0, 1))
        return OK;
    bool known = desk_verdict_parse(pg_get_text(rows, 0, 0), &answer->verdict) &&
                 lang_parse(pg_get_text(rows, 0, 1), &answer->language);
    return known ? OK : ERR_INTERNAL;
}
/* The row shows what was asked for. */
static inline bool desk_answered(const struct desk_answer *answer)
{
    return answer->verdict == DESK_OK || answer->verdict == DESK_REPLAY;
}
