/* server/http/json_problems.h - which fields of a body break a rule, each by its path.
 *
 * Who reads the body goes down into a field and up again behind it; a problem is about where she is.
 *
 * Waits: never.   Owns: nothing; the list grows in the arena, from the first problem on. */
#pragma once
#include "domain/reason.h"

struct json_problems {
    struct arena *arena;
    struct field_path here;
    struct field_problem *items;
    size_t len, room;
};

void json_problems_down(struct json_problems *problems, struct field_step step);
void json_problems_up(struct json_problems *problems);
/* Here. R_NONE: there is none. */
void json_problems_add(struct json_problems *problems, enum reason reason);
