/* server/booking_services.h - the catalogue and bookings on one worker: stores and rules. */
#pragma once
#include "domain/bookings/bookings.h"
#include "server/app.h"
#include "server/process/housekeeping.h"
#include "storage/booking_store.h"
#include "storage/catalogue_store.h"

struct booking_services {
    struct catalogue_store catalogue;
    struct booking_store store;
    struct bookings bookings;
    struct housekeeping housekeeping;
};

/* Cannot fail. `services` stays where it is. */
void booking_services_begin(const struct app *app, struct booking_services *services);
/* What has to be done now and then, from now on. */
void booking_services_keep_house(const struct app *app, struct booking_services *services);
/* Who waits for a flight is sent away; fibers end in the turns that follow. Zeroes are fine. */
void booking_services_end(struct booking_services *services);
