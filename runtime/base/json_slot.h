/* runtime/base/json_slot.h - one JSON value into the member of a struct that its field names.
 *
 * Each call judges the value by the field's rules; the slot is only of use after JSON_FAULT_NONE.
 *
 * Waits: never.   Allocates: never; strings stay views. */
#pragma once
#include "runtime/base/json.h"

enum json_fault json_slot_string(const struct json_field *field, struct str text, void *slot);
enum json_fault json_slot_number(const struct json_field *field, struct str text, bool whole,
                                 void *slot);
enum json_fault json_slot_bool(const struct json_field *field, bool v, void *slot);
enum json_fault json_slot_null(const struct json_field *field, void *slot);
/* One number of a JSON_INTS field, inside the bounds that the field sets for each. */
enum json_fault json_whole_number(const struct json_field *field, struct str text, bool whole,
                                  int64_t *out);
/* All slots of the table as if their fields were absent. */
void json_slots_clear(const struct json_field *fields, size_t fields_len, char *out);
