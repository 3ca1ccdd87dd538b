/* bench/client.c - one ring, one thread, an array of connections.
 *
 * A connection renders requests into `text`; a flush turns that into `wire` (by swapping, or through
 * TLS) and sends it, one send under way at a time. Receives are multishot into one group of provided
 * buffers. A lost connection keeps its place until both its operations have completed, because
 * the kernel may still use `wire`; then it is opened again:
 *
 *   CLOSED -> (connect) -> HANDSHAKE (TLS only) -> OPEN -> (lost) -> CLOSING -> CLOSED
 */
#include "bench/client.h"

#include <arpa/inet.h>
#include <assert.h>
#include <err.h>
#include <errno.h>
#include <liburing.h>
#include <math.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "bench/reader.h"

enum {
    SQ_ENTRIES = 1024,
    BUFFERS = 256, /* 1 MiB: what stays in the cache is read cheaply */
    BUFFER_BYTES = 4096,
    BUFFER_GROUP = 0,
    WAITING_MAX = 1 << 16, /* open loop: arrivals without a free connection */
    HOLD_WINDOW = 128,     /* holding: connections opened ahead of the answers */
    TLS_WIRE_BYTES = 16384,
};

enum conn_state { CLOSED, HANDSHAKE, OPEN, CLOSING };
enum op { OP_RECV, OP_SEND };

struct conn {
    uint32_t index;
    int fd;
    enum conn_state state;
    bool receiving, sending; /* an operation of the ring is under way */
    bool dirty;              /* in client->dirty */
    bool free_listed;        /* in client->free_conns */
    bool answered;
    uint32_t inflight;
    uint32_t sent_head;
    uint64_t *sent; /* ring of `depth` times: when each request under way was meant to be sent */
    char *text, *wire;
    size_t text_len, wire_len, wire_off;
    SSL *ssl; /* owns both BIOs */
    BIO *from_peer, *to_peer;
    struct reader reader;
};

/* A first-in-first-out queue of connection numbers, at most one entry each. */
struct queue {
    uint32_t *items;
    uint32_t head, len, cap;
};

struct client {
    struct client_options o;
    struct io_uring ring;
    struct io_uring_buf_ring *buf_ring;
    char *buffers;
    SSL_CTX *tls;
    struct conn *conns;
    size_t request_max;
    struct queue to_open, free_conns;
    uint32_t *dirty, dirty_len;
    uint32_t opened, unanswered, answered;
    uint64_t started_ns, next_arrival_ns;
    uint64_t *waiting; /* ring of intended times */
    uint32_t waiting_head, waiting_len;
    uint64_t issued, completed, abandoned, losses;
    uint64_t random;
    struct tally tally;
};

uint64_t client_now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void *zeroed(size_t count, size_t size)
{
    void *p = calloc(count, size);
    if (!p)
        err(1, "no memory");
    return p;
}

static void queue_put(struct queue *q, uint32_t item)
{
    assert(q->len < q->cap);
    q->items[(q->head + q->len++) % q->cap] = item;
}

static uint32_t queue_take(struct queue *q)
{
    assert(q->len > 0);
    uint32_t item = q->items[q->head];
    q->head = (q->head + 1) % q->cap;
    q->len--;
    return item;
}

/* --- Ring -------------------------------------------------------------------------------------- */

static void ring_begin(struct client *cl)
{
    struct io_uring_params params = {.flags = IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER |
                                              IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE,
                                     .cq_entries = SQ_ENTRIES * 16};
    int failed = io_uring_queue_init_params(SQ_ENTRIES, &cl->ring, &params);
    if (failed)
        errx(1, "io_uring: %s", strerror(-failed));
    io_uring_register_ring_fd(&cl->ring);

    size_t ring_bytes = BUFFERS * sizeof(struct io_uring_buf);
    cl->buf_ring = aligned_alloc(4096, (ring_bytes + 4095) & ~(size_t)4095);
    cl->buffers = zeroed(BUFFERS, BUFFER_BYTES);
    struct io_uring_buf_reg reg = {
        .ring_addr = (uintptr_t)cl->buf_ring, .ring_entries = BUFFERS, .bgid = BUFFER_GROUP};
    failed = cl->buf_ring ? io_uring_register_buf_ring(&cl->ring, &reg, 0) : -ENOMEM;
    if (failed)
        errx(1, "io_uring buffers: %s", strerror(-failed));
    io_uring_buf_ring_init(cl->buf_ring);
    for (int i = 0; i < BUFFERS; i++)
        io_uring_buf_ring_add(cl->buf_ring, cl->buffers + (size_t)i * BUFFER_BYTES, BUFFER_BYTES,
                              (unsigned short)i, io_uring_buf_ring_mask(BUFFERS), i);
    io_uring_buf_ring_advance(cl->buf_ring, BUFFERS);
}

