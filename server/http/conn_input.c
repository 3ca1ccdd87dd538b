/* What arrived and is not understood yet: a head cut in two, requests behind the one under way. A
 * connection has such a buffer only while there is something in it. */
#include <string.h>

#include "server/http/conn.h"

struct str conn_input_view(const struct conn *conn)
{
    const struct conn_input *input = conn->input;
    return input ? str_of(input->data + input->off, input->len - input->off) : (struct str){0};
}

void conn_input_free(struct conn *conn)
{
    if (!conn->input)
        return;
    struct arena memory = conn->input->memory;
    conn->input = NULL;
    arena_end(&memory);
}

static struct conn_input *input_new(struct conn *conn, size_t cap)
{
    enum { STANDARD = 4096 }; /* most heads fit; what does not is copied over once or twice */
    cap = MAX(cap, (size_t)STANDARD);
    struct arena memory;
    arena_begin(&memory, &conn->server->input_pool);
    char *bytes = arena_push_bytes(&memory, sizeof(struct conn_input) + cap + 16);
    struct conn_input *input = (void *)(bytes + (-(uintptr_t)bytes & 15));
    *input = (struct conn_input){.memory = memory, .cap = (uint32_t)cap};
    return input;
}

void conn_input_append(struct conn *conn, struct str bytes)
{
    struct conn_input *input = conn->input;
    if (!input || input->cap - input->len < bytes.len) {
        struct str kept = conn_input_view(conn);
        struct conn_input *larger = input_new(conn, (kept.len + bytes.len) * (kept.len ? 2 : 1));
        if (kept.len)
            memcpy(larger->data, kept.ptr, kept.len);
        larger->len = (uint32_t)kept.len;
        conn_input_free(conn);
        conn->input = input = larger;
    }
    memcpy(input->data + input->len, bytes.ptr, bytes.len);
    input->len += (uint32_t)bytes.len;
}

void conn_input_keep(struct conn *conn, struct str left, bool from_buffer)
{
    if (!from_buffer) {
        if (left.len)
            conn_input_append(conn, left);
    } else if (left.len) {
        conn->input->off = conn->input->len - (uint32_t)left.len;
    } else {
        conn_input_free(conn);
    }
}
