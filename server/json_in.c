/* A strict reader of JSON (RFC 8259) straight into a struct.
 *
 * Stricter than the RFC where it leaves room: twin keys, lone surrogates, U+0000 and numbers that a
 * field cannot hold exactly are refused; depth, members and number length are capped. What no field
 * asks for is read past with the same rules.
 *
 * Two kinds of failure: the text is not JSON (false from every reader, one answer for all), or a
 * field breaks its rule (noted, reading goes on, so that all are reported at once). */
#include "server/json.h"

#include <stdlib.h>
#include <string.h>

#include "server/limits.h"
#include "server/middleware.h"

struct reader {
    const char *p, *end;
    struct ctx *c;
    uint32_t depth;
    struct strbuf problems;           /* of the object being read: "name":["text"],… */
    struct str *keys[JSON_DEPTH_MAX]; /* of the objects being read, by depth; made when needed */
};

static bool read_value(struct reader *r);

static void skip_space(struct reader *r)
{
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\n' || *r->p == '\r'))
        r->p++;
}

static bool take_char(struct reader *r, char ch)
{
    if (r->p == r->end || *r->p != ch)
        return false;
    r->p++;
    return true;
}

static bool take_word(struct reader *r, struct str word)
{
    if (!str_starts(str_of(r->p, (size_t)(r->end - r->p)), word))
        return false;
    r->p += word.len;
    return true;
}

/* ---- strings ---- */

static bool read_hex4(struct reader *r, uint32_t *out)
{
    if (r->end - r->p < 4)
        return false;
    uint32_t unit = 0;
    for (int i = 0; i < 4; i++) {
        char ch = *r->p++;
        uint32_t digit = ch >= '0' && ch <= '9'   ? (uint32_t)(ch - '0')
                         : ch >= 'a' && ch <= 'f' ? (uint32_t)(ch - 'a' + 10)
                         : ch >= 'A' && ch <= 'F' ? (uint32_t)(ch - 'A' + 10)
                                                  : 16;
        if (digit == 16)
            return false;
        unit = unit << 4 | digit;
    }
    *out = unit;
    return true;
}

/* After "\u". A pair of surrogates is one code point; half of one is nothing. */
static bool read_code_point(struct reader *r, uint32_t *out)
{
    uint32_t high, low;
    if (!read_hex4(r, &high))
        return false;
    if (high < 0xd800 || high > 0xdfff) {
        *out = high;
        return high != 0;
    }
    if (high > 0xdbff || !take_word(r, STR("\\u")) || !read_hex4(r, &low))
        return false;
    *out = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    return low >= 0xdc00 && low <= 0xdfff;
}

static char *put_utf8(char *to, uint32_t point)
{
    if (point < 0x80) {
        *to++ = (char)point;
    } else if (point < 0x800) {
        *to++ = (char)(0xc0 | point >> 6);
        *to++ = (char)(0x80 | (point & 63));
    } else if (point < 0x10000) {
        *to++ = (char)(0xe0 | point >> 12);
        *to++ = (char)(0x80 | (point >> 6 & 63));
        *to++ = (char)(0x80 | (point & 63));
    } else {
        *to++ = (char)(0xf0 | point >> 18);
        *to++ = (char)(0x80 | (point >> 12 & 63));
        *to++ = (char)(0x80 | (point >> 6 & 63));
        *to++ = (char)(0x80 | (point & 63));
    }
    return to;
}