static struct io_uring_sqe *sqe_of(struct client *cl, const struct conn *conn, enum op op)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&cl->ring);
    if (!sqe) {
        io_uring_submit(&cl->ring);
        sqe = io_uring_get_sqe(&cl->ring);
        if (!sqe)
            errx(1, "the ring takes no more submissions");
    }
    io_uring_prep_nop(sqe); /* clears every field; the caller's prep keeps user_data */
    sqe->user_data = (uint64_t)conn->index << 8 | op;
    return sqe;
}

static void receive(struct client *cl, struct conn *conn)
{
    assert(!conn->receiving);
    struct io_uring_sqe *sqe = sqe_of(cl, conn, OP_RECV);
    uint64_t user_data = sqe->user_data;
    io_uring_prep_recv_multishot(sqe, conn->fd, NULL, 0, 0);
    sqe->flags |= IOSQE_BUFFER_SELECT;
    sqe->buf_group = BUFFER_GROUP;
    sqe->user_data = user_data;
    conn->receiving = true;
}

static void send_wire(struct client *cl, struct conn *conn)
{
    struct io_uring_sqe *sqe = sqe_of(cl, conn, OP_SEND);
    uint64_t user_data = sqe->user_data;
    io_uring_prep_send(sqe, conn->fd, conn->wire + conn->wire_off, conn->wire_len - conn->wire_off,
                       MSG_NOSIGNAL);
    sqe->user_data = user_data;
    conn->sending = true;
}

/* --- Sending ----------------------------------------------------------------------------------- */

static void mark_dirty(struct client *cl, struct conn *conn)
{
    if (!conn->dirty) {
        conn->dirty = true;
        cl->dirty[cl->dirty_len++] = conn->index;
    }
}

static void issue(struct client *cl, struct conn *conn, uint64_t meant_ns)
{
    assert(conn->inflight < cl->o.depth);
    if (cl->o.requests_max > 0 && cl->issued == cl->o.requests_max)
        return;
    conn->text_len +=
        template_render(cl->o.request, cl->o.first + cl->issued, conn->text + conn->text_len);
    conn->sent[(conn->sent_head + conn->inflight++) % cl->o.depth] = meant_ns;
    cl->issued++;
    mark_dirty(cl, conn);
}

/* The connection has room for a request. */
static void offer_room(struct client *cl, struct conn *conn, uint64_t now)
{
    if (cl->o.rate == 0) {
        issue(cl, conn, now);
    } else if (cl->waiting_len > 0) {
        uint64_t meant_ns = cl->waiting[cl->waiting_head];
        cl->waiting_head = (cl->waiting_head + 1) % WAITING_MAX;
        cl->waiting_len--;
        issue(cl, conn, meant_ns);
    } else if (!conn->free_listed) {
        conn->free_listed = true;
        queue_put(&cl->free_conns, conn->index);
    }
}

/* One arrival of the open loop takes the connection that has been free for longest, or waits. */
static void arrive(struct client *cl, uint64_t meant_ns)
{
    while (cl->free_conns.len > 0) {
        struct conn *conn = &cl->conns[queue_take(&cl->free_conns)];
        conn->free_listed = false;
        if (conn->state != OPEN || conn->inflight == cl->o.depth)
            continue;
        issue(cl, conn, meant_ns);
        if (conn->inflight < cl->o.depth)
            offer_room(cl, conn, meant_ns);
        return;
    }
    if (cl->waiting_len == WAITING_MAX)
        cl->tally.dropped++;
    else
        cl->waiting[(cl->waiting_head + cl->waiting_len++) % WAITING_MAX] = meant_ns;
}

/* xorshift64*: uniform in (0, 1]. */
static double random_unit(struct client *cl)
{
    cl->random ^= cl->random >> 12;
    cl->random ^= cl->random << 25;
    cl->random ^= cl->random >> 27;
    return ((double)(cl->random * UINT64_C(2685821657736338717) >> 11) + 1) * 0x1p-53;
}

static void arrive_due(struct client *cl, uint64_t now)
{
    while (cl->next_arrival_ns <= now) {
        arrive(cl, cl->next_arrival_ns);
        cl->next_arrival_ns += (uint64_t)(-log(random_unit(cl)) / cl->o.rate * 1e9) + 1;
    }
}

