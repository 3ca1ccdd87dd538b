#include "server/booking_services.h"

void booking_services_begin(const struct app *app, struct booking_services *services)
{
    services->catalogue.pool = app->pg;
    services->store.pool = app->pg;
    services->bookings = (struct bookings){
        .store = &services->store,
        .catalogue = &services->catalogue,
        .open_max = (int32_t)app->config->booking_open_max,
    };
}
