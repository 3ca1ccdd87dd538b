/* server/api/bookings_of.h - from a worker's app to its bookings. Filled in server/booking_services.c.
 * Waits: never. */
#pragma once
#include "domain/bookings/bookings.h"

struct app;

struct bookings *bookings_of(const struct app *app);
