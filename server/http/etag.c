/* Conditional requests (RFC 9110 §13.1.2): a list of tags or "*"; a weak tag names the same content. */
#include "server/api.h"

static bool names(struct str list, struct str etag)
{
    struct str item;
    while (str_split(&list, ',', &item)) {
        item = str_trim(item);
        if (str_starts(item, STR("W/")))
            item = str_skip(item, 2);
        if (str_eq(item, etag) || str_eq(item, STR("*")))
            return true;
    }
    return false;
}

bool respond_tag(const struct request *req, struct response *res, struct str etag)
{
    assert(etag.len > 2 && etag.ptr[0] == '"' && etag.ptr[etag.len - 1] == '"');
    response_header(res, STR("ETag"), etag);
    if (!names(request_header(req, STR("if-none-match")), etag))
        return false;
    res->status = 304;
    res->content_type = (struct str){0};
    res->body.len = 0;
    return true;
}
