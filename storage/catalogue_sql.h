/* storage/catalogue_sql.h - the catalogue as Postgres tells it: one statement a call, but for the facts.
 *
 * What it reads is in the request's arena, with a stamp of 0. ERR_NOT_FOUND: no such active salon.
 *
 * Waits: exactly the calls that take a ctx. */
#pragma once
#include "domain/catalogue/directory.h"
#include "domain/catalogue/salon_facts.h"

struct pg_pool;

NODISCARD enum err catalogue_sql_search(struct ctx *c, struct pg_pool *pool,
                                        const struct salon_query *in, struct salon_page *out);
NODISCARD enum err catalogue_sql_salon(struct ctx *c, struct pg_pool *pool, int64_t id,
                                       struct salon_details *out);
NODISCARD enum err catalogue_sql_services(struct ctx *c, struct pg_pool *pool,
                                          const struct part_query *in, struct service_page *out);
NODISCARD enum err catalogue_sql_staff(struct ctx *c, struct pg_pool *pool,
                                       const struct part_query *in, struct staff_page *out);

/* Four statements. They may see different moments: a change between them is in the feed afterwards. */
NODISCARD enum err catalogue_sql_facts(struct ctx *c, struct pg_pool *pool, int64_t id,
                                       struct salon_facts *out);

/* The page after `last`, best rated first; NULL: the first one. Into `arena`: fifty thousand salons need not
 * be there at once. */
NODISCARD enum err catalogue_sql_directory(struct ctx *c, struct arena *arena, struct pg_pool *pool,
                                           const struct salon *last, int64_t limit,
                                           struct directory_entry **out, size_t *len);
NODISCARD enum err catalogue_sql_directory_some(struct ctx *c, struct pg_pool *pool,
                                                const int64_t *ids, size_t ids_len,
                                                struct directory_entry **out, size_t *len);

/* What changed since `look` (empty: since never; then nothing is listed). A list that is as long as it
 * may be is not all. */
enum { CATALOGUE_SALONS_CHANGED_MAX = 1000, CATALOGUE_STAFF_CHANGED_MAX = 4000 };
struct catalogue_changes {
    struct instant now; /* by the database's clock */
    struct str look;    /* for the next time */
    bool continues; /* false: `look` is not of this database's past, so anything may have changed */
    const int64_t *salons;
    size_t salons_len;
    const int64_t *staff; /* whose bookings changed */
    size_t staff_len;
};
NODISCARD enum err catalogue_sql_changes(struct ctx *c, struct pg_pool *pool, struct str look,
                                         struct catalogue_changes *out);

/* The claims that are not over: of each member of staff, then of each room, in the order given. */
NODISCARD enum err catalogue_sql_busy(struct ctx *c, struct pg_pool *pool, const int64_t *staff,
                                      size_t staff_len, const int64_t *rooms, size_t rooms_len,
                                      struct claims **out);
NODISCARD enum err catalogue_sql_staff_exists(struct ctx *c, struct pg_pool *pool, int64_t staff,
                                              bool *out);
