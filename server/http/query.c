#include "server/http/query.h"

#include "runtime/base/encoding.h"
#include "server/http/limits.h"

bool query_is_sane(struct arena *arena, struct str query)
{
    struct str pair, decoded;
    for (size_t pairs = 0; str_split(&query, '&', &pair); pairs++)
        if (pairs == QUERY_PAIRS_MAX || !percent_decode(arena, pair, true, &decoded))
            return false;
    return true;
}

bool query_find(struct ctx *c, const struct request *req, struct str name, struct str *out)
{
    struct str rest = req->query, pair;
    while (str_split(&rest, '&', &pair)) {
        struct str key, value = pair;
        if (!str_split(&value, '=', &key) || !percent_decode(c->arena, key, true, &key) ||
            !str_eq(key, name))
            continue;
        /* The edge saw that every escape is fine (query_is_sane). */
        if (!percent_decode(c->arena, value, true, out))
            return false;
        return true;
    }
    return false;
}

enum err query_int(struct ctx *c, const struct request *req, struct str name, int64_t min,
                   int64_t max, int64_t fallback, int64_t *out)
{
    struct str text;
    assert(name.len && min <= max);
    if (!query_find(c, req, name, &text)) {
        *out = fallback;
        return OK;
    }
    int64_t v;
    if (!str_to_int64(text, &v) || v < min || v > max)
        return fail_field(c, name, R_BAD_QUERY);
    *out = v;
    return OK;
}

enum err query_date(struct ctx *c, const struct request *req, struct str name, struct date *out)
{
    struct str text;
    struct date first = date_from_civil(2000, 1, 1), last = date_from_civil(2999, 12, 31);
    if (!query_find(c, req, name, &text))
        return fail_field(c, name, R_FIELD_REQUIRED);
    if (!date_parse(text, out) || out->days < first.days || out->days > last.days)
        return fail_field(c, name, R_BAD_QUERY);
    return OK;
}

enum err query_page(struct ctx *c, const struct request *req, struct page *out)
{
    struct str cursor;
    *out = (struct page){0};
    TRY(query_int(c, req, STR("limit"), 1, PAGE_LIMIT_MAX, PAGE_LIMIT_DEFAULT, &out->limit));
    if (!query_find(c, req, STR("cursor"), &cursor) || cursor.len == 0)
        return OK;
    if (!base64url_decode(c->arena, cursor, &out->cursor) || !str_is_utf8(out->cursor))
        return fail_field(c, STR("cursor"), R_BAD_QUERY);
    return OK;
}