static void flush(struct client *cl, struct conn *conn)
{
    conn->dirty = false;
    if (conn->sending || (conn->state != OPEN && conn->state != HANDSHAKE))
        return;
    conn->wire_off = 0;
    if (cl->tls) {
        if (conn->state == OPEN && conn->text_len > 0) {
            if (SSL_write(conn->ssl, conn->text, (int)conn->text_len) != (int)conn->text_len)
                errx(1, "SSL_write failed");
            conn->text_len = 0;
        }
        int len = BIO_read(conn->to_peer, conn->wire, TLS_WIRE_BYTES);
        conn->wire_len = len > 0 ? (size_t)len : 0;
    } else {
        char *text = conn->text;
        conn->text = conn->wire;
        conn->wire = text;
        conn->wire_len = conn->text_len;
        conn->text_len = 0;
    }
    if (conn->wire_len > 0)
        send_wire(cl, conn);
}

static void flush_dirty(struct client *cl)
{
    for (uint32_t i = 0; i < cl->dirty_len; i++)
        flush(cl, &cl->conns[cl->dirty[i]]);
    cl->dirty_len = 0;
}

/* --- Opening and losing ------------------------------------------------------------------------ */

static void begin_requests(struct client *cl, struct conn *conn)
{
    conn->state = OPEN;
    uint32_t room = cl->o.hold ? 1 : cl->o.depth;
    uint64_t now = client_now_ns();
    for (uint32_t i = 0; i < room && conn->inflight < cl->o.depth; i++)
        offer_room(cl, conn, now);
}

static void handshake(struct client *cl, struct conn *conn)
{
    int done = SSL_do_handshake(conn->ssl);
    if (done != 1 && SSL_get_error(conn->ssl, done) != SSL_ERROR_WANT_READ)
        errx(1, "the TLS handshake failed");
    mark_dirty(cl, conn);
    if (done == 1)
        begin_requests(cl, conn);
}

static int connect_socket(const struct client *cl, uint32_t index)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    if (fd < 0)
        err(1, "socket");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct timeval patience = {.tv_sec = 10};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (cl->o.sources > 0) {
        setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        struct sockaddr_in from = {.sin_family = AF_INET,
                                   .sin_addr = {htonl(INADDR_LOOPBACK + index % cl->o.sources)}};
        if (bind(fd, (struct sockaddr *)&from, sizeof from))
            err(1, "bind");
    }
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(cl->o.port), .sin_addr = {cl->o.address}};
    if (connect(fd, (struct sockaddr *)&to, sizeof to))
        err(1, "connect");
    return fd;
}

static void begin_tls(struct client *cl, struct conn *conn)
{
    static const uint8_t alpn[] = "\x08http/1.1";
    conn->ssl = SSL_new(cl->tls);
    conn->from_peer = BIO_new(BIO_s_mem());
    conn->to_peer = BIO_new(BIO_s_mem());
    if (!conn->ssl || !conn->from_peer || !conn->to_peer)
        errx(1, "no memory for TLS");
    SSL_set_bio(conn->ssl, conn->from_peer, conn->to_peer);
    SSL_set_alpn_protos(conn->ssl, alpn, sizeof alpn - 1);
    SSL_set_connect_state(conn->ssl);
    conn->state = HANDSHAKE;
    handshake(cl, conn);
}

/* Loopback: connect() ends at once as long as the listener's backlog has room. */
static void open_conn(struct client *cl, struct conn *conn)
{
    assert(conn->state == CLOSED);
    if (!conn->text) {
        size_t text_max = cl->request_max * cl->o.depth;
        conn->text = zeroed(1, text_max);
        conn->wire = zeroed(1, cl->tls ? TLS_WIRE_BYTES : text_max);
        conn->sent = zeroed(cl->o.depth, sizeof *conn->sent);
    }
    conn->fd = connect_socket(cl, conn->index);
    conn->text_len = conn->wire_len = conn->inflight = conn->sent_head = 0;
    conn->answered = false;
    conn->reader.head_len = 0;
    conn->reader.in_body = false;
    cl->unanswered++;
    receive(cl, conn);
    if (cl->tls)
        begin_tls(cl, conn);
    else
        begin_requests(cl, conn);
}

