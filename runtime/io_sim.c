/* runtime/io_sim.c - see io_sim.h.
 *
 * A socket is a struct sim_peer: the code under test knows it by `fd`, the test by its address. All
 * sockets live until the sim is freed; descriptors are handed out lowest-first and reused, as the
 * kernel does, so that a stale one would be noticed.
 *
 * A turn collects what could complete now, in seeded order, delivers up to completions_max of it,
 * and only when nothing can complete moves the clock: to wake_at, or to the end of sim_run. */
#include "runtime/io_sim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct bytes {
    char *ptr;
    size_t len, cap;
};

struct sim_peer {
    struct sim_peer *next; /* all peers of the sim */
    struct io_sim *sim;
    int fd;              /* -1 once closed by the code under test */
    struct io_addr addr; /* of a listener, or where it is connected to */
    bool listening, connected, refused;
    bool eof, reset, closed, handed_out;
    struct bytes in;  /* on its way to the code under test */
    struct bytes out; /* from it */
    size_t window;
    int backlog_max;
    bool in_backlog;
    struct sim_peer *listener;
    /* operations of the code under test */
    struct io_op *recv, *send, *accept, *connect;
    const char *send_ptr;
    size_t send_len;
    uint64_t recv_at, send_at; /* virtual time before which they do not complete */
};

struct remote_listener {
    struct remote_listener *next;
    struct io_addr addr;
    bool open;
};

struct io_sim {
    struct io io;
    struct sim_options options;
    uint64_t random;
    uint64_t now_ns, limit_ns;
    int64_t wall_us;
    struct sim_peer *peers;
    struct remote_listener *remotes;
    char *buffers;
    uint16_t *free_ids;
    uint32_t free_len;
    struct io_op *cancels[1024]; /* asked to end */
    uint32_t cancels_len;
    bool woken;
    bool idle; /* the last turn delivered nothing */
};

static struct io_sim *sim_of(const struct io *io)
{
    return container_of(io, struct io_sim, io);
}

static void *must(void *p)
{
    if (!p)
        base_die(__FILE__, __LINE__, "out of memory");
    return p;
}

/* ---- randomness (xorshift64*), clock, bytes -------------------------------------------------- */

static uint64_t rnd(struct io_sim *sim)
{
    sim->random ^= sim->random >> 12;
    sim->random ^= sim->random << 25;
    sim->random ^= sim->random >> 27;
    return sim->random * 2685821657736338717ull;
}

static bool percent(struct io_sim *sim, uint32_t p)
{
    return p && rnd(sim) % 100 < p;
}

static struct io_sim *sim_of_clock(const struct clock *clock)
{
    return sim_of(container_of(clock, struct io, clock));
}
static struct instant sim_wall(const struct clock *clock)
{
    struct io_sim *sim = sim_of_clock(clock);
    return (struct instant){sim->wall_us + (int64_t)(sim->now_ns / 1000)};
}
static struct tick sim_mono(const struct clock *clock)
{
    return (struct tick){sim_of_clock(clock)->now_ns};
}
static void sim_random(const struct clock *clock, void *out, size_t len)
{
    for (size_t i = 0; i < len; i++)
        ((uint8_t *)out)[i] = (uint8_t)(rnd(sim_of_clock(clock)) >> 56);
}

static void bytes_add(struct bytes *b, const char *ptr, size_t len)
{
    if (b->len + len > b->cap) {
        b->cap = MAX(b->cap * 2, b->len + len + 256);
        b->ptr = must(realloc(b->ptr, b->cap));
    }
    if (len)
        memcpy(b->ptr + b->len, ptr, len);
    b->len += len;
}
static void bytes_drop(struct bytes *b, size_t n)
{
    assert(n <= b->len);
    b->len -= n;
    if (b->len)
        memmove(b->ptr, b->ptr + n, b->len);
}

/* ---- sockets --------------------------------------------------------------------------------- */

