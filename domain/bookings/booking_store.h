/* domain/bookings/booking_store.h - port: where bookings are decided and kept. Every call is one
 * statement.
 *
 * OK means that there is a verdict; `out` is written when it is VERDICT_OK. `language` is what the
 * actor prefers, written unless the verdict is VERDICT_CUSTOMER_UNKNOWN. */
#pragma once
#include "domain/bookings/bookings.h"

enum booking_verdict {
#define VERDICT(name, code, reason, field) VERDICT_##name,
#include "domain/bookings/verdicts.def"
#undef VERDICT
    VERDICT_COUNT
};
bool booking_verdict_parse(struct str code, enum booking_verdict *out);

struct booking_answer {
    enum booking_verdict verdict;
    enum lang language;
    size_t wish; /* the one that a refusal is about */
};

/* Judges and, with VERDICT_OK, has made all that was wished for: durable when this returns. With
 * VERDICT_REPLAY it was made before, for the same key, and `out` is what was answered then. Decided
 * together with others that come at the same time. */
NODISCARD enum err booking_store_create(struct ctx *c, struct booking_store *store,
                                        const struct booking_limits *limits, int64_t customer,
                                        const struct booking_request *in,
                                        struct booking_answer *answer, struct bookings_made *out);
NODISCARD enum err booking_store_move(struct ctx *c, struct booking_store *store, int64_t actor,
                                      const struct booking_move *in, struct booking_answer *answer,
                                      struct booking *out);
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
/* VERDICT_OK, VERDICT_CUSTOMER_UNKNOWN, VERDICT_BOOKING_UNKNOWN. */
NODISCARD enum err booking_store_get(struct ctx *c, struct booking_store *store, int64_t viewer,
                                     int64_t id, struct booking_answer *answer,
                                     struct booking *out);
/* VERDICT_OK, VERDICT_CUSTOMER_UNKNOWN. */
NODISCARD enum err booking_store_list(struct ctx *c, struct booking_store *store, int64_t viewer,
                                      const struct booking_query *in, struct booking_answer *answer,
                                      struct booking_page *out);
