/* domain/bookings/alternatives.h - what is offered to somebody whose time was taken.
 *
 * Free times around the wanted one, nearest first, with the same member of staff if one was asked for. They
 * are added to the refusal that is under way, as the list "alternatives" of {"starts_at", "ends_at",
 * "staff"}: staff is one who is free then, times are in the salon's zone. The refusal stands whether or not
 * the look succeeds; the list is empty if not.
 *
 * Waits: exactly the calls that take a ctx. */
#pragma once
#include "domain/bookings/bookings.h"

enum { BOOKING_ALTERNATIVES_MAX = 3, BOOKING_ALTERNATIVES_DAYS = 7 };

/* Of a visit: for the wish that was refused, when the others stay. */
void booking_offer(struct ctx *c, struct bookings *bookings, const struct booking_request *in,
                   size_t refused_wish);

/* For a booking that was to move: times to which this user can move it. */
void booking_offer_to_move(struct ctx *c, struct bookings *bookings, int64_t user,
                           const struct booking_new_time *in);
