/* A recursive descent without a tree: who reads knows what she wants next, and what nobody wants is
 * walked over by the same functions, so nothing gets past unchecked.
 *
 * 1. The place only moves forward, and a fault ends the text where it stands: a caller that reads on
 *    after one reads nothing, and the first fault is the one that is told.
 * 2. UTF-8 is checked once, over the whole text, before anything is read. Behind that, every byte over
 *    0x7f belongs to a valid sequence.
 * 3. Keys are kept to refuse the second of a name: on one stack for all objects around the place,
 *    which the first sixteen need no arena for. (Room for 64 keys per level was a kilobyte each.)
 * 4. A string is a view until its first escape; then it is decoded into the arena, where it is never
 *    longer than its source. */
#include "runtime/base/json_text.h"

#include <string.h>

#include "runtime/base/encoding.h"

/* The text ends here: whoever reads on stays here, too. */
static bool fault(struct json_text *r)
{
    r->broken = true;
    r->end = r->p;
    return false;
}

static bool fault_at(struct json_text *r, const char *p)
{
    r->p = p;
    return fault(r);
}

char json_text_peek(const struct json_text *r)
{
    return r->p < r->end ? *r->p : '\0';
}

static bool take(struct json_text *r, char ch)
{
    if (r->p == r->end || *r->p != ch)
        return false;
    r->p++;
    return true;
}

static bool expect(struct json_text *r, char ch)
{
    return take(r, ch) || fault(r);
}

static void skip_space(struct json_text *r)
{
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\n' || *r->p == '\r'))
        r->p++;
}

static bool expect_word(struct json_text *r, struct str word)
{
    for (size_t i = 0; i < word.len; i++)
        if (!expect(r, word.ptr[i]))
            return false;
    return true;
}

/* ---- strings -------------------------------------------------------------------------------- */

static bool read_hex4(struct json_text *r, uint32_t *out)
{
    uint32_t unit = 0;
    for (int i = 0; i < 4; i++) {
        int digit = r->p < r->end ? hex_digit(*r->p) : -1;
        if (digit < 0)
            return fault(r);
        unit = unit << 4 | (uint32_t)digit;
        r->p++;
    }
    *out = unit;
    return true;
}

