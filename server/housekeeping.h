/* server/housekeeping.h - what has to be done now and then, on one worker: writing down that holds have
 * run out, forgetting old keys of requests.
 *
 * Nothing depends on when it is done: a hold that has run out is in nobody's way and is shown as
 * expired, an old key is as good as none. So it never hurries, and any number of processes may do it.
 *
 * Threads: the loop's.   Waits: its own fiber. */
#pragma once
#include "runtime/loop.h"

struct booking_store;

struct housekeeping {
    struct loop *loop;
    struct booking_store *bookings;
    struct duration interval;
    struct ctx ctx;
    bool alive;
};

/* `keeping` stays where it is until its fiber has ended. */
void housekeeping_begin(struct housekeeping *keeping, struct loop *loop,
                        struct booking_store *bookings, struct duration interval);
/* The fiber ends in the turns that follow. Zeroes are fine. */
void housekeeping_end(struct housekeeping *keeping);
