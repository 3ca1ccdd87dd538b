/* domain/i18n/texts.h - the messages that are sent to people, in both languages, from one table.
 *
 * Refusals of the API have a table of their own: domain/reasons.def. Waits: never. */
#pragma once
#include "runtime/base/ctx.h"

enum text {
#define TEXT(name, en, ar) TEXT_##name,
#include "domain/i18n/texts.def"
#undef TEXT
    TEXT_COUNT
};

/* As written in the table, place-holders and all. */
struct str text_of(enum text text, enum lang lang);
/* With {0}, {1}, … replaced by `fills`; a number without a fill is a bug. */
struct str text_fill(struct arena *arena, enum text text, enum lang lang, const struct str *fills,
                     size_t fills_len);

/* "ar-sa", "en": how the API and the database write a language. */
struct str lang_code(enum lang lang);
bool lang_parse(struct str code, enum lang *out);