/* After "\u". A pair of surrogates is one code point; half of one is nothing. */
static bool read_code_point(struct json_text *r, uint32_t *out)
{
    const char *escape = r->p - 2;
    uint32_t high, low;
    if (!read_hex4(r, &high))
        return false;
    if (high < 0xd800 || high > 0xdfff) {
        *out = high;
        return high != 0 || fault_at(r, escape);
    }
    if (high > 0xdbff)
        return fault_at(r, escape);
    const char *second = r->p;
    if (!expect_word(r, STR("\\u")) || !read_hex4(r, &low))
        return false;
    *out = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    return (low >= 0xdc00 && low <= 0xdfff) || fault_at(r, second);
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

/* After the backslash. */
static bool read_escape(struct json_text *r, char **to)
{
    static const char plain[128] = {['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
                                    ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};
    unsigned char ch = (unsigned char)json_text_peek(r);
    if (ch == 'u') {
        uint32_t point;
        r->p++;
        if (!read_code_point(r, &point))
            return false;
        *to = put_utf8(*to, point);
        return true;
    }
    if (ch >= 128 || !plain[ch])
        return fault(r);
    *(*to)++ = plain[ch];
    r->p++;
    return true;
}

/* The rest of a string with escapes: decoded text is never longer than its source. */
static bool read_escaped(struct json_text *r, const char *start, struct str *out)
{
    const char *close = r->p;
    while (close < r->end && *close != '"')
        close += *close == '\\' ? 2 : 1;
    char *text = arena_push_bytes(r->arena, (size_t)(MIN(close, r->end) - start));
    memcpy(text, start, (size_t)(r->p - start));
    char *to = text + (r->p - start);
    while (r->p < r->end && *r->p != '"') {
        if ((unsigned char)*r->p < 32)
            return fault(r);
        if (*r->p == '\\') {
            r->p++;
            if (!read_escape(r, &to))
                return false;
        } else {
            *to++ = *r->p++;
        }
    }
    *out = str_of(text, (size_t)(to - text));
    return expect(r, '"');
}

bool json_text_string(struct json_text *r, struct str *out)
{
    if (!expect(r, '"'))
        return false;
    const char *start = r->p;
    while (r->p < r->end && (unsigned char)*r->p >= 32 && *r->p != '"' && *r->p != '\\')
        r->p++;
    if (json_text_peek(r) == '\\')
        return read_escaped(r, start, out);
    *out = str_of(start, (size_t)(r->p - start));
    return expect(r, '"');
}

/* ---- numbers -------------------------------------------------------------------------------- */

static bool expect_digits(struct json_text *r)
{
    const char *start = r->p;
    while (r->p < r->end && *r->p >= '0' && *r->p <= '9')
        r->p++;
    return r->p > start || fault(r);
}

/* "01" leaves its second digit behind, which nothing that may follow accepts. */
bool json_text_number(struct json_text *r, struct str *text, bool *whole)
{
    const char *start = r->p;
    *whole = true;
    take(r, '-');
    if (!take(r, '0') && !expect_digits(r))
        return false;
    if (take(r, '.')) {
        *whole = false;
        if (!expect_digits(r))
            return false;
    }
    if (take(r, 'e') || take(r, 'E')) {
        *whole = false;
        if (!take(r, '+'))
            take(r, '-');
        if (!expect_digits(r))
            return false;
    }
    *text = str_of(start, (size_t)(r->p - start));
    return text->len <= JSON_NUMBER_MAX || fault_at(r, start + JSON_NUMBER_MAX);
}

/* ---- containers ----------------------------------------------------------------------------- */

bool json_text_enter(struct json_text *r, char open, struct json_level *level)
{
    *level = (struct json_level){.close = open == '{' ? '}' : ']', .keys_from = r->keys_len};
    if (r->depth == JSON_DEPTH_MAX || !expect(r, open))
        return fault(r);
    r->depth++;
    return true;
}

bool json_text_next(struct json_text *r, struct json_level *level)
{
    if (r->broken)
        return false;
    assert(r->depth > 0 && level->keys_from <= r->keys_len);
    skip_space(r);
    if (take(r, level->close)) {
        r->depth--;
        r->keys_len = level->keys_from;
        return false;
    }
    if (level->items++ > 0) {
        if (!expect(r, ','))
            return false;
        skip_space(r);
    }
    return true;
}

static struct str *keys_of(struct json_text *r)
{
    return r->more_keys ? r->more_keys : r->few;
}

/* A stack of the keys of all objects around the place: a list of ten thousand objects needs no more
 * than the longest of them. */
static void push_key(struct json_text *r, struct str key)
{
    if (r->keys_len == r->keys_room) {
        struct str *more = arena_array(r->arena, struct str, 2 * r->keys_room);
        memcpy(more, keys_of(r), r->keys_len * sizeof(key));
        r->more_keys = more;
        r->keys_room *= 2;
    }
    keys_of(r)[r->keys_len++] = key;
}

static bool key_fits(struct json_text *r, const struct json_level *level, struct str key)
{
    const struct str *keys = keys_of(r);
    for (size_t i = level->keys_from; i < r->keys_len; i++)
        if (str_eq(keys[i], key))
            return false;
    return r->keys_len - level->keys_from < JSON_MEMBERS_MAX;
}

bool json_text_next_key(struct json_text *r, struct json_level *level, struct str *key)
{
    if (!json_text_next(r, level))
        return false;
    const char *start = r->p;
    if (!json_text_string(r, key))
        return false;
    if (!key_fits(r, level, *key))
        return fault_at(r, start);
    push_key(r, *key);
    skip_space(r);
    if (!expect(r, ':'))
        return false;
    skip_space(r);
    return true;
}

/* Levels are bounded, so the recursion is too. */
static bool skip_container(struct json_text *r, char open)
{
    struct json_level level;
    struct str key;
    if (!json_text_enter(r, open, &level))
        return false;
    while (open == '{' ? json_text_next_key(r, &level, &key) : json_text_next(r, &level))
        if (!json_text_skip(r))
            return false;
    return !r->broken;
}

/* ---- any value ------------------------------------------------------------------------------ */

bool json_text_skip(struct json_text *r)
{
    struct str text;
    bool whole;
    switch (json_text_peek(r)) {
    case '"': return json_text_string(r, &text);
    case 't': return expect_word(r, STR("true"));
    case 'f': return expect_word(r, STR("false"));
    case 'n': return expect_word(r, STR("null"));
    case '{':
    case '[': return skip_container(r, *r->p);
    default: return json_text_number(r, &text, &whole);
    }
}

void json_text_begin(struct json_text *r, struct arena *arena, struct str text)
{
    if (!text.ptr)
        text = STR("");
    *r = (struct json_text){.begin = text.ptr,
                            .p = text.ptr,
                            .end = text.ptr + text.len,
                            .arena = arena,
                            .keys_room = JSON_KEYS_FEW};
    size_t valid = str_utf8_valid(text);
    if (valid < text.len)
        fault_at(r, text.ptr + valid);
    else
        skip_space(r);
}

bool json_text_end(struct json_text *r)
{
    if (r->broken)
        return false;
    skip_space(r);
    return r->p == r->end || fault(r);
}

size_t json_text_at(const struct json_text *r)
{
    return (size_t)(r->p - r->begin);
}