static bool read_escape(struct reader *r, char **to)
{
    static const char plain[128] = {['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
                                    ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};
    if (r->p == r->end)
        return false;
    unsigned char ch = (unsigned char)*r->p++;
    if (ch == 'u') {
        uint32_t point;
        if (!read_code_point(r, &point))
            return false;
        *to = put_utf8(*to, point);
        return true;
    }
    if (ch >= 128 || !plain[ch])
        return false;
    *(*to)++ = plain[ch];
    return true;
}

/* The rest of a string with escapes: decoded text is never longer than its source. */
static bool read_escaped(struct reader *r, const char *start, struct str *out)
{
    const char *close = r->p;
    while (close < r->end && *close != '"')
        close += *close == '\\' ? 2 : 1;
    if (close >= r->end)
        return false;
    char *text = arena_push_bytes(r->c->arena, (size_t)(close - start));
    memcpy(text, start, (size_t)(r->p - start));
    char *to = text + (r->p - start);
    while (r->p < r->end && *r->p != '"') {
        unsigned char ch = (unsigned char)*r->p++;
        if (ch < 32 || (ch == '\\' && !read_escape(r, &to)))
            return false;
        if (ch != '\\')
            *to++ = (char)ch;
    }
    *out = str_of(text, (size_t)(to - text));
    return take_char(r, '"');
}

static bool read_string(struct reader *r, struct str *out)
{
    if (!take_char(r, '"'))
        return false;
    const char *start = r->p;
    while (r->p < r->end && (unsigned char)*r->p >= 32 && *r->p != '"' && *r->p != '\\')
        r->p++;
    if (r->p == r->end || (unsigned char)*r->p < 32)
        return false;
    if (*r->p == '\\')
        return read_escaped(r, start, out);
    *out = str_of(start, (size_t)(r->p - start));
    r->p++;
    return true;
}

/* ---- numbers ---- */

static bool take_digits(struct reader *r)
{
    const char *start = r->p;
    while (r->p < r->end && *r->p >= '0' && *r->p <= '9')
        r->p++;
    return r->p > start;
}

/* `*whole`: neither fraction nor exponent. */
static bool read_number(struct reader *r, struct str *text, bool *whole)
{
    const char *start = r->p;
    *whole = true;
    if (r->p < r->end && *r->p == '-')
        r->p++;
    if (!take_char(r, '0') && !take_digits(r))
        return false;
    if (take_char(r, '.')) {
        *whole = false;
        if (!take_digits(r))
            return false;
    }
    if (r->p < r->end && (*r->p == 'e' || *r->p == 'E')) {
        *whole = false;
        r->p++;
        if (r->p < r->end && (*r->p == '+' || *r->p == '-'))
            r->p++;
        if (!take_digits(r))
            return false;
    }
    *text = str_of(start, (size_t)(r->p - start));
    /* "01" leaves its second digit behind, which no caller accepts there. */
    return text->len <= JSON_NUMBER_MAX;
}

/* ---- containers that no field asks for ---- */

static bool seen_before(const struct str *keys, size_t len, struct str key)
{
    for (size_t i = 0; i < len; i++)
        if (str_eq(keys[i], key))
            return true;
    return false;
}

/* The next key of an object, with its colon. Refuses twins and more than JSON_MEMBERS_MAX. */
static bool read_key(struct reader *r, struct str *keys, size_t *len, struct str *key)
{
    skip_space(r);
    if (!read_string(r, key))
        return false;
    skip_space(r);
    if (!take_char(r, ':') || *len == JSON_MEMBERS_MAX || seen_before(keys, *len, *key))
        return false;
    keys[(*len)++] = *key;
    skip_space(r);
    return true;
}

/* One array per depth, not per object: a list of ten thousand objects needs no more. */
static struct str *keys_at_depth(struct reader *r)
{
    assert(r->depth >= 1 && r->depth <= JSON_DEPTH_MAX);
    struct str **keys = &r->keys[r->depth - 1];
    if (!*keys)
        *keys = arena_array(r->c->arena, struct str, JSON_MEMBERS_MAX);
    return *keys;
}

/* The opening bracket is read. */
static bool skip_object(struct reader *r)
{
    skip_space(r);
    if (take_char(r, '}'))
        return true;
    struct str *keys = keys_at_depth(r);
    size_t len = 0;
    do {
        struct str key;
        if (!read_key(r, keys, &len, &key) || !read_value(r))
            return false;
        skip_space(r);
    } while (take_char(r, ','));
    return take_char(r, '}');
}

static bool skip_array(struct reader *r)
{
    skip_space(r);
    if (take_char(r, ']'))
        return true;
    do {
        if (!read_value(r))
            return false;
        skip_space(r);
    } while (take_char(r, ','));
    return take_char(r, ']');
}

/* Reads past any value. The depth is bounded, so the recursion is too. */
static bool read_value(struct reader *r)
{
    skip_space(r);
    if (r->p == r->end)
        return false;
    struct str text;
    bool whole;
    switch (*r->p) {
    case '"': return read_string(r, &text);
    case 't': return take_word(r, STR("true"));
    case 'f': return take_word(r, STR("false"));
    case 'n': return take_word(r, STR("null"));
    case '{':
    case '[': {
        if (r->depth == JSON_DEPTH_MAX)
            return false;
        r->depth++;
        bool fine = *r->p++ == '{' ? skip_object(r) : skip_array(r);
        r->depth--;
        return fine;
    }
    default: return read_number(r, &text, &whole);
    }
}

/* ---- fields ---- */

/* The place where the next problem is written. */
static struct strbuf *next_problem(struct reader *r)
{
    if (!r->problems.arena)
        r->problems = strbuf_new(r->c->arena, 256);
    else if (r->problems.len)
        strbuf_add_char(&r->problems, ',');
    return &r->problems;
}

static void put_problem(struct reader *r, const char *name, enum reason reason)
{
    struct json_writer w = json_writer_on(next_problem(r));
    json_array_begin(&w, name);
    json_put_str(&w, NULL, reason_info(reason)->text[r->c->lang]);
    json_array_end(&w);
}

static void field_problem(struct reader *r, const struct json_field *field, enum reason reason)
{
    put_problem(r, field->name, reason);
}

static bool is_blank(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!strchr(" \t\r\n", s.ptr[i]))
            return false;
    return true;
}

