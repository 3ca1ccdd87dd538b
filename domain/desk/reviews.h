/* domain/desk/reviews.h - what customers say about salons.
 *
 * A customer judges a completed booking of her own, once; the salon's rating is the mean of its reviews
 * from that very statement on. Whoever gave no name stays nameless here: a phone number is not shown.
 *
 * Views are into the request's arena. Waits: exactly the calls that take a ctx. */
#pragma once
#include "domain/actor.h"
#include "domain/catalogue/catalogue.h"
#include "domain/once.h"

struct review_store;

enum { REVIEW_COMMENT_MAX = 2000, REVIEW_RATING_MAX = 5 };

struct review {
    int64_t id;
    struct str author; /* empty: she gave no name */
    int32_t rating;    /* 1 … 5 */
    struct str comment;
    struct instant created_at;
    struct name service;
};
struct review_request {
    int64_t salon, booking;
    int32_t rating;
    struct str comment;
    struct once *once;
};
/* R_NOT_FOUND: no such salon, or no booking of hers there; R_REVIEW_TOO_EARLY, R_REVIEW_EXISTS. With a
 * key: the same request again finds the review that it made. `*tz` is the salon's. */
NODISCARD enum err review_add(struct ctx *c, struct review_store *store, const struct actor *actor,
                              const struct review_request *in, struct review *out,
                              const struct tz **tz);

struct review_page {
    const struct tz *tz;
    struct review *items;
    size_t len;
    bool more;
};
/* Newest first; in->after_id is the last id that was shown. R_NOT_FOUND. */
NODISCARD enum err reviews_list(struct ctx *c, struct review_store *store,
                                const struct part_query *in, struct review_page *out);
