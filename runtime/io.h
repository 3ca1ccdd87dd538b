/* runtime/io.h - everything a loop asks of the outside: sockets, waiting, the clock, randomness.
 *
 * Two implementations fill it: the real ring (io_uring.c) and the simulated one (io_sim.c: virtual
 * clock, in-memory sockets, seeded order and faults). Nothing above knows which one it runs on.
 *
 * An operation is started with a `struct io_op` that the caller owns. It belongs to the io from
 * then until its LAST completion (one without IO_MORE): until then neither the op nor the memory
 * lent to it may be freed or reused. That is the whole defence against late completions: there is
 * no key that could be mistaken for another, only an op that is still somebody's.
 *
 * Threads: all calls from the loop's own thread, but io_wake.   Waits: only io_turn. */
#pragma once
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "runtime/base/clock.h"

struct io_op;
/* `res` >= 0 or a negative errno. */
typedef void io_done_fn(struct io_op *op, int32_t res, uint32_t flags);

struct io_op {
    io_done_fn *done;
    bool pending;  /* between the start and the last completion */
    bool canceled; /* a cancel was sent; the last completion is still to come */
};

enum {
    IO_MORE = 1u << 0,   /* multishot: more completions of this op will follow */
    IO_BUFFER = 1u << 1, /* `res` bytes lie in the buffer io_flags_buffer(flags); give it back */
};
static inline uint16_t io_flags_buffer(uint32_t flags)
{
    return (uint16_t)(flags >> 16);
}

struct io_addr {
    socklen_t len;
    union {
        struct sockaddr any;
        struct sockaddr_in in4;
        struct sockaddr_in6 in6;
        struct sockaddr_un un;
    };
};
/* "127.0.0.1:8080", "[::1]:8080", "unix:///path". No names: those are looked up before. */
bool io_addr_parse(struct str text, struct io_addr *out);
enum { IO_ADDR_TEXT_MAX = 128 };
/* The host part only ("127.0.0.1", "::1", "unix"); IPv4-mapped IPv6 prints as IPv4. */
size_t io_addr_format_host(const struct io_addr *addr, char out[IO_ADDR_TEXT_MAX]);

struct io_options {
    uint32_t entries; /* submission queue; completions get 8 times as many */
    uint32_t buffers; /* receive buffers in the provided ring, a power of two */
    uint32_t buffer_bytes;
    uint32_t completions_max; /* handled in one turn before fibers and timers get their share */
};

struct io_counters {
    uint64_t enters; /* system calls made for the ring */
    uint64_t completions;
    uint64_t syscalls;    /* all other system calls made here: close, getpeername, … */
    uint64_t buffers_out; /* receive buffers not yet given back */
    uint64_t cq_overflows;
};

struct io {
    const struct io_backend *backend;
    struct clock clock;
    uint32_t buffer_bytes;
    struct io_counters counters;
    /* Called in every turn between the wait and its first completion: time has passed, and what the
     * completions decide must not be decided by the clock of before. NULL: nobody wants it. */
    void (*waited)(void *arg);
    void *waited_arg;
};
static inline void io_waited(struct io *io)
{
    if (io->waited)
        io->waited(io->waited_arg);
}

struct io_backend {
    void (*free)(struct io *io);
    int (*listen)(struct io *io, const struct io_addr *addr, int backlog);
    int (*adopt_listener)(struct io *io, int fd);
    int (*socket)(struct io *io, int family);
    int (*peer)(struct io *io, int fd, struct io_addr *out);
    void (*close)(struct io *io, int fd);
    void (*shutdown)(struct io *io, int fd);
    void (*shutdown_write)(struct io *io, int fd);
    void (*accept)(struct io *io, struct io_op *op, int fd);
    void (*connect)(struct io *io, struct io_op *op, int fd, const struct io_addr *addr);
    void (*recv)(struct io *io, struct io_op *op, int fd);
    void (*send)(struct io *io, struct io_op *op, int fd, const void *data, size_t len);
    void (*poll)(struct io *io, struct io_op *op, int fd, uint32_t events);
    void (*cancel)(struct io *io, struct io_op *op);
    char *(*buffer)(struct io *io, uint16_t id);
    void (*buffer_return)(struct io *io, uint16_t id);
    void (*turn)(struct io *io, struct tick wake_at);
    void (*wake)(struct io *io);
};

