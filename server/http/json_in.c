/* A JSON body straight into a struct, as a table of fields tells: objects and arrays here, the text
 * itself in json_text.c, single values in json_slot.c.
 *
 * Two kinds of failure: the text is not JSON (false from every reader, one answer for all), or a
 * field breaks its rule (noted, reading goes on, so that all are reported at once). What no field
 * asks for is read past by the same rules. */
#include "server/http/json.h"

#include "server/http/json_problems.h"
#include "server/http/json_slot.h"
#include "server/http/json_text.h"

struct reader {
    struct json_text text;
    struct json_problems problems;
};

static bool at_char(const struct reader *r, char ch)
{
    return r->text.p < r->text.end && *r->text.p == ch;
}

static bool read_members(struct reader *r, const struct json_field *fields, size_t fields_len,
                         char *out);

/* ---- objects inside -------------------------------------------------------------------------- */

static bool read_object(struct reader *r, const struct json_field *field, void *slot)
{
    if (!read_members(r, field->shape->fields, field->shape->fields_len, slot))
        return false;
    *(struct json_object *)slot = (struct json_object){.set = true};
    return true;
}

/* ---- arrays ---------------------------------------------------------------------------------- */

/* An array being read: at the next item, or behind the last one. */
struct items {
    size_t len;
    bool ended;
};

static bool items_begin(struct json_text *text, struct items *items)
{
    *items = (struct items){0};
    if (text->depth == JSON_DEPTH_MAX)
        return false;
    text->depth++;
    text->p++; /* the caller has seen the bracket */
    json_text_space(text);
    items->ended = json_text_take(text, ']');
    text->depth -= items->ended;
    return true;
}

static bool items_next(struct json_text *text, struct items *items)
{
    items->len++;
    json_text_space(text);
    if (json_text_take(text, ',')) {
        json_text_space(text);
        return true;
    }
    items->ended = true;
    text->depth--;
    return json_text_take(text, ']');
}

static bool read_int_item(struct reader *r, const struct json_field *field, int64_t *out)
{
    enum reason problem = R_FIELD_TYPE;
    struct json_text *text = &r->text;
    if (text->p < text->end && (*text->p == '-' || (*text->p >= '0' && *text->p <= '9'))) {
        struct str number;
        bool whole;
        if (!json_text_number(text, &number, &whole))
            return false;
        problem = json_whole_number(field, number, whole, out);
    } else if (!json_text_value(text)) {
        return false;
    }
    json_problems_add(&r->problems, problem);
    return true;
}

static bool read_object_item(struct reader *r, const struct json_shape *shape, char *out)
{
    if (at_char(r, '{'))
        return read_members(r, shape->fields, shape->fields_len, out);
    json_problems_down(&r->problems, (struct field_step){"non_field_errors"});
    json_problems_add(&r->problems, R_FIELD_TYPE);
    json_problems_up(&r->problems);
    return json_text_value(&r->text);
}

/* Into `out`, which has room for as many items as the field allows; what comes behind is only read
 * past. */
static bool read_items(struct reader *r, const struct json_field *field, void *out, size_t *len)
{
    struct items items;
    if (!items_begin(&r->text, &items))
        return false;
    while (!items.ended) {
        bool fine;
        json_problems_down(&r->problems, (struct field_step){.at = (uint32_t)items.len});
        if (items.len >= field->items_max)
            fine = json_text_value(&r->text);
        else if (field->type == JSON_INTS)
            fine = read_int_item(r, field, (int64_t *)out + items.len);
        else
            fine = read_object_item(r, field->shape, (char *)out + items.len * field->shape->bytes);
        json_problems_up(&r->problems);
        if (!fine || !items_next(&r->text, &items))
            return false;
    }
    *len = items.len;
    return true;
}

static bool read_array(struct reader *r, const struct json_field *field, void *slot)
{
    size_t bytes = field->type == JSON_INTS ? sizeof(int64_t) : field->shape->bytes;
    void *items = arena_push(r->text.arena, bytes * field->items_max);
    size_t len, problems = r->problems.len;
    if (!read_items(r, field, items, &len))
        return false;
    if (len > field->items_max) {
        r->problems.len = problems; /* too many is all there is to say */
        json_problems_add(&r->problems, R_FIELD_TOO_MANY);
    } else if (r->problems.len == problems && field->type == JSON_INTS) {
        *(struct json_ints *)slot = (struct json_ints){.set = true, .len = len, .v = items};
    } else if (r->problems.len == problems) {
        *(struct json_objects *)slot =
            (struct json_objects){.set = true, .len = len, .items = items};
    }
    return true;
}

/* ---- fields ---------------------------------------------------------------------------------- */

