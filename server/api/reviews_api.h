/* server/api/reviews_api.h - what customers say about salons.   Waits: the endpoints. */
#pragma once
#include "server/api.h"

/* GET, POST /api/salons/{id}/reviews/ */
enum err api_reviews(struct ctx *c, struct request *req, struct response *res);
enum err api_review_add(struct ctx *c, struct request *req, struct response *res);
