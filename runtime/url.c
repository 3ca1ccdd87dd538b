#include "runtime/url.h"

#include <ctype.h>
#include <string.h>

#include <curl/curl.h>

#include "runtime/base/arena.h"

/* False: there is no such part; `*out` is empty then. */
static bool read_part(CURLU *handle, CURLUPart part, struct arena *arena, struct str *out)
{
    char *text = NULL;
    bool there = curl_url_get(handle, part, &text, 0) == CURLUE_OK;
    *out = there ? str_copy(arena, str_c(text)) : STR("");
    curl_free(text);
    return there;
}

/* libcurl leaves an escape that is none as it is. */
static bool escapes_are_whole(const char *text)
{
    for (; (text = strchr(text, '%')); text++)
        if (!isxdigit((unsigned char)text[1]) || !isxdigit((unsigned char)text[2]))
            return false;
    return true;
}

static bool decode(struct arena *arena, struct str *part)
{
    if (!part->len)
        return true;
    int len = 0;
    char *text = NULL;
    if (escapes_are_whole(part->ptr))
        text = curl_easy_unescape(NULL, part->ptr, (int)part->len, &len);
    if (text)
        *part = str_copy(arena, str_of(text, (size_t)len));
    curl_free(text);
    return text != NULL;
}

/* What libcurl takes and we do not: "redis:/host" and "redis:///host" for "redis://host", an IPv6 zone, and
 * any number for an IPv4 address ("redis://3" is 0.0.0.3 then). NULL: nothing is wrong. */
static const char *problem_of(const struct url *url, struct str text, CURLU *handle,
                              struct arena *arena)
{
    struct str none, rest = str_skip(text, url->scheme.len);
    if (!str_starts(rest, STR("://")) || str_starts(rest, STR(":///")))
        return "it is not like scheme://host";
    if (read_part(handle, CURLUPART_FRAGMENT, arena, &none))
        return "it has a fragment";
    if (read_part(handle, CURLUPART_ZONEID, arena, &none) || str_find(text, url->host) < 0)
        return "its host is not written out";
    return NULL;
}

static const char *take_apart(CURLU *handle, struct str text, struct arena *arena, struct url *out)
{
    CURLUcode code = curl_url_set(handle, CURLUPART_URL, str_to_c(arena, text),
                                  CURLU_NON_SUPPORT_SCHEME | CURLU_PATH_AS_IS);
    if (code != CURLUE_OK)
        return curl_url_strerror(code);
    read_part(handle, CURLUPART_SCHEME, arena, &out->scheme);
    read_part(handle, CURLUPART_USER, arena, &out->user);
    out->has_password = read_part(handle, CURLUPART_PASSWORD, arena, &out->password);
    read_part(handle, CURLUPART_HOST, arena, &out->host);
    read_part(handle, CURLUPART_PORT, arena, &out->port);
    read_part(handle, CURLUPART_PATH, arena, &out->path);
    read_part(handle, CURLUPART_QUERY, arena, &out->query);
    if (!decode(arena, &out->user) || !decode(arena, &out->password))
        return "its user and password are not percent-encoded";
    return problem_of(out, text, handle, arena);
}

bool url_parse(struct str text, struct arena *arena, struct url *out, const char **why)
{
    CURLU *handle = curl_url();
    if (!handle)
        base_die(__FILE__, __LINE__, "out of memory");
    *why = take_apart(handle, text, arena, out);
    curl_url_cleanup(handle);
    return *why == NULL;
}
