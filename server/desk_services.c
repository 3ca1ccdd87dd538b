/* The desk on one worker: stores of changes, photos, reviews and days. */
#include "server/api/calendar_of.h"
#include "server/api/desk_of.h"
#include "server/api/photos_of.h"
#include "server/api/reviews_of.h"
#include "server/area.h"
#include "storage/calendar_store.h"
#include "storage/desk_store.h"
#include "storage/media_store.h"
#include "storage/photo_store.h"
#include "storage/review_store.h"

struct desk_services {
    struct desk_store desk;
    struct review_store reviews;
    struct calendar_store calendar;
    struct photo_store photo_rows;
    struct media_store media;
    struct photos photos;
};

struct desk_store *desk_of(const struct app *app)
{
    assert(app->desk); /* areas begin in order: services.c */
    return &app->desk->desk;
}

struct review_store *reviews_of(const struct app *app)
{
    return &app->desk->reviews;
}

struct calendar_store *calendar_of(const struct app *app)
{
    return &app->desk->calendar;
}

struct photos *photos_of(const struct app *app)
{
    assert(app->desk);
    return &app->desk->photos;
}

static void begin(struct app *app)
{
    struct desk_services *services = arena_new(&app->arena, struct desk_services);
    app->desk = services;
    services->desk = (struct desk_store){app->pg, app->config->default_currency};
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

const struct area desk_area = {.begin = begin};
