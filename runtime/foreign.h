/* runtime/foreign.h - descriptors that belong to a library (libpq, curl), watched on its behalf.
 *
 * These libraries read once and may leave bytes in the socket; they count on being told again as
 * long as there are any. The ring's multishot poll tells once per arrival (only its first completion
 * looks at the level), and a wait that nobody ends would follow. So each loop keeps one private,
 * level-triggered epoll set for all of them, and what the ring watches is that set: one shot, armed
 * again after it was drained.
 *
 * Threads: the loop's.   Waits: never.   Real ring only: the simulated one has no descriptors. */
#pragma once
#include "runtime/loop.h"

struct foreign;

struct foreign_fd {
    /* EPOLL* bits, on the loop's stack. A false alarm is possible: read and write without blocking.
     * May watch and forget any descriptor, this one too, and free what holds it. */
    void (*ready)(struct foreign_fd *watched, uint32_t events);
    struct foreign *set; /* NULL while not watched */
    int fd;
    uint32_t events;
};

/* The loop's set, made at the first call and freed with the loop. */
struct foreign *foreign_of(struct loop *loop);

/* Watches `fd` for EPOLLIN, EPOLLOUT or both (errors and hang-ups always come); called again, changes
 * what for. No events: forgets it. False: the kernel refuses this descriptor. A number that another
 * foreign_fd still claims was closed meanwhile, or it could not be yours: that one is forgotten. */
NODISCARD bool foreign_watch(struct foreign *set, struct foreign_fd *watched, int fd,
                             uint32_t events);
/* `ready` is not called any more, not even for events that are already in. Before or after the
 * descriptor was closed; fine when not watched. Forget and watch again when the library may have
 * opened another socket under the same number. */
void foreign_forget(struct foreign_fd *watched);
