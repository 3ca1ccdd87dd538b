/* server/process/housekeeping.h - what has to be done now and then, on one worker: writing down that holds have
 * run out, forgetting old keys of requests, and now and then old codes, ended sessions and
 * files that no photo names.
 *
 * Nothing depends on when it is done: a hold that has run out is in nobody's way and is shown as
 * expired, an old key is as good as none. So it never hurries, and any number of processes may do it.
 *
 * Threads: the loop's.   Waits: its own fiber. */
#pragma once
#include "runtime/loop.h"

struct booking_store;
struct pg_pool;
struct photos;

struct housekeeping_options {
    struct booking_store *bookings;
    struct pg_pool *pool;
    struct photos *photos; /* NULL: none are kept */
    struct duration interval;
    struct duration logins_kept; /* codes that were asked for, sessions that ended */
};

struct housekeeping {
    struct loop *loop;
    struct housekeeping_options options;
    struct tick sweep_at; /* of old codes and sessions: far less often than the rest */
    struct tick shelf_at; /* the next shelf of photos is looked through */
    uint32_t shelf;
    struct ctx ctx;
    bool alive;
};

/* `keeping` stays where it is until its fiber has ended. */
void housekeeping_begin(struct housekeeping *keeping, struct loop *loop,
                        const struct housekeeping_options *options);
/* The fiber ends in the turns that follow. Zeroes are fine. */
void housekeeping_end(struct housekeeping *keeping);
