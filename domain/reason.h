/* domain/reason.h - every refusal a client can see, from one table (reasons.def).
 *
 * `return fail(c, R_SLOT_TAKEN);` notes the reason in the ctx and returns its class. HTTP status,
 * API code, both texts and the public documentation come from the table and nowhere else.
 *
 * Waits: never. */
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

/* Why the request is refused, so far; R_NONE: it is not. */
static inline enum reason refused(const struct ctx *c)
{
    return (enum reason)c->refusal.reason;
}

/* Each of these puts its refusal in the place of one that was noted before; what else there is to
 * say of it is added afterwards (refusal_add). */
enum err fail(struct ctx *c, enum reason reason);
/* The refusal is about one field of the input, whose name outlives the ctx. */
enum err fail_field(struct ctx *c, struct str field, enum reason reason);
/* A refusal of frequency or of availability: when to come back, at least 1. */
enum err fail_retry(struct ctx *c, enum reason reason, int64_t retry_after_s);
/* R_INVALID_FIELDS, and what is wrong with each. `problems` outlive the ctx; there is one at least. */
enum err fail_fields(struct ctx *c, const struct field_problem *problems, size_t len);
/* As fail_fields with the one problem; what the path names outlives the ctx. */
enum err fail_at(struct ctx *c, struct field_path path, enum reason reason);
