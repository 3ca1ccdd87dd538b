/* The table's side of reading: objects and arrays here, the text itself in json_text.c, single
 * values in json_slot.c.
 *
 * Two kinds of failure: the text is not JSON (false from every reader, one answer for all), or a
 * value breaks its rule (noted, reading goes on, so that all are reported at once). What can only be
 * judged when all members are known is judged at the end of their object: what is required, and which
 * of its forms an object has. (Looking for a member's name in the text first, to choose a table by it,
 * was tried: a note that quotes the name decodes the body twice.) */
#include "runtime/base/json.h"

#include "runtime/base/json_problems.h"
#include "runtime/base/json_slot.h"
#include "runtime/base/json_text.h"

struct reader {
    struct json_text text;
    struct json_problems problems;
};

/* The fields of one object, as bits by their place in the table. */
struct seen {
    uint64_t any;    /* were there */
    uint64_t given;  /* with another value than null */
    uint64_t broken; /* have problems */
};

static bool read_members(struct reader *r, const struct json_field *fields, size_t fields_len,
                         char *out);

static bool read_object(struct reader *r, const struct json_field *field, void *slot)
{
    if (!read_members(r, field->shape->fields, field->shape->fields_len, slot))
        return false;
    *(struct json_object *)slot = (struct json_object){.set = true};
    return true;
}

/* ---- arrays ---------------------------------------------------------------------------------- */

static bool read_int_item(struct reader *r, const struct json_field *field, int64_t *out)
{
    enum json_fault fault = JSON_FAULT_TYPE;
    char first = json_text_peek(&r->text);
    if (first == '-' || (first >= '0' && first <= '9')) {
        struct str number;
        bool whole;
        if (!json_text_number(&r->text, &number, &whole))
            return false;
        fault = json_whole_number(field, number, whole, out);
    } else if (!json_text_skip(&r->text)) {
        return false;
    }
    json_problems_add(&r->problems, fault);
    return true;
}

static bool read_object_item(struct reader *r, const struct json_shape *shape, char *out)
{
    if (json_text_peek(&r->text) == '{')
        return read_members(r, shape->fields, shape->fields_len, out);
    json_problems_add_in(&r->problems, JSON_ITEM_ITSELF, JSON_FAULT_TYPE);
    return json_text_skip(&r->text);
}

/* Item `at` into `out`, which has room for as many as the field allows; what comes behind is only read
 * past. */
static bool read_item(struct reader *r, const struct json_field *field, char *out, size_t at)
{
    bool fine;
    json_problems_down(&r->problems, (struct field_step){.at = (uint32_t)at});
    if (at >= field->items_max)
        fine = json_text_skip(&r->text);
    else if (field->type == JSON_INTS)
        fine = read_int_item(r, field, (int64_t *)(void *)out + at);
    else
        fine = read_object_item(r, field->shape, out + at * field->shape->bytes);
    json_problems_up(&r->problems);
    return fine;
}

static bool read_array(struct reader *r, const struct json_field *field, void *slot)
{
    size_t bytes = field->type == JSON_INTS ? sizeof(int64_t) : field->shape->bytes;
    char *items = arena_push(r->text.arena, bytes * field->items_max);
    size_t problems = r->problems.len;
    struct json_level level;
    if (!json_text_enter(&r->text, '[', &level))
        return false;
    while (json_text_next(&r->text, &level))
        if (!read_item(r, field, items, level.items - 1))
            return false;
    if (level.items > field->items_max) {
        r->problems.len = problems; /* too many is all there is to say */
        json_problems_add(&r->problems, JSON_FAULT_TOO_MANY);
    } else if (r->problems.len == problems && field->type == JSON_INTS) {
        *(struct json_ints *)slot =
            (struct json_ints){.set = true, .len = level.items, .v = (int64_t *)(void *)items};
    } else if (r->problems.len == problems) {
        *(struct json_objects *)slot =
            (struct json_objects){.set = true, .len = level.items, .items = items};
    }
    return !r->text.broken;
}

/* ---- fields ---------------------------------------------------------------------------------- */

/* A value that is neither an object nor an array, nor null. */
static bool read_plain(struct json_text *r, const struct json_field *field, void *slot,
                       enum json_fault *fault)
{
    struct str text;
    bool whole, v = json_text_peek(r) == 't';
    switch (json_text_peek(r)) {
    case '"':
        if (!json_text_string(r, &text))
            return false;
        *fault = json_slot_string(field, text, slot);
        return true;
    case 't':
    case 'f':
        if (!json_text_skip(r))
            return false;
        *fault = json_slot_bool(field, v, slot);
        return true;
    default:
        if (!json_text_number(r, &text, &whole))
            return false;
        *fault = json_slot_number(field, text, whole, slot);
        return true;
    }
}

/* Of a form that may not be the one meant: judged at the end of the object. */
static bool null_can_wait(const struct json_field *field)
{
    return field->form && !(field->flags & JSON_NULLABLE);
}

static bool read_null(struct json_text *r, const struct json_field *field, void *slot,
                      enum json_fault *fault)
{
    *fault = null_can_wait(field) ? JSON_FAULT_NONE : json_slot_null(field, slot);
    return json_text_skip(r);
}