/* The real ring. On failure NULL, and `*why` says in one line what was refused and which setting
 * or seccomp profile helps. Must be called on the thread that will run the loop. */
struct io *io_uring_new(const struct io_options *options, const char **why);
static inline void io_free(struct io *io)
{
    if (io)
        io->backend->free(io);
}

/* Bound, listening, SO_REUSEPORT, close-on-exec; or a negative errno. */
static inline int io_listen(struct io *io, const struct io_addr *addr, int backlog)
{
    return io->backend->listen(io, addr, backlog);
}
/* Does somebody listen at this address of TCP already, so that io_listen would share it? Tells what is
 * so now, nothing about later; false when it cannot be told. */
bool io_addr_is_taken(const struct io_addr *addr);
/* Makes a listening socket that somebody else opened fit to be accepted from. 0 or a negative
 * errno: -EINVAL for what does not listen. */
static inline int io_adopt_listener(struct io *io, int fd)
{
    return io->backend->adopt_listener(io, fd);
}
/* A new stream socket (TCP_NODELAY set for TCP), or a negative errno. Not O_NONBLOCK: the ring would
 * answer -EAGAIN on such a descriptor instead of waiting for it. */
static inline int io_socket(struct io *io, int family)
{
    return io->backend->socket(io, family);
}
static inline int io_peer(struct io *io, int fd, struct io_addr *out)
{
    return io->backend->peer(io, fd, out);
}
/* No op may be pending on it. */
static inline void io_close(struct io *io, int fd)
{
    io->backend->close(io, fd);
}
/* Both directions; pending recv and send ops complete soon after. */
static inline void io_shutdown(struct io *io, int fd)
{
    io->backend->shutdown(io, fd);
}
/* The peer sees the end of the stream; what it sends is still received. */
static inline void io_shutdown_write(struct io *io, int fd)
{
    io->backend->shutdown_write(io, fd);
}
/* Multishot. res: a connected socket. -EMFILE and -ENFILE end it; so does -ECANCELED. */
static inline void io_accept(struct io *io, struct io_op *op, int fd)
{
    io->backend->accept(io, op, fd);
}
/* `addr` is copied. res: 0 or the error. */
static inline void io_connect(struct io *io, struct io_op *op, int fd, const struct io_addr *addr)
{
    io->backend->connect(io, op, fd, addr);
}
/* Multishot, into provided buffers. res 0: end of stream. -ENOBUFS ends it: arm it again once a
 * buffer is back (sock.c does), never on a timer. */
static inline void io_recv(struct io *io, struct io_op *op, int fd)
{
    io->backend->recv(io, op, fd);
}
/* res: bytes taken, possibly fewer than `len`. One send at a time on a socket. */
static inline void io_send(struct io *io, struct io_op *op, int fd, const void *data, size_t len)
{
    io->backend->send(io, op, fd, data, len);
}
/* One shot: res is the ready POLL* mask. */
static inline void io_poll(struct io *io, struct io_op *op, int fd, uint32_t events)
{
    io->backend->poll(io, op, fd, events);
}
/* The op still completes once more: with its result if it came first, else -ECANCELED. */
static inline void io_cancel(struct io *io, struct io_op *op)
{
    io->backend->cancel(io, op);
}
static inline char *io_buffer(struct io *io, uint16_t id)
{
    return io->backend->buffer(io, id);
}
static inline void io_buffer_return(struct io *io, uint16_t id)
{
    io->backend->buffer_return(io, id);
}
/* Submits what was started, waits until something completes or `wake_at`, and calls `done` for at
 * most completions_max completions. A `wake_at` in the past only looks. */
static inline void io_turn(struct io *io, struct tick wake_at)
{
    io->backend->turn(io, wake_at);
}
/* From any thread: the current or next turn returns. */
static inline void io_wake(struct io *io)
{
    io->backend->wake(io);
}
