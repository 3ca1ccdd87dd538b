#include "server/http/json_text.h"

#include <string.h>

void json_text_space(struct json_text *r)
{
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\n' || *r->p == '\r'))
        r->p++;
}

bool json_text_take(struct json_text *r, char ch)
{
    if (r->p == r->end || *r->p != ch)
        return false;
    r->p++;
    return true;
}

static bool take_word(struct json_text *r, struct str word)
{
    if (!str_starts(str_of(r->p, (size_t)(r->end - r->p)), word))
        return false;
    r->p += word.len;
    return true;
}

/* ---- strings ---- */

static bool read_hex4(struct json_text *r, uint32_t *out)
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
static bool read_code_point(struct json_text *r, uint32_t *out)
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

static bool read_escape(struct json_text *r, char **to)
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
static bool read_escaped(struct json_text *r, const char *start, struct str *out)
{
    const char *close = r->p;
    while (close < r->end && *close != '"')
        close += *close == '\\' ? 2 : 1;
    if (close >= r->end)
        return false;
    char *text = arena_push_bytes(r->arena, (size_t)(close - start));
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
    return json_text_take(r, '"');
}

bool json_text_string(struct json_text *r, struct str *out)
{
    if (!json_text_take(r, '"'))
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

static bool take_digits(struct json_text *r)
{
    const char *start = r->p;
    while (r->p < r->end && *r->p >= '0' && *r->p <= '9')
        r->p++;
    return r->p > start;
}

/* `*whole`: neither fraction nor exponent. */
bool json_text_number(struct json_text *r, struct str *text, bool *whole)
{
    const char *start = r->p;
    *whole = true;
    if (r->p < r->end && *r->p == '-')
        r->p++;
    if (!json_text_take(r, '0') && !take_digits(r))
        return false;
    if (json_text_take(r, '.')) {
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

/* ---- containers ---- */

static bool seen_before(const struct str *keys, size_t len, struct str key)
{
    for (size_t i = 0; i < len; i++)
        if (str_eq(keys[i], key))
            return true;
    return false;
}

/* The next key of an object, with its colon. Refuses twins and more than JSON_MEMBERS_MAX. */
bool json_text_key(struct json_text *r, struct str *keys, size_t *len, struct str *key)
{
    json_text_space(r);
    if (!json_text_string(r, key))
        return false;
    json_text_space(r);
    if (!json_text_take(r, ':') || *len == JSON_MEMBERS_MAX || seen_before(keys, *len, *key))
        return false;
    keys[(*len)++] = *key;
    json_text_space(r);
    return true;
}

/* One array per depth, not per object: a list of ten thousand objects needs no more. */
struct str *json_text_keys(struct json_text *r)
{
    assert(r->depth >= 1 && r->depth <= JSON_DEPTH_MAX);
    struct str **keys = &r->keys[r->depth - 1];
    if (!*keys)
        *keys = arena_array(r->arena, struct str, JSON_MEMBERS_MAX);
    return *keys;
}

/* The opening bracket is read. */
static bool skip_object(struct json_text *r)
{
    json_text_space(r);
    if (json_text_take(r, '}'))
        return true;
    struct str *keys = json_text_keys(r);
    size_t len = 0;
    do {
        struct str key;
        if (!json_text_key(r, keys, &len, &key) || !json_text_value(r))
            return false;
        json_text_space(r);
    } while (json_text_take(r, ','));
    return json_text_take(r, '}');
}

static bool skip_array(struct json_text *r)
{
    json_text_space(r);
    if (json_text_take(r, ']'))
        return true;
    do {
        if (!json_text_value(r))
            return false;
        json_text_space(r);
    } while (json_text_take(r, ','));
    return json_text_take(r, ']');
}

/* Reads past any value. The depth is bounded, so the recursion is too. */
bool json_text_value(struct json_text *r)
{
    json_text_space(r);
    if (r->p == r->end)
        return false;
    struct str text;
    bool whole;
    switch (*r->p) {
    case '"': return json_text_string(r, &text);
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
    default: return json_text_number(r, &text, &whole);
    }
}
