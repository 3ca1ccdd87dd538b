/* domain/catalogue/catalogue.h - salons and what they offer, for everybody to read.
 *
 * What is inactive does not exist here. Views are into the request's arena.
 *
 * Everything may come from a cache that is up to a second old (and says so by a stamp), but for slots,
 * which are as new as the request. Who has just written calls catalogue_catch_up first.
 * Waits: exactly the calls that take a ctx. */
#pragma once
#include "domain/catalogue/slots.h"
#include "domain/money.h"
#include "domain/reason.h"

struct catalogue_store;

/* In both languages; people see the one of their request. */
struct name {
    struct str in[LANG_COUNT];
};

struct salon {
    int64_t id;
    struct name name, city;
    struct str address, phone, timezone;
    bool has_position;
    double latitude, longitude;
    int32_t rating_hundredths; /* 470: 4.70 of 5 */
    int32_t review_count;      /* 0: the rating says nothing */
};
/* What a salon asks of those who book; copied onto each booking when it is made. */
struct booking_policy {
    bool auto_confirm;
    int32_t cancel_cutoff_minutes;
    int64_t late_cancel_fee_amount, no_show_fee_amount, deposit_amount;
    struct currency currency;
};
struct salon_details {
    uint64_t stamp; /* see catalogue_stamp */
    struct salon salon;
    struct weekly_times opening;
    int32_t grid_minutes, notice_minutes, horizon_days;
    struct booking_policy policy;
};
struct service {
    int64_t id;
    struct name name;
    int32_t duration_minutes, buffer_before_minutes, buffer_after_minutes;
    int64_t price_amount;
    struct currency currency;
};
struct staff_member {
    int64_t id;
    struct str name;
    const int64_t *services;
    size_t services_len;
};

enum { SALON_QUERY_MAX = 100 }; /* code points of q and of city */

/* Best rated first. The page after (rating, id); after_id 0: the first one. */
struct salon_query {
    struct str q, city; /* as typed; empty: any */
    int32_t after_rating_hundredths;
    int64_t after_id;
    int64_t limit;
};
struct salon_page {
    uint64_t stamp;
    struct salon *items;
    size_t len;
    bool more;
};

/* From here on this request reads what was committed before the call. */
NODISCARD enum err catalogue_catch_up(struct ctx *c, struct catalogue_store *store);
/* A number that changes whenever the salon's facts do (salon 0: those of any salon); an answer made at
 * that stamp is as good now. 0: nothing is cached. Looks for changes when the last look is old. */
NODISCARD enum err catalogue_stamp(struct ctx *c, struct catalogue_store *store, int64_t salon,
                                   uint64_t *out);

/* R_BAD_QUERY keyed by the parameter. */
NODISCARD enum err catalogue_search(struct ctx *c, struct catalogue_store *store,
                                    const struct salon_query *in, struct salon_page *out);
/* R_NOT_FOUND. */
NODISCARD enum err catalogue_salon(struct ctx *c, struct catalogue_store *store, int64_t id,
                                   struct salon_details *out);

/* One page of a salon's services or staff, by id. */
struct part_query {
    int64_t salon;
    int64_t after_id;
    int64_t limit;
};
struct service_page {
    uint64_t stamp;
    struct service *items;
    size_t len;
    bool more;
};
struct staff_page {
    uint64_t stamp;
    struct staff_member *items;
    size_t len;
    bool more;
};
/* R_NOT_FOUND: no such salon. */
NODISCARD enum err catalogue_services(struct ctx *c, struct catalogue_store *store,
                                      const struct part_query *in, struct service_page *out);
NODISCARD enum err catalogue_staff(struct ctx *c, struct catalogue_store *store,
                                   const struct part_query *in, struct staff_page *out);

/* The widest horizon that a salon may have (the database has the same). */
enum { CATALOGUE_HORIZON_DAYS_MAX = 366 };
/* Another service of the visit that the one asked for belongs to, at its time. */
struct visit_sibling {
    int64_t service, staff; /* staff 0: any */
    int64_t starts_s;
    bool first; /* is given its member of staff before the one asked for */
};
struct slots_query {
    int64_t salon, service;
    int64_t staff; /* 0: any */
    struct date from;
    int days;                             /* 1 … SLOTS_DAYS_MAX */
    const struct slots_moving *moving;    /* NULL: for a new booking */
    const struct visit_sibling *siblings; /* slots leave them free what they want */
    size_t siblings_len;
    bool pressing; /* notice is waived, and the horizon the widest: the salon's own people ask */
};
/* R_NOT_FOUND: no such salon. R_SERVICE_UNKNOWN, R_STAFF_UNKNOWN, R_STAFF_ELSEWHERE,
 * R_STAFF_NOT_OFFERING keyed by the parameter. */
NODISCARD enum err catalogue_slots(struct ctx *c, struct catalogue_store *store,
                                   const struct slots_query *in, struct slots *out);
/* The same of the days asked for, if they have `enough` slots; else of SLOTS_DAYS_MAX days around them, as
 * many as can be of those from today to the horizon. */
NODISCARD enum err catalogue_slots_around(struct ctx *c, struct catalogue_store *store,
                                          const struct slots_query *in, size_t enough,
                                          struct slots *out);
