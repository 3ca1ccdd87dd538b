/* domain/desk/desk_store.h - port: where salons are changed. Every call is one statement.
 *
 * OK means that there is a verdict in `*answer`; the rest is written when it is DESK_OK. What is asked
 * for has been checked and cleaned; `actor` is a user's id. */
#pragma once
#include "domain/desk/desk.h"

NODISCARD enum err desk_store_salon_save(struct ctx *c, struct desk_store *store, int64_t actor,
                                         int64_t salon, const struct salon_changes *in,
                                         struct desk_answer *answer, struct salon_details *out);
NODISCARD enum err desk_store_mine(struct ctx *c, struct desk_store *store, int64_t actor,
                                   int64_t after_id, int64_t limit, struct desk_answer *answer,
                                   struct my_salon_page *out);
NODISCARD enum err desk_store_service_save(struct ctx *c, struct desk_store *store, int64_t actor,
                                           int64_t salon, int64_t service,
                                           const struct service_changes *in,
                                           struct desk_answer *answer, struct desk_service *out);
NODISCARD enum err desk_store_room_save(struct ctx *c, struct desk_store *store, int64_t actor,
                                        int64_t salon, int64_t room,
                                        const struct str name[LANG_COUNT], const struct once *once,
                                        struct desk_answer *answer, struct room *out);
NODISCARD enum err desk_store_rooms(struct ctx *c, struct desk_store *store, int64_t actor,
                                    const struct part_query *in, struct desk_answer *answer,
                                    struct room_page *out);
NODISCARD enum err desk_store_staff_save(struct ctx *c, struct desk_store *store, int64_t actor,
                                         int64_t salon, int64_t staff,
                                         const struct staff_changes *in, struct desk_answer *answer,
                                         struct desk_staff *out);
NODISCARD enum err desk_store_staff_get(struct ctx *c, struct desk_store *store, int64_t actor,
                                        int64_t salon, int64_t staff, struct desk_answer *answer,
                                        struct desk_staff *out);
NODISCARD enum err desk_store_exception_add(struct ctx *c, struct desk_store *store, int64_t actor,
                                            int64_t salon, int64_t staff,
                                            const struct staff_exception *in,
                                            const struct once *once, struct desk_answer *answer,
                                            struct exception_added *out);
NODISCARD enum err desk_store_exception_remove(struct ctx *c, struct desk_store *store,
                                               int64_t actor, int64_t salon, int64_t staff,
                                               int64_t exception, struct desk_answer *answer);
NODISCARD enum err desk_store_exceptions(struct ctx *c, struct desk_store *store, int64_t actor,
                                         int64_t staff, const struct part_query *in,
                                         struct desk_answer *answer, struct exception_page *out);

enum desk_part { DESK_PART_SALON, DESK_PART_SERVICE, DESK_PART_ROOM, DESK_PART_STAFF };
/* Of a salon, `part` is not looked at. */
NODISCARD enum err desk_store_close(struct ctx *c, struct desk_store *store, int64_t actor,
                                    int64_t salon, enum desk_part what, int64_t part,
                                    struct desk_answer *answer);
