/* domain/desk/calendar_store.h - port: where days and sums are read. Every call is one statement.
 *
 * Waits: exactly the calls that take a ctx. */
#pragma once
#include "domain/desk/calendar.h"

NODISCARD enum err calendar_store_days(struct ctx *c, struct calendar_store *store, int64_t actor,
                                       const struct calendar_query *in, struct calendar *out);
NODISCARD enum err calendar_store_summary(struct ctx *c, struct calendar_store *store,
                                          int64_t actor, int64_t salon, struct date from,
                                          struct date to, struct salon_summary *out);
