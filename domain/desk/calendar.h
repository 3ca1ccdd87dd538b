/* domain/desk/calendar.h - what a salon's people look at: whose day holds what, and what it came to.
 *
 * Views are into the request's arena. Waits: exactly the calls that take a ctx. */
#pragma once
#include "domain/actor.h"
#include "domain/bookings/bookings.h"
#include "domain/payments/payment_status.h"

struct calendar_store;

enum { CALENDAR_DAYS_MAX = 31, CALENDAR_BOOKINGS_MAX = 4000, REPORT_DAYS_MAX = 366 };

/* Seconds since 1970. */
struct spans {
    size_t len;
    const int64_t *starts_s, *ends_s;
};
struct calendar_booking {
    int64_t id;
    struct instant starts_at, ends_at;
    enum booking_status status;
    int64_t service, customer;
    int64_t room; /* 0: none */
    struct name service_name;
    struct str customer_name, customer_phone;
    int64_t price_amount;
    struct currency currency;
    struct str notes; /* the first 100 characters */
};
struct calendar_line {
    int64_t staff;
    struct str name;
    struct weekly_times windows;
    struct spans off, extra;
    struct calendar_booking *bookings;
    size_t bookings_len;
};
struct calendar {
    struct str timezone;
    const struct tz *tz;
    struct calendar_line *lines;
    size_t len;
    bool cut; /* there were more than CALENDAR_BOOKINGS_MAX bookings: the latest are missing */
};
struct calendar_query {
    int64_t salon;
    struct date from;
    int32_t days; /* 1 … CALENDAR_DAYS_MAX */
};
/* Managers see all lines, those who work there their own. R_FORBIDDEN, R_NOT_FOUND. */
NODISCARD enum err calendar_days(struct ctx *c, struct calendar_store *store,
                                 const struct actor *actor, const struct calendar_query *in,
                                 struct calendar *out);

struct staff_load {
    int64_t staff;
    struct str name;
    int64_t bookings, price_amount;
    int64_t booked_minutes; /* of pending, confirmed, completed and no-show */
    int64_t open_minutes;   /* in which she could have been booked */
};
/* By the bookings that begin on those days. */
struct salon_summary {
    struct str timezone;
    struct currency currency;
    struct {
        int64_t bookings, price_amount, fee_amount;
    } by_status[BOOKING_STATUS_COUNT];
    int64_t by_payment[PAYMENT_STATUS_COUNT]; /* amounts, as the view booking_payment tells them */
    struct staff_load *staff;
    size_t staff_len;
};
/* Managers only. `from` and `to`: first and last day; R_PERIOD_INVALID keyed "to". */
NODISCARD enum err salon_summarize(struct ctx *c, struct calendar_store *store,
                                   const struct actor *actor, int64_t salon, struct date from,
                                   struct date to, struct salon_summary *out);
