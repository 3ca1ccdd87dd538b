/* server/api/calendar_of.h - from a worker's app to its days. Filled in server/desk_services.c.
 * Waits: never. */
#pragma once
#include "domain/desk/calendar.h"

struct app;

struct calendar_store *calendar_of(const struct app *app);
