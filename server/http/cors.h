/* server/http/cors.h - which pages of other origins may use the API (WHATWG Fetch §3.2). Waits: never. */
#pragma once
#include "server/http/router.h"
#include "server/http/str_list.h"

/* "scheme://host[:port]" without path, or "*". */
bool cors_origin_is_sane(struct str origin);
bool cors_allows(const struct str_list *allowed, struct str origin);
/* Headers for an answer to a page of `origin` (empty: no such header; then only Vary). */
void cors_headers(const struct str_list *allowed, struct str origin, struct response *res);
/* The answer to OPTIONS of a known path: 204 with Allow, and for a preflight what is allowed. */
void cors_options(struct ctx *c, const struct str_list *allowed, const struct request *req,
                  uint32_t allow, struct response *res);
