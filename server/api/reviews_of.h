/* server/api/reviews_of.h - from a worker's app to its reviews. Filled in server/desk_services.c.
 * Waits: never. */
#pragma once
#include "domain/desk/reviews.h"

struct app;

struct review_store *reviews_of(const struct app *app);
