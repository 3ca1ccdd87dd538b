/* runtime/base/str.h - views of bytes, and a builder that grows in an arena.
 *
 * A `struct str` is a view: it owns nothing and is not NUL-terminated unless its comment says so.
 * Waits: never. What takes an arena allocates from it and from nowhere else. */
#pragma once
#include "runtime/base/base.h"

struct arena;

struct str {
    const char *ptr;
    size_t len;
};

#define STR(literal) ((struct str){(literal), sizeof(literal) - 1})
#define STR_FMT(s) (int)(s).len, (s).ptr /* for "%.*s" */

static inline struct str str_of(const char *ptr, size_t len)
{
    return (struct str){ptr, len};
}

struct str str_c(const char *nul_terminated); /* NULL gives the empty view */

bool str_eq(struct str a, struct str b);
bool str_eq_nocase(struct str a, struct str b); /* ASCII letters only */
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
bool str_starts_nocase(struct str s, struct str prefix);
/* Index of the first `c`, or -1. */
ptrdiff_t str_find_char(struct str s, char c);
ptrdiff_t str_find(struct str s, struct str needle);
/* `s` without its first `n` bytes; `n` is capped at its length. */
struct str str_skip(struct str s, size_t n);
struct str str_take(struct str s, size_t n);
/* Without ASCII spaces and tabs at both ends. */
struct str str_trim(struct str s);
/* Cuts the part before the first `sep` off `*rest` (or all of it) into `*part`. False: nothing left;
 * so an empty part after a last `sep` is not reported. */
bool str_split(struct str *rest, char sep, struct str *part);

/* Whole string is 1*DIGIT and fits; "+5", " 5", "" and 2^63 do not. */
bool str_to_int64(struct str s, int64_t *out); /* accepts one leading '-' */
bool str_to_uint64(struct str s, uint64_t *out);

/* How many bytes from the front are valid UTF-8, in whole sequences. */
size_t str_utf8_valid(struct str s);
/* False on overlong forms, surrogates, values over U+10FFFF and cut sequences (RFC 3629). */
bool str_is_utf8(struct str s);
/* Bytes of the sequence that `s` begins with, or 0: none, or not valid. */
size_t str_utf8_next(struct str s);
/* Code points in valid UTF-8. */
size_t str_utf8_len(struct str s);
/* Of valid UTF-8: no control characters, line ends among them, and none of the marks that turn the
 * direction of what follows, beyond this text too (U+202A to U+202E, U+2066 to U+2069). */
bool str_is_one_line(struct str s);

struct str str_copy(struct arena *arena, struct str s); /* NUL-terminated */
char *str_to_c(struct arena *arena, struct str s);      /* NUL-terminated copy */
struct str str_printf(struct arena *arena, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Equal length assumed public; contents compared without an early exit. */
bool str_eq_constant_time(struct str a, struct str b);
/* Wipes memory in a way the compiler keeps. */
void mem_wipe(void *ptr, size_t len);
/* For SCOPED: what a person typed or is sent and nobody else may know - codes, tokens, passwords - is gone
 * when the scope ends, on every way out. Of bytes that are the caller's to write, as an arena's are. */
void secret_wipe(struct str *secret);

/* A text being written. Grows in the arena, never fails (see arena_push about caps). */
struct strbuf {
    struct arena *arena;
    char *ptr;
    size_t len, cap;
};

struct strbuf strbuf_new(struct arena *arena, size_t cap);
void strbuf_add(struct strbuf *b, struct str s);
void strbuf_add_char(struct strbuf *b, char c);
void strbuf_add_int(struct strbuf *b, int64_t n);
void strbuf_addf(struct strbuf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Room for `n` more bytes, to be written by the caller and then counted by `b->len += …`. */
char *strbuf_reserve(struct strbuf *b, size_t n);
/* The view of what was written so far; valid until the next add. */
struct str strbuf_str(const struct strbuf *b);
