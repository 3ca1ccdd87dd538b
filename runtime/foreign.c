/* runtime/foreign.c - see foreign.h.
 *
 *     ring poll (one shot) --> polled: epoll_wait, a batch --> dispatch --> all served: arm again
 *                                                                 \--> slice used up: next turn
 *
 * 1. The poll is armed exactly while no batch is being served.
 * 2. The kernel's key of a descriptor is its number and our generation of that number. So an event
 *    that was fetched before foreign_forget, or comes from a file that a forked child keeps open,
 *    finds nobody. */
#include "runtime/foreign.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "runtime/base/log.h"

enum {
    FOREIGN_BATCH = 64,
    /* A TLS handshake costs hundreds of µs: a batch of them must not hold up the whole loop. */
    FOREIGN_SLICE_US = 2000,
    FOREIGN_RETRY_MS = 10,
};

struct place {
    struct foreign_fd *watched;
    uint32_t generation;
};

struct foreign {
    struct loop *loop;
    int epoll;
    struct io_op poll;
    struct task resume;
    struct timer retry;
    struct place *places; /* by descriptor */
    size_t places_len;
    struct epoll_event batch[FOREIGN_BATCH];
    int batch_len, batch_next;
};

static void polled(struct io_op *op, int32_t res, uint32_t flags);
static void resume(struct task *task);
static void retry(struct timer *timer);

static void foreign_free(void *set_)
{
    struct foreign *set = set_;
    timer_cancel(&set->retry);
    task_cancel(&set->resume);
    close(set->epoll);
    free(set->places);
    free(set);
}

struct foreign *foreign_of(struct loop *loop)
{
    struct loop_slot *slot = loop_slot(loop, LOOP_SLOT_FOREIGN);
    if (slot->ptr)
        return slot->ptr;
    struct foreign *set = calloc(1, sizeof(*set));
    if (!set)
        base_die(__FILE__, __LINE__, "out of memory");
    set->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (set->epoll < 0)
        base_die(__FILE__, __LINE__, "no epoll set: out of descriptors");
    set->loop = loop;
    set->poll.done = polled;
    set->resume.run = resume;
    set->retry.fire = retry;
    *slot = (struct loop_slot){.ptr = set, .free = foreign_free};
    io_poll(loop_io(loop), &set->poll, set->epoll, POLLIN);
    return set;
}

/* ---- serving --------------------------------------------------------------------------------- */

static struct foreign_fd *watch_find(struct foreign *set, uint64_t key)
{
    size_t fd = (uint32_t)key;
    assert(fd < set->places_len);
    return set->places[fd].generation == key >> 32 ? set->places[fd].watched : NULL;
}

static void dispatch(struct foreign *set)
{
    const struct clock *clock = loop_clock(set->loop);
    uint64_t stop_ns = tick_add(clock->mono(clock), microseconds(FOREIGN_SLICE_US)).ns;
    while (set->batch_next < set->batch_len) {
        const struct epoll_event *event = &set->batch[set->batch_next++];
        struct foreign_fd *watched = watch_find(set, event->data.u64);
        if (watched)
            watched->ready(watched, event->events);
        if (set->batch_next < set->batch_len && clock->mono(clock).ns >= stop_ns) {
            loop_soon(set->loop, &set->resume);
            return;
        }
    }
    io_poll(loop_io(set->loop), &set->poll, set->epoll, POLLIN);
}

static void polled(struct io_op *op, int32_t res, uint32_t flags)
{
    struct foreign *set = container_of(op, struct foreign, poll);
    if (res < 0) {
        log_event(LOG_ERROR, "foreign_poll_failed", "%s", strerrordesc_np(-res));
        timer_set(set->loop, &set->retry,
                  tick_add(loop_now(set->loop), milliseconds(FOREIGN_RETRY_MS)));
        return;
    }
    loop_io(set->loop)->counters.syscalls++;
    int len = epoll_wait(set->epoll, set->batch, FOREIGN_BATCH, 0);
    set->batch_len = MAX(len, 0);
    set->batch_next = 0;
    dispatch(set);
}

static void resume(struct task *task)
{
    dispatch(container_of(task, struct foreign, resume));
}

static void retry(struct timer *timer)
{
    struct foreign *set = container_of(timer, struct foreign, retry);
    io_poll(loop_io(set->loop), &set->poll, set->epoll, POLLIN);
}

/* ---- watching -------------------------------------------------------------------------------- */

static void make_place(struct foreign *set, int fd)
{
    if ((size_t)fd < set->places_len)
        return;
    size_t len = MAX((size_t)fd + 1, set->places_len * 2);
    struct place *places = realloc(set->places, len * sizeof(*places));
    if (!places)
        base_die(__FILE__, __LINE__, "out of memory");
    memset(places + set->places_len, 0, (len - set->places_len) * sizeof(*places));
    set->places = places;
    set->places_len = len;
}

static int control(struct foreign *set, int operation, int fd, uint32_t events)
{
    uint64_t generation = set->places[fd].generation;
    struct epoll_event event = {.events = events, .data.u64 = generation << 32 | (uint32_t)fd};
    loop_io(set->loop)->counters.syscalls++;
    return epoll_ctl(set->epoll, operation, fd, &event) == 0 ? 0 : errno;
}

static bool change(struct foreign_fd *watched, uint32_t events)
{
    if (watched->events == events)
        return true;
    if (control(watched->set, EPOLL_CTL_MOD, watched->fd, events) != 0) {
        foreign_forget(watched);
        return false;
    }
    watched->events = events;
    return true;
}

bool foreign_watch(struct foreign *set, struct foreign_fd *watched, int fd, uint32_t events)
{
    assert(fd >= 0 && watched->ready && (!watched->set || watched->set == set));
    if (watched->set && watched->fd == fd && events)
        return change(watched, events);
    foreign_forget(watched);
    if (!events)
        return true;
    make_place(set, fd);
    struct place *place = &set->places[fd];
    if (place->watched)
        foreign_forget(place->watched);
    place->generation++;
    int error = control(set, EPOLL_CTL_ADD, fd, events);
    if (error == EEXIST) /* forgotten after the number had been given to this same file again */
        error = control(set, EPOLL_CTL_MOD, fd, events);
    if (error) {
        log_event(LOG_ERROR, "foreign_watch_failed", "%s", strerrordesc_np(error));
        return false;
    }
    place->watched = watched;
    watched->set = set;
    watched->fd = fd;
    watched->events = events;
    return true;
}

void foreign_forget(struct foreign_fd *watched)
{
    struct foreign *set = watched->set;
    if (!set)
        return;
    struct place *place = &set->places[watched->fd];
    assert(place->watched == watched);
    place->watched = NULL;
    place->generation++;
    /* Closed already: the kernel took it out itself, and says so here. */
    control(set, EPOLL_CTL_DEL, watched->fd, 0);
    watched->set = NULL;
}
