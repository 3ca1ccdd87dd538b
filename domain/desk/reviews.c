#include "domain/desk/reviews.h"

#include "domain/desk/review_store.h"
#include "domain/i18n/texts.h"

enum err review_add(struct ctx *c, struct review_store *store, const struct actor *actor,
                    const struct review_request *in, struct review *out, const struct tz **tz)
{
    struct str asked = actor->language_asked ? lang_code(c->lang) : STR("");
    struct desk_answer answer;
    TRY(review_store_add(c, store, actor->user_id, asked, in, &answer, out, tz));
    if (answer.verdict == DESK_REPLAY)
        c->lang = answer.language; /* byte for byte as it was answered first */
    return desk_judge(c, actor, &answer);
}

enum err reviews_list(struct ctx *c, struct review_store *store, const struct part_query *in,
                      struct review_page *out)
{
    enum err err = review_store_list(c, store, in, out);
    return err == ERR_NOT_FOUND ? fail(c, R_NOT_FOUND) : err;
}
