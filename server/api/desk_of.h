/* server/api/desk_of.h - from a worker's app to its desk. Filled in server/desk_services.c.
 * Waits: never. */
#pragma once
#include "domain/desk/desk.h"

struct app;

struct desk_store *desk_of(const struct app *app);
