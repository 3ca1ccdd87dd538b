/* server/desk_services.h - the desk on one worker: stores of changes, photos, reviews and days. */
#pragma once
#include "domain/desk/photos.h"
#include "server/app.h"
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

/* Cannot fail. `services` stays where it is. */
void desk_services_begin(const struct app *app, struct desk_services *services);
