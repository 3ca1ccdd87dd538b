#include "domain/desk/reviews.h"

#include "domain/desk/review_store.h"

enum err review_add(struct ctx *c, struct review_store *store, const struct actor *actor,
                    const struct review_request *in, struct review *out, const struct tz **tz)
{
    return review_store_add(c, store, actor_user_id(actor), in, out, tz);
}

enum err reviews_list(struct ctx *c, struct review_store *store, const struct part_query *in,
                      struct review_page *out)
{
    enum err err = review_store_list(c, store, in, out);
    return err == ERR_NOT_FOUND ? fail(c, R_NOT_FOUND) : err;
}
