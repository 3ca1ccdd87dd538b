/* The rules of a field, applied to one value: the kind it must have, then its bounds. The order is what
 * a client reads (one fault per value): blank before short, short before long. A slot is written only
 * when all of its rules hold; what its struct looks like is told by the type alone (json.h), and every
 * switch here names all types, so that a new one does not compile before it is decided. */
#include "runtime/base/json_slot.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/encoding.h"
#include "runtime/base/json_text.h"

static bool is_blank(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!strchr(" \t\r\n", s.ptr[i]))
            return false;
    return true;
}

static enum json_fault set_string(const struct json_field *field, struct str text, void *slot)
{
    size_t len = str_utf8_len(text);
    if (is_blank(text) && !(field->flags & JSON_MAY_BE_BLANK))
        return JSON_FAULT_BLANK;
    if ((int64_t)len < field->min)
        return JSON_FAULT_TOO_SHORT;
    if ((int64_t)len > (field->max ? field->max : JSON_TEXT_MAX))
        return JSON_FAULT_TOO_LONG;
    if ((field->flags & JSON_ONE_LINE) && !str_is_one_line(str_trim(text)))
        return JSON_FAULT_CHARACTERS;
    *(struct str *)slot = text;
    return JSON_FAULT_NONE;
}

static enum json_fault set_choice(const struct json_field *field, struct str text, void *slot)
{
    for (int64_t i = 0; field->choices[i]; i++) {
        if (str_eq(text, str_c(field->choices[i]))) {
            *(struct json_int *)slot = (struct json_int){.set = true, .v = i};
            return JSON_FAULT_NONE;
        }
    }
    return JSON_FAULT_CHOICE;
}

/* Both parts have two digits; hours go on after midnight. */
static bool clock_parse(struct str text, int64_t *out)
{
    int64_t hours, rest;
    if (text.len != 5 || text.ptr[2] != ':' || text.ptr[0] == '-' || text.ptr[3] == '-' ||
        !str_to_int64(str_take(text, 2), &hours) || !str_to_int64(str_skip(text, 3), &rest))
        return false;
    *out = hours * 60 + rest;
    return rest < 60;
}

static enum json_fault set_clock(const struct json_field *field, struct str text, void *slot)
{
    int64_t v;
    if (!clock_parse(text, &v))
        return JSON_FAULT_FORMAT;
    if (v < field->min || v > field->max)
        return JSON_FAULT_RANGE;
    *(struct json_int *)slot = (struct json_int){.set = true, .v = v};
    return JSON_FAULT_NONE;
}

static enum json_fault set_quoted(const struct json_field *field, struct str digits, void *slot)
{
    int64_t v;
    if (!(field->flags & JSON_QUOTED_TOO) || !str_to_int64(digits, &v))
        return JSON_FAULT_TYPE;
    return json_slot_number(field, digits, true, slot);
}

enum json_fault json_slot_string(const struct json_field *field, struct str text, void *slot)
{
    switch (field->type) {
    case JSON_STRING: return set_string(field, text, slot);
    case JSON_CHOICE: return set_choice(field, text, slot);
    case JSON_STRING_OR_NULL: {
        struct json_str *text_or_null = slot;
        enum json_fault problem = set_string(field, text, &text_or_null->v);
        text_or_null->set = problem == JSON_FAULT_NONE;
        return problem;
    }
    case JSON_INSTANT: {
        struct json_instant *at = slot;
        at->set = instant_parse_rfc3339(text, &at->v);
        return at->set ? JSON_FAULT_NONE : JSON_FAULT_FORMAT;
    }
    case JSON_UUID: {
        struct json_uuid *id = slot;
        id->set = uuid_parse(text, &id->v);
        return id->set ? JSON_FAULT_NONE : JSON_FAULT_FORMAT;
    }
    case JSON_CLOCK: return set_clock(field, text, slot);
    case JSON_INT: return set_quoted(field, text, slot);
    case JSON_BOOL:
    case JSON_DECIMAL:
    case JSON_INTS:
    case JSON_OBJECT:
    case JSON_OBJECTS: break;
    }
    return JSON_FAULT_TYPE;
}

enum json_fault json_whole_number(const struct json_field *field, struct str text, bool whole,
                                  int64_t *out)
{
    bool bounded = field->min || field->max;
    if (!whole)
        return JSON_FAULT_TYPE;
    if (!str_to_int64(text, out) || (bounded && (*out < field->min || *out > field->max)))
        return JSON_FAULT_RANGE;
    return JSON_FAULT_NONE;
}

