/* domain/house/house.h - what is over is written down, and what is old is not kept for ever.
 *
 * Nothing depends on when it is done: a hold that has run out is in nobody's way and is shown as
 * expired, an old key is as good as none. Limits of codes look back a day at most, and no rule looks
 * at an ended session: what is older than that is kept for people who ask what happened, for
 * `logins_kept`. Accounts and audit rows stay. Any number of processes may do any of it at once.
 *
 * Each goes on for as many rounds as it takes, but no more than HOUSE_ROUNDS_MAX: a table that was
 * never swept has millions, and others need the disk as well. The rest goes when it comes round
 * again.
 *
 * Waits: all.   Errors: as the port says them; doing it again is always fine. */
#pragma once
#include "runtime/base/ctx.h"

struct sweep_store;

enum { HOUSE_AT_MOST = 200, HOUSE_ROUNDS_MAX = 500 };

struct house {
    struct sweep_store *store;
    struct duration logins_kept; /* codes that were asked for, sessions that ended */
};

/* Holds that have run out are expired. */
NODISCARD enum err house_end_holds(struct ctx *c, struct house *house);
/* Keys of requests, after their day. */
NODISCARD enum err house_forget_keys(struct ctx *c, struct house *house);
NODISCARD enum err house_forget_codes(struct ctx *c, struct house *house);
NODISCARD enum err house_forget_sessions(struct ctx *c, struct house *house);
