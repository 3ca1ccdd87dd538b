/* domain/bookings/bookings.h - who gets which time, and what becomes of it.
 *
 *  held ──→ pending ──→ confirmed ──→ completed | no_show
 *    └→ expired  │          │
 *    └───────────┴──────────┴───────→ cancelled            active: held, pending, confirmed
 *
 * 1. Two active bookings never share a member of staff at any instant. The database keeps it: the
 *    staff row is locked and the overlap checked again, and a constraint stands behind that.
 * 2. One statement decides each creation and each move; it answers with exactly one verdict.
 * 3. Every move compares the version it saw and leaves a row in the history.
 *
 * Views are into the request's arena. Waits: exactly the calls that take a ctx. */
#pragma once
#include "domain/catalogue/catalogue.h"

struct booking_store;

enum booking_status {
    BOOKING_HELD,
    BOOKING_PENDING,
    BOOKING_CONFIRMED,
    BOOKING_COMPLETED,
    BOOKING_CANCELLED,
    BOOKING_NO_SHOW,
    BOOKING_EXPIRED,
    BOOKING_STATUS_COUNT
};
/* "held", "no_show", …: how the API and the database write a state. */
struct str booking_status_code(enum booking_status status);
bool booking_status_parse(struct str code, enum booking_status *out);

struct booking {
    int64_t id, salon, service, staff, customer;
    struct instant starts_at, ends_at;
    enum booking_status status;
    int32_t version;
    bool held; /* hold_expires_at means something */
    struct instant hold_expires_at;
    int64_t price_amount, deposit_amount;
    int64_t fee_amount; /* owed for a late cancellation or a no-show */
    struct str currency;
    struct instant created_at, cancel_free_until;
    struct str cancelled_by; /* "customer", "staff", "manager", "admin", "system"; or empty */
    struct str reason, notes;
    const struct tz *tz; /* the salon's */
    struct str timezone;
    struct name salon_name, service_name;
    struct str staff_name, customer_name;
};

/* Who acts. Every statement also answers what language this user prefers; it becomes the ctx's
 * unless the request itself asked for one. */
struct actor {
    int64_t user_id;
    bool language_asked;
};

struct bookings {
    struct booking_store *store;
    struct catalogue_store *catalogue;
    int32_t open_max; /* active bookings that a customer may have ahead; 0: no limit */
};

struct booking_request {
    int64_t salon, service;
    int64_t staff; /* 0: whoever is free and has the least to do that day */
    struct instant starts_at;
    struct str notes;
};
/* A refusal names exactly one cause: see verdicts.def. R_SLOT_TAKEN when another was faster. */
NODISCARD enum err bookings_create(struct ctx *c, struct bookings *bookings,
                                   const struct actor *actor, const struct booking_request *in,
                                   struct booking *out);

/* What to offer to the loser: free times around the one that was taken, nearest first, with the same
 * member of staff if one was asked for. */
enum { BOOKING_ALTERNATIVES_MAX = 3, BOOKING_ALTERNATIVES_DAYS = 7 };
struct booking_alternatives {
    const struct tz *tz;
    size_t len;
    struct booking_alternative {
        struct instant starts_at, ends_at;
        int64_t staff; /* one who is free then */
    } items[BOOKING_ALTERNATIVES_MAX];
};
NODISCARD enum err bookings_alternatives(struct ctx *c, struct bookings *bookings,
                                         const struct booking_request *in,
                                         struct booking_alternatives *out);

/* R_NOT_FOUND: there is none, or it is none of the actor's business. */
NODISCARD enum err bookings_get(struct ctx *c, struct bookings *bookings, const struct actor *actor,
                                int64_t id, struct booking *out);

/* Customers see their own, staff theirs, managers their salons', admins all. */
enum booking_when {
    BOOKINGS_ANY_TIME, /* latest first */
    BOOKINGS_UPCOMING, /* not over yet; soonest first */
    BOOKINGS_PAST,     /* over; latest first */
};
struct booking_query {
    enum booking_when when;
    const enum booking_status *status; /* NULL: any */
    int64_t salon;                     /* 0: any */
    int64_t after_id;                  /* 0: the first page */
    struct instant after_starts_at;
    int64_t limit;
};
struct booking_page {
    struct booking *items;
    size_t len;
    bool more;
};
NODISCARD enum err bookings_list(struct ctx *c, struct bookings *bookings,
                                 const struct actor *actor, const struct booking_query *in,
                                 struct booking_page *out);

/* Frees the time at once. A customer may cancel until the booking begins; after the salon's cut-off a
 * confirmed one costs the late-cancel fee, noted on the booking. The salon's people cancel any time,
 * for free. R_NOT_FOUND, R_BOOKING_BEGUN, R_BOOKING_TRANSITION. */
NODISCARD enum err bookings_cancel(struct ctx *c, struct bookings *bookings,
                                   const struct actor *actor, int64_t id, struct str reason,
                                   struct booking *out);
