/* domain/desk/desk.h - salons, services, rooms and staff, as those change them who run a salon.
 *
 * A manager does so for the salons she owns, an admin for all; others are told R_FORBIDDEN, and somebody
 * else's salon is R_NOT_FOUND. The right to a change, the change and what it shows are one statement.
 *
 * Nothing is deleted that a booking may name: what is removed is gone for everybody, and stays in the
 * bookings of the past. It cannot be removed while active bookings lie ahead (R_CATALOGUE_IN_USE).
 * Changed hours and windows are for bookings yet to be made.
 *
 * Views are into the request's arena. Waits: exactly the calls that take a ctx. */
#pragma once
#include "domain/actor.h"
#include "domain/catalogue/catalogue.h"
#include "domain/money.h"
#include "domain/once.h"

struct desk_store;

enum {
    DESK_KEEP = -1, /* of a number that is never negative: leave it as it is */
    SALONS_PER_OWNER_MAX = 200,
    SERVICES_PER_SALON_MAX = 500,
    ROOMS_PER_SALON_MAX = 200,
    STAFF_PER_SALON_MAX = 200,
    EXCEPTIONS_PER_STAFF_MAX = 500, /* that are not over */
    WEEKLY_TIMES_MAX = 70,          /* ten a day */
    SALON_NAME_MAX = 150,           /* code points, as below */
    SALON_CITY_MAX = 80,
    SALON_ADDRESS_MAX = 300,
    EXCEPTION_NOTE_MAX = 200,
    SERVICE_MINUTES_MIN = 5,
    SERVICE_MINUTES_MAX = 720,
    BUFFER_MINUTES_MAX = 240,
    NOTICE_MINUTES_MAX = 43200,
    HORIZON_DAYS_MAX = CATALOGUE_HORIZON_DAYS_MAX,
};

/* The first interval that ends before it begins, lasts over a day or overlaps with one before it in the
 * list: its index and what is wrong. The week is a ring: Saturday night may reach into Sunday. */
bool weekly_problem(const struct weekly_times *times, size_t *at, enum reason *reason);

/* ---- salons ---- */

/* Texts with ptr NULL and numbers that are DESK_KEEP stay as they are; of a new salon, at their
 * defaults. */
struct salon_changes {
    struct str name[LANG_COUNT], city[LANG_COUNT], address, phone, timezone; /* as typed */
    bool write_position, has_position;
    double latitude, longitude;
    int64_t owner; /* a user's id; 0: stays, or the actor */
    int64_t grid_minutes, notice_minutes, horizon_days, cancel_cutoff_minutes;
    int64_t late_cancel_fee_amount, no_show_fee_amount, deposit_amount;
    int auto_confirm;                   /* 0, 1 or DESK_KEEP */
    const struct weekly_times *opening; /* checked by weekly_problem; NULL: stays */
    struct once *once;                  /* of a new one, as below */
};
/* `salon` 0: a new one, with names and cities. R_PHONE_INVALID, R_TIMEZONE_UNKNOWN, R_OWNER_UNKNOWN
 * keyed by their fields; R_CATALOGUE_FULL. */
NODISCARD enum err desk_salon_save(struct ctx *c, struct desk_store *store,
                                   const struct actor *actor, int64_t salon,
                                   const struct salon_changes *in, struct salon_details *out);
NODISCARD enum err desk_salon_close(struct ctx *c, struct desk_store *store,
                                    const struct actor *actor, int64_t salon);

/* The salons that a user owns or works at, by id. */
struct my_salon {
    struct salon salon;
    bool owned;
    int64_t staff; /* as whom she works there; 0: she does not */
};
struct my_salon_page {
    struct my_salon *items;
    size_t len;
    bool more;
};
NODISCARD enum err desk_mine(struct ctx *c, struct desk_store *store, const struct actor *actor,
                             int64_t after_id, int64_t limit, struct my_salon_page *out);

/* ---- services and rooms ---- */