/* A value that is neither an object nor an array. */
static bool read_plain(struct json_text *r, const struct json_field *field, void *slot,
                       enum reason *problem)
{
    struct str text;
    bool whole, v = *r->p == 't';
    switch (*r->p) {
    case '"':
        if (!json_text_string(r, &text))
            return false;
        *problem = json_slot_string(field, text, slot);
        return true;
    case 't':
    case 'f':
        if (!json_text_value(r))
            return false;
        *problem = json_slot_bool(field, v, slot);
        return true;
    case 'n':
        if (!json_text_value(r))
            return false;
        *problem = json_slot_null(field, slot);
        return true;
    default:
        if (!json_text_number(r, &text, &whole))
            return false;
        *problem = json_slot_number(field, text, whole, slot);
        return true;
    }
}

static bool read_field(struct reader *r, const struct json_field *field, void *slot)
{
    if (r->text.p == r->text.end)
        return false;
    bool object = at_char(r, '{'), array = at_char(r, '[');
    if (object && field->type == JSON_OBJECT)
        return read_object(r, field, slot);
    if (array && (field->type == JSON_INTS || field->type == JSON_OBJECTS))
        return read_array(r, field, slot);
    enum reason problem = R_FIELD_TYPE;
    if (!(object || array ? json_text_value(&r->text)
                          : read_plain(&r->text, field, slot, &problem)))
        return false;
    json_problems_add(&r->problems, problem);
    return true;
}

static bool read_member(struct reader *r, const struct json_field *field, char *out)
{
    json_problems_down(&r->problems, (struct field_step){field->name});
    bool fine = read_field(r, field, out + field->offset);
    json_problems_up(&r->problems);
    return fine;
}

static const struct json_field *field_find(const struct json_field *fields, size_t len,
                                           struct str name)
{
    for (size_t i = 0; i < len; i++)
        if (str_eq(name, str_c(fields[i].name)))
            return &fields[i];
    return NULL;
}

static bool read_member_list(struct reader *r, const struct json_field *fields, size_t fields_len,
                             char *out, uint64_t *seen)
{
    struct str *keys = json_text_keys(&r->text);
    size_t len = 0;
    do {
        struct str key;
        if (!json_text_key(&r->text, keys, &len, &key))
            return false;
        const struct json_field *field = field_find(fields, fields_len, key);
        if (field)
            *seen |= UINT64_C(1) << (field - fields);
        if (!(field ? read_member(r, field, out) : json_text_value(&r->text)))
            return false;
        json_text_space(&r->text);
    } while (json_text_take(&r->text, ','));
    return json_text_take(&r->text, '}');
}

/* One object, of which a table tells what is wanted. Tables are finite, so the recursion is too. */
static bool read_members(struct reader *r, const struct json_field *fields, size_t fields_len,
                         char *out)
{
    uint64_t seen = 0;
    json_slots_clear(fields, fields_len, out);
    if (r->text.depth == JSON_DEPTH_MAX || !json_text_take(&r->text, '{'))
        return false;
    r->text.depth++;
    json_text_space(&r->text);
    if (!json_text_take(&r->text, '}') && !read_member_list(r, fields, fields_len, out, &seen))
        return false;
    r->text.depth--;
    for (size_t i = 0; i < fields_len; i++) {
        if (!(fields[i].flags & JSON_REQUIRED) || (seen >> i & 1))
            continue;
        json_problems_down(&r->problems, (struct field_step){fields[i].name});
        json_problems_add(&r->problems, R_FIELD_REQUIRED);
        json_problems_up(&r->problems);
    }
    return true;
}

/* ---- the whole ------------------------------------------------------------------------------- */

enum err json_decode(struct ctx *c, struct str text, const struct json_field *fields,
                     size_t fields_len, void *out)
{
    struct reader r = {
        .text = {.p = text.ptr, .end = text.ptr + text.len, .arena = c->arena},
        .problems = {.arena = c->arena},
    };
    json_text_space(&r.text);
    bool fine = str_is_utf8(text) && read_members(&r, fields, fields_len, out);
    if (fine)
        json_text_space(&r.text);
    if (!fine || r.text.p != r.text.end)
        return fail(c, R_MALFORMED_JSON);
    return r.problems.len ? fail_fields(c, r.problems.items, r.problems.len) : OK;
}

/* "application/json", with any parameters: RFC 8259 §11 defines none, clients send charset. */
static bool is_json(struct str content_type)
{
    struct str type, rest = content_type;
    return str_split(&rest, ';', &type) && str_eq_nocase(str_trim(type), STR("application/json"));
}

enum err request_json(struct ctx *c, struct request *req, const struct json_field *fields,
                      size_t fields_len, void *out)
{
    if (!is_json(request_header(req, STR("content-type"))))
        return fail(c, R_MEDIA_TYPE);
    return json_decode(c, req->body, fields, fields_len, out);
}
