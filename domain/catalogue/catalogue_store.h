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

/* Everything about the service's staff on the asked days. */
struct slots_found {
    struct str timezone;
    bool service_found;
    bool staff_found, staff_here, staff_offers; /* of the one asked for, if one was */
    struct slot_facts facts;                    /* without the zone */
};
NODISCARD enum err catalogue_store_slots(struct ctx *c, struct catalogue_store *store,
                                         const struct slots_query *in, struct slots_found *out);
