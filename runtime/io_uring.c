/* runtime/io_uring.c - io.h on the kernel's ring.
 *
 * One ring per loop: SINGLE_ISSUER and DEFER_TASKRUN (completions are delivered only when the loop
 * asks, in batches), SUBMIT_ALL, a completion queue eight times the submission queue, and one group
 * of provided receive buffers, so that an idle connection holds none.
 *
 * user_data is the io_op's address, or NULL for what nobody waits for (close, cancel). An op's
 * memory belongs to the ring until its last completion, so no late completion can find somebody
 * else there. A closed descriptor has no pending op: the layer above sees to it (sock.c).
 *
 * Regular files never come here: the ring would hand them to kernel threads. See offload.h. */
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/io.h"

enum { BUFFER_GROUP = 0, CQ_PER_SQ = 8 };

struct io_real {
    struct io io;
    struct io_uring ring;
    struct io_uring_buf_ring *buf_ring;
    char *buffers;
    uint32_t buffers_len;
    uint32_t completions_max;
    int wake_fd;
    uint64_t wake_count; /* what the eventfd read writes into */
    struct io_op wake_op;
};

static struct io_real *real(struct io *io)
{
    return container_of(io, struct io_real, io);
}

static struct io_uring_sqe *sqe_for(struct io_real *r, struct io_op *op)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&r->ring);
    if (UNLIKELY(!sqe)) { /* queue full: hand over what there is, without waiting */
        r->io.counters.enters++;
        int submitted = io_uring_submit(&r->ring);
        sqe = io_uring_get_sqe(&r->ring);
        if (submitted < 0 || !sqe)
            base_die(__FILE__, __LINE__, "the ring takes no more submissions");
    }
    if (op) {
        assert(!op->pending);
        op->pending = true;
        op->canceled = false;
    }
    return sqe;
}

static void real_accept(struct io *io, struct io_op *op, int fd)
{
    struct io_uring_sqe *sqe = sqe_for(real(io), op);
    io_uring_prep_multishot_accept(sqe, fd, NULL, NULL, SOCK_CLOEXEC);
    io_uring_sqe_set_data(sqe, op);
}

static void real_connect(struct io *io, struct io_op *op, int fd, const struct io_addr *addr)
{
    struct io_real *r = real(io);
    struct io_uring_sqe *sqe = sqe_for(r, op);
    io_uring_prep_connect(sqe, fd, &addr->any, addr->len);
    io_uring_sqe_set_data(sqe, op);
    io->counters.enters++;
    io_uring_submit(&r->ring); /* the address is copied at submission, so it may go after this */
}

static void real_recv(struct io *io, struct io_op *op, int fd)
{
    struct io_uring_sqe *sqe = sqe_for(real(io), op);
    io_uring_prep_recv_multishot(sqe, fd, NULL, 0, 0);
    sqe->flags |= IOSQE_BUFFER_SELECT;
    sqe->buf_group = BUFFER_GROUP;
    io_uring_sqe_set_data(sqe, op);
}

static void real_send(struct io *io, struct io_op *op, int fd, const void *data, size_t len)
{
    struct io_uring_sqe *sqe = sqe_for(real(io), op);
    /* WAITALL: the kernel sends the rest itself when the socket's buffer was full. */
    io_uring_prep_send(sqe, fd, data, len, MSG_NOSIGNAL | MSG_WAITALL);
    io_uring_sqe_set_data(sqe, op);
}

static void real_poll(struct io *io, struct io_op *op, int fd, uint32_t events)
{
    struct io_uring_sqe *sqe = sqe_for(real(io), op);
    io_uring_prep_poll_add(sqe, fd, events);
    io_uring_sqe_set_data(sqe, op);
}

static void real_cancel(struct io *io, struct io_op *op)
{
    if (!op->pending || op->canceled)
        return;
    op->canceled = true;
    struct io_uring_sqe *sqe = sqe_for(real(io), NULL);
    io_uring_prep_cancel(sqe, op, 0);
    io_uring_sqe_set_data(sqe, NULL);
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
}

static void real_close(struct io *io, int fd)
{
    struct io_uring_sqe *sqe = sqe_for(real(io), NULL);
    io_uring_prep_close(sqe, fd);
    io_uring_sqe_set_data(sqe, NULL);
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
}

static void real_shutdown(struct io *io, int fd)
{
    io->counters.syscalls++; /* the ring's own operation would go through a kernel thread */
    shutdown(fd, SHUT_RDWR);
}

static void real_shutdown_write(struct io *io, int fd)
{
    io->counters.syscalls++;
    shutdown(fd, SHUT_WR);
}

static int real_peer(struct io *io, int fd, struct io_addr *out)
{
    memset(out, 0, sizeof(*out));
    out->len = sizeof(out->un);
    io->counters.syscalls++;
    return getpeername(fd, &out->any, &out->len) == 0 ? 0 : -errno;
}

