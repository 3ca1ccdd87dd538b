/* runtime/base/json_problems.h - the list of what is wrong with the values of a text, each by its path.
 *
 * Who reads the text goes down into a value and up again behind it; a problem is about where she is.
 *
 * Waits: never.   Owns: nothing; the list grows in the arena, from the first problem on. */
#pragma once
#include "runtime/base/json.h"

struct json_problems {
    struct arena *arena;
    struct field_path here;
    struct json_problem *items;
    size_t len, room;
};

void json_problems_down(struct json_problems *problems, struct field_step step);
void json_problems_up(struct json_problems *problems);
/* Here. JSON_FAULT_NONE: there is none. */
void json_problems_add(struct json_problems *problems, enum json_fault fault);
/* In the member of that name. */
void json_problems_add_in(struct json_problems *problems, const char *name, enum json_fault fault);