static bool read_field(struct reader *r, const struct json_field *field, void *slot)
{
    enum json_fault fault = JSON_FAULT_TYPE;
    char first = json_text_peek(&r->text);
    bool fine;
    if (first == '{' && field->type == JSON_OBJECT)
        return read_object(r, field, slot);
    if (first == '[' && (field->type == JSON_INTS || field->type == JSON_OBJECTS))
        return read_array(r, field, slot);
    if (first == '{' || first == '[')
        fine = json_text_skip(&r->text);
    else if (first == 'n')
        fine = read_null(&r->text, field, slot, &fault);
    else
        fine = read_plain(&r->text, field, slot, &fault);
    if (fine)
        json_problems_add(&r->problems, fault);
    return fine;
}

/* Members mostly come in the order of the table: looked for from `next` on, round to it again. (A
 * token's seven claims took a sixth longer from the front.) */
static const struct json_field *field_find(const struct json_field *fields, size_t len,
                                           struct str name, size_t *next)
{
    for (size_t tried = 0; tried < len; tried++) {
        size_t at = *next < len ? *next : 0;
        *next = at + 1;
        if (str_eq(name, str_c(fields[at].name)))
            return &fields[at];
    }
    return NULL;
}

static bool read_member(struct reader *r, const struct json_field *field, char *out, uint64_t bit,
                        struct seen *seen)
{
    size_t problems = r->problems.len;
    seen->any |= bit;
    if (json_text_peek(&r->text) != 'n')
        seen->given |= bit;
    json_problems_down(&r->problems, (struct field_step){field->name});
    bool fine = read_field(r, field, out + field->offset);
    json_problems_up(&r->problems);
    if (r->problems.len > problems)
        seen->broken |= bit;
    return fine;
}

/* ---- what an object must have ---------------------------------------------------------------- */

/* Which form an object has: that of the first field in the table that is given and has one. */
static uint32_t form_of(const struct json_field *fields, size_t fields_len, uint64_t given)
{
    for (size_t i = 0; i < fields_len; i++)
        if (fields[i].form && (given >> i & 1))
            return fields[i].form;
    return 1;
}

/* True: fields of another form are there too, and told so. */
static bool judge_forms(struct reader *r, const struct json_field *fields, size_t fields_len,
                        uint32_t form, const struct seen *seen)
{
    bool mixed = false;
    for (size_t i = 0; i < fields_len; i++) {
        if (!fields[i].form || fields[i].form == form || !(seen->given >> i & 1))
            continue;
        mixed = true;
        if (!(seen->broken >> i & 1))
            json_problems_add_in(&r->problems, fields[i].name, JSON_FAULT_OTHER_FORM);
    }
    return mixed;
}

static void judge_members(struct reader *r, const struct json_field *fields, size_t fields_len,
                          const struct seen *seen)
{
    uint32_t form = form_of(fields, fields_len, seen->given);
    bool mixed = judge_forms(r, fields, fields_len, form, seen);
    for (size_t i = 0; i < fields_len; i++) {
        const struct json_field *field = &fields[i];
        if (field->form && (mixed || field->form != form))
            continue;
        if (!(seen->any >> i & 1) && (field->flags & JSON_REQUIRED))
            json_problems_add_in(&r->problems, field->name, JSON_FAULT_REQUIRED);
        else if ((seen->any & ~seen->given) >> i & 1 && null_can_wait(field))
            json_problems_add_in(&r->problems, field->name, JSON_FAULT_NULL);
    }
}

/* One object, of which a table tells what is wanted. Tables are finite, so the recursion is too. */
static bool read_members(struct reader *r, const struct json_field *fields, size_t fields_len,
                         char *out)
{
    struct seen seen = {0};
    struct json_level level;
    struct str key;
    size_t next = 0;
    json_slots_clear(fields, fields_len, out);
    if (!json_text_enter(&r->text, '{', &level))
        return false;
    while (json_text_next_key(&r->text, &level, &key)) {
        const struct json_field *field = field_find(fields, fields_len, key, &next);
        if (!(field ? read_member(r, field, out, UINT64_C(1) << (field - fields), &seen)
                    : json_text_skip(&r->text)))
            return false;
    }
    if (r->text.broken)
        return false;
    judge_members(r, fields, fields_len, &seen);
    return true;
}

/* ---- the whole ------------------------------------------------------------------------------- */

bool json_decode(struct arena *arena, struct str text, const struct json_field *fields,
                 size_t fields_len, void *out, struct json_wrong *wrong)
{
    struct reader r = {.problems = {.arena = arena}};
    json_text_begin(&r.text, arena, text);
    bool fine = read_members(&r, fields, fields_len, out) && json_text_end(&r.text);
    *wrong = (struct json_wrong){.broken = !fine, .at = fine ? 0 : json_text_at(&r.text)};
    if (fine) {
        wrong->problems = r.problems.items;
        wrong->problems_len = r.problems.len;
    }
    return fine && r.problems.len == 0;
}
