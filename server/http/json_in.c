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
    struct json_problems problems; /* of the object being read */
};

static struct json_problems no_problems(const struct reader *r)
{
    return json_problems_new(r->problems.arena, r->problems.lang);
}

static bool at_char(const struct reader *r, char ch)
{
    return r->text.p < r->text.end && *r->text.p == ch;
}

static bool read_members(struct reader *r, const struct json_field *fields, size_t fields_len,
                         char *out);

/* ---- objects inside -------------------------------------------------------------------------- */

/* Reads the object at hand into `out`; its problems are cut off into `*inner`. */
static bool read_inner(struct reader *r, const struct json_shape *shape, char *out,
                       struct json_problems *inner)
{
    struct json_problems outer = r->problems;
    r->problems = no_problems(r);
    bool fine = read_members(r, shape->fields, shape->fields_len, out);
    *inner = r->problems;
    r->problems = outer;
    return fine;
}

static bool read_object(struct reader *r, const struct json_field *field, void *slot)
{
    struct json_problems inner;
    if (!read_inner(r, field->shape, slot, &inner))
        return false;
    *(struct json_object *)slot = (struct json_object){.set = true};
    json_problems_put_object(&r->problems, field->name, &inner);
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

static bool read_int_item(struct reader *r, const struct json_field *field, size_t at, int64_t *out,
                          struct json_problems *found)
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
    if (problem)
        json_problems_put_at(found, at, problem);
    return true;
}

static bool read_ints(struct reader *r, const struct json_field *field, void *slot)
{
    struct json_problems found = no_problems(r);
    struct json_ints ints = {.set = true};
    struct items items;
    if (!items_begin(&r->text, &items))
        return false;
    ints.v = arena_array(r->text.arena, int64_t, field->items_max);
    while (!items.ended) {
        bool room = items.len < field->items_max;
        if (!(room ? read_int_item(r, field, items.len, &ints.v[items.len], &found)
                   : json_text_value(&r->text)) ||
            !items_next(&r->text, &items))
            return false;
    }
    if (items.len > field->items_max) {
        json_problems_put(&r->problems, field->name, R_FIELD_TOO_MANY);
    } else if (json_problems_any(&found)) {
        json_problems_put_object(&r->problems, field->name, &found);
    } else {
        ints.len = items.len;
        *(struct json_ints *)slot = ints;
    }
    return true;
}

static bool read_object_item(struct reader *r, const struct json_shape *shape, char *out,
                             struct json_problems *inner)
{
    if (at_char(r, '{'))
        return read_inner(r, shape, out, inner);
    json_problems_put(inner, "non_field_errors", R_FIELD_TYPE);
    return json_text_value(&r->text);
}

static bool read_objects(struct reader *r, const struct json_field *field, void *slot)
{
    struct json_problems found = no_problems(r);
    size_t bytes = field->shape->bytes;
    struct items items;
    if (!items_begin(&r->text, &items))
        return false;
    char *out = arena_push(r->text.arena, bytes * field->items_max);
    while (!items.ended) {
        struct json_problems inner = no_problems(r);
        bool room = items.len < field->items_max;
        if (!(room ? read_object_item(r, field->shape, out + items.len * bytes, &inner)
                   : json_text_value(&r->text)))
            return false;
        if (json_problems_any(&inner))
            json_problems_item(&found, items.len, &inner);
        if (!items_next(&r->text, &items))
            return false;
    }
    if (items.len > field->items_max)
        json_problems_put(&r->problems, field->name, R_FIELD_TOO_MANY);
    else if (json_problems_any(&found))
        json_problems_put_array(&r->problems, field->name, &found);
    else
        *(struct json_objects *)slot =
            (struct json_objects){.set = true, .len = items.len, .items = out};
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
    if (array && field->type == JSON_INTS)
        return read_ints(r, field, slot);
    if (array && field->type == JSON_OBJECTS)
        return read_objects(r, field, slot);
    enum reason problem = R_FIELD_TYPE;
    if (!(object || array ? json_text_value(&r->text)
                          : read_plain(&r->text, field, slot, &problem)))
        return false;
    if (problem)
        json_problems_put(&r->problems, field->name, problem);
    return true;
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
        if (!(field ? read_field(r, field, out + field->offset) : json_text_value(&r->text)))
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
    for (size_t i = 0; i < fields_len; i++)
        if ((fields[i].flags & JSON_REQUIRED) && !(seen >> i & 1))
            json_problems_put(&r->problems, fields[i].name, R_FIELD_REQUIRED);
    return true;
}

/* ---- the whole ------------------------------------------------------------------------------- */

enum err json_decode(struct ctx *c, struct str text, const struct json_field *fields,
                     size_t fields_len, void *out)
{
    struct reader r = {
        .text = {.p = text.ptr, .end = text.ptr + text.len, .arena = c->arena},
        .problems = json_problems_new(c->arena, c->lang),
    };
    json_text_space(&r.text);
    bool fine = str_is_utf8(text) && read_members(&r, fields, fields_len, out);
    if (fine)
        json_text_space(&r.text);
    if (!fine || r.text.p != r.text.end)
        return fail(c, R_MALFORMED_JSON);
    if (!json_problems_any(&r.problems))
        return OK;
    fail_data(c, strbuf_str(&r.problems.text));
    return fail(c, R_INVALID_FIELDS);
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
