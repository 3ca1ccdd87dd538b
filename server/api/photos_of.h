/* server/api/photos_of.h - from a worker's app to its photos. Filled in server/desk_services.c.
 * Waits: never. */
#pragma once
#include "domain/desk/photos.h"

struct app;

struct photos *photos_of(const struct app *app);