static void no_delay(int fd)
{
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

static int real_socket(struct io *io, int family)
{
    io->counters.syscalls++;
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (family != AF_UNIX)
        no_delay(fd);
    return fd;
}

/* A socket file that nobody listens on any more is left by a killed process: it may go. */
static void remove_stale_socket(const struct io_addr *addr)
{
    struct stat st;
    if (stat(addr->un.sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
        return;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    if (connect(fd, &addr->any, addr->len) != 0 && errno == ECONNREFUSED)
        unlink(addr->un.sun_path);
    close(fd);
}

static int real_listen(struct io *io, const struct io_addr *addr, int backlog)
{
    int family = addr->any.sa_family;
    int fd = real_socket(io, family); /* accepted sockets inherit TCP_NODELAY from this one */
    if (fd < 0)
        return fd;
    int one = 1;
    if (family == AF_UNIX) {
        remove_stale_socket(addr);
    } else {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
    }
    if (bind(fd, &addr->any, addr->len) != 0 || listen(fd, backlog) != 0) {
        int error = -errno;
        close(fd);
        return error;
    }
    return fd;
}

static int real_adopt_listener(struct io *io, int fd)
{
    (void)io;
    int listening = 0;
    socklen_t len = sizeof(listening);
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) != 0)
        return -errno;
    if (!listening)
        return -EINVAL;
    /* Whoever made it may poll it; the ring would answer -EAGAIN on it without end. */
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) != 0)
        return -errno;
    no_delay(fd);
    return 0;
}

static char *real_buffer(struct io *io, uint16_t id)
{
    struct io_real *r = real(io);
    assert(id < r->buffers_len);
    return r->buffers + (size_t)id * io->buffer_bytes;
}

static void real_buffer_return(struct io *io, uint16_t id)
{
    struct io_real *r = real(io);
    assert(io->counters.buffers_out > 0);
    io->counters.buffers_out--;
    io_uring_buf_ring_add(r->buf_ring, real_buffer(io, id), io->buffer_bytes, id,
                          io_uring_buf_ring_mask(r->buffers_len), 0);
    io_uring_buf_ring_advance(r->buf_ring, 1);
}

static void deliver(struct io_real *r, const struct io_uring_cqe *cqe)
{
    struct io_op *op = io_uring_cqe_get_data(cqe);
    r->io.counters.completions++;
    if (!op) /* a close or a cancel that found nothing to do */
        return;
    assert(op->pending);
    uint32_t flags = 0;
    if (cqe->flags & IORING_CQE_F_BUFFER) {
        flags |= IO_BUFFER | (cqe->flags >> IORING_CQE_BUFFER_SHIFT) << 16;
        r->io.counters.buffers_out++;
    }
    if (cqe->flags & IORING_CQE_F_MORE)
        flags |= IO_MORE;
    else
        op->pending = false;
    op->done(op, cqe->res, flags);
}

static void enter(struct io_real *r, struct tick wake_at)
{
    struct io_uring_cqe *cqe;
    struct tick now = r->io.clock.mono(&r->io.clock);
    r->io.counters.enters++;
    if (wake_at.ns <= now.ns) {
        io_uring_submit_and_get_events(&r->ring);
    } else if (wake_at.ns == UINT64_MAX) {
        io_uring_submit_and_wait(&r->ring, 1);
    } else {
        uint64_t left = wake_at.ns - now.ns;
        struct __kernel_timespec ts = {.tv_sec = (int64_t)(left / 1000000000u),
                                       .tv_nsec = (int64_t)(left % 1000000000u)};
        io_uring_submit_and_wait_timeout(&r->ring, &cqe, 1, &ts, NULL);
    }
}

static void real_turn(struct io *io, struct tick wake_at)
{
    struct io_real *r = real(io);
    if (UNLIKELY(IO_URING_READ_ONCE(*r->ring.sq.kflags) & IORING_SQ_CQ_OVERFLOW))
        io->counters.cq_overflows++;
    /* What is left from the last turn's bounded batch must not wait for something new. */
    bool left = io_uring_cq_ready(&r->ring) > 0;
    enter(r, left ? (struct tick){0} : wake_at);
    io_waited(io);
    struct io_uring_cqe *cqe;
    for (uint32_t n = 0; n < r->completions_max && io_uring_peek_cqe(&r->ring, &cqe) == 0; n++) {
        struct io_uring_cqe copy = *cqe;
        io_uring_cqe_seen(&r->ring, cqe); /* first: the handler may need the room */
        deliver(r, &copy);
    }
}

static void arm_wake(struct io_real *r)
{
    struct io_uring_sqe *sqe = sqe_for(r, &r->wake_op);
    io_uring_prep_read(sqe, r->wake_fd, &r->wake_count, sizeof(r->wake_count), 0);
    io_uring_sqe_set_data(sqe, &r->wake_op);
}

static void woken(struct io_op *op, int32_t res, uint32_t flags)
{
    (void)flags;
    if (res != -ECANCELED)
        arm_wake(container_of(op, struct io_real, wake_op));
}

