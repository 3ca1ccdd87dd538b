/* domain/desk/desk_store.h - port: where salons are changed. Every call is one statement.
 *
 * What is asked for has been checked and cleaned; `actor` is a user's id. What the database refuses is
 * returned as a refusal, without a field: R_TOKEN_INVALID (no such user), R_FORBIDDEN, R_NOT_FOUND in this
 * order, R_KEY_REUSED before them, and what the call names in desk.h.
 *
 * Waits: exactly the calls that take a ctx. */
#pragma once
#include "domain/desk/desk.h"

NODISCARD enum err desk_store_salon_save(struct ctx *c, struct desk_store *store, int64_t actor,
                                         int64_t salon, const struct salon_changes *in,
                                         struct salon_details *out);
NODISCARD enum err desk_store_mine(struct ctx *c, struct desk_store *store, int64_t actor,
                                   int64_t after_id, int64_t limit, struct my_salon_page *out);
NODISCARD enum err desk_store_service_save(struct ctx *c, struct desk_store *store, int64_t actor,
                                           int64_t salon, int64_t service,
                                           const struct service_changes *in,
                                           struct desk_service *out);
NODISCARD enum err desk_store_room_save(struct ctx *c, struct desk_store *store, int64_t actor,
                                        int64_t salon, int64_t room,
                                        const struct str name[LANG_COUNT], struct once *once,
                                        struct room *out);
NODISCARD enum err desk_store_rooms(struct ctx *c, struct desk_store *store, int64_t actor,
                                    const struct part_query *in, struct room_page *out);
NODISCARD enum err desk_store_staff_save(struct ctx *c, struct desk_store *store, int64_t actor,
                                         int64_t salon, int64_t staff,
                                         const struct staff_changes *in, struct desk_staff *out);
NODISCARD enum err desk_store_staff_get(struct ctx *c, struct desk_store *store, int64_t actor,
                                        int64_t salon, int64_t staff, struct desk_staff *out);
NODISCARD enum err desk_store_exception_add(struct ctx *c, struct desk_store *store, int64_t actor,
                                            int64_t salon, int64_t staff,
                                            const struct staff_exception *in, struct once *once,
                                            struct exception_added *out);
NODISCARD enum err desk_store_exception_remove(struct ctx *c, struct desk_store *store,
                                               int64_t actor, int64_t salon, int64_t staff,
                                               int64_t exception);
NODISCARD enum err desk_store_exceptions(struct ctx *c, struct desk_store *store, int64_t actor,
                                         int64_t staff, const struct part_query *in,
                                         struct exception_page *out);

enum desk_part { DESK_PART_SALON, DESK_PART_SERVICE, DESK_PART_ROOM, DESK_PART_STAFF, DESK_PARTS };
/* Of a salon, `part` is not looked at. `*active_bookings`: with R_CATALOGUE_IN_USE, those ahead. */
NODISCARD enum err desk_store_close(struct ctx *c, struct desk_store *store, int64_t actor,
                                    int64_t salon, enum desk_part what, int64_t part,
                                    int64_t *active_bookings);
