#include "server/http/query.h"

#include <string.h>

#include "server/http/limits.h"

static int hex_value(char ch)
{
    if (ch >= '0' && ch <= '9')
        return ch - '0';
    if (ch >= 'a' && ch <= 'f')
        return ch - 'a' + 10;
    if (ch >= 'A' && ch <= 'F')
        return ch - 'A' + 10;
    return -1;
}

static bool decode_into(char *to, struct str in, bool plus_is_space, size_t *len)
{
    *len = 0;
    for (size_t i = 0; i < in.len; i++) {
        char ch = in.ptr[i];
        if (ch == '+' && plus_is_space) {
            ch = ' ';
        } else if (ch == '%') {
            int high = i + 2 < in.len ? hex_value(in.ptr[i + 1]) : -1;
            int low = i + 2 < in.len ? hex_value(in.ptr[i + 2]) : -1;
            if (high < 0 || low < 0 || (high == 0 && low == 0))
                return false;
            ch = (char)(high << 4 | low);
            i += 2;
        }
        to[(*len)++] = ch;
    }
    return true;
}

bool percent_decode(struct arena *arena, struct str in, bool plus_is_space, struct str *out)
{
    if (str_find_char(in, '%') < 0 && !(plus_is_space && str_find_char(in, '+') >= 0)) {
        *out = in;
        return str_is_utf8(in);
    }
    char *text = arena_push_bytes(arena, in.len);
    size_t len;
    if (!decode_into(text, in, plus_is_space, &len) || !str_is_utf8(str_of(text, len)))
        return false;
    *out = str_of(text, len);
    return true;
}

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
