#include "server/api/desk_json.h"

enum err desk_read_week(struct ctx *c, const char *field, const char *end_name,
                        const struct json_objects *items, const struct weekly_times **out)
{
    *out = NULL;
    if (!items->set)
        return OK;
    assert(items->len <= WEEKLY_TIMES_MAX);
    int64_t *columns = arena_array(c->arena, int64_t, 3 * items->len + 1);
    struct weekly_times *times = arena_new(c->arena, struct weekly_times);
    *times = (struct weekly_times){.len = items->len,
                                   .weekday = columns,
                                   .starts_minute = columns + items->len,
                                   .ends_minute = columns + 2 * items->len};
    const struct desk_interval *intervals = items->items;
    for (size_t i = 0; i < items->len; i++) {
        columns[i] = intervals[i].weekday.v;
        columns[items->len + i] = intervals[i].from.v;
        columns[2 * items->len + i] = intervals[i].to.v;
    }
    size_t at;
    enum reason reason;
    if (weekly_problem(times, &at, &reason))
        return fail_at(c, FIELD_PATH({field}, {.at = (uint32_t)at}, {end_name}), reason);
    *out = times;
    return OK;
}

const struct id_list *desk_read_ids(struct arena *arena, const struct json_ints *ints)
{
    if (!ints->set)
        return NULL;
    struct id_list *list = arena_new(arena, struct id_list);
    *list = (struct id_list){ints->v, ints->len};
    return list;
}