/* Whatever the digits, what comes out is the nearest double, or out of range. */
static enum json_fault set_decimal(const struct json_field *field, struct str text, void *slot)
{
    char digits[JSON_NUMBER_MAX + 1];
    memcpy(digits, text.ptr, text.len);
    digits[text.len] = '\0';
    double v = strtod(digits, NULL);
    if (!(v >= (double)field->min && v <= (double)field->max))
        return JSON_FAULT_RANGE;
    *(struct json_decimal *)slot = (struct json_decimal){.set = true, .v = v};
    return JSON_FAULT_NONE;
}

enum json_fault json_slot_number(const struct json_field *field, struct str text, bool whole,
                                 void *slot)
{
    if (field->type == JSON_DECIMAL)
        return set_decimal(field, text, slot);
    if (field->type != JSON_INT)
        return JSON_FAULT_TYPE;
    int64_t v;
    enum json_fault problem = json_whole_number(field, text, whole, &v);
    if (!problem)
        *(struct json_int *)slot = (struct json_int){.set = true, .v = v};
    return problem;
}

enum json_fault json_slot_bool(const struct json_field *field, bool v, void *slot)
{
    if (field->type != JSON_BOOL)
        return JSON_FAULT_TYPE;
    *(struct json_bool *)slot = (struct json_bool){.set = true, .v = v};
    return JSON_FAULT_NONE;
}

enum json_fault json_slot_null(const struct json_field *field, void *slot)
{
    if (!(field->flags & JSON_NULLABLE))
        return JSON_FAULT_NULL;
    switch (field->type) {
    case JSON_STRING: break; /* ptr NULL, as when absent */
    case JSON_STRING_OR_NULL:
        *(struct json_str *)slot = (struct json_str){.set = true, .null = true};
        break;
    case JSON_INT:
    case JSON_CHOICE:
    case JSON_CLOCK: *(struct json_int *)slot = (struct json_int){.set = true, .null = true}; break;
    case JSON_BOOL:
        *(struct json_bool *)slot = (struct json_bool){.set = true, .null = true};
        break;
    case JSON_INSTANT:
        *(struct json_instant *)slot = (struct json_instant){.set = true, .null = true};
        break;
    case JSON_UUID:
        *(struct json_uuid *)slot = (struct json_uuid){.set = true, .null = true};
        break;
    case JSON_DECIMAL:
        *(struct json_decimal *)slot = (struct json_decimal){.set = true, .null = true};
        break;
    case JSON_INTS:
        *(struct json_ints *)slot = (struct json_ints){.set = true, .null = true};
        break;
    case JSON_OBJECT:
        *(struct json_object *)slot = (struct json_object){.set = true, .null = true};
        break;
    case JSON_OBJECTS:
        *(struct json_objects *)slot = (struct json_objects){.set = true, .null = true};
        break;
    }
    return JSON_FAULT_NONE;
}

static size_t slot_size(enum json_type type)
{
    switch (type) {
    case JSON_STRING: return sizeof(struct str);
    case JSON_STRING_OR_NULL: return sizeof(struct json_str);
    case JSON_INT:
    case JSON_CLOCK:
    case JSON_CHOICE: return sizeof(struct json_int);
    case JSON_BOOL: return sizeof(struct json_bool);
    case JSON_INSTANT: return sizeof(struct json_instant);
    case JSON_UUID: return sizeof(struct json_uuid);
    case JSON_DECIMAL: return sizeof(struct json_decimal);
    case JSON_INTS: return sizeof(struct json_ints);
    case JSON_OBJECT: return sizeof(struct json_object);
    case JSON_OBJECTS: return sizeof(struct json_objects);
    }
    return 0;
}

void json_slots_clear(const struct json_field *fields, size_t fields_len, char *out)
{
    assert(fields_len <= JSON_MEMBERS_MAX);
    for (size_t i = 0; i < fields_len; i++) {
        memset(out + fields[i].offset, 0, slot_size(fields[i].type));
        if (fields[i].type == JSON_OBJECT)
            json_slots_clear(fields[i].shape->fields, fields[i].shape->fields_len,
                             out + fields[i].offset);
    }
}
