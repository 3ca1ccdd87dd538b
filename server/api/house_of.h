/* server/api/house_of.h - from a worker's app to what keeps the house. Filled in
 * server/house_services.c.   Waits: never. */
#pragma once
#include "domain/house/house.h"

struct app;

struct house *house_of(const struct app *app);
