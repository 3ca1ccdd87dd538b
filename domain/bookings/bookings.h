/* domain/bookings/bookings.h - who gets which time, and what becomes of it.
 *
 *  held ──→ pending ──→ confirmed ──→ completed | no_show
 *    └→ expired  │          │
 *    └───────────┴──────────┴───────→ cancelled            active: held, pending, confirmed
 *
 * 1. Two active bookings never share a member of staff at any instant. The database keeps it: the
 *    staff row is locked and the overlap checked again, and a constraint stands behind that.
 * 2. One statement decides each move, and creations that come at the same time together; each is
 *    granted, or refused for exactly one reason.
 * 3. Every move compares the version it saw and leaves a row in the history.
 *
 * Views are into the request's arena. Waits: exactly the calls that take a ctx. */
#pragma once
#include "domain/actor.h"
#include "domain/catalogue/catalogue.h"
#include "domain/once.h"

struct booking_payments;
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
    bool held;           /* hold_expires_at means something */
    int64_t visit, room; /* 0: none */
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

struct booking_limits {   /* 0: none */
    int32_t open_max;     /* active bookings that a customer may have ahead */
    int32_t holds_max;    /* of them: holds; a held visit is one */
    int32_t hold_seconds; /* how long a hold lasts */
};

struct bookings {
    struct booking_store *store;
    struct catalogue_store *catalogue;
    struct booking_limits limits;
    struct booking_payments *payments; /* settlement.h; NULL: nobody takes money here */
};

enum { BOOKING_VISIT_MAX = 5 };
struct booking_wish {
    int64_t service;
    int64_t staff; /* 0: whoever is free and has the least to do that day */
    struct instant starts_at;
};
struct booking_request {
    int64_t salon;
    struct booking_wish wishes[BOOKING_VISIT_MAX]; /* of one visit: all or nothing */
    size_t wishes_len;
    bool hold; /* only kept for a while, until it is confirmed */
    struct str notes;
    struct once *once; /* NULL: it has no key */
};
struct bookings_made {
    struct booking *items; /* as wished, in that order */
    size_t len;
};
/* A refusal names one reason and the field that it is about (field_of in bookings.c). R_SLOT_TAKEN: another
 * was faster; it says "alternatives" (alternatives.h). R_KEY_REUSED: the key came with another request
 * before. R_OVERLOADED: too many are waiting. Of a visit it says as "item" which service it is about, from
 * 0, if any. */
NODISCARD enum err bookings_create(struct ctx *c, struct bookings *bookings,
                                   const struct actor *actor, const struct booking_request *in,
                                   struct bookings_made *out);

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

enum booking_action { BOOKING_CONFIRM, BOOKING_COMPLETE, BOOKING_DID_NOT_SHOW, BOOKING_CANCEL };
struct booking_move {
    int64_t id;
    enum booking_action action;
    int32_t version; /* the one the actor has seen; 0: whatever it is now */
    struct str reason;
};
/* Who may do what, see booking_move.sql: customers confirm holds (with their whole visit) and
 * cancel until the booking begins (a hold with its whole visit), after the salon's cut-off a confirmed
 * one for the late fee; the salon's people confirm, complete, note no-shows (for the fee) and cancel for
 * free; the system confirms what was paid for, where the salon need not approve, and cancels for free.
 * What was paid is settled when that ends the booking (settlement.h).
 * R_NOT_FOUND, R_FORBIDDEN, R_BOOKING_MOVED, R_BOOKING_BEGUN, R_BOOKING_NOT_BEGUN,
 * R_BOOKING_TRANSITION. */
NODISCARD enum err bookings_move(struct ctx *c, struct bookings *bookings,
                                 const struct actor *actor, const struct booking_move *in,
                                 struct booking *out);

struct booking_new_time {
    int64_t id;
    struct instant starts_at;
    bool other_staff; /* else the same */
    int64_t staff;    /* 0: anybody */
    int32_t version;
};
/* Claims the new time and frees the old one in one go; the booking keeps its id. `actor` is a user.
 * Refusals as of bookings_create and bookings_move, and R_BOOKING_TOO_LATE: that would escape a late
 * fee. */
NODISCARD enum err bookings_reschedule(struct ctx *c, struct bookings *bookings,
                                       const struct actor *actor, const struct booking_new_time *in,
                                       struct booking *out);