static enum reason set_string(const struct json_field *field, struct str text, void *slot)
{
    size_t len = str_utf8_len(text);
    if (is_blank(text) && !(field->flags & JSON_MAY_BE_BLANK))
        return R_FIELD_BLANK;
    if ((int64_t)len < field->min)
        return R_FIELD_TOO_SHORT;
    if ((int64_t)len > (field->max ? field->max : JSON_TEXT_MAX))
        return R_FIELD_TOO_LONG;
    *(struct str *)slot = text;
    return R_NONE;
}

static enum reason set_choice(const struct json_field *field, struct str text, void *slot)
{
    for (int64_t i = 0; field->choices[i]; i++) {
        if (str_eq(text, str_c(field->choices[i]))) {
            *(struct json_int *)slot = (struct json_int){.set = true, .v = i};
            return R_NONE;
        }
    }
    return R_FIELD_CHOICE;
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

static enum reason set_clock(const struct json_field *field, struct str text, void *slot)
{
    int64_t v;
    if (!clock_parse(text, &v))
        return R_FIELD_FORMAT;
    if (v < field->min || v > field->max)
        return R_FIELD_RANGE;
    *(struct json_int *)slot = (struct json_int){.set = true, .v = v};
    return R_NONE;
}

static enum reason set_from_string(const struct json_field *field, struct str text, void *slot)
{
    switch (field->type) {
    case JSON_STRING: return set_string(field, text, slot);
    case JSON_CHOICE: return set_choice(field, text, slot);
    case JSON_STRING_OR_NULL: {
        struct json_str *text_or_null = slot;
        enum reason problem = set_string(field, text, &text_or_null->v);
        text_or_null->set = problem == R_NONE;
        return problem;
    }
    case JSON_INSTANT: {
        struct json_instant *at = slot;
        at->set = instant_parse_rfc3339(text, &at->v);
        return at->set ? R_NONE : R_FIELD_FORMAT;
    }
    case JSON_UUID: {
        struct json_uuid *id = slot;
        id->set = uuid_parse(text, &id->v);
        return id->set ? R_NONE : R_FIELD_FORMAT;
    }
    case JSON_CLOCK: return set_clock(field, text, slot);
    case JSON_INT:
    case JSON_BOOL:
    case JSON_DECIMAL:
    case JSON_INTS:
    case JSON_OBJECT:
    case JSON_OBJECTS: break;
    }
    return R_FIELD_TYPE;
}

static enum reason whole_number(const struct json_field *field, struct str text, bool whole,
                                int64_t *out)
{
    bool bounded = field->min || field->max;
    if (!whole)
        return R_FIELD_TYPE;
    if (!str_to_int64(text, out) || (bounded && (*out < field->min || *out > field->max)))
        return R_FIELD_RANGE;
    return R_NONE;
}

/* Whatever the digits, what comes out is the nearest double, or out of range. */
static enum reason set_decimal(const struct json_field *field, struct str text, void *slot)
{
    char digits[JSON_NUMBER_MAX + 1];
    memcpy(digits, text.ptr, text.len);
    digits[text.len] = '\0';
    double v = strtod(digits, NULL);
    if (!(v >= (double)field->min && v <= (double)field->max))
        return R_FIELD_RANGE;
    *(struct json_decimal *)slot = (struct json_decimal){.set = true, .v = v};
    return R_NONE;
}

static enum reason set_from_number(const struct json_field *field, struct str text, bool whole,
                                   void *slot)
{
    if (field->type == JSON_DECIMAL)
        return set_decimal(field, text, slot);
    if (field->type != JSON_INT)
        return R_FIELD_TYPE;
    int64_t v;
    enum reason problem = whole_number(field, text, whole, &v);
    if (!problem)
        *(struct json_int *)slot = (struct json_int){.set = true, .v = v};
    return problem;
}

static enum reason set_bool(const struct json_field *field, bool v, void *slot)
{
    if (field->type != JSON_BOOL)
        return R_FIELD_TYPE;
    *(struct json_bool *)slot = (struct json_bool){.set = true, .v = v};
    return R_NONE;
}

static enum reason set_null(const struct json_field *field, void *slot)
{
    if (!(field->flags & JSON_NULLABLE))
        return R_FIELD_NULL;
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
    return R_NONE;
}

static bool read_members(struct reader *r, const struct json_field *fields, size_t fields_len,
                         char *out);

/* Reads the object at hand into `out`; its problems are cut off into `*inner`. */
static bool read_inner(struct reader *r, const struct json_shape *shape, char *out,
                       struct str *inner)
{
    struct strbuf outer = r->problems;
    r->problems = (struct strbuf){0};
    bool fine = read_members(r, shape->fields, shape->fields_len, out);
    *inner = strbuf_str(&r->problems);
    r->problems = outer;
    return fine;
}

static bool read_object(struct reader *r, const struct json_field *field, void *slot)
{
    struct str inner;
    if (!read_inner(r, field->shape, slot, &inner))
        return false;
    *(struct json_object *)slot = (struct json_object){.set = true};
    if (inner.len) {
        struct strbuf *out = next_problem(r);
        struct json_writer w = json_writer_on(out);
        json_object_begin(&w, field->name);
        strbuf_add(out, inner);
        json_object_end(&w);
    }
    return true;
}

/* An array being read: at the next item, or behind the last one. */
struct items {
    size_t len;
    bool ended;
};

static bool items_begin(struct reader *r, struct items *items)
{
    *items = (struct items){0};
    if (r->depth == JSON_DEPTH_MAX)
        return false;
    r->depth++;
    r->p++; /* the caller has seen the bracket */
    skip_space(r);
    items->ended = take_char(r, ']');
    r->depth -= items->ended;
    return true;
}

static bool items_next(struct reader *r, struct items *items)
{
    items->len++;
    skip_space(r);
    if (take_char(r, ',')) {
        skip_space(r);
        return true;
    }
    items->ended = true;
    r->depth--;
    return take_char(r, ']');
}

/* Problems of items that are told apart by number: written when there is one, kept until the end. */
static void item_problem(struct reader *r, struct strbuf *found, size_t at, enum reason reason)
{
    char number[24];
    struct strbuf digits = {.arena = r->c->arena, .ptr = number, .cap = sizeof(number)};
    strbuf_add_int(&digits, (int64_t)at);
    strbuf_add_char(&digits, '\0');
    struct strbuf outer = r->problems;
    r->problems = *found;
    put_problem(r, digits.ptr, reason);
    *found = r->problems;
    r->problems = outer;
}

static bool read_int_item(struct reader *r, const struct json_field *field, size_t at, int64_t *out,
                          struct strbuf *found)
{
    enum reason problem = R_FIELD_TYPE;
    if (r->p < r->end && (*r->p == '-' || (*r->p >= '0' && *r->p <= '9'))) {
        struct str text;
        bool whole;
        if (!read_number(r, &text, &whole))
            return false;
        problem = whole_number(field, text, whole, out);
    } else if (!read_value(r)) {
        return false;
    }
    if (problem)
        item_problem(r, found, at, problem);
    return true;
}

static bool read_ints(struct reader *r, const struct json_field *field, void *slot)
{
    struct strbuf found = {0};
    struct json_ints ints = {.set = true};
    struct items items;
    if (!items_begin(r, &items))
        return false;
    ints.v = arena_array(r->c->arena, int64_t, field->items_max);
    while (!items.ended) {
        bool room = items.len < field->items_max;
        if (!(room ? read_int_item(r, field, items.len, &ints.v[items.len], &found)
                   : read_value(r)) ||
            !items_next(r, &items))
            return false;
    }
    if (items.len > field->items_max) {
        field_problem(r, field, R_FIELD_TOO_MANY);
    } else if (found.len) {
        struct strbuf *out = next_problem(r);
        struct json_writer w = json_writer_on(out);
        json_object_begin(&w, field->name);
        strbuf_add(out, strbuf_str(&found));
        json_object_end(&w);
    } else {
        ints.len = items.len;
        *(struct json_ints *)slot = ints;
    }
    return true;
}

/* One entry per item, as far as the last that has a problem: {} for those that are fine. */
static void put_item_problems(struct reader *r, struct strbuf *found, size_t *written, size_t at,
                              struct str inner)
{
    if (!found->arena)
        *found = strbuf_new(r->c->arena, 256);
    for (; *written < at; ++*written)
        strbuf_add(found, *written ? STR(",{}") : STR("{}"));
    strbuf_add(found, at ? STR(",{") : STR("{"));
    strbuf_add(found, inner);
    strbuf_add_char(found, '}');
    ++*written;
}

static struct str not_an_object(struct reader *r)
{
    struct strbuf outer = r->problems;
    r->problems = (struct strbuf){0};
    put_problem(r, "non_field_errors", R_FIELD_TYPE);
    struct str inner = strbuf_str(&r->problems);
    r->problems = outer;
    return inner;
}

static bool read_object_item(struct reader *r, const struct json_shape *shape, char *out,
                             struct str *inner)
{
    if (r->p < r->end && *r->p == '{')
        return read_inner(r, shape, out, inner);
    *inner = not_an_object(r);
    return read_value(r);
}

static bool read_objects(struct reader *r, const struct json_field *field, void *slot)
{
    struct strbuf found = {0};
    size_t written = 0;
    struct items items;
    if (!items_begin(r, &items))
        return false;
    char *out = arena_push(r->c->arena, field->shape->bytes * field->items_max);
    while (!items.ended) {
        struct str inner = {0};
        bool room = items.len < field->items_max;
        if (!(room
                  ? read_object_item(r, field->shape, out + items.len * field->shape->bytes, &inner)
                  : read_value(r)))
            return false;
        if (inner.len)
            put_item_problems(r, &found, &written, items.len, inner);
        if (!items_next(r, &items))
            return false;
    }
    if (items.len > field->items_max) {
        field_problem(r, field, R_FIELD_TOO_MANY);
    } else if (found.len) {
        struct strbuf *to = next_problem(r);
        struct json_writer w = json_writer_on(to);
        json_array_begin(&w, field->name);
        strbuf_add(to, strbuf_str(&found));
        json_array_end(&w);
    } else {
        *(struct json_objects *)slot =
            (struct json_objects){.set = true, .len = items.len, .items = out};
    }
    return true;
}

static bool read_field(struct reader *r, const struct json_field *field, void *slot)
{
    enum reason problem = R_FIELD_TYPE;
    struct str text;
    bool whole;
    if (r->p == r->end)
        return false;
    switch (*r->p) {
    case '"':
        if (!read_string(r, &text))
            return false;
        problem = set_from_string(field, text, slot);
        break;
    case 't':
    case 'f': {
        bool v = *r->p == 't';
        if (!read_value(r))
            return false;
        problem = set_bool(field, v, slot);
        break;
    }
    case 'n':
        if (!read_value(r))
            return false;
        problem = set_null(field, slot);
        break;
    case '{':
        if (field->type == JSON_OBJECT)
            return read_object(r, field, slot);
        if (!read_value(r))
            return false;
        break;
    case '[':
        if (field->type == JSON_INTS)
            return read_ints(r, field, slot);
        if (field->type == JSON_OBJECTS)
            return read_objects(r, field, slot);
        if (!read_value(r))
            return false;
        break;
    default:
        if (!read_number(r, &text, &whole))
            return false;
        problem = set_from_number(field, text, whole, slot);
        break;
    }
    if (problem)
        field_problem(r, field, problem);
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
    struct str *keys = keys_at_depth(r);
    size_t len = 0;
    do {
        struct str key;
        if (!read_key(r, keys, &len, &key))
            return false;
        const struct json_field *field = field_find(fields, fields_len, key);
        if (field)
            *seen |= UINT64_C(1) << (field - fields);
        if (!(field ? read_field(r, field, out + field->offset) : read_value(r)))
            return false;
        skip_space(r);
    } while (take_char(r, ','));
    return take_char(r, '}');
}

static void clear_slots(const struct json_field *fields, size_t fields_len, char *out);

/* One object, of which a table tells what is wanted. Tables are finite, so the recursion is too. */
static bool read_members(struct reader *r, const struct json_field *fields, size_t fields_len,
                         char *out)
{
    uint64_t seen = 0;
    clear_slots(fields, fields_len, out);
    if (r->depth == JSON_DEPTH_MAX || !take_char(r, '{'))
        return false;
    r->depth++;
    skip_space(r);
    if (!take_char(r, '}') && !read_member_list(r, fields, fields_len, out, &seen))
        return false;
    r->depth--;
    for (size_t i = 0; i < fields_len; i++)
        if ((fields[i].flags & JSON_REQUIRED) && !(seen >> i & 1))
            field_problem(r, &fields[i], R_FIELD_REQUIRED);
    return true;
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

static void clear_slots(const struct json_field *fields, size_t fields_len, char *out)
{
    assert(fields_len <= JSON_MEMBERS_MAX);
    for (size_t i = 0; i < fields_len; i++) {
        memset(out + fields[i].offset, 0, slot_size(fields[i].type));
        if (fields[i].type == JSON_OBJECT)
            clear_slots(fields[i].shape->fields, fields[i].shape->fields_len,
                        out + fields[i].offset);
    }
}

enum err json_decode(struct ctx *c, struct str text, const struct json_field *fields,
                     size_t fields_len, void *out)
{
    struct reader r = {.p = text.ptr, .end = text.ptr + text.len, .c = c};
    skip_space(&r);
    bool fine = str_is_utf8(text) && read_members(&r, fields, fields_len, out);
    if (fine)
        skip_space(&r);
    if (!fine || r.p != r.end)
        return fail(c, R_MALFORMED_JSON);
    if (!r.problems.len)
        return OK;
    fail_data(c, strbuf_str(&r.problems));
    return fail(c, R_INVALID_FIELDS);
}

enum err fail_item(struct ctx *c, const char *field, size_t at, const char *member,
                   enum reason reason)
{
    struct strbuf text = strbuf_new(c->arena, 256);
    struct json_writer w = json_writer_on(&text);
    json_array_begin(&w, field);
    for (size_t i = 0; i < at; i++) {
        json_object_begin(&w, NULL);
        json_object_end(&w);
    }
    json_object_begin(&w, NULL);
    json_array_begin(&w, member);
    json_put_str(&w, NULL, reason_info(reason)->text[c->lang]);
    json_array_end(&w);
    json_object_end(&w);
    json_array_end(&w);
    fail_data(c, strbuf_str(&text));
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
    enum lang assumed = c->lang;
    enum err err = json_decode(c, req->body, fields, fields_len, out);
    if (err == OK)
        return OK;
    /* Decoding writes the texts of broken fields. Only now are they worth a look at the caller's own
     * language: a body that is fine must not cost a statement for words that nobody reads. */
    language_settle(c, req);
    return c->lang == assumed ? err : json_decode(c, req->body, fields, fields_len, out);
}
