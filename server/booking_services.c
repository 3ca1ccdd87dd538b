#include "server/booking_services.h"

#include "server/process/config.h"
#include "server/services.h"

static void begin_combiner(const struct app *app, struct booking_services *services)
{
    struct booking_combiner_options options = {
        .flights = (uint32_t)app->config->booking_flights,
        .waiting_max = (uint32_t)app->config->booking_queue_max,
    };
    booking_combiner_begin(&services->store.combiner, app->loop, app->pg, &options);
}

void booking_services_begin(const struct app *app, struct booking_services *services)
{
    services->catalogue.pool = app->pg;
    services->store.pool = app->pg;
    services->bookings = (struct bookings){
        .store = &services->store,
        .catalogue = &services->catalogue,
        .limits = {.open_max = (int32_t)app->config->booking_open_max,
                   .holds_max = (int32_t)app->config->booking_holds_max,
                   .hold_seconds = (int32_t)(app->config->booking_hold.us / 1000000)},
    };
    begin_combiner(app, services);
}

void booking_services_keep_house(const struct app *app, struct booking_services *services)
{
    const struct housekeeping_options options = {
        .bookings = &services->store,
        .pool = app->pg,
        .photos = app->services->desk.photos.files ? &app->services->desk.photos : NULL,
        .interval = app->config->housekeeping_interval,
        .logins_kept = seconds(app->config->login_records_days * 86400),
    };
    housekeeping_begin(&services->housekeeping, app->loop, &options);
}

void booking_services_end(struct booking_services *services)
{
    housekeeping_end(&services->housekeeping);
    booking_combiner_end(&services->store.combiner);
}
