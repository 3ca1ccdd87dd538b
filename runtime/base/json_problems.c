#include "runtime/base/json_problems.h"

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

static void grow(struct json_problems *problems)
{
    size_t room = MAX(2 * problems->room, (size_t)4);
    struct json_problem *items = arena_array(problems->arena, struct json_problem, room);
    if (problems->len)
        memcpy(items, problems->items, problems->len * sizeof(*items));
    problems->items = items;
    problems->room = room;
}

void json_problems_add(struct json_problems *problems, enum json_fault fault)
{
    if (fault == JSON_FAULT_NONE)
        return;
    if (problems->len == problems->room)
        grow(problems);
    problems->items[problems->len++] =
        (struct json_problem){.path = problems->here, .fault = fault};
}

void json_problems_add_in(struct json_problems *problems, const char *name, enum json_fault fault)
{
    json_problems_down(problems, (struct field_step){name});
    json_problems_add(problems, fault);
    json_problems_up(problems);
}
