#include "server/desk_services.h"

void desk_services_begin(const struct app *app, struct desk_services *services)
{
    services->desk.pool = app->pg;
    services->reviews.pool = app->pg;
    services->calendar.pool = app->pg;
    services->photo_rows.pool = app->pg;
    services->media =
        (struct media_store){.pool = app->process->offload, .root = app->config->media_root.ptr};
    services->photos = (struct photos){
        .rows = &services->photo_rows,
        .files = app->config->media_root.len ? &services->media : NULL,
    };
}
