#include "server/http/listener.h"

#include <errno.h>
#include <string.h>

#include "runtime/base/counter.h"
#include "runtime/base/log.h"
#include "runtime/tls.h"

enum { LOOK_AGAIN_MS = 200 };

static bool is_full(const struct http_server *server)
{
    return server->conns_len >= server->options.conns_max;
}

static void arm(struct listener *listener)
{
    if (listener->stopped || listener->op.pending)
        return;
    assert(listener->fd >= 0);
    listener->waiting = false;
    io_accept(loop_io(listener->server->loop), &listener->op, listener->fd);
}

/* Nothing is accepted until a connection goes, or a little later: the descriptors may be held by
 * something else than connections. */
static void wait_for_room(struct listener *listener, const char *why)
{
    struct http_server *server = listener->server;
    assert(!listener->stopped);
    if (!listener->waiting && listener->listen.metrics)
        counter_add(&listener->listen.metrics->accept_pauses, 1);
    if (!listener->counted_pause)
        log_event(LOG_WARN, "accept_paused", "%s", why);
    listener->counted_pause = true;
    listener->waiting = true;
    timer_set(server->loop, &listener->again,
              tick_add(loop_now(server->loop), milliseconds(LOOK_AGAIN_MS)));
}

static void look_again(struct timer *timer)
{
    struct listener *listener = container_of(timer, struct listener, again);
    assert(listener->waiting && !listener->stopped);
    if (is_full(listener->server))
        wait_for_room(listener, "at the cap of connections");
    else
        arm(listener);
}

static void stop(struct listener *listener)
{
    assert(listener->stopped && !timer_armed(&listener->again));
    if (listener->fd < 0 || listener->op.pending)
        return;
    io_close(loop_io(listener->server->loop), listener->fd);
    listener->fd = -1;
}

/* The kernel's trouble with one connection, or the end of an arming: accepting goes on at once.
 * Whatever else (descriptors, memory, a socket that is none) would come again and again. */
static bool passes_by_itself(int32_t res)
{
    return res >= 0 || res == -ECANCELED || res == -ECONNABORTED || res == -EINTR || res == -EPROTO;
}

static void on_accept(struct io_op *op, int32_t res, uint32_t flags)
{
    struct listener *listener = container_of(op, struct listener, op);
    struct http_server *server = listener->server;
    if (res >= 0 && listener->stopped)
        io_close(loop_io(server->loop), res);
    else if (res >= 0)
        http_server_adopt(server, &listener->listen, res);
    if (listener->stopped) {
        stop(listener);
        return;
    }
    if (!passes_by_itself(res)) {
        wait_for_room(listener, strerrordesc_np(-res));
    } else if (res >= 0 && is_full(server)) {
        wait_for_room(listener, "at the cap of connections");
        if (flags & IO_MORE && !op->canceled)
            io_cancel(loop_io(server->loop), op);
    } else if (!(flags & IO_MORE) && !(listener->waiting && is_full(server))) {
        arm(listener);
    } else if (!listener->waiting) {
        listener->counted_pause = false;
    }
}

void listener_begin(struct listener *listener, struct http_server *server, int fd,
                    const struct http_listen *listen)
{
    assert(fd >= 0 && listen->router);
    *listener = (struct listener){.op.done = on_accept,
                                  .again.fire = look_again,
                                  .server = server,
                                  .listen = *listen,
                                  .fd = fd};
    list_push_back(&server->listeners, &listener->link);
    arm(listener);
}

void listener_set_tls(struct listener *listener, struct tls_config *tls)
{
    tls_config_unref(listener->listen.tls);
    listener->listen.tls = tls;
}

void listeners_room(struct http_server *server)
{
    struct list_link *link;
    for (link = server->listeners.head.next; link != &server->listeners.head; link = link->next) {
        struct listener *listener = container_of(link, struct listener, link);
        /* A cancel still under way: its completion arms again. */
        if (!listener->waiting || is_full(server) || listener->op.pending)
            continue;
        timer_cancel(&listener->again);
        arm(listener);
    }
}

void listeners_close(struct http_server *server)
{
    struct list_link *link;
    for (link = server->listeners.head.next; link != &server->listeners.head; link = link->next) {
        struct listener *listener = container_of(link, struct listener, link);
        listener->stopped = true;
        timer_cancel(&listener->again);
        if (listener->op.pending)
            io_cancel(loop_io(server->loop), &listener->op);
        else
            stop(listener);
    }
}
