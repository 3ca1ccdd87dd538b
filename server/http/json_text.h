/* server/http/json_text.h - a place in a JSON text (RFC 8259), and what can be read from there.
 *
 * Stricter than the RFC where it leaves room: twin keys, lone surrogates and U+0000 are refused;
 * depth, members and the length of numbers are capped (limits.h). False from any of these means one
 * thing: the text is not JSON, and the place is of no more use.
 *
 * Waits: never.   Owns: nothing; decoded strings and lists of keys live in the arena. */
#pragma once
#include "runtime/base/arena.h"
#include "runtime/base/str.h"
#include "server/http/limits.h"

struct json_text {
    const char *p, *end; /* of text that is valid UTF-8 */
    struct arena *arena;
    uint32_t depth;                   /* containers around the place */
    struct str *keys[JSON_DEPTH_MAX]; /* of the objects around it, by depth; made when needed */
};

void json_text_space(struct json_text *r);
/* That character, if it is the next one. Not finding it is no error yet. */
bool json_text_take(struct json_text *r, char ch);
/* A string with its quotes; a view of the text when it has no escapes. */
bool json_text_string(struct json_text *r, struct str *out);
/* `*text`: a view. `*whole`: it has neither fraction nor exponent. */
bool json_text_number(struct json_text *r, struct str *text, bool *whole);
/* The next key of an object, with its colon and the space around. Refuses those in `keys`, of which
 * there are `*len`, and adds to them. */
bool json_text_key(struct json_text *r, struct str *keys, size_t *len, struct str *key);
/* Room for JSON_MEMBERS_MAX keys of an object at this depth (at least 1): used again by the next. */
struct str *json_text_keys(struct json_text *r);
/* Reads past any value, by the same rules. */
bool json_text_value(struct json_text *r);
