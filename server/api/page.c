#include "server/api/page.h"

#include "runtime/base/encoding.h"

struct json_writer respond_page(struct ctx *c, struct response *res)
{
    struct json_writer w = respond_json(c, res, 200);
    json_object_begin(&w, NULL);
    json_array_begin(&w, "results");
    return w;
}

void page_end(struct ctx *c, struct json_writer *w, struct str cursor)
{
    assert(w->depth == 2); /* the array, in the object */
    json_array_end(w);
    if (cursor.len)
        json_put_str(w, "next",
                     base64url_encode(c->arena, (const uint8_t *)cursor.ptr, cursor.len));
    else
        json_put_null(w, "next");
    json_object_end(w);
}

void page_end_by_id(struct ctx *c, struct json_writer *w, bool more, int64_t last_id)
{
    assert(!more || last_id > 0);
    page_end(c, w, more ? str_printf(c->arena, "%lld", (long long)last_id) : STR(""));
}
