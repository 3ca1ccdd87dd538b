#include "server/http/cors.h"

bool cors_origin_is_sane(struct str origin)
{
    if (str_eq(origin, STR("*")))
        return true;
    ptrdiff_t at = str_find(origin, STR("://"));
    if (at <= 0)
        return false;
    struct str host = str_skip(origin, (size_t)at + 3);
    if (host.len == 0 || str_find_char(host, '/') >= 0 || str_find_char(host, '*') >= 0)
        return false;
    for (size_t i = 0; i < origin.len; i++)
        if (origin.ptr[i] <= ' ' || origin.ptr[i] > '~')
            return false;
    return true;
}

bool cors_allows(const struct str_list *allowed, struct str origin)
{
    /* "null" is what sandboxed pages and files send: never one of ours. */
    return origin.len && (str_list_has(allowed, origin) ||
                          (str_list_has(allowed, STR("*")) && !str_eq(origin, STR("null"))));
}

void cors_headers(const struct str_list *allowed, struct str origin, struct response *res)
{
    if (allowed->len == 0)
        return;
    response_header(res, STR("Vary"), STR("Origin"));
    if (!cors_allows(allowed, origin))
        return;
    response_header(res, STR("Access-Control-Allow-Origin"), origin);
    response_header(res, STR("Access-Control-Expose-Headers"),
                    STR("ETag, Idempotency-Replayed, Retry-After, X-Request-Id"));
}

void cors_options(struct ctx *c, const struct str_list *allowed, const struct request *req,
                  uint32_t allow, struct response *res)
{
    assert(allow); /* a path that has methods */
    struct str methods = router_allow(c->arena, allow);
    respond_no_content(res);
    response_header(res, STR("Allow"), methods);
    if (!cors_allows(allowed, request_header(req, STR("origin"))) ||
        !request_header(req, STR("access-control-request-method")).len)
        return;
    response_header(res, STR("Access-Control-Allow-Methods"), methods);
    response_header(res, STR("Access-Control-Allow-Headers"),
                    STR("Authorization, Content-Type, Accept-Language, Idempotency-Key, "
                        "X-Request-Id"));
    response_header(res, STR("Access-Control-Max-Age"), STR("600"));
}