/* When the next connection may be opened; UINT64_MAX when there is none to open. */
static uint64_t next_open_ns(const struct client *cl)
{
    if (cl->to_open.len == 0 || (cl->o.hold && cl->unanswered >= HOLD_WINDOW))
        return UINT64_MAX;
    if (cl->opened >= cl->o.connections) /* all were open once: this one was lost */
        return 0;
    return cl->started_ns + cl->o.ramp_ns / cl->o.connections * cl->opened;
}

static void open_due(struct client *cl, uint64_t now)
{
    while (next_open_ns(cl) <= now) {
        cl->opened++;
        open_conn(cl, &cl->conns[queue_take(&cl->to_open)]);
    }
}

/* Closed when the kernel is done with both operations; see the top. */
static void close_when_idle(struct client *cl, struct conn *conn)
{
    if (conn->state != CLOSING || conn->sending || conn->receiving)
        return;
    close(conn->fd);
    SSL_free(conn->ssl);
    conn->ssl = NULL;
    conn->state = CLOSED;
    queue_put(&cl->to_open, conn->index);
}

static void lose(struct client *cl, struct conn *conn, uint64_t *reason)
{
    if (conn->state == CLOSING)
        return;
    ++*reason;
    if (++cl->losses > 1000 + 10 * (uint64_t)cl->o.connections)
        errx(1, "too many connections were lost: %llu", (unsigned long long)cl->losses);
    cl->abandoned += conn->inflight;
    cl->unanswered -= !conn->answered;
    cl->answered -= conn->answered;
    conn->state = CLOSING;
    shutdown(conn->fd, SHUT_RDWR);
}

/* --- Receiving --------------------------------------------------------------------------------- */

static void response_in(struct client *cl, struct conn *conn, uint64_t now)
{
    uint64_t meant_ns = conn->sent[conn->sent_head];
    conn->sent_head = (conn->sent_head + 1) % cl->o.depth;
    conn->inflight--;
    cl->completed++;
    cl->tally.responses++;
    cl->tally.status[conn->reader.status % 600]++;
    histogram_add(&cl->tally.latency, now - meant_ns);
    if (!conn->answered) {
        conn->answered = true;
        cl->unanswered--;
        cl->answered++;
    }
    if (conn->reader.closes)
        lose(cl, conn, &cl->tally.reconnects);
    else if (!cl->o.hold)
        offer_room(cl, conn, now);
}

static void read_responses(struct client *cl, struct conn *conn, const char *data, size_t len,
                           uint64_t now)
{
    while (conn->state == OPEN) {
        enum reader_result result = reader_next(&conn->reader, &data, &len);
        if (result == READER_MORE)
            return;
        if (result == READER_MALFORMED || conn->inflight == 0)
            lose(cl, conn, &cl->tally.malformed);
        else
            response_in(cl, conn, now);
    }
}

static void read_tls(struct client *cl, struct conn *conn, const char *data, size_t len,
                     uint64_t now)
{
    static char plain[16384];
    if (BIO_write(conn->from_peer, data, (int)len) != (int)len)
        errx(1, "no memory for TLS");
    if (conn->state == HANDSHAKE)
        handshake(cl, conn);
    while (conn->state == OPEN &&
           (BIO_pending(conn->from_peer) > 0 || SSL_has_pending(conn->ssl))) {
        int got = SSL_read(conn->ssl, plain, sizeof plain);
        if (got <= 0) {
            if (SSL_get_error(conn->ssl, got) != SSL_ERROR_WANT_READ)
                lose(cl, conn, &cl->tally.lost);
            return;
        }
        read_responses(cl, conn, plain, (size_t)got, now);
    }
}

static void received(struct client *cl, struct conn *conn, const struct io_uring_cqe *cqe)
{
    conn->receiving = cqe->flags & IORING_CQE_F_MORE;
    if (cqe->flags & IORING_CQE_F_BUFFER) {
        unsigned short id = (unsigned short)(cqe->flags >> IORING_CQE_BUFFER_SHIFT);
        char *buffer = cl->buffers + (size_t)id * BUFFER_BYTES;
        if (cqe->res > 0 && conn->state != CLOSING) {
            if (cl->tls)
                read_tls(cl, conn, buffer, (size_t)cqe->res, client_now_ns());
            else
                read_responses(cl, conn, buffer, (size_t)cqe->res, client_now_ns());
        }
        io_uring_buf_ring_add(cl->buf_ring, buffer, BUFFER_BYTES, id,
                              io_uring_buf_ring_mask(BUFFERS), 0);
        io_uring_buf_ring_advance(cl->buf_ring, 1);
    }
    if (cqe->res == 0 || (cqe->res < 0 && cqe->res != -ENOBUFS))
        lose(cl, conn, &cl->tally.lost);
    if (!conn->receiving && conn->state != CLOSING)
        receive(cl, conn);
}

