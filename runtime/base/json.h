/* runtime/base/json.h - a JSON object straight into a struct, as a table of fields tells.
 *
 * Bodies of requests, answers of partners and claims of tokens are read this way: one pass over the
 * text, each value into its slot, everything that breaks a rule told at once and by its path. What a
 * rule's breaking means to whom is not known here (server/http/request_json.c makes texts of it).
 * Members that no field asks for are read past by the same grammar (json_text.h).
 *
 * Waits: never.   Owns: nothing; what is read lives as long as the text and the arena. */
#pragma once
#include "runtime/base/arena.h"
#include "runtime/base/refusal.h"

enum { JSON_TEXT_MAX = 65535 }; /* code points of a string whose field names no cap */

enum json_type {
    JSON_STRING, /* struct str: trimmed of nothing, valid UTF-8, no NUL; absent or null: ptr NULL */
    JSON_INT,    /* struct json_int */
    JSON_BOOL,   /* struct json_bool */
    JSON_INSTANT,        /* struct json_instant; RFC 3339 with offset */
    JSON_UUID,           /* struct json_uuid */
    JSON_CHOICE,         /* struct json_int: index into `choices` */
    JSON_STRING_OR_NULL, /* struct json_str: as JSON_STRING, but null and absent are told apart */
    JSON_CLOCK,   /* struct json_int: "HH:MM" in minutes, up to "48:00": what runs past midnight */
    JSON_DECIMAL, /* struct json_decimal: any number */
    JSON_INTS,    /* struct json_ints: an array; min and max are of each */
    JSON_OBJECT,  /* a struct as `shape` tells, whose first member is a struct json_object */
    JSON_OBJECTS, /* struct json_objects: an array of structs as `shape` tells */
};
struct json_str {
    bool set, null;
    struct str v;
};
struct json_int {
    bool set, null;
    int64_t v;
};
struct json_bool {
    bool set, null, v;
};
struct json_instant {
    bool set, null;
    struct instant v;
};
struct json_uuid {
    bool set, null;
    struct uuid v;
};
struct json_decimal {
    bool set, null;
    double v;
};
struct json_ints {
    bool set, null;
    size_t len;
    int64_t *v;
};
struct json_object {
    bool set, null;
};
struct json_objects {
    bool set, null;
    size_t len;
    void *items;
};
enum {
    JSON_REQUIRED = 1 << 0, /* in the form that it belongs to */
    JSON_NULLABLE = 1 << 1,
    JSON_MAY_BE_BLANK = 1 << 2,
    JSON_ONE_LINE = 1 << 3,   /* of a string: as people read it in a list (str_is_one_line) */
    JSON_QUOTED_TOO = 1 << 4, /* of a JSON_INT: its digits may stand in a string */
};

struct json_field {
    const char *name;
    enum json_type type;
    uint32_t flags;
    uint32_t offset;  /* offsetof the struct's member */
    int64_t min, max; /* of a number; of a string's length in code points (max 0: 65535) */
    const char *const *choices; /* NULL-terminated */
    const struct json_shape *shape;
    uint32_t items_max; /* of an array; never 0 there */
    /* Of an object that comes in one of several forms: the one that the field belongs to, from 1; 0: to
     * all. Fields of two forms exclude each other, where null is as good as absent. Without any, the
     * first form is meant. */
    uint32_t form;
};
/* What is inside an object: a table of its own, whose offsets count from that struct's beginning. */
struct json_shape {
    const struct json_field *fields;
    size_t fields_len;
    size_t bytes; /* sizeof the struct */
};
#define JSON_SHAPE(table, type)                 \
    {                                           \
        (table), ARRAY_LEN(table), sizeof(type) \
    }

/* The rule that a value breaks. */
enum json_fault {
    JSON_FAULT_NONE,
    JSON_FAULT_REQUIRED,
    JSON_FAULT_NULL,
    JSON_FAULT_BLANK,
    JSON_FAULT_TYPE,
    JSON_FAULT_TOO_LONG,
    JSON_FAULT_TOO_SHORT,
    JSON_FAULT_RANGE,
    JSON_FAULT_CHOICE,
    JSON_FAULT_FORMAT,
    JSON_FAULT_CHARACTERS,
    JSON_FAULT_TOO_MANY,
    JSON_FAULT_OTHER_FORM, /* beside fields of another form */
    JSON_FAULT_COUNT
};
struct json_problem {
    struct field_path path;
    enum json_fault fault;
};
/* An item of an array that should be an object and is none has its problem below it, under this name. */
#define JSON_ITEM_ITSELF "non_field_errors"

struct json_wrong {
    bool broken; /* the text is not JSON, or no object: `out` is of no use */
    size_t
        at; /* then: the byte that cannot stand there; the text's length when it ends too early */
    const struct json_problem *problems; /* else; those below one step stand together */
    size_t problems_len;
};
/* Zeroes all slots, then fills those whose values are there and fine. False: see `wrong`. */
bool json_decode(struct arena *arena, struct str text, const struct json_field *fields,
                 size_t fields_len, void *out, struct json_wrong *wrong);
#define JSON_DECODE(arena, text, fields, out, wrong) \
    json_decode((arena), (text), (fields), ARRAY_LEN(fields), (out), (wrong))
