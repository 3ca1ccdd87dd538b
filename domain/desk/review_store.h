/* domain/desk/review_store.h - port: where reviews are. Every call is one statement.
 *
 * Waits: exactly the calls that take a ctx. */
#pragma once
#include "domain/desk/reviews.h"

/* Refusals as of review_add. */
NODISCARD enum err review_store_add(struct ctx *c, struct review_store *store, int64_t actor,
                                    const struct review_request *in, struct review *out,
                                    const struct tz **tz);
/* ERR_NOT_FOUND, without a reason: no such salon. */
NODISCARD enum err review_store_list(struct ctx *c, struct review_store *store,
                                     const struct part_query *in, struct review_page *out);