static void real_wake(struct io *io)
{
    uint64_t one = 1;
    ssize_t written = write(real(io)->wake_fd, &one, sizeof(one));
    assert(written == (ssize_t)sizeof(one)); /* the counter cannot overflow: it is read to zero */
    (void)written;
}

static void real_free(struct io *io)
{
    struct io_real *r = real(io);
    io_uring_queue_exit(&r->ring);
    if (r->buf_ring)
        munmap(r->buf_ring, r->buffers_len * sizeof(struct io_uring_buf));
    if (r->buffers)
        munmap(r->buffers, (size_t)r->buffers_len * io->buffer_bytes);
    if (r->wake_fd >= 0)
        close(r->wake_fd);
    free(r);
}

static const struct io_backend backend_real = {
    .free = real_free,
    .listen = real_listen,
    .adopt_listener = real_adopt_listener,
    .socket = real_socket,
    .peer = real_peer,
    .close = real_close,
    .shutdown = real_shutdown,
    .shutdown_write = real_shutdown_write,
    .accept = real_accept,
    .connect = real_connect,
    .recv = real_recv,
    .send = real_send,
    .poll = real_poll,
    .cancel = real_cancel,
    .buffer = real_buffer,
    .buffer_return = real_buffer_return,
    .turn = real_turn,
    .wake = real_wake,
};

static const char *why_no_ring(int error)
{
    switch (error) {
    case -EPERM:
        return "io_uring is not permitted: set the sysctl kernel.io_uring_disabled=0, or allow "
               "io_uring_setup, io_uring_enter and io_uring_register in the container's seccomp "
               "profile";
    case -ENOSYS:
        return "this kernel has no io_uring: Linux 6.1 or later is needed (or the sandbox hides "
               "it: allow io_uring_setup, io_uring_enter and io_uring_register)";
    case -EINVAL: return "this kernel's io_uring is too old: Linux 6.1 or later is needed";
    case -ENOMEM: return "io_uring got no memory: raise the limit of locked memory (ulimit -l)";
    case -EMFILE: return "io_uring got no descriptor: raise the limit of open files (ulimit -n)";
    default: return "io_uring could not be set up";
    }
}

static int set_up_ring(struct io_real *r, uint32_t entries)
{
    struct io_uring_params params = {
        .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SUBMIT_ALL |
                 IORING_SETUP_CQSIZE,
        .cq_entries = entries * CQ_PER_SQ,
    };
    int error = io_uring_queue_init_params(entries, &r->ring, &params);
    if (error)
        return error;
    io_uring_ring_dontfork(&r->ring);
    io_uring_register_ring_fd(&r->ring); /* saves a look-up per enter; fine without */
    return 0;
}

static void *map_memory(size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return NULL;
    madvise(p, bytes, MADV_DONTFORK);
    return p;
}

static int set_up_buffers(struct io_real *r, uint32_t count, uint32_t bytes)
{
    assert(count && (count & (count - 1)) == 0 && count <= 32768);
    r->buffers_len = count;
    r->io.buffer_bytes = bytes;
    r->buf_ring = map_memory(count * sizeof(struct io_uring_buf));
    r->buffers = map_memory((size_t)count * bytes);
    if (!r->buf_ring || !r->buffers)
        return -ENOMEM;
    struct io_uring_buf_reg reg = {
        .ring_addr = (uintptr_t)r->buf_ring, .ring_entries = count, .bgid = BUFFER_GROUP};
    int error = io_uring_register_buf_ring(&r->ring, &reg, 0);
    if (error)
        return error;
    io_uring_buf_ring_init(r->buf_ring);
    for (uint32_t i = 0; i < count; i++)
        io_uring_buf_ring_add(r->buf_ring, real_buffer(&r->io, (uint16_t)i), bytes, (uint16_t)i,
                              io_uring_buf_ring_mask(count), (int)i);
    io_uring_buf_ring_advance(r->buf_ring, (int)count);
    return 0;
}

struct io *io_uring_new(const struct io_options *options, const char **why)
{
    struct io_real *r = calloc(1, sizeof(*r));
    if (!r) {
        *why = why_no_ring(-ENOMEM);
        return NULL;
    }
    r->io.backend = &backend_real;
    r->io.clock = clock_system;
    r->completions_max = options->completions_max;
    r->wake_op.done = woken;
    r->wake_fd = -1;
    int error = set_up_ring(r, options->entries);
    if (error) {
        *why = why_no_ring(error);
        free(r);
        return NULL;
    }
    error = set_up_buffers(r, options->buffers, options->buffer_bytes);
    r->wake_fd = eventfd(0, EFD_CLOEXEC);
    if (error || r->wake_fd < 0) {
        *why = why_no_ring(error ? error : -errno);
        real_free(&r->io);
        return NULL;
    }
    arm_wake(r);
    return &r->io;
}
