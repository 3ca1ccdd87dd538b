/* domain/bookings/combiner.h - which requests for bookings are decided together, and when.
 *
 *     offer --> waiting --(a flight leaves)--> under way --> answered
 *        \-> full            \-> withdrawn: not done   \-> withdrawn: unknown
 *
 * Natural batching: while all flights are under way, requests wait, and the next flight takes all of
 * them. Nobody waits for company: with a flight free, a request leaves at once, if need be alone.
 *
 * 1. First come, first in: within a flight the order of arrival decides conflicts.
 * 2. Twins (same caller, same key) that ask for the same share a flight as one: whoever came first
 *    speaks for them. Twins that ask for something else never share a flight: the later is to see what
 *    the earlier did.
 * 3. Who ran out of time before leaving does not leave.
 *
 * Only rules: what a flight is (a statement, a fiber) its owner knows.   Waits: never. */
#pragma once
#include "runtime/base/clock.h"
#include "runtime/base/list.h"

struct combiner_limits {
    uint32_t flights_max;
    uint32_t flight_services_max; /* at least what the largest request wants */
    uint32_t waiting_max;         /* requests */
};
struct combiner {
    struct combiner_limits limits;
    struct list waiting;
    uint32_t waiting_len;
    uint32_t flights;
};

/* One request; its owner embeds it. */
struct passenger {
    struct list_link link; /* waiting, or the flight's list */
    uint32_t services;     /* at least 1 */
    int64_t caller;
    struct str key;            /* empty: none, so no twins */
    struct str fingerprint;    /* of what is asked for, with a key */
    struct passenger *speaker; /* the twin on this flight that speaks for her; NULL: she herself */
    struct tick deadline;
    bool left;
};

void combiner_init(struct combiner *combiner, const struct combiner_limits *limits);

/* False: too many are waiting. `passenger` stays where it is until it is withdrawn or has left. */
NODISCARD bool combiner_offer(struct combiner *combiner, struct passenger *passenger);

/* A flight leaves with everybody who may come along, in `*flight` in the order of arrival. False: none
 * is free, or nobody is waiting who still has time. */
NODISCARD bool combiner_depart(struct combiner *combiner, struct tick now, struct list *flight);

/* A flight came back. */
void combiner_landed(struct combiner *combiner);

/* It will not wait any longer. True: it had not left, so nothing was done. */
bool combiner_withdraw(struct combiner *combiner, struct passenger *passenger);