static struct sim_peer *peer_new(struct io_sim *sim)
{
    struct sim_peer *peer = must(calloc(1, sizeof(*peer)));
    peer->sim = sim;
    peer->fd = -1;
    peer->window = SIZE_MAX;
    peer->next = sim->peers;
    sim->peers = peer;
    return peer;
}

static struct sim_peer *peer_by_fd(struct io_sim *sim, int fd)
{
    for (struct sim_peer *p = sim->peers; p; p = p->next)
        if (p->fd == fd)
            return p;
    base_die(__FILE__, __LINE__, "an operation on a closed descriptor");
}

static int fds_open(const struct io_sim *sim)
{
    int n = 0;
    for (struct sim_peer *p = sim->peers; p; p = p->next)
        n += p->fd >= 0;
    return n;
}

static int fd_take(struct io_sim *sim)
{
    if (sim->options.fds_max && fds_open(sim) >= sim->options.fds_max)
        return -EMFILE;
    for (int fd = 3;; fd++) {
        bool used = false;
        for (struct sim_peer *p = sim->peers; p && !used; p = p->next)
            used = p->fd == fd;
        if (!used)
            return fd;
    }
}

static bool same_addr(const struct io_addr *a, const struct io_addr *b)
{
    return a->len == b->len && memcmp(&a->any, &b->any, a->len) == 0;
}

static int sim_io_listen(struct io *io, const struct io_addr *addr, int backlog)
{
    struct io_sim *sim = sim_of(io);
    int fd = fd_take(sim);
    if (fd < 0)
        return fd;
    for (struct sim_peer *p = sim->peers; p; p = p->next)
        if (p->listening && p->fd >= 0 && same_addr(&p->addr, addr))
            return -EADDRINUSE;
    struct sim_peer *peer = peer_new(sim);
    peer->fd = fd;
    peer->addr = *addr;
    peer->listening = true;
    peer->backlog_max = backlog;
    return fd;
}

static int sim_io_adopt(struct io *io, int fd)
{
    return peer_by_fd(sim_of(io), fd)->listening ? 0 : -EINVAL;
}

static int sim_io_socket(struct io *io, int family)
{
    (void)family;
    struct io_sim *sim = sim_of(io);
    int fd = fd_take(sim);
    if (fd >= 0)
        peer_new(sim)->fd = fd;
    return fd;
}

static int sim_io_peer(struct io *io, int fd, struct io_addr *out)
{
    (void)peer_by_fd(sim_of(io), fd);
    bool ok = io_addr_parse(STR("127.0.0.1:40000"), out);
    assert(ok);
    return 0;
}

static void sim_io_close(struct io *io, int fd)
{
    struct sim_peer *peer = peer_by_fd(sim_of(io), fd);
    assert(!peer->recv && !peer->send && !peer->accept && !peer->connect);
    peer->fd = -1;
    peer->closed = true;
}

static void sim_io_shutdown(struct io *io, int fd)
{
    struct sim_peer *peer = peer_by_fd(sim_of(io), fd);
    peer->closed = true;
    peer->eof = true;
}

static void sim_io_shutdown_write(struct io *io, int fd)
{
    peer_by_fd(sim_of(io), fd)->closed = true;
}

/* ---- operations ------------------------------------------------------------------------------ */

static uint64_t when(struct io_sim *sim)
{
    if (!percent(sim, sim->options.late_percent))
        return sim->now_ns;
    return sim->now_ns + 1 + rnd(sim) % 5000000;
}

static void begin_op(struct io_op *op)
{
    assert(!op->pending);
    op->pending = true;
    op->canceled = false;
}

static void sim_io_accept(struct io *io, struct io_op *op, int fd)
{
    struct sim_peer *peer = peer_by_fd(sim_of(io), fd);
    assert(peer->listening && !peer->accept);
    begin_op(op);
    peer->accept = op;
}

