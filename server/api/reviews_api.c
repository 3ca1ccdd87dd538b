#include "server/api/reviews_api.h"

#include "server/api/actor.h"
#include "server/api/catalogue_json.h"
#include "server/api/idempotency.h"
#include "server/api/page.h"
#include "server/api/reviews_of.h"

static void put_review(struct ctx *c, struct json_writer *w, const struct review *review,
                       const struct tz *tz)
{
    assert(tz && review->rating >= 1 && review->rating <= REVIEW_RATING_MAX);
    json_object_begin(w, NULL);
    json_put_int(w, "id", review->id);
    json_put_str_or_null(w, "author", review->author.len ? review->author : (struct str){NULL, 0});
    json_put_int(w, "rating", review->rating);
    json_put_str(w, "comment", review->comment);
    json_put_str(w, "service_name", review->service.in[c->lang]);
    json_put_instant(w, "created_at", review->created_at, tz_offset_at(tz, review->created_at));
    json_object_end(w);
}

enum err api_reviews(struct ctx *c, struct request *req, struct response *res)
{
    struct part_query query;
    struct review_page found;
    TRY(catalogue_part_query(c, req, &query));
    TRY(reviews_list(c, reviews_of(req->app), &query, &found));
    assert((int64_t)found.len <= query.limit && (!found.more || found.len > 0));
    struct json_writer w = respond_page(c, res);
    for (size_t i = 0; i < found.len; i++)
        put_review(c, &w, &found.items[i], found.tz);
    page_end_by_id(c, &w, found.more, found.more ? found.items[found.len - 1].id : 0);
    return OK;
}

struct review_body {
    struct json_int booking, rating;
    struct str comment;
};
static const struct json_field review_fields[] = {
    {"booking", JSON_INT, JSON_REQUIRED, offsetof(struct review_body, booking), 1, INT64_MAX},
    {"rating", JSON_INT, JSON_REQUIRED, offsetof(struct review_body, rating), 1, REVIEW_RATING_MAX},
    {"comment", JSON_STRING, JSON_NULLABLE | JSON_MAY_BE_BLANK,
     offsetof(struct review_body, comment), 0, REVIEW_COMMENT_MAX},
};

enum err api_review_add(struct ctx *c, struct request *req, struct response *res)
{
    struct review_body body;
    TRY(REQUEST_JSON(c, req, review_fields, &body));
    struct once once;
    TRY(idempotency_key(c, req, &once));
    struct review_request in = {.salon = path_id(req, 0),
                                .booking = body.booking.v,
                                .rating = (int32_t)body.rating.v,
                                .comment = body.comment.ptr ? str_trim(body.comment) : STR(""),
                                .once = &once};
    struct actor actor = actor_of(req);
    struct review review;
    const struct tz *tz;
    TRY(review_add(c, reviews_of(req->app), &actor, &in, &review, &tz));
    idempotency_tell(res, &once);
    struct json_writer w = respond_json(c, res, 201);
    put_review(c, &w, &review, tz);
    return OK;
}
