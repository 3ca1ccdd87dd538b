/* runtime/sock.h - a connected stream socket on a loop: bytes in by callback, one send under way.
 *
 * For state machines that own no fiber while idle (an HTTP connection) and for drivers that share
 * a socket between many fibers (Redis). An idle sock owns no buffer: received bytes lie in a
 * provided buffer for the length of one callback.
 *
 *   sock_begin --> open --(sock_end)--> closing --(last completion came)--> ended()
 *
 * Out of receive buffers, the sock waits in its loop's line and is armed again when one comes back.
 * Threads: the loop's.   Waits: sock_connect. */
#pragma once
#include "runtime/loop.h"

struct sock;
struct sock_events {
    /* Bytes arrived; the view ends with the call. May end or pause the sock. */
    void (*received)(struct sock *sock, struct str bytes);
    /* The peer sends no more (error 0), or the connection broke (errno > 0). Called once; nothing
     * is received after it. The sock is still to be ended by its owner. */
    void (*finished)(struct sock *sock, int error);
    /* The whole of the last sock_send is with the kernel, or it failed (errno > 0). */
    void (*sent)(struct sock *sock, int error);
    /* After sock_end, once nothing is pending: the owner may free it. */
    void (*ended)(struct sock *sock);
};

struct sock {
    struct loop *loop;
    const struct sock_events *events;
    int fd;
    struct io_op recv_op, send_op;
    struct list_link starved; /* in the loop's line for a receive buffer */
    const char *send_ptr;
    uint32_t send_left;
    bool paused, eof, closing;
    struct task end_task;
};

/* Takes over `fd` (connected) and starts receiving. */
void sock_begin(struct sock *sock, struct loop *loop, int fd, const struct sock_events *events);
/* `data` stays the caller's and untouched until `sent`. No other send may be under way. */
void sock_send(struct sock *sock, const void *data, size_t len);
static inline bool sock_sending(const struct sock *sock)
{
    return sock->send_op.pending;
}
/* Stops and restarts receiving: bytes already taken from the kernel are still delivered after
 * sock_pause, so the owner must be able to keep one receive buffer more than its cap. */
void sock_pause(struct sock *sock);
void sock_resume(struct sock *sock);
/* Says goodbye: nothing is called any more but `ended`, later (never from within this call). */
void sock_end(struct sock *sock);

/* Connects from a fiber; -> a connected descriptor for sock_begin. ERR_UNAVAILABLE: refused,
 * unreachable or the ctx's deadline passed; nothing was sent. */
NODISCARD enum err sock_connect(struct ctx *c, struct loop *loop, const struct io_addr *addr,
                                int *fd_out);
