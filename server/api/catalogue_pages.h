/* server/api/catalogue_pages.h - whole answers of the catalogue, kept as the bytes they are.
 *
 * A page is the body of one GET in one language. It is good as long as the catalogue's stamp is the one
 * it was made at (domain/catalogue/catalogue.h), so nothing has to be told to this cache: what changed is
 * made again when it is asked for, what nobody asks for falls out.
 * Every page has an ETag, the same at every process; who shows it again gets 304 while it holds.
 *
 * Waits: catalogue_page. */
#pragma once
#include "runtime/base/lru.h"
#include "server/api.h"

struct catalogue_store;

struct catalogue_pages {
    struct lru lru;
    uint64_t bytes, evictions; /* of the map, as relaxed atomics: read by /metrics */
    struct arena_pool arenas;
};
void catalogue_pages_init(struct catalogue_pages *pages, size_t bytes_max, uint64_t seed);
void catalogue_pages_fini(struct catalogue_pages *pages); /* fine on zeroes */

/* Writes a 200 (or fails), and says at which stamp it was made; 0: do not keep it. After the last
 * read nothing may wait. */
typedef enum err catalogue_page_fn(struct ctx *c, struct request *req, struct response *res,
                                   uint64_t *stamp);
/* Answers with the page that `make` would make: of `salon`, or of all salons when that is 0. */
NODISCARD enum err catalogue_page(struct ctx *c, struct request *req, struct response *res,
                                  int64_t salon, catalogue_page_fn *make);