struct id_list {
    const int64_t *ids;
    size_t len;
};
struct service_changes {
    struct str name[LANG_COUNT];
    int64_t duration_minutes, buffer_before_minutes, buffer_after_minutes, price_amount;
    const struct id_list *rooms; /* one of which it needs; none: it needs no room; NULL: stays */
    struct once *once;
};
struct desk_service {
    struct service service;
    struct id_list rooms;
};
/* `service` 0: a new one. R_ROOM_UNKNOWN keyed "rooms"; R_CATALOGUE_FULL. */
NODISCARD enum err desk_service_save(struct ctx *c, struct desk_store *store,
                                     const struct actor *actor, int64_t salon, int64_t service,
                                     const struct service_changes *in, struct desk_service *out);
NODISCARD enum err desk_service_close(struct ctx *c, struct desk_store *store,
                                      const struct actor *actor, int64_t salon, int64_t service);

struct room {
    int64_t id;
    struct name name;
};
struct room_page {
    struct room *items;
    size_t len;
    bool more;
};
/* `room` 0: a new one. */
NODISCARD enum err desk_room_save(struct ctx *c, struct desk_store *store,
                                  const struct actor *actor, int64_t salon, int64_t room,
                                  const struct str name[LANG_COUNT], struct once *once,
                                  struct room *out);
NODISCARD enum err desk_room_close(struct ctx *c, struct desk_store *store,
                                   const struct actor *actor, int64_t salon, int64_t room);
/* For those who work there too. */
NODISCARD enum err desk_rooms(struct ctx *c, struct desk_store *store, const struct actor *actor,
                              const struct part_query *in, struct room_page *out);

/* ---- staff ---- */

struct staff_changes {
    struct str phone;                   /* as typed; of a new member only */
    struct str first_name, last_name;   /* of an account that is made for her; ptr NULL: none */
    const struct id_list *services;     /* NULL: stay */
    const struct weekly_times *windows; /* checked by weekly_problem; NULL: stay */
    struct once *once;
};
struct desk_staff {
    int64_t id, user;
    struct str name, phone;
    struct id_list services;
    struct weekly_times windows;
};
/* `staff` 0: takes somebody on by phone number, with an account or not, who worked there before or not.
 * R_PHONE_INVALID, R_NAME_INVALID, R_SERVICE_UNKNOWN, R_STAFF_UNNAMED keyed by their fields;
 * R_STAFF_ALREADY, R_CATALOGUE_FULL. */
NODISCARD enum err desk_staff_save(struct ctx *c, struct desk_store *store,
                                   const struct actor *actor, int64_t salon, int64_t staff,
                                   const struct staff_changes *in, struct desk_staff *out);
NODISCARD enum err desk_staff_close(struct ctx *c, struct desk_store *store,
                                    const struct actor *actor, int64_t salon, int64_t staff);
/* Her manager sees it, and she herself. */
NODISCARD enum err desk_staff_get(struct ctx *c, struct desk_store *store,
                                  const struct actor *actor, int64_t salon, int64_t staff,
                                  struct desk_staff *out);

enum exception_kind { EXCEPTION_OFF, EXCEPTION_EXTRA, EXCEPTION_KIND_COUNT };
struct str exception_kind_code(enum exception_kind kind); /* "off", "extra" */

struct staff_exception {
    int64_t id;
    enum exception_kind kind;
    struct instant starts_at, ends_at;
    struct str note;
};
struct exception_page {
    const struct tz *tz; /* the salon's */
    struct staff_exception *items;
    size_t len;
    bool more;
};
struct exception_added {
    int64_t id;
    const struct tz *tz; /* the salon's */
    struct id_list clashing;
};
/* Bookings in the way of time off stay as they are; `clashing` are their ids, for somebody to act on (at
 * most 100). R_TIMES_BACKWARD keyed "ends_at"; R_CATALOGUE_FULL. */
NODISCARD enum err desk_exception_add(struct ctx *c, struct desk_store *store,
                                      const struct actor *actor, int64_t salon, int64_t staff,
                                      const struct staff_exception *in, struct once *once,
                                      struct exception_added *out);
NODISCARD enum err desk_exception_remove(struct ctx *c, struct desk_store *store,
                                         const struct actor *actor, int64_t salon, int64_t staff,
                                         int64_t exception);
/* Those that are not over, by id. Her manager sees them, and she herself. */
NODISCARD enum err desk_exceptions(struct ctx *c, struct desk_store *store,
                                   const struct actor *actor, int64_t staff,
                                   const struct part_query *in, struct exception_page *out);
