/* domain/catalogue/catalogue_store.h - port: where the catalogue is read.
 *
 * ERR_NOT_FOUND comes with no reason noted: there is no such (active) salon.
 *
 * Waits: exactly the calls that take a ctx. */
#pragma once
#include "domain/catalogue/catalogue.h"

struct catalogue_store;

/* See catalogue.h. */
NODISCARD enum err catalogue_store_catch_up(struct ctx *c, struct catalogue_store *store);
NODISCARD enum err catalogue_store_stamp(struct ctx *c, struct catalogue_store *store,
                                         int64_t salon, uint64_t *out);

NODISCARD enum err catalogue_store_search(struct ctx *c, struct catalogue_store *store,
                                          const struct salon_query *in, struct salon_page *out);
NODISCARD enum err catalogue_store_salon(struct ctx *c, struct catalogue_store *store, int64_t id,
                                         struct salon_details *out);
NODISCARD enum err catalogue_store_services(struct ctx *c, struct catalogue_store *store,
                                            const struct part_query *in, struct service_page *out);
NODISCARD enum err catalogue_store_staff(struct ctx *c, struct catalogue_store *store,
                                         const struct part_query *in, struct staff_page *out);

/* What slots_compute needs but the zone; views that are good until the next wait. */
NODISCARD enum err catalogue_store_slots(struct ctx *c, struct catalogue_store *store,
                                         const struct slots_query *in, struct slot_facts *out);
