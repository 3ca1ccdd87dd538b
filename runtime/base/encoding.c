/* Texts that stand for bytes, each with the one spelling that we write and the few that we read: a token
 * or a key that may be written in two ways is two keys to whoever compares texts. */
#include "runtime/base/encoding.h"

#include <string.h>

#include "runtime/base/arena.h"

/* ---- hex ------------------------------------------------------------------------------------ */

int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

void hex_encode_into(char *out, const uint8_t *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
}

struct str hex_encode(struct arena *arena, const uint8_t *bytes, size_t len)
{
    char *text = arena_push_bytes(arena, len * 2);
    hex_encode_into(text, bytes, len);
    return str_of(text, len * 2);
}

bool hex_decode_into(struct str in, uint8_t *out, size_t len)
{
    if (in.len != 2 * len)
        return false;
    for (size_t i = 0; i < len; i++) {
        int high = hex_digit(in.ptr[2 * i]), low = hex_digit(in.ptr[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static const char BASE64URL[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

struct str base64url_encode(struct arena *arena, const uint8_t *bytes, size_t len)
{
    size_t text_len = len / 3 * 4 + (len % 3 ? len % 3 + 1 : 0), at = 0;
    char *text = arena_push_bytes(arena, text_len);
    uint32_t bits = 0;
    unsigned held = 0;
    for (size_t i = 0; i < len; i++) {
        bits = bits << 8 | bytes[i];
        for (held += 8; held >= 6; held -= 6)
            text[at++] = BASE64URL[bits >> (held - 6) & 63];
    }
    if (held)
        text[at++] = BASE64URL[bits << (6 - held) & 63];
    assert(at == text_len);
    return str_of(text, text_len);
}

/* A character's value and 1; 0: it has none. */
static const uint8_t BASE64URL_VALUES[256] = {
    /* clang-format off */
    ['A'] = 1, ['B'] = 2, ['C'] = 3, ['D'] = 4, ['E'] = 5, ['F'] = 6, ['G'] = 7, ['H'] = 8,
    ['I'] = 9, ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['-'] = 63, ['_'] = 64,
    /* clang-format on */
};

/* `len` characters (up to four) as one number of six bits each, or -1. Without branches on what they
 * are: every request has a token of some 200. */
static int32_t base64url_group(const char *chars, size_t len)
{
    uint32_t bits = 0, missing = 0;
    for (size_t i = 0; i < len; i++) {
        uint32_t value = (uint32_t)BASE64URL_VALUES[(unsigned char)chars[i]] - 1;
        missing |= value;
        bits = bits << 6 | (value & 63);
    }
    return missing >> 6 ? -1 : (int32_t)bits;
}

size_t base64url_decoded_len(struct str in)
{
    return in.len / 4 * 3 + (in.len % 4 ? in.len % 4 - 1 : 0);
}

bool base64url_decode_into(struct str in, uint8_t *out, size_t out_len)
{
    size_t at = 0, rest = in.len % 4;
    if (rest == 1 || base64url_decoded_len(in) != out_len)
        return false;
    for (size_t i = 0; i + 4 <= in.len; i += 4) {
        int32_t group = base64url_group(in.ptr + i, 4);
        if (group < 0)
            return false;
        out[at++] = (uint8_t)(group >> 16);
        out[at++] = (uint8_t)(group >> 8);
        out[at++] = (uint8_t)group;
    }
    if (rest == 0)
        return true;
    int32_t last = base64url_group(in.ptr + in.len - rest, rest);
    uint32_t stray_bits = rest == 2 ? 4 : 2; /* if set, two texts would mean the same bytes */
    if (last < 0 || (last & ((1 << stray_bits) - 1)))
        return false;
    last >>= stray_bits;
    if (rest == 3)
        out[at++] = (uint8_t)(last >> 8);
    out[at++] = (uint8_t)last;
    assert(at == out_len);
    return true;
}

bool base64url_decode(struct arena *arena, struct str in, struct str *out)
{
    size_t len = base64url_decoded_len(in);
    char *bytes = arena_push_bytes(arena, len);
    if (!base64url_decode_into(in, (uint8_t *)bytes, len))
        return false;
    *out = str_of(bytes, len);
    return true;
}

/* ---- percent -------------------------------------------------------------------------------- */

static bool percent_decode_into(char *to, struct str in, bool plus_is_space, size_t *len)
{
    *len = 0;
    for (size_t i = 0; i < in.len; i++) {
        char ch = in.ptr[i];
        if (ch == '+' && plus_is_space) {
            ch = ' ';
        } else if (ch == '%') {
            uint8_t byte;
            if (!hex_decode_into(str_take(str_skip(in, i + 1), 2), &byte, 1) || byte == 0)
                return false;
            ch = (char)byte;
            i += 2;
        }
        to[(*len)++] = ch;
    }
    return true;
}

bool percent_decode(struct arena *arena, struct str in, bool plus_is_space, struct str *out)
{
    if (str_find_char(in, '%') < 0 && !(plus_is_space && str_find_char(in, '+') >= 0)) {
        *out = in;
        return str_is_utf8(in);
    }
    char *text = arena_push_bytes(arena, in.len);
    size_t len;
    if (!percent_decode_into(text, in, plus_is_space, &len) || !str_is_utf8(str_of(text, len)))
        return false;
    *out = str_of(text, len);
    return true;
}

/* ---- UUID ----------------------------------------------------------------------------------- */

static bool uuid_dash_at(size_t i)
{
    return i == 8 || i == 13 || i == 18 || i == 23;
}

bool uuid_parse(struct str text, struct uuid *out)
{
    char digits[2 * sizeof(out->bytes)];
    size_t at = 0;
    struct uuid id;
    if (text.len != UUID_TEXT_LEN)
        return false;
    for (size_t i = 0; i < UUID_TEXT_LEN; i++) {
        if (!uuid_dash_at(i))
            digits[at++] = text.ptr[i];
        else if (text.ptr[i] != '-')
            return false;
    }
    assert(at == sizeof(digits));
    if (!hex_decode_into(str_of(digits, sizeof(digits)), id.bytes, sizeof(id.bytes)))
        return false;
    *out = id;
    return true;
}

void uuid_format(struct uuid id, char out[UUID_TEXT_LEN])
{
    size_t at = 0;
    for (size_t i = 0; i < sizeof(id.bytes); i++) {
        if (uuid_dash_at(at))
            out[at++] = '-';
        hex_encode_into(out + at, &id.bytes[i], 1);
        at += 2;
    }
}

bool uuid_eq(struct uuid a, struct uuid b)
{
    return memcmp(a.bytes, b.bytes, sizeof(a.bytes)) == 0;
}
