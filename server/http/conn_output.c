/* Chunks of output, sent one after the other. Appending to the chunk whose bytes are under way is
 * fine: the kernel was lent what lay before. Under TLS the chunks hold plain bytes, which are
 * encrypted when the socket is free, so records are as large as the answers allow. */
#include <string.h>

#include "runtime/tls.h"
#include "server/http/conn.h"

static struct conn_chunk *chunk_new(struct conn *conn, size_t cap)
{
    struct arena memory;
    arena_begin(&memory, &conn->server->output_pool);
    /* Not arena_new: the data need not be zeroed. */
    char *bytes = arena_push_bytes(&memory, sizeof(struct conn_chunk) + cap + 16);
    struct conn_chunk *chunk = (void *)(bytes + (-(uintptr_t)bytes & 15));
    *chunk = (struct conn_chunk){.memory = memory, .cap = (uint32_t)cap};
    return chunk;
}

static void chunk_free(struct conn_chunk *chunk)
{
    struct arena memory = chunk->memory;
    arena_end(&memory);
}

char *conn_reserve(struct conn *conn, size_t n)
{
    assert(n <= UINT32_MAX / 2);
    struct conn_chunk *last = conn->output_last;
    if (last && last->cap - last->len >= n)
        return last->data + last->len;
    struct conn_chunk *chunk = chunk_new(conn, MAX(n, (size_t)HTTP_OUTPUT_CHUNK));
    if (last)
        last->next = chunk;
    else
        conn->output = chunk;
    conn->output_last = chunk;
    return chunk->data;
}

void conn_wrote(struct conn *conn, size_t n)
{
    assert(conn->output_last && n <= conn->output_last->cap - conn->output_last->len);
    conn->output_last->len += (uint32_t)n;
    conn->output_bytes += (uint32_t)n;
}

static void drop_first(struct conn *conn)
{
    struct conn_chunk *first = conn->output;
    assert(first && (first->next || conn->output_last == first));
    conn->output = first->next;
    if (!conn->output)
        conn->output_last = NULL;
    chunk_free(first);
}

size_t conn_unsent(const struct conn *conn)
{
    return conn->output_bytes + (conn->tls ? tls_pending(conn->tls).len : 0);
}

bool conn_output_empty(const struct conn *conn)
{
    return !conn->output && (!conn->tls || tls_pending(conn->tls).len == 0);
}

void conn_output_free(struct conn *conn)
{
    assert(!sock_sending(&conn->sock)); /* the kernel was lent a chunk */
    while (conn->output)
        drop_first(conn);
    conn->output_bytes = 0;
}

/* Encrypts all that waits. Before the handshake is done nothing can wait. */
static void encrypt(struct conn *conn)
{
    while (conn->output && tls_state(conn->tls) == TLS_OPEN) {
        tls_write(conn->tls, str_of(conn->output->data, conn->output->len));
        assert(conn->output_bytes >= conn->output->len);
        conn->output_bytes -= conn->output->len;
        drop_first(conn);
    }
}

static struct str next_bytes(struct conn *conn)
{
    if (conn->tls) {
        encrypt(conn);
        return tls_pending(conn->tls);
    }
    struct conn_chunk *first = conn->output;
    return first ? str_of(first->data + first->off, first->len - first->off) : (struct str){0};
}

void conn_flush(struct conn *conn)
{
    if (conn->state == CONN_CLOSED || sock_sending(&conn->sock))
        return;
    struct str bytes = next_bytes(conn);
    if (bytes.len == 0)
        return;
    conn->write_deadline =
        tick_add(loop_now(conn->server->loop), conn->server->options.write_timeout);
    conn->sending = (uint32_t)MIN(bytes.len, (size_t)HTTP_SEND_MAX);
    sock_send(&conn->sock, bytes.ptr, conn->sending);
}

void conn_flush_later(struct conn *conn)
{
    loop_flush_later(conn->server->loop, &conn->flush_task);
}

void conn_sent(struct conn *conn)
{
    conn->write_deadline = TICK_NEVER;
    if (conn->tls) {
        tls_drained(conn->tls, conn->sending);
        return;
    }
    struct conn_chunk *first = conn->output;
    assert(first && conn->sending <= first->len - first->off);
    assert(conn->output_bytes >= conn->sending);
    first->off += conn->sending;
    conn->output_bytes -= conn->sending;
    if (first->off == first->len)
        drop_first(conn);
}