static void sim_io_connect(struct io *io, struct io_op *op, int fd, const struct io_addr *addr)
{
    struct sim_peer *peer = peer_by_fd(sim_of(io), fd);
    begin_op(op);
    peer->connect = op;
    peer->addr = *addr;
    peer->recv_at = when(sim_of(io));
}

static void sim_io_recv(struct io *io, struct io_op *op, int fd)
{
    struct sim_peer *peer = peer_by_fd(sim_of(io), fd);
    assert(!peer->recv);
    begin_op(op);
    peer->recv = op;
}

static void sim_io_send(struct io *io, struct io_op *op, int fd, const void *data, size_t len)
{
    struct io_sim *sim = sim_of(io);
    struct sim_peer *peer = peer_by_fd(sim, fd);
    assert(!peer->send && len > 0);
    begin_op(op);
    peer->send = op;
    peer->send_ptr = data;
    peer->send_len = len;
    peer->send_at = when(sim);
}

static void sim_io_poll(struct io *io, struct io_op *op, int fd, uint32_t events)
{
    (void)io, (void)op, (void)fd, (void)events;
    base_die(__FILE__, __LINE__, "foreign descriptors are not simulated");
}

static void sim_io_cancel(struct io *io, struct io_op *op)
{
    struct io_sim *sim = sim_of(io);
    if (!op->pending || op->canceled)
        return;
    op->canceled = true;
    assert(sim->cancels_len < ARRAY_LEN(sim->cancels));
    sim->cancels[sim->cancels_len++] = op;
}

static char *sim_io_buffer(struct io *io, uint16_t id)
{
    assert(id < sim_of(io)->options.buffers);
    return sim_of(io)->buffers + (size_t)id * io->buffer_bytes;
}

static void sim_io_buffer_return(struct io *io, uint16_t id)
{
    struct io_sim *sim = sim_of(io);
    assert(sim->free_len < sim->options.buffers);
    memset(sim_io_buffer(io, id), 0xdd, io->buffer_bytes); /* a kept view would be noticed */
    sim->free_ids[sim->free_len++] = id;
    io->counters.buffers_out--;
}

static void sim_io_wake(struct io *io)
{
    __atomic_store_n(&sim_of(io)->woken, true, __ATOMIC_RELEASE);
}

/* ---- completing ------------------------------------------------------------------------------ */

/* The kernel looks at submissions in order: a cancel never meets a later use of the same op. */
static void forget_cancel(struct io_sim *sim, const struct io_op *op)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < sim->cancels_len; i++)
        if (sim->cancels[i] != op)
            sim->cancels[kept++] = sim->cancels[i];
    sim->cancels_len = kept;
}

static void finish_op(struct io_sim *sim, struct io_op **slot, int32_t res, uint32_t flags)
{
    struct io_op *op = *slot;
    if (!(flags & IO_MORE)) {
        *slot = NULL;
        op->pending = false;
        forget_cancel(sim, op);
    }
    op->done(op, res, flags);
}

static uint32_t more(struct io_sim *sim)
{
    return percent(sim, sim->options.overflow_percent) ? 0 : IO_MORE;
}

static bool try_accept(struct io_sim *sim, struct sim_peer *listener)
{
    if (!listener->accept)
        return false;
    struct sim_peer *first = NULL; /* the oldest is last in the list */
    for (struct sim_peer *p = sim->peers; p; p = p->next)
        if (p->in_backlog && p->listener == listener)
            first = p;
    if (!first)
        return false;
    int fd = fd_take(sim);
    if (fd < 0) {
        finish_op(sim, &listener->accept, fd, 0);
        return true;
    }
    first->in_backlog = false;
    first->fd = fd;
    first->connected = true;
    first->recv_at = when(sim);
    finish_op(sim, &listener->accept, fd, more(sim));
    return true;
}

static bool remote_listens(struct io_sim *sim, const struct io_addr *addr)
{
    for (struct remote_listener *r = sim->remotes; r; r = r->next)
        if (r->open && same_addr(&r->addr, addr))
            return true;
    return false;
}

