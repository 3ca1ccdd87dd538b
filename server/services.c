#include "server/services.h"

bool services_begin(struct app *app, char *why, size_t why_len)
{
    app->services = arena_new(&app->arena, struct services);
    catalogue_services_begin(app, &app->services->catalogue);
    booking_services_begin(app, &app->services->booking);
    if (app->services->catalogue.cached)
        app->services->booking.catalogue.cache = &app->services->catalogue.cache;
    desk_services_begin(app, &app->services->desk);
    return login_services_begin(app, &app->services->login, why, why_len);
}

void services_end(struct app *app)
{
    if (!app->services)
        return;
    booking_services_end(&app->services->booking);
    catalogue_services_end(&app->services->catalogue);
}
