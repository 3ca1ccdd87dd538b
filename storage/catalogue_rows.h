/* storage/catalogue_rows.h - a salon and a service as every statement lists them, the catalogue's as well
 * as the desk's.   Waits: never. */
#pragma once
#include "storage/row_cursor.h"

/* id, names, cities, address, phone, timezone, latitude, longitude, rating in hundredths, reviews. */
struct salon row_salon(struct row_cursor *at);
/* A salon, then grid, notice, horizon, the policy with its currency, and the opening hours. */
struct salon_details row_salon_details(struct row_cursor *at, struct arena *arena);
/* id, names, duration, buffers before and after, price, currency. */
struct service row_service(struct row_cursor *at);
