/* server/api/desk_json.h - what the bodies and pages of the desk have in common.
 *
 * Waits: never. What is read lives in the ctx's arena. */
#pragma once
#include "domain/desk/desk.h"
#include "server/api.h"

/* DESK_KEEP when it was not in the body. */
static inline int64_t desk_kept(struct json_int v)
{
    return v.set ? v.v : DESK_KEEP;
}

/* One of the week, as opening_hours and windows list them. */
struct desk_interval {
    struct json_int weekday, from, to;
};
/* `*out` is NULL when the body had none. Refused at its place when it cannot be: `field` is the list's name,
 * `end_name` that of the end in its items. */
NODISCARD enum err desk_read_week(struct ctx *c, const char *field, const char *end_name,
                                  const struct json_objects *items,
                                  const struct weekly_times **out);
/* NULL when the body had none. */
const struct id_list *desk_read_ids(struct arena *arena, const struct json_ints *ints);
