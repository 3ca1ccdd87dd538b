/* runtime/base/json_text.h - a place in a JSON text (RFC 8259), and what can be read from there.
 *
 * The one grammar of the house: bodies of requests, answers of partners and claims of tokens are
 * read through it, mostly by a table (json.h). Stricter than the RFC where that leaves room: UTF-8
 * only, duplicate keys, lone surrogates and U+0000 are refused; depth, members and the length of
 * numbers are capped.
 *
 *     json_text_begin(&r, arena, text);
 *     if (json_text_enter(&r, '{', &level))
 *         while (json_text_next_key(&r, &level, &key))
 *             ... reads exactly one value, or json_text_skip(&r) ...
 *     if (!json_text_end(&r)) the text was not JSON: its first fault is at json_text_at(&r)
 *
 * The first fault is kept: `broken` from then on, and the place stays on the byte that cannot stand
 * there (or behind the last, when the text ends too early). Nothing more is read then.
 *
 * Waits: never.   Owns: nothing; decoded strings and long lists of keys live in the arena. */
#pragma once
#include "runtime/base/arena.h"
#include "runtime/base/str.h"

enum {
    JSON_DEPTH_MAX = 8,    /* containers inside each other */
    JSON_MEMBERS_MAX = 64, /* of one object: finding a duplicate compares all pairs */
    JSON_NUMBER_MAX = 64,  /* characters of a number */
    JSON_KEYS_FEW = 16,    /* of all objects around a place, kept without the arena */
};

struct json_text {
    const char *begin, *p, *end;
    bool broken;
    struct arena *arena;
    uint32_t depth; /* containers around the place */
    size_t keys_len, keys_room;
    struct str *more_keys; /* instead of `few`, when there are more */
    struct str few[JSON_KEYS_FEW];
};

/* At the first value. `text` outlives what is read: strings without escapes are views of it. */
void json_text_begin(struct json_text *r, struct arena *arena, struct str text);
/* Nothing but white space is left, and all was fine. */
bool json_text_end(struct json_text *r);
/* Offset of the place; after a fault, of the fault. */
size_t json_text_at(const struct json_text *r);
/* The first character of the value at hand, or '\0' where the text ends. */
char json_text_peek(const struct json_text *r);

/* Each reads one value of its kind, or is a fault. */
bool json_text_string(struct json_text *r, struct str *out);
/* `*text`: a view. `*whole`: it has neither fraction nor exponent. */
bool json_text_number(struct json_text *r, struct str *text, bool *whole);
/* Any value at all, by the same rules. */
bool json_text_skip(struct json_text *r);

/* An object or an array that is being read. */
struct json_level {
    char close;
    size_t items;     /* begun so far */
    size_t keys_from; /* of its keys, among those of the objects around it */
};
/* `open`: '{' or '['. */
bool json_text_enter(struct json_text *r, char open, struct json_level *level);
/* To the next item. False: behind the end of the array, or a fault. */
bool json_text_next(struct json_text *r, struct json_level *level);
/* To the next value, behind its key. False: behind the end of the object, or a fault. */
bool json_text_next_key(struct json_text *r, struct json_level *level, struct str *key);
