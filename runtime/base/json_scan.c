#include "runtime/base/json_scan.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char peek(const struct json_scan *scan)
{
    return scan->rest.len > 0 ? scan->rest.ptr[0] : '\0';
}

static void skip_space(struct json_scan *scan)
{
    size_t n = 0;
    while (n < scan->rest.len && (scan->rest.ptr[n] == ' ' || scan->rest.ptr[n] == '\t' ||
                                  scan->rest.ptr[n] == '\n' || scan->rest.ptr[n] == '\r'))
        n++;
    scan->rest = str_skip(scan->rest, n);
}

static bool eat(struct json_scan *scan, char c)
{
    skip_space(scan);
    if (scan->rest.len == 0 || scan->rest.ptr[0] != c)
        return false;
    scan->rest = str_skip(scan->rest, 1);
    return true;
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Length of the escape at text[0] == '\\', or 0. */
static size_t escape_len(struct str text)
{
    if (text.len < 2)
        return 0;
    if (str_find_char(STR("\"\\/bfnrt"), text.ptr[1]) >= 0)
        return 2;
    if (text.ptr[1] != 'u' || text.len < 6)
        return 0;
    for (size_t i = 2; i < 6; i++)
        if (!is_hex(text.ptr[i]))
            return 0;
    return 6;
}

static bool scan_string(struct json_scan *scan, struct str *out)
{
    if (!eat(scan, '"'))
        return false;
    struct str rest = scan->rest;
    size_t n = 0;
    while (n < rest.len && rest.ptr[n] != '"') {
        size_t step = 1;
        if (rest.ptr[n] == '\\')
            step = escape_len(str_skip(rest, n));
        if (step == 0 || (unsigned char)rest.ptr[n] < 0x20)
            return false;
        n += step;
    }
    if (n >= rest.len)
        return false;
    *out = str_take(rest, n);
    scan->rest = str_skip(rest, n + 1);
    return true;
}

static size_t digits(struct str text, size_t from)
{
    size_t n = from;
    while (n < text.len && is_digit(text.ptr[n]))
        n++;
    return n - from;
}

static bool scan_number(struct json_scan *scan, struct str *out)
{
    struct str t = scan->rest;
    size_t n = peek(scan) == '-' ? 1 : 0;
    size_t whole = digits(t, n);
    if (whole == 0 || (whole > 1 && t.ptr[n] == '0'))
        return false;
    n += whole;
    if (n < t.len && t.ptr[n] == '.') {
        size_t fraction = digits(t, n + 1);
        if (fraction == 0)
            return false;
        n += 1 + fraction;
    }
    if (n < t.len && (t.ptr[n] == 'e' || t.ptr[n] == 'E')) {
        n++;
        if (n < t.len && (t.ptr[n] == '+' || t.ptr[n] == '-'))
            n++;
        size_t exponent = digits(t, n);
        if (exponent == 0)
            return false;
        n += exponent;
    }
    *out = str_take(t, n);
    scan->rest = str_skip(t, n);
    return true;
}

static bool scan_word(struct json_scan *scan, struct str word, struct str *out)
{
    if (!str_starts(scan->rest, word))
        return false;
    *out = str_take(scan->rest, word.len);
    scan->rest = str_skip(scan->rest, word.len);
    return true;
}

/* A value that nests nothing. */
static bool scan_plain(struct json_scan *scan, enum json_kind *kind, struct str *out)
{
    skip_space(scan);
    switch (peek(scan)) {
    case '"': *kind = JSON_KIND_STRING; return scan_string(scan, out);
    case 't': *kind = JSON_KIND_TRUE; return scan_word(scan, STR("true"), out);
    case 'f': *kind = JSON_KIND_FALSE; return scan_word(scan, STR("false"), out);
    case 'n': *kind = JSON_KIND_NULL; return scan_word(scan, STR("null"), out);
    default: *kind = JSON_KIND_NUMBER; return scan_number(scan, out);
    }
}

static bool scan_name(struct json_scan *scan)
{
    struct str name;
    return scan_string(scan, &name) && eat(scan, ':');
}

/* Skips an object or array with everything in it. `closers` holds what each open level waits for. */
static bool skip_nested(struct json_scan *scan)
{
    char closers[JSON_SCAN_DEPTH_MAX];
    size_t depth = 0;
    for (;;) {
        skip_space(scan);
        char c = peek(scan);
        if (c == '{' || c == '[') {
            if (depth == JSON_SCAN_DEPTH_MAX)
                return false;
            closers[depth++] = c == '{' ? '}' : ']';
            scan->rest = str_skip(scan->rest, 1);
            if (!eat(scan, closers[depth - 1])) {
                if (closers[depth - 1] == '}' && !scan_name(scan))
                    return false;
                continue; /* to its first value */
            }
            depth--;
        } else {
            enum json_kind kind;
            struct str value;
            if (!scan_plain(scan, &kind, &value))
                return false;
        }
        /* A value ended: close what closes with it, or go on behind a comma. */
        while (depth > 0 && eat(scan, closers[depth - 1]))
            depth--;
        if (depth == 0)
            return true;
        if (!eat(scan, ',') || (closers[depth - 1] == '}' && !scan_name(scan)))
            return false;
    }
}

static bool scan_value(struct json_scan *scan, struct json_member *out)
{
    skip_space(scan);
    const char *from = scan->rest.ptr;
    if (peek(scan) != '{' && peek(scan) != '[')
        return scan_plain(scan, &out->kind, &out->value);
    out->kind = peek(scan) == '{' ? JSON_KIND_OBJECT : JSON_KIND_ARRAY;
    if (!skip_nested(scan))
        return false;
    out->value = str_of(from, (size_t)(scan->rest.ptr - from));
    return true;
}

struct json_scan json_scan_begin(struct str text)
{
    return (struct json_scan){.rest = text};
}

static bool scan_end(struct json_scan *scan)
{
    skip_space(scan);
    scan->complete = scan->rest.len == 0;
    scan->rest.len = 0;
    return false;
}

bool json_scan_next(struct json_scan *scan, struct json_member *out)
{
    if (scan->complete)
        return false;
    if (!scan->begun) {
        scan->begun = true;
        if (!eat(scan, '{'))
            goto broken;
        if (eat(scan, '}'))
            return scan_end(scan);
    } else {
        if (eat(scan, '}'))
            return scan_end(scan);
        if (!eat(scan, ','))
            goto broken;
    }
    if (scan_string(scan, &out->name) && eat(scan, ':') && scan_value(scan, out))
        return true;
broken:
    scan->rest.len = 0;
    return false;
}
