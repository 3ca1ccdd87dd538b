/* runtime/sock.c - see sock.h.
 *
 * The line for receive buffers: a multishot receive that finds the ring of buffers empty ends with
 * -ENOBUFS, and armed again while it is still empty it would end at once. So such a sock queues in
 * its loop, and every buffer that comes back arms the first in line. Buffers come back at the end
 * of each `received` call, so the line always moves. */
#include "runtime/sock.h"

#include <errno.h>
#include <stdlib.h>

struct sock_line {
    struct list starved;
};

static struct sock_line *line_of(struct loop *loop)
{
    struct loop_slot *slot = loop_slot(loop, LOOP_SLOT_SOCK);
    if (!slot->ptr) {
        struct sock_line *line = calloc(1, sizeof(*line));
        if (!line)
            base_die(__FILE__, __LINE__, "out of memory");
        list_init(&line->starved);
        slot->ptr = line;
        slot->free = free;
    }
    return slot->ptr;
}

static void arm(struct sock *sock)
{
    if (!sock->recv_op.pending && !sock->eof && !sock->closing && !sock->paused)
        io_recv(loop_io(sock->loop), &sock->recv_op, sock->fd);
}

static void buffer_back(struct loop *loop, uint16_t id)
{
    io_buffer_return(loop_io(loop), id);
    struct list_link *link = list_take_first(&line_of(loop)->starved);
    if (link)
        arm(container_of(link, struct sock, starved));
}

static void end_if_idle(struct sock *sock)
{
    if (sock->recv_op.pending || sock->send_op.pending)
        return;
    if (sock->fd >= 0) {
        io_close(loop_io(sock->loop), sock->fd);
        sock->fd = -1;
    }
    loop_soon(sock->loop, &sock->end_task);
}

static void end_task_run(struct task *task)
{
    struct sock *sock = container_of(task, struct sock, end_task);
    sock->events->ended(sock);
}

static void finished(struct sock *sock, int error)
{
    sock->eof = true;
    sock->events->finished(sock, error);
}

static void recv_done(struct io_op *op, int32_t res, uint32_t flags)
{
    struct sock *sock = container_of(op, struct sock, recv_op);
    struct loop *loop = sock->loop;
    if (flags & IO_BUFFER) {
        uint16_t id = io_flags_buffer(flags);
        if (res > 0 && !sock->closing && !sock->eof)
            sock->events->received(sock, str_of(io_buffer(loop_io(loop), id), (size_t)res));
        buffer_back(loop, id);
    }
    if (flags & IO_MORE)
        return;
    if (sock->closing) {
        end_if_idle(sock);
        return;
    }
    if (sock->eof)
        return;
    if (res > 0 || res == -ECANCELED || res == -EAGAIN) {
        arm(sock); /* ended by an overflow or by a pause that is over: nothing was lost */
    } else if (res == -ENOBUFS) {
        if (loop_io(loop)->counters.buffers_out == 0)
            arm(sock); /* they all came back meanwhile: nobody would call us */
        else if (!list_linked(&sock->starved))
            list_push_back(&line_of(loop)->starved, &sock->starved);
    } else {
        finished(sock, res == 0 ? 0 : -res);
    }
}

static void send_more(struct sock *sock)
{
    io_send(loop_io(sock->loop), &sock->send_op, sock->fd, sock->send_ptr, sock->send_left);
}

static void send_done(struct io_op *op, int32_t res, uint32_t flags)
{
    (void)flags;
    struct sock *sock = container_of(op, struct sock, send_op);
    if (sock->closing) {
        end_if_idle(sock);
        return;
    }
    if (res == -EINTR || res == -EAGAIN)
        res = 0;
    if (res < 0) {
        sock->events->sent(sock, -res);
        return;
    }
    assert((uint32_t)res <= sock->send_left);
    sock->send_ptr += res;
    sock->send_left -= (uint32_t)res;
    if (sock->send_left > 0)
        send_more(sock);
    else
        sock->events->sent(sock, 0);
}

void sock_begin(struct sock *sock, struct loop *loop, int fd, const struct sock_events *events)
{
    *sock = (struct sock){.loop = loop,
                          .events = events,
                          .fd = fd,
                          .recv_op.done = recv_done,
                          .send_op.done = send_done,
                          .end_task.run = end_task_run};
    arm(sock);
}

void sock_send(struct sock *sock, const void *data, size_t len)
{
    assert(!sock->closing && !sock->send_op.pending && len > 0 && len <= UINT32_MAX);
    sock->send_ptr = data;
    sock->send_left = (uint32_t)len;
    send_more(sock);
}

void sock_pause(struct sock *sock)
{
    sock->paused = true;
    if (list_linked(&sock->starved))
        list_remove(&sock->starved);
    if (sock->recv_op.pending)
        io_cancel(loop_io(sock->loop), &sock->recv_op);
}

void sock_resume(struct sock *sock)
{
    sock->paused = false;
    arm(sock); /* a cancel still under way: recv_done arms it */
}

void sock_end(struct sock *sock)
{
    assert(!sock->closing);
    sock->closing = true;
    if (list_linked(&sock->starved))
        list_remove(&sock->starved);
    struct io *io = loop_io(sock->loop);
    if (sock->recv_op.pending)
        io_cancel(io, &sock->recv_op);
    if (sock->send_op.pending)
        io_cancel(io, &sock->send_op);
    end_if_idle(sock);
}

/* ---- connecting ------------------------------------------------------------------------------ */

struct connecting {
    struct wait wait;
    struct io_op op;
    struct io *io;
    int32_t res;
};

static void connect_done(struct io_op *op, int32_t res, uint32_t flags)
{
    (void)flags;
    struct connecting *connecting = container_of(op, struct connecting, op);
    connecting->res = res;
    wait_done(&connecting->wait, res == 0 ? OK : ERR_UNAVAILABLE);
}

static void connect_cancel(struct wait *wait)
{
    struct connecting *connecting = container_of(wait, struct connecting, wait);
    io_cancel(connecting->io, &connecting->op);
}

enum err sock_connect(struct ctx *c, struct loop *loop, const struct io_addr *addr, int *fd_out)
{
    struct io *io = loop_io(loop);
    int fd = io_socket(io, addr->any.sa_family);
    if (fd < 0)
        return ERR_UNAVAILABLE;
    struct connecting connecting = {
        .wait.cancel = connect_cancel, .op.done = connect_done, .io = io};
    io_connect(io, &connecting.op, fd, addr);
    enum err err = wait_park(c, &connecting.wait);
    if (err) {
        io_close(io, fd);
        return err == ERR_CANCELED ? err : ERR_UNAVAILABLE; /* a time-out: nothing was sent */
    }
    *fd_out = fd;
    return OK;
}
