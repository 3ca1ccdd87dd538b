/* What arrived and is not understood yet: a head cut in two, requests behind the one under way. A
 * connection has such a buffer only while there is something in it. */
#include <string.h>

#include "server/http/conn.h"

struct str h1_input_view(const struct conn *conn)
{
    const struct h1_input *input = conn->h1.input;
    assert(!input || input->off < input->len || input->len == 0);
    return input ? str_of(input->data + input->off, input->len - input->off) : (struct str){0};
}

void h1_input_free(struct conn *conn)
{
    if (!conn->h1.input)
        return;
    struct arena memory = conn->h1.input->memory;
    conn->h1.input = NULL;
    arena_end(&memory);
}

static struct h1_input *input_new(struct conn *conn, size_t cap)
{
    enum { STANDARD = 4096 }; /* most heads fit; what does not is copied over once or twice */
    cap = MAX(cap, (size_t)STANDARD);
    struct arena memory;
    arena_begin(&memory, &conn->server->input_pool);
    char *bytes = arena_push_bytes(&memory, sizeof(struct h1_input) + cap + 16);
    struct h1_input *input = (void *)(bytes + (-(uintptr_t)bytes & 15));
    *input = (struct h1_input){.memory = memory, .cap = (uint32_t)cap};
    return input;
}

void h1_input_append(struct conn *conn, struct str bytes)
{
    struct h1_input *input = conn->h1.input;
    if (!input || input->cap - input->len < bytes.len) {
        struct str kept = h1_input_view(conn);
        struct h1_input *larger = input_new(conn, (kept.len + bytes.len) * (kept.len ? 2 : 1));
        if (kept.len)
            memcpy(larger->data, kept.ptr, kept.len);
        larger->len = (uint32_t)kept.len;
        h1_input_free(conn);
        conn->h1.input = input = larger;
    }
    assert(bytes.len > 0 && bytes.len <= input->cap - input->len);
    memcpy(input->data + input->len, bytes.ptr, bytes.len);
    input->len += (uint32_t)bytes.len;
}

void h1_input_keep(struct conn *conn, struct str left, bool from_buffer)
{
    if (!from_buffer) {
        if (left.len)
            h1_input_append(conn, left);
    } else if (left.len) {
        assert(left.ptr + left.len == conn->h1.input->data + conn->h1.input->len);
        conn->h1.input->off = conn->h1.input->len - (uint32_t)left.len;
    } else {
        h1_input_free(conn);
    }
}
