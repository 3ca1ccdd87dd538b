/* Bytes that somebody else holds, cut and compared.
 *
 * A view is a pointer and a length, by value: cutting copies nothing, and what has no end mark needs none.
 * So no function of the C library that looks for a NUL is called on one, and numbers and UTF-8 are read
 * here, strictly: what has two spellings is taken in one. Builders double as they grow; in an arena the last
 * push grows in place (arena_extend), which makes the usual text one allocation. */
#include "runtime/base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/arena.h"

/* ---- comparing and cutting ------------------------------------------------------------------ */

struct str str_c(const char *nul_terminated)
{
    return nul_terminated ? str_of(nul_terminated, strlen(nul_terminated)) : (struct str){0};
}

bool str_eq(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static bool is_letter(unsigned char c)
{
    return (unsigned char)((c | 0x20) - 'a') < 26;
}

/* On the path of every field of every request: the bytes are mostly the same. */
bool str_eq_nocase(struct str a, struct str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        unsigned char other = (unsigned char)(a.ptr[i] ^ b.ptr[i]);
        if (other && (other != 0x20 || !is_letter((unsigned char)a.ptr[i])))
            return false;
    }
    return true;
}

bool str_starts(struct str s, struct str prefix)
{
    return s.len >= prefix.len && str_eq(str_take(s, prefix.len), prefix);
}

bool str_starts_nocase(struct str s, struct str prefix)
{
    return s.len >= prefix.len && str_eq_nocase(str_take(s, prefix.len), prefix);
}

bool str_ends(struct str s, struct str suffix)
{
    return s.len >= suffix.len && str_eq(str_skip(s, s.len - suffix.len), suffix);
}

ptrdiff_t str_find_char(struct str s, char c)
{
    const char *found = s.len ? memchr(s.ptr, c, s.len) : NULL;
    return found ? found - s.ptr : -1;
}

ptrdiff_t str_find(struct str s, struct str needle)
{
    if (needle.len == 0)
        return 0;
    const char *found = s.len ? memmem(s.ptr, s.len, needle.ptr, needle.len) : NULL;
    return found ? found - s.ptr : -1;
}

struct str str_skip(struct str s, size_t n)
{
    n = MIN(n, s.len);
    return n ? str_of(s.ptr + n, s.len - n) : s;
}