static bool try_connect(struct io_sim *sim, struct sim_peer *peer)
{
    if (!peer->connect || peer->recv_at > sim->now_ns)
        return false;
    bool there = remote_listens(sim, &peer->addr);
    peer->connected = there;
    finish_op(sim, &peer->connect, there ? 0 : -ECONNREFUSED, 0);
    return true;
}

static bool try_recv(struct io_sim *sim, struct sim_peer *peer)
{
    if (!peer->recv || peer->recv_at > sim->now_ns)
        return false;
    if (peer->reset) {
        finish_op(sim, &peer->recv, -ECONNRESET, 0);
        return true;
    }
    if (peer->in.len == 0) {
        if (!peer->eof)
            return false;
        finish_op(sim, &peer->recv, 0, 0);
        return true;
    }
    if (sim->free_len == 0) {
        finish_op(sim, &peer->recv, -ENOBUFS, 0);
        return true;
    }
    uint16_t id = sim->free_ids[--sim->free_len];
    sim->io.counters.buffers_out++;
    size_t n = MIN(peer->in.len, sim->io.buffer_bytes);
    if (sim->options.recv_max)
        n = MIN(n, sim->options.recv_max);
    memcpy(sim_io_buffer(&sim->io, id), peer->in.ptr, n);
    bytes_drop(&peer->in, n);
    peer->recv_at = when(sim);
    finish_op(sim, &peer->recv, (int32_t)n, IO_BUFFER | (uint32_t)id << 16 | more(sim));
    return true;
}

static bool try_send(struct io_sim *sim, struct sim_peer *peer)
{
    if (!peer->send || peer->send_at > sim->now_ns)
        return false;
    if (peer->reset) {
        finish_op(sim, &peer->send, -ECONNRESET, 0);
        return true;
    }
    size_t n = MIN(peer->send_len, peer->window);
    if (sim->options.send_max)
        n = MIN(n, sim->options.send_max);
    if (n == 0)
        return false;
    bytes_add(&peer->out, peer->send_ptr, n);
    if (peer->window != SIZE_MAX)
        peer->window -= n;
    finish_op(sim, &peer->send, (int32_t)n, 0);
    return true;
}

static bool try_cancel(struct io_sim *sim)
{
    if (sim->cancels_len == 0)
        return false;
    struct io_op *op = sim->cancels[0];
    sim->cancels_len--;
    memmove(sim->cancels, sim->cancels + 1, sim->cancels_len * sizeof(sim->cancels[0]));
    for (struct sim_peer *p = sim->peers; p; p = p->next) {
        struct io_op **slots[] = {&p->recv, &p->send, &p->accept, &p->connect};
        for (size_t i = 0; i < ARRAY_LEN(slots); i++)
            if (*slots[i] == op) {
                finish_op(sim, slots[i], -ECANCELED, 0);
                return true;
            }
    }
    return true; /* it completed by itself meanwhile */
}

static bool step(struct io_sim *sim, struct sim_peer *peer, unsigned kind)
{
    switch (kind) {
    case 0: return try_accept(sim, peer);
    case 1: return try_connect(sim, peer);
    case 2: return try_recv(sim, peer);
    case 3: return try_send(sim, peer);
    default: return try_cancel(sim);
    }
}

/* Delivers one completion, the choice seeded. */
static bool deliver_one(struct io_sim *sim)
{
    enum { KINDS = 5 };
    unsigned peers = 0;
    for (struct sim_peer *p = sim->peers; p; p = p->next)
        peers++;
    if (peers == 0)
        return try_cancel(sim);
    unsigned total = peers * KINDS;
    unsigned start = sim->options.no_shuffle ? 0 : (unsigned)(rnd(sim) % total);
    for (unsigned i = 0; i < total; i++) {
        unsigned at = (start + i) % total;
        struct sim_peer *peer = sim->peers;
        for (unsigned skip = at / KINDS; skip; skip--)
            peer = peer->next;
        if (step(sim, peer, at % KINDS))
            return true;
    }
    return false;
}

