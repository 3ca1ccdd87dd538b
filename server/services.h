/* server/services.h - what the slices run on, made once per worker on its pools.
 *
 * Here, and nowhere else, the ports of the domain meet the storage and the providers that fill
 * them. A slice adds its members to `struct services` and its lines to services.c. */
#pragma once
#include "server/booking_services.h"
#include "server/catalogue_services.h"
#include "server/desk_services.h"
#include "server/login_services.h"

struct services {
    struct login_services login;
    struct booking_services booking;
    struct catalogue_services catalogue;
    struct desk_services desk;
};

/* Makes app->services. False with one clear line in `why` when a setting does not fit. */
bool services_begin(struct app *app, char *why, size_t why_len);
void services_end(struct app *app); /* fine when services_begin never ran */
