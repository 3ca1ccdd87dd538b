#include "server/http/json_problems.h"

#include <string.h>

void json_problems_down(struct json_problems *problems, struct field_step step)
{
    assert(problems->here.len < FIELD_PATH_MAX);
    problems->here.steps[problems->here.len++] = step;
}

void json_problems_up(struct json_problems *problems)
{
    assert(problems->here.len > 0);
    problems->here.len--;
}

void json_problems_add(struct json_problems *problems, enum reason reason)
{
    if (reason == R_NONE)
        return;
    if (problems->len == problems->room) {
        size_t room = MAX(2 * problems->room, (size_t)4);
        struct field_problem *items = arena_array(problems->arena, struct field_problem, room);
        if (problems->len)
            memcpy(items, problems->items, problems->len * sizeof(*items));
        problems->items = items;
        problems->room = room;
    }
    problems->items[problems->len++] =
        (struct field_problem){.path = problems->here, .reason = (uint16_t)reason};
}
