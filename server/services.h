/* server/services.h - the areas of one worker, as a list.   Waits: never. */
#pragma once
#include "server/area.h"

/* In the order in which they begin: one may ask for those before it. */
extern const struct area *const areas[];
extern const size_t areas_len;

void services_begin(struct app *app);
/* Those that were begun, the last first. */
void services_end(struct app *app);
void services_free(struct app *app); /* after the last fiber */
