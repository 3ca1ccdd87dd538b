/* server/http/json_slot.h - one JSON value into the member of a struct that its field names.
 *
 * Each call judges the value by the field's rules and answers R_NONE, or the reason whose text the
 * client will read; the slot is only of use after R_NONE.
 *
 * Waits: never.   Allocates: never; strings stay views. */
#pragma once
#include "domain/reason.h"
#include "server/api.h"

enum reason json_slot_string(const struct json_field *field, struct str text, void *slot);
enum reason json_slot_number(const struct json_field *field, struct str text, bool whole,
                             void *slot);
enum reason json_slot_bool(const struct json_field *field, bool v, void *slot);
enum reason json_slot_null(const struct json_field *field, void *slot);
/* One number of a JSON_INTS field, inside the bounds that the field sets for each. */
enum reason json_whole_number(const struct json_field *field, struct str text, bool whole,
                              int64_t *out);
/* All slots of the table as if their fields were absent. */
void json_slots_clear(const struct json_field *fields, size_t fields_len, char *out);
