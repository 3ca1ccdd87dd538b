/* server/http/refusal_json.h - what a refusal says besides its reason, as members of the error object.
 *
 *   "name":["text"]                          a field
 *   "policy":{"grid":["text"]}               of an object inside
 *   "hours":[{},{"opens":["text"]}]          of objects in an array: as far as the last that has one
 *   "services":{"2":["text"]}                of numbers in an array
 *   "field_code":["text"]                    one that has a name of the error's own
 *   "item":1, "alternatives":[{…}]           extras
 *
 * Waits: never. */
#pragma once
#include "server/api.h"

/* One field, with that text. */
void refusal_put_field(struct arena *arena, struct json_writer *w, struct str field,
                       struct str text);
/* All problems in that language, then all extras. */
void refusal_put_rest(struct json_writer *w, const struct refusal *refusal, enum lang lang);
