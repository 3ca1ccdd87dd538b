/* Heads and chunked bodies. Besides not crashing: what is understood lies within the bytes, more
 * bytes never change a verdict, and a body cut into pieces decodes as the whole one does. */
#include "server/http/http1_chunked.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool within(struct str view, const char *bytes, size_t size)
{
    return view.len == 0 || (view.ptr >= bytes && view.ptr + view.len <= bytes + size);
}

static void check_views(const struct http1_head *head, const char *bytes)
{
    assert(head->bytes > 0 && head->fields_len <= HTTP_FIELDS_MAX);
    assert(within(head->target, bytes, head->bytes) && within(head->query, bytes, head->bytes));
    assert(within(head->host, bytes, head->bytes));
    assert(head->asterisk || head->path.ptr[0] == '/' || head->path.len > 0);
    for (size_t i = 0; i < head->fields_len; i++) {
        assert(within(head->fields[i].name, bytes, head->bytes));
        assert(within(head->fields[i].value, bytes, head->bytes));
        assert(!memchr(head->fields[i].value.ptr, '\n', head->fields[i].value.len));
        assert(!memchr(head->fields[i].value.ptr, '\0', head->fields[i].value.len));
    }
}

static void fuzz_head(const char *bytes, size_t size, size_t cut)
{
    static struct http1_head head, part;
    enum http1_result whole = http1_parse(&head, str_of(bytes, size), 16384);
    if (whole == HTTP1_DONE) {
        assert(head.bytes <= size);
        check_views(&head, bytes);
    }
    enum http1_result early = http1_parse(&part, str_of(bytes, cut), 16384);
    if (early == HTTP1_BAD)
        assert(whole == HTTP1_BAD);
    if (early == HTTP1_DONE)
        assert(whole == HTTP1_DONE && part.bytes == head.bytes);
}

struct decoded {
    enum http1_result result;
    size_t len, left;
    char bytes[65536];
};

static void decode(struct decoded *out, struct str in, size_t piece)
{
    struct http1_chunked chunked;
    enum reason reason;
    http1_chunked_begin(&chunked, sizeof(out->bytes));
    out->len = 0;
    out->result = HTTP1_MORE;
    while (in.len && out->result == HTTP1_MORE) {
        struct str part = str_take(in, piece), data;
        in = str_skip(in, part.len);
        do {
            out->result = http1_chunked_next(&chunked, &part, &data, &reason);
            assert(out->len + data.len <= sizeof(out->bytes));
            if (data.len)
                memcpy(out->bytes + out->len, data.ptr, data.len);
            out->len += data.len;
        } while (out->result == HTTP1_MORE && data.len);
        out->left = part.len + in.len;
    }
}

static void fuzz_chunked(const char *bytes, size_t size, size_t piece)
{
    static struct decoded whole, pieces;
    decode(&whole, str_of(bytes, size), SIZE_MAX);
    decode(&pieces, str_of(bytes, size), piece);
    assert(whole.result == pieces.result && whole.len == pieces.len);
    assert(memcmp(whole.bytes, pieces.bytes, whole.len) == 0);
    if (whole.result == HTTP1_DONE)
        assert(whole.left == pieces.left);
}

/* First byte: which of the two, and where it is cut. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const char *bytes = (const char *)data + 1;
    size_t knob = data[0] >> 1;
    size--;
    if (data[0] & 1)
        fuzz_chunked(bytes, size, knob + 1);
    else
        fuzz_head(bytes, size, size * knob / 128);
    return 0;
}
