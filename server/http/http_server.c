/* What connections of one worker share. Connections lie in a slab and are used again, their buffers come from
 * pools and go back as soon as they are empty: ten thousand idle clients cost their structs and no more.
 * Addresses are counted in a table of chains that never grows: an address that has no connection has no entry,
 * and there are no more entries than connections. */
#include "server/http/http_server.h"

#include <endian.h>
#include <string.h>

#include "runtime/base/encoding.h"
#include "server/http/conn.h"
#include "server/http/listener.h"
#include "runtime/base/counter.h"

enum { SLAB_BYTES = 65536, POOL_KEPT_MAX = 64 };

static void on_drained(struct task *task)
{
    struct http_server *server = container_of(task, struct http_server, drained_task);
    if (server->drained && server->conns_len == 0 && server->requests_live == 0) {
        void (*drained)(struct http_server *) = server->drained;
        server->drained = NULL;
        drained(server);
    }
}

static void make_id_prefix(struct http_server *server, const struct clock *clock)
{
    uint8_t random[sizeof(server->id_prefix) / 2];
    clock->random(clock, random, sizeof(random));
    hex_encode_into(server->id_prefix, random, sizeof(random));
}

struct http_server *http_server_new(struct loop *loop, struct arena *arena,
                                    const struct http_options *options)
{
    struct http_server *server = arena_new(arena, struct http_server);
    *server = (struct http_server){.loop = loop, .options = *options};
    /* A standard chunk or buffer and its headers fill one block. */
    arena_pool_init(&server->output_pool, HTTP_OUTPUT_CHUNK + 512, POOL_KEPT_MAX);
    arena_pool_init(&server->input_pool, 4096 + 512, POOL_KEPT_MAX);
    arena_pool_init(&server->slab_pool, SLAB_BYTES, 0);
    arena_begin(&server->slab, &server->slab_pool);
    list_init(&server->conns);
    list_init(&server->listeners);
    server->drained_task.run = on_drained;
    server->head = arena_new(arena, struct http1_head);
    server->tls_plain = arena_push_bytes(arena, TLS_PLAIN_BYTES);
    make_id_prefix(server, loop_clock(loop));
    return server;
}

void http_server_free(struct http_server *server)
{
    if (!server)
        return;
    assert(server->conns_len == 0 && server->requests_live == 0);
    task_cancel(&server->drained_task);
    arena_end(&server->slab);
    arena_pool_fini(&server->slab_pool);
    arena_pool_fini(&server->input_pool);
    arena_pool_fini(&server->output_pool);
}

/* ---- connections per address ----------------------------------------------------------------- */

/* One IPv6 customer has at least a /64 of addresses: they count as one. */
static struct ip counted_ip(struct ip ip)
{
    if (!ip_is_v4(ip))
        memset(ip.bytes + 8, 0, 8);
    return ip;
}

static struct address_count **address_find(struct http_server *server, struct ip ip)
{
    uint64_t high, low;
    memcpy(&high, ip.bytes, 8);
    memcpy(&low, ip.bytes + 8, 8);
    uint64_t hash = (high ^ low * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xff51afd7ed558ccd);
    struct address_count **at = &server->addresses[hash >> 32 & (ADDRESS_BUCKETS - 1)];
    while (*at && memcmp((*at)->ip.bytes, ip.bytes, sizeof(ip.bytes)) != 0)
        at = &(*at)->next;
    return at;
}

/* False: over the cap. */
static bool address_count(struct http_server *server, struct ip ip)
{
    ip = counted_ip(ip);
    struct address_count **at = address_find(server, ip);
    if (!*at) {
        struct address_count *entry = server->addresses_free;
        if (entry)
            server->addresses_free = entry->next;
        else
            entry = arena_new(&server->slab, struct address_count);
        *entry = (struct address_count){.ip = ip};
        *at = entry;
    }
    if ((*at)->conns >= server->options.conns_per_address_max)
        return false;
    (*at)->conns++;
    return true;
}