struct str str_take(struct str s, size_t n)
{
    return str_of(s.ptr, MIN(n, s.len));
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct str str_trim(struct str s)
{
    while (s.len && is_blank(s.ptr[0]))
        s = str_skip(s, 1);
    while (s.len && is_blank(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

bool str_split(struct str *rest, char sep, struct str *part)
{
    if (rest->len == 0)
        return false;
    ptrdiff_t at = str_find_char(*rest, sep);
    if (at < 0) {
        *part = *rest;
        *rest = str_skip(*rest, rest->len);
    } else {
        *part = str_take(*rest, (size_t)at);
        *rest = str_skip(*rest, (size_t)at + 1);
    }
    return true;
}

/* ---- numbers -------------------------------------------------------------------------------- */

bool str_to_uint64(struct str s, uint64_t *out)
{
    uint64_t n = 0;
    if (s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        unsigned digit = (unsigned char)s.ptr[i] - (unsigned)'0';
        if (digit > 9 || __builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, digit, &n))
            return false;
    }
    *out = n;
    return true;
}

bool str_to_int64(struct str s, int64_t *out)
{
    bool negative = s.len && s.ptr[0] == '-';
    uint64_t n;
    if (!str_to_uint64(str_skip(s, negative), &n) || n > (uint64_t)INT64_MAX + negative)
        return false;
    *out = negative ? (int64_t)(0 - n) : (int64_t)n;
    return true;
}

/* ---- UTF-8 ---------------------------------------------------------------------------------- */

/* Length of the sequence at `p`, or 0 when it is none (RFC 3629 §4, its table). */
static size_t utf8_sequence(const unsigned char *p, size_t left)
{
    unsigned char lead = p[0], low = 0x80, high = 0xbf;
    size_t len;
    if (lead < 0x80)
        return 1;
    if (lead >= 0xc2 && lead <= 0xdf) {
        len = 2;
    } else if (lead >= 0xe0 && lead <= 0xef) {
        len = 3;
        low = lead == 0xe0 ? 0xa0 : 0x80;  /* overlong */
        high = lead == 0xed ? 0x9f : 0xbf; /* surrogates */
    } else if (lead >= 0xf0 && lead <= 0xf4) {
        len = 4;
        low = lead == 0xf0 ? 0x90 : 0x80;  /* overlong */
        high = lead == 0xf4 ? 0x8f : 0xbf; /* over U+10FFFF */
    } else {
        return 0;
    }
    if (left < len || p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    }
    return len;
}

size_t str_utf8_next(struct str s)
{
    return s.len ? utf8_sequence((const unsigned char *)s.ptr, s.len) : 0;
}

size_t str_utf8_valid(struct str s)
{
    const unsigned char *p = (const unsigned char *)s.ptr;
    size_t i = 0;
    while (i < s.len) {
        uint64_t eight;
        if (s.len - i >= sizeof(eight)) {
            memcpy(&eight, p + i, sizeof(eight));
            if ((eight & 0x8080808080808080u) == 0) {
                i += sizeof(eight);
                continue;
            }
        }
        size_t len = utf8_sequence(p + i, s.len - i);
        if (len == 0)
            return i;
        i += len;
    }
    return s.len;
}

bool str_is_utf8(struct str s)
{
    return str_utf8_valid(s) == s.len;
}

size_t str_utf8_len(struct str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++)
        n += (s.ptr[i] & 0xc0) != 0x80;
    return n;
}

/* U+0080 to U+009F; U+2028 to U+202E, the first two of which end lines; U+2066 to U+2069. */
static bool unseen(const unsigned char *p, size_t left)
{
    if (p[0] == 0xc2)
        return left > 1 && p[1] < 0xa0;
    if (p[0] != 0xe2 || left < 3)
        return false;
    return (p[1] == 0x80 && p[2] >= 0xa8 && p[2] <= 0xae) ||
           (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9);
}

bool str_is_one_line(struct str s)
{
    const unsigned char *p = (const unsigned char *)s.ptr;
    for (size_t i = 0; i < s.len; i++)
        if (p[i] < 0x20 || p[i] == 0x7f || unseen(p + i, s.len - i))
            return false;
    return true;
}

static void strbuf_add_va(struct strbuf *b, const char *fmt, va_list args)
    __attribute__((format(printf, 2, 0)));

/* ---- copies --------------------------------------------------------------------------------- */

char *str_to_c(struct arena *arena, struct str s)
{
    char *copy = arena_push_bytes(arena, s.len + 1);
    if (s.len)
        memcpy(copy, s.ptr, s.len);
    copy[s.len] = '\0';
    return copy;
}

struct str str_copy(struct arena *arena, struct str s)
{
    return str_of(str_to_c(arena, s), s.len);
}

struct str str_printf(struct arena *arena, const char *fmt, ...)
{
    struct strbuf text = strbuf_new(arena, 64);
    va_list args;
    va_start(args, fmt);
    strbuf_add_va(&text, fmt, args);
    va_end(args);
    return strbuf_str(&text);
}

/* ---- secrets -------------------------------------------------------------------------------- */

bool str_eq_constant_time(struct str a, struct str b)
{
    unsigned char differs = 0;
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        differs |= (unsigned char)(a.ptr[i] ^ b.ptr[i]);
        __asm__("" : "+r"(differs)); /* or the compiler may leave the loop once it is non-zero */
    }
    return differs == 0;
}

void mem_wipe(void *ptr, size_t len)
{
    if (len) /* an empty view may be NULL */
        explicit_bzero(ptr, len);
}

void secret_wipe(struct str *secret)
{
    mem_wipe((char *)(uintptr_t)secret->ptr, secret->len);
    *secret = (struct str){0};
}

/* ---- strbuf --------------------------------------------------------------------------------- */

struct strbuf strbuf_new(struct arena *arena, size_t cap)
{
    return (struct strbuf){.arena = arena, .ptr = arena_push_bytes(arena, cap), .cap = cap};
}

static void strbuf_grow(struct strbuf *b, size_t n)
{
    size_t cap = MAX(MAX(b->cap * 2, b->len + n), (size_t)64);
    if (!b->ptr || !arena_extend(b->arena, b->ptr, b->cap, cap)) {
        char *ptr = arena_push_bytes(b->arena, cap);
        if (b->len)
            memcpy(ptr, b->ptr, b->len);
        b->ptr = ptr;
    }
    b->cap = cap;
}

char *strbuf_reserve(struct strbuf *b, size_t n)
{
    if (b->cap - b->len < n)
        strbuf_grow(b, n);
    return b->ptr + b->len;
}

void strbuf_add(struct strbuf *b, struct str s)
{
    if (s.len == 0)
        return;
    memcpy(strbuf_reserve(b, s.len), s.ptr, s.len);
    b->len += s.len;
}

void strbuf_add_char(struct strbuf *b, char c)
{
    *strbuf_reserve(b, 1) = c;
    b->len++;
}

void strbuf_add_int(struct strbuf *b, int64_t n)
{
    char digits[20], *p = digits + sizeof(digits);
    uint64_t left = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
    do
        *--p = (char)('0' + left % 10);
    while (left /= 10);
    if (n < 0)
        *--p = '-';
    strbuf_add(b, str_of(p, (size_t)(digits + sizeof(digits) - p)));
}

static void strbuf_add_va(struct strbuf *b, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    char *to = strbuf_reserve(b, 64); /* most texts fit at once */
    size_t room = b->cap - b->len;
    int len = vsnprintf(to, room, fmt, args);
    assert(len >= 0);
    if ((size_t)len >= room)
        vsnprintf(strbuf_reserve(b, (size_t)len + 1), (size_t)len + 1, fmt, again);
    b->len += (size_t)len;
    va_end(again);
}

void strbuf_addf(struct strbuf *b, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    strbuf_add_va(b, fmt, args);
    va_end(args);
}

struct str strbuf_str(const struct strbuf *b)
{
    return str_of(b->ptr, b->len);
}
