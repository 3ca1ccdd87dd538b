/* domain/bookings/booking_store.h - port: where bookings are decided and kept. Every call is one
 * statement.
 *
 * OK means that there is an answer; `out` is written when it is granted.
 *
 * Waits: exactly the calls that take a ctx. */
#pragma once
#include "domain/bookings/bookings.h"
#include "domain/reason.h"

struct booking_answer {
    enum reason refused; /* R_NONE: granted */
    size_t item;         /* the wish that it is about */
    bool replayed;       /* granted before, for the same key: `out` is what was answered then, */
    enum lang lang;      /* in this language */
};

/* Judges and, when granted, has made all that was wished for: durable when this returns. Decided
 * together with others that come at the same time; R_OVERLOADED: too many wait for that. */
NODISCARD enum err booking_store_create(struct ctx *c, struct booking_store *store,
                                        const struct booking_limits *limits, int64_t customer,
                                        const struct booking_request *in,
                                        struct booking_answer *answer, struct bookings_made *out);
NODISCARD enum err booking_store_move(struct ctx *c, struct booking_store *store,
                                      const struct actor *actor, const struct booking_move *in,
                                      struct booking_answer *answer, struct booking *out);
NODISCARD enum err booking_store_reschedule(struct ctx *c, struct booking_store *store,
                                            int64_t actor, const struct booking_new_time *in,
                                            struct booking_answer *answer, struct booking *out);
/* What a booking takes along when this user moves it. ERR_NOT_FOUND, with no reason noted: there is none,
 * or it is none of hers. */
struct booking_moving {
    int64_t salon, service, staff;
    bool pressing; /* she is one of the salon's people */
    struct slots_moving slot;
};
NODISCARD enum err booking_store_moving(struct ctx *c, struct booking_store *store, int64_t actor,
                                        int64_t id, struct booking_moving *out);
/* R_TOKEN_INVALID: there is no such user; R_NOT_FOUND. */
NODISCARD enum err booking_store_get(struct ctx *c, struct booking_store *store, int64_t viewer,
                                     int64_t id, struct booking_answer *answer,
                                     struct booking *out);
/* R_TOKEN_INVALID. */
NODISCARD enum err booking_store_list(struct ctx *c, struct booking_store *store, int64_t viewer,
                                      const struct booking_query *in, struct booking_answer *answer,
                                      struct booking_page *out);
