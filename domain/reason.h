/* domain/reason.h - every refusal a client can see, from one table (reasons.def).
 *
 * `return fail(c, R_SLOT_TAKEN);` notes the reason in the ctx and returns its class. HTTP status,
 * API code, both texts and the public documentation come from the table and nowhere else. */
#pragma once
#include "runtime/base/ctx.h"

enum reason {
    R_NONE,
#define REASON(name, class, code, en, ar) R_##name,
#include "domain/reasons.def"
#undef REASON
    R_COUNT
};

struct reason_info {
    enum err class;
    const char *name;
    const char *code;
    struct str text[LANG_COUNT];
};
const struct reason_info *reason_info(enum reason reason);
/* The reason that has this name in reasons.def ("SLOT_TAKEN"), which is how a statement says why it
 * refused. False: none has; nor has R_NONE a name to be asked by. */
bool reason_parse(struct str name, enum reason *out);

enum err fail(struct ctx *c, enum reason reason);
/* The refusal is about one field of the input: {"<field>": ["text"]}. `field` outlives the ctx. */
enum err fail_field(struct ctx *c, struct str field, enum reason reason);
/* A refusal of frequency or of availability: when to come back, at least 1. */
enum err fail_retry(struct ctx *c, enum reason reason, int64_t retry_after_s);
/* Adds members to the error object: JSON text without the outer braces, in the ctx's arena. */
void fail_data(struct ctx *c, struct str json_members);
