/* What is found out about a request from its head alone, without waiting: an id to find it again by, who asks,
 * in which language, from where. All of it comes before anything can be refused, so that a refusal is told in
 * the caller's language and counted against the right address. What a client may claim is only believed as far
 * as it can do no harm: an id that could be a phone number is replaced, forwarded addresses are read from the
 * right and only as far as trusted proxies wrote them. */
#include "server/http/middleware.h"

#include <string.h>

#include "runtime/io.h"
#include "server/http/limits.h"

bool request_id_is_sane(struct str id)
{
    if (id.len == 0 || id.len > HTTP_REQUEST_ID_MAX)
        return false;
    enum { PHONE_DIGITS_MIN = 8 };
    size_t digits = 0;
    bool letters = false;
    for (size_t i = 0; i < id.len; i++) {
        char ch = id.ptr[i];
        bool letter = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z');
        bool digit = ch >= '0' && ch <= '9';
        if (!letter && !digit && ch != '.' && ch != '_' && ch != '-')
            return false;
        letters |= letter;
        digits += digit;
    }
    return letters || digits < PHONE_DIGITS_MIN; /* ids are logged as they are, phones are not */
}

/* ---- language ---- */

/* ";q=0.8" in thousandths; 1000 without one; -1 when it is not a weight. */
static int weight(struct str params)
{
    struct str param;
    while (str_split(&params, ';', &param)) {
        param = str_trim(param);
        if (!str_starts_nocase(param, STR("q=")))
            continue;
        struct str text = str_skip(param, 2);
        if (text.len == 0 || text.len > 5 || (text.ptr[0] != '0' && text.ptr[0] != '1') ||
            (text.len > 1 && text.ptr[1] != '.'))
            return -1;
        int value = (text.ptr[0] - '0') * 1000, unit = 100;
        for (size_t i = 2; i < text.len; i++, unit /= 10) {
            if (text.ptr[i] < '0' || text.ptr[i] > '9')
                return -1;
            value += (text.ptr[i] - '0') * unit;
        }
        return value <= 1000 ? value : -1;
    }
    return 1000;
}

static bool is_language(struct str range, struct str tag)
{
    return str_starts_nocase(range, tag) && (range.len == tag.len || range.ptr[tag.len] == '-');
}

bool language_parse(struct str accept_language, enum lang *out)
{
    int best = 0;
    struct str rest = accept_language, item;
    while (str_split(&rest, ',', &item)) {
        struct str params = item, range;
        if (!str_split(&params, ';', &range))
            continue;
        range = str_trim(range);
        bool arabic = is_language(range, STR("ar")), english = is_language(range, STR("en"));
        int q = params.len < item.len ? weight(params) : 1000;
        if ((!arabic && !english) || q <= best)
            continue;
        best = q;
        *out = arabic ? LANG_AR : LANG_EN;
    }
    return best > 0;
}

enum lang request_language(const struct request *req)
{
    struct str header = request_header(req, STR("accept-language"));
    enum lang lang = LANG_AR;
    /* A header decides even when it names no language of ours: then it is the default one. */
    if (header.ptr)
        return language_parse(header, &lang) ? lang : LANG_AR;
    return req->caller.user_id ? req->caller.lang : LANG_AR;
}

/* ---- address ---- */

/* The last element of the list, cut off. Proxies append, so the right-most is the nearest. */
static struct str take_last(struct str *list)
{
    size_t at = list->len;
    while (at > 0 && list->ptr[at - 1] != ',')
        at--;
    struct str last = str_trim(str_skip(*list, at));
    *list = str_take(*list, at > 0 ? at - 1 : 0);
    return last;
}

/* "1.2.3.4:5678" and "[::1]:5678", as some proxies write them. */
static bool forwarded_parse(struct str entry, struct ip *out)
{
    if (ip_parse(entry, out))
        return true;
    ptrdiff_t colon = -1;
    for (size_t i = 0; i < entry.len; i++)
        if (entry.ptr[i] == ':')
            colon = (ptrdiff_t)i;
    return colon > 0 && ip_parse(str_take(entry, (size_t)colon), out);
}

struct str client_address(const struct cidr_list *trusted, struct str peer,
                          const struct header *headers, size_t headers_len, char *text)
{
    struct ip ip;
    if (trusted->len == 0 || !ip_parse(peer, &ip) || !cidr_list_has(trusted, ip))
        return peer;
    assert(text && peer.len <= IP_TEXT_MAX);
    for (size_t i = headers_len; i-- > 0;) {
        if (!str_eq_nocase(headers[i].name, STR("x-forwarded-for")))
            continue;
        struct str list = headers[i].value;
        while (list.len) {
            /* What a trusted proxy could not have written ends the search at that proxy. */
            struct ip next;
            if (!forwarded_parse(take_last(&list), &next))
                return str_of(text, ip_format(ip, text));
            ip = next;
            if (!cidr_list_has(trusted, ip))
                return str_of(text, ip_format(ip, text));
        }
    }
    return str_of(text, ip_format(ip, text));
}

/* ---- caller ---- */

static bool has_bearer(const struct request *req)
{
    return str_starts_nocase(request_header(req, STR("authorization")), STR("bearer "));
}

void caller_identify(const struct ctx *c, const struct token_gate *gate, struct request *req)
{
    req->caller = (struct caller){0};
    if (!gate || !has_bearer(req))
        return;
    struct str header = request_header(req, STR("authorization"));
    struct str token = str_trim(str_skip(header, sizeof("bearer ") - 1));
    struct caller caller;
    if (gate->whose(gate, c->arena, token, ctx_now(c), &caller))
        req->caller = caller;
    assert(req->caller.user_id >= 0 && req->caller.lang < LANG_COUNT);
}

enum err caller_check(struct ctx *c, const struct request *req)
{
    uint32_t flags = req->route->flags;
    if (!(flags & (ROUTE_USER | ROUTE_OPTIONAL_USER)))
        return OK;
    if (!has_bearer(req))
        return flags & ROUTE_USER ? fail(c, R_NO_CREDENTIALS) : OK;
    return req->caller.user_id ? OK : fail(c, R_TOKEN_INVALID);
}
