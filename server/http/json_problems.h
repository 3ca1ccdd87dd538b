/* server/http/json_problems.h - what is wrong with a body, as the members of the 400 that tells it.
 *
 *   "name":["text"]                          a field
 *   "policy":{"grid":["text"]}               of an object inside
 *   "hours":[{},{"opens":["text"]}]          of objects in an array: as far as the last that has one
 *   "services":{"2":["text"]}                of numbers in an array
 *
 * Waits: never.   Owns: nothing; the texts are built in the arena, from the first problem on. */
#pragma once
#include "domain/reason.h"
#include "server/api.h"

struct json_problems {
    struct arena *arena;
    enum lang lang;
    struct strbuf text; /* members without the braces around; empty: all is well */
    size_t items;       /* with json_problems_item: entries written */
};

struct json_problems json_problems_new(struct arena *arena, enum lang lang);
bool json_problems_any(const struct json_problems *problems);
/* A field of that name. */
void json_problems_put(struct json_problems *problems, const char *name, enum reason reason);
/* The number at that position of an array. */
void json_problems_put_at(struct json_problems *problems, size_t at, enum reason reason);
/* What is wrong inside the object, or at positions of the array, of that name: nothing if `inside`
 * is empty. */
void json_problems_put_object(struct json_problems *problems, const char *name,
                              const struct json_problems *inside);
/* The entry of object `at` of an array, behind {} for those before that are fine. `problems` then
 * holds entries, not members: for json_problems_put_array alone. */
void json_problems_item(struct json_problems *problems, size_t at,
                        const struct json_problems *inside);
void json_problems_put_array(struct json_problems *problems, const char *name,
                             const struct json_problems *items);
