/* runtime/outbuf.h - bytes on their way out, on the heap because they outlive the request that made
 * them.
 *
 * What the kernel reads must not move, so who sends has two: one that is being sent and one that is
 * being filled.
 *
 * Waits: never. */
#pragma once
#include <stdlib.h>
#include <string.h>

#include "runtime/base/str.h"

struct outbuf {
    char *ptr;
    size_t len, cap;
};

/* Room for `n` more; the caller writes it and counts it by `len += …`. */
static inline char *outbuf_reserve(struct outbuf *b, size_t n)
{
    if (UNLIKELY(b->cap - b->len < n)) {
        size_t cap = MAX(b->cap * 2, b->len + n);
        b->ptr = realloc(b->ptr, cap);
        if (!b->ptr)
            base_die(__FILE__, __LINE__, "out of memory");
        b->cap = cap;
    }
    assert(b->len + n <= b->cap);
    return b->ptr + b->len;
}
static inline void outbuf_add(struct outbuf *b, struct str s)
{
    if (s.len == 0)
        return;
    memcpy(outbuf_reserve(b, s.len), s.ptr, s.len);
    b->len += s.len;
}
static inline void outbuf_free(struct outbuf *b)
{
    free(b->ptr);
    *b = (struct outbuf){0};
}