static void sent(struct client *cl, struct conn *conn, const struct io_uring_cqe *cqe)
{
    conn->sending = false;
    if (conn->state == CLOSING)
        return;
    if (cqe->res <= 0) {
        lose(cl, conn, &cl->tally.lost);
        return;
    }
    conn->wire_off += (size_t)cqe->res;
    if (conn->wire_off < conn->wire_len)
        send_wire(cl, conn);
    else if (conn->text_len > 0 || (cl->tls && BIO_pending(conn->to_peer) > 0))
        mark_dirty(cl, conn);
}

static void reap(struct client *cl)
{
    struct io_uring_cqe *cqe;
    unsigned int head, seen = 0;
    io_uring_for_each_cqe(&cl->ring, head, cqe)
    {
        struct conn *conn = &cl->conns[cqe->user_data >> 8];
        if ((cqe->user_data & 0xff) == OP_RECV)
            received(cl, conn, cqe);
        else
            sent(cl, conn, cqe);
        close_when_idle(cl, conn);
        seen++;
    }
    io_uring_cq_advance(&cl->ring, seen);
}

/* --- The loop ---------------------------------------------------------------------------------- */

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

void client_run(struct client *cl, uint64_t until_ns)
{
    for (;;) {
        uint64_t now = client_now_ns();
        if (now >= until_ns || client_done(cl))
            return;
        open_due(cl, now);
        if (cl->o.rate > 0)
            arrive_due(cl, now);
        flush_dirty(cl);

        uint64_t wake = earlier(until_ns, next_open_ns(cl));
        if (cl->o.rate > 0)
            wake = earlier(wake, cl->next_arrival_ns);
        uint64_t wait = wake > now ? wake - now : 0;
        struct __kernel_timespec timeout = {(long long)(wait / 1000000000u),
                                            (long long)(wait % 1000000000u)};
        struct io_uring_cqe *cqe;
        int failed = io_uring_submit_and_wait_timeout(&cl->ring, &cqe, 1, &timeout, NULL);
        if (failed < 0 && failed != -ETIME && failed != -EINTR)
            errx(1, "io_uring_enter: %s", strerror(-failed));
        reap(cl);
    }
}

struct client *client_new(const struct client_options *options)
{
    struct client *cl = zeroed(1, sizeof *cl);
    cl->o = *options;
    cl->random = options->seed * 2 + 1;
    cl->request_max = template_bytes_max(options->request);
    cl->conns = zeroed(options->connections, sizeof *cl->conns);
    cl->dirty = zeroed(options->connections, sizeof *cl->dirty);
    cl->waiting = zeroed(WAITING_MAX, sizeof *cl->waiting);
    cl->to_open = (struct queue){.items = zeroed(options->connections, sizeof(uint32_t)),
                                 .cap = options->connections};
    cl->free_conns = (struct queue){.items = zeroed(options->connections, sizeof(uint32_t)),
                                    .cap = options->connections};
    for (uint32_t i = 0; i < options->connections; i++) {
        cl->conns[i].index = i;
        queue_put(&cl->to_open, i);
    }
    if (options->tls) {
        if (cl->request_max * options->depth > TLS_WIRE_BYTES)
            errx(1, "requests times depth may not exceed %d bytes over TLS", TLS_WIRE_BYTES);
        cl->tls = SSL_CTX_new(TLS_method()); /* whose certificate it is does not matter here */
        if (!cl->tls)
            errx(1, "no memory for TLS");
    }
    prctl(PR_SET_TIMERSLACK, 1); /* the open loop's arrivals are closer than the usual 50 us */
    ring_begin(cl);
    cl->started_ns = cl->next_arrival_ns = client_now_ns();
    return cl;
}

const struct tally *client_tally(const struct client *cl)
{
    return &cl->tally;
}

void client_reset(struct client *cl)
{
    memset(&cl->tally, 0, sizeof cl->tally);
}

uint64_t client_responses(const struct client *cl)
{
    return cl->completed;
}

uint32_t client_answered(const struct client *cl)
{
    return cl->answered;
}

bool client_done(const struct client *cl)
{
    return cl->o.requests_max > 0 && cl->completed + cl->abandoned >= cl->o.requests_max;
}