static uint64_t next_late(const struct io_sim *sim)
{
    uint64_t next = UINT64_MAX;
    for (struct sim_peer *p = sim->peers; p; p = p->next) {
        if ((p->recv || p->connect) && p->recv_at > sim->now_ns)
            next = MIN(next, p->recv_at);
        if (p->send && p->send_at > sim->now_ns)
            next = MIN(next, p->send_at);
    }
    return next;
}

static uint32_t deliver(struct io_sim *sim)
{
    uint32_t delivered = 0;
    io_waited(&sim->io);
    while (delivered < sim->options.completions_max && deliver_one(sim))
        delivered++;
    sim->io.counters.completions += delivered;
    return delivered;
}

/* As on the real ring, time passes within the turn: what ends the wait is delivered by it. */
static void sim_io_turn(struct io *io, struct tick wake_at)
{
    struct io_sim *sim = sim_of(io);
    io->counters.enters++;
    sim->idle = false;
    if (deliver(sim) || __atomic_exchange_n(&sim->woken, false, __ATOMIC_ACQ_REL))
        return;
    uint64_t to = MIN(MIN(wake_at.ns, next_late(sim)), sim->limit_ns);
    if (to > sim->now_ns) {
        sim->now_ns = to;
        deliver(sim);
    } else {
        sim->idle = wake_at.ns != 0; /* 0: somebody is ready and will do something */
    }
}

/* ---- life ------------------------------------------------------------------------------------ */

static void sim_io_free(struct io *io)
{
    struct io_sim *sim = sim_of(io);
    while (sim->peers) {
        struct sim_peer *peer = sim->peers;
        sim->peers = peer->next;
        free(peer->in.ptr);
        free(peer->out.ptr);
        free(peer);
    }
    while (sim->remotes) {
        struct remote_listener *remote = sim->remotes;
        sim->remotes = remote->next;
        free(remote);
    }
    free(sim->buffers);
    free(sim->free_ids);
    free(sim);
}

static const struct io_backend backend_sim = {
    .free = sim_io_free,
    .listen = sim_io_listen,
    .adopt_listener = sim_io_adopt,
    .socket = sim_io_socket,
    .peer = sim_io_peer,
    .close = sim_io_close,
    .shutdown = sim_io_shutdown,
    .shutdown_write = sim_io_shutdown_write,
    .accept = sim_io_accept,
    .connect = sim_io_connect,
    .recv = sim_io_recv,
    .send = sim_io_send,
    .poll = sim_io_poll,
    .cancel = sim_io_cancel,
    .buffer = sim_io_buffer,
    .buffer_return = sim_io_buffer_return,
    .turn = sim_io_turn,
    .wake = sim_io_wake,
};

struct io *io_sim_new(const struct sim_options *options)
{
    struct io_sim *sim = must(calloc(1, sizeof(*sim)));
    sim->io.backend = &backend_sim;
    sim->io.clock = (struct clock){.wall = sim_wall, .mono = sim_mono, .random = sim_random};
    sim->io.buffer_bytes = options->buffer_bytes ? options->buffer_bytes : 4096;
    sim->options = *options;
    if (!sim->options.buffers)
        sim->options.buffers = 64;
    if (!sim->options.completions_max)
        sim->options.completions_max = 256;
    sim->random = options->seed * 0x9e3779b97f4a7c15ull + 0x2545f4914f6cdd1dull;
    sim->now_ns = 1000000000;
    sim->wall_us = 1767225600000000; /* 2026-01-01T00:00:00Z */
    sim->buffers = must(malloc((size_t)sim->options.buffers * sim->io.buffer_bytes));
    sim->free_ids = must(calloc(sim->options.buffers, sizeof(*sim->free_ids)));
    for (uint32_t i = 0; i < sim->options.buffers; i++)
        sim->free_ids[sim->free_len++] = (uint16_t)i;
    return &sim->io;
}

