/* domain/catalogue/salon_facts.h - everything the catalogue knows about one salon, to be kept.
 *
 * From these facts every page of the salon is made, and its slots together with what is booked.
 * Waits: never. */
#pragma once
#include "domain/catalogue/catalogue_store.h"

enum {
    SALON_SERVICES_MAX = 2000,
    SALON_STAFF_MAX = SLOTS_STAFF_MAX,
    SALON_TIMES_MAX = 16384, /* windows, days off, extra hours, rooms of services: of each */
};

struct salon_facts {
    struct salon_details details;
    struct service *services; /* by id */
    size_t services_len;
    struct staff_member *staff; /* by id */
    size_t staff_len;
    struct weekly_times windows; /* of all staff */
    struct dated_times extra, off;
    size_t rooms_len; /* pairs: a service and a room in which it may take place */
    const int64_t *room_service, *room, *room_active; /* 0 or 1: what is inactive is not used */
};

/* Copies with every text and list in the arena. */
void salon_copy(struct arena *arena, const struct salon *in, struct salon *out);
void salon_details_copy(struct arena *arena, const struct salon_details *in,
                        struct salon_details *out);
void salon_facts_copy(struct arena *arena, const struct salon_facts *in, struct salon_facts *out);

/* Pages, copied into the arena. False: the facts do not reach that far, since the salon has more than
 * the limits above: the database has to be asked. */
bool salon_facts_services(struct arena *arena, const struct salon_facts *facts,
                          const struct part_query *in, struct service_page *out);
bool salon_facts_staff(struct arena *arena, const struct salon_facts *facts,
                       const struct part_query *in, struct staff_page *out);

/* What slots need to know of the catalogue; who is busy and what time it is remains to be filled in. Who and
 * which rooms are asked about is put in the arena, all else are views of the facts. Whether a member of
 * staff who is not this salon's exists at all is not known here: staff_found means staff_here. */
void salon_facts_slots(struct arena *arena, const struct salon_facts *facts,
                       const struct slots_query *in, struct slot_facts *out);
