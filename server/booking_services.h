/* server/booking_services.h - the catalogue and bookings on one worker: stores and rules. */
#pragma once
#include "domain/bookings/bookings.h"
#include "server/app.h"
#include "storage/booking_store.h"
#include "storage/catalogue_store.h"

struct booking_services {
    struct catalogue_store catalogue;
    struct booking_store store;
    struct bookings bookings;
};

/* Cannot fail. `services` stays where it is. */
void booking_services_begin(const struct app *app, struct booking_services *services);