struct io_sim *io_sim_of(struct io *io)
{
    assert(io->backend == &backend_sim);
    return sim_of(io);
}

void sim_run(struct loop *loop, struct duration d)
{
    struct io_sim *sim = io_sim_of(loop_io(loop));
    uint64_t end = sim->now_ns + (uint64_t)d.us * 1000;
    sim->limit_ns = end;
    do {
        loop_turn(loop, (struct tick){end});
    } while (sim->now_ns < end || !sim->idle);
    sim->limit_ns = 0;
}

void sim_settle(struct loop *loop)
{
    sim_run(loop, (struct duration){0});
}

/* ---- the test's side ------------------------------------------------------------------------- */

struct sim_peer *sim_connect(struct io_sim *sim, const struct io_addr *addr)
{
    struct sim_peer *listener = NULL;
    for (struct sim_peer *p = sim->peers; p && !listener; p = p->next)
        if (p->listening && p->fd >= 0 && same_addr(&p->addr, addr))
            listener = p;
    if (!listener)
        return NULL;
    int waiting = 0;
    for (struct sim_peer *p = sim->peers; p; p = p->next)
        waiting += p->in_backlog && p->listener == listener;
    if (waiting >= listener->backlog_max)
        return NULL;
    struct sim_peer *peer = peer_new(sim);
    peer->listener = listener;
    peer->in_backlog = true;
    return peer;
}

void sim_listen(struct io_sim *sim, const struct io_addr *addr)
{
    struct remote_listener *remote = sim->remotes;
    while (remote && !same_addr(&remote->addr, addr))
        remote = remote->next;
    if (!remote) {
        remote = must(calloc(1, sizeof(*remote)));
        remote->addr = *addr;
        remote->next = sim->remotes;
        sim->remotes = remote;
    }
    remote->open = true;
}

void sim_unlisten(struct io_sim *sim, const struct io_addr *addr)
{
    for (struct remote_listener *r = sim->remotes; r; r = r->next)
        if (same_addr(&r->addr, addr))
            r->open = false;
}

struct sim_peer *sim_accept(struct io_sim *sim, const struct io_addr *addr)
{
    struct sim_peer *first = NULL;
    for (struct sim_peer *p = sim->peers; p; p = p->next)
        if (!p->listener && p->connected && !p->handed_out && same_addr(&p->addr, addr))
            first = p;
    if (first)
        first->handed_out = true;
    return first;
}

void sim_send(struct sim_peer *peer, struct str bytes)
{
    bytes_add(&peer->in, bytes.ptr, bytes.len);
}
void sim_send_after(struct sim_peer *peer, struct duration d, struct str bytes)
{
    bytes_add(&peer->in, bytes.ptr, bytes.len);
    peer->recv_at = peer->sim->now_ns + (uint64_t)d.us * 1000;
}
void sim_shutdown(struct sim_peer *peer)
{
    peer->eof = true;
}
void sim_reset(struct sim_peer *peer)
{
    peer->reset = true;
}
struct str sim_received(struct sim_peer *peer)
{
    return str_of(peer->out.ptr, peer->out.len);
}
void sim_consume(struct sim_peer *peer, size_t n)
{
    bytes_drop(&peer->out, n);
}
void sim_set_window(struct sim_peer *peer, size_t bytes)
{
    peer->window = bytes;
}
bool sim_closed(const struct sim_peer *peer)
{
    return peer->closed;
}

struct sim_counts sim_counts(const struct io_sim *sim)
{
    struct sim_counts counts = {.fds_open = fds_open(sim),
                                .buffers_out = (uint32_t)sim->io.counters.buffers_out};
    for (struct sim_peer *p = sim->peers; p; p = p->next)
        counts.ops_pending += (p->recv != NULL) + (p->send != NULL) + (p->accept != NULL) +
                              (p->connect != NULL);
    return counts;
}
