#include "server/services.h"

bool services_begin(struct app *app, char *why, size_t why_len)
{
    app->services = arena_new(&app->arena, struct services);
    booking_services_begin(app, &app->services->booking);
    return login_services_begin(app, &app->services->login, why, why_len);
}

void services_end(struct app *app)
{
    (void)app;
}