static void address_uncount(struct http_server *server, struct ip ip)
{
    struct address_count **at = address_find(server, counted_ip(ip));
    assert(*at && (*at)->conns > 0);
    if (--(*at)->conns > 0)
        return;
    struct address_count *entry = *at;
    *at = entry->next;
    entry->next = server->addresses_free;
    server->addresses_free = entry;
}

/* ---- connections ----------------------------------------------------------------------------- */

static struct conn *conn_take(struct http_server *server)
{
    struct conn *conn = server->conns_free;
    if (!conn)
        return arena_new(&server->slab, struct conn);
    server->conns_free = (void *)conn->link.next;
    memset(conn, 0, sizeof(*conn));
    return conn;
}

static void learn_peer(struct conn *conn, struct io *io, int fd)
{
    struct io_addr peer;
    if (io_peer(io, fd, &peer) == 0) {
        char text[IO_ADDR_TEXT_MAX];
        size_t len = MIN(io_addr_format_host(&peer, text), sizeof(conn->peer_text));
        memcpy(conn->peer_text, text, len);
        conn->peer_text_len = (uint8_t)len;
    }
}

/* Read again when it is needed: an idle connection keeps the text only. */
static struct ip peer_of(const struct conn *conn)
{
    struct ip peer;
    if (!ip_parse(str_of(conn->peer_text, conn->peer_text_len), &peer))
        return (struct ip){0}; /* a Unix socket */
    return peer;
}

void http_server_adopt(struct http_server *server, const struct http_listen *listen, int fd)
{
    struct conn *conn = conn_take(server);
    learn_peer(conn, loop_io(server->loop), fd);
    conn->counted = address_count(server, peer_of(conn));
    server->conns_len++;
    list_push_back(&server->conns, &conn->link);
    if (listen->metrics)
        counter_add(&listen->metrics->conns_accepted, 1);
    conn_begin(conn, server, listen, fd);
    if (conn->counted)
        return;
    if (listen->metrics)
        counter_add(&listen->metrics->conns_refused, 1);
    conn_turn_away(conn);
}

void http_server_conn_gone(struct conn *conn)
{
    struct http_server *server = conn->server;
    assert(conn->state == CONN_CLOSED && server->conns_len > 0);
    if (conn->counted)
        address_uncount(server, peer_of(conn));
    list_remove(&conn->link);
    conn->link.next = (void *)server->conns_free;
    server->conns_free = conn;
    server->conns_len--;
    listeners_room(server);
    http_server_check_drained(server);
}

/* ---- draining -------------------------------------------------------------------------------- */

void http_server_check_drained(struct http_server *server)
{
    if (server->draining && server->conns_len == 0 && server->requests_live == 0)
        loop_soon(server->loop, &server->drained_task);
}

/* Visiting may end a connection, but none leaves the list before its `ended`. */
static void each_conn(struct http_server *server, void (*visit)(struct conn *conn))
{
    struct list_link *link = server->conns.head.next;
    while (link != &server->conns.head) {
        struct conn *conn = container_of(link, struct conn, link);
        link = link->next;
        visit(conn);
    }
}

void http_server_drain(struct http_server *server, void (*drained)(struct http_server *server))
{
    server->draining = true;
    server->drained = drained;
    listeners_close(server);
    each_conn(server, conn_drain);
    http_server_check_drained(server);
}

void http_server_abort(struct http_server *server)
{
    each_conn(server, conn_end);
}

/* ---- ids ---------------------------------------------------------------------------------------- */

void http_server_request_id(struct http_server *server, char out[REQUEST_ID_LEN])
{
    enum { COUNTED = (REQUEST_ID_LEN - sizeof(server->id_prefix)) / 2 };
    uint64_t n = htobe64(server->id_next++ << (64 - 8 * COUNTED));
    static_assert(REQUEST_ID_LEN - sizeof(server->id_prefix) >= 12, "48 bits of requests");
    memcpy(out, server->id_prefix, sizeof(server->id_prefix));
    hex_encode_into(out + sizeof(server->id_prefix), (const uint8_t *)&n, COUNTED);
}
