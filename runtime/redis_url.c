/* The address of a Redis as people write it. */
#include <ctype.h>
#include <string.h>

#include "runtime/base/arena.h"
#include "runtime/redis.h"
#include "runtime/url.h"

enum { DATABASE_MAX = 65535 };

static bool refuse_url(struct str *why, struct str text)
{
    *why = text;
    return false;
}

static bool parse_database(struct str text, uint32_t *out)
{
    uint64_t n = 0;
    if (text.len && (!str_to_uint64(text, &n) || n > DATABASE_MAX))
        return false;
    *out = (uint32_t)n;
    return true;
}

/* People write "@", "?" and what else a password has as it is, up to the last "@" before a "/". For RFC 3986,
 * and so for libcurl, that must be encoded. */
static struct str encode_credentials(struct arena *arena, struct str rest)
{
    static const char as_it_is[] = "%:-._~!$&'()*+,;=";
    struct strbuf encoded = strbuf_new(arena, 3 * rest.len + 16);
    ptrdiff_t slash = str_find_char(rest, '/');
    size_t authority_len = slash < 0 ? rest.len : (size_t)slash;
    const char *end = authority_len ? memrchr(rest.ptr, '@', authority_len) : NULL;
    strbuf_add(&encoded, STR("redis://"));
    for (; end && rest.ptr < end; rest = str_skip(rest, 1)) {
        unsigned char byte = (unsigned char)rest.ptr[0];
        if (isalnum(byte) || (byte && strchr(as_it_is, byte)))
            strbuf_add_char(&encoded, rest.ptr[0]);
        else
            strbuf_addf(&encoded, "%%%02x", byte);
    }
    strbuf_add(&encoded, rest);
    return strbuf_str(&encoded);
}

/* "[user]:password@" or "password@". */
static bool take_credentials(const struct url *url, struct redis_options *out)
{
    out->user = url->has_password ? url->user : STR("");
    out->password = url->has_password ? url->password : url->user;
    return out->user.len == 0 || out->password.len > 0;
}

static bool parse_tcp(struct str rest, struct arena *arena, struct redis_options *out,
                      struct str *why)
{
    struct url url;
    const char *problem;
    if (!url_parse(encode_credentials(arena, rest), arena, &url, &problem))
        return refuse_url(
            why, str_printf(arena,
                            "a Redis URL is like redis://user:password@host:port/0, with a "
                            "numeric host or localhost: %s",
                            problem));
    if (!take_credentials(&url, out))
        return refuse_url(why, STR("a Redis URL with a user needs a password"));
    struct str host = str_eq(url.host, STR("localhost")) ? STR("127.0.0.1") : url.host;
    struct str port = url.port.len ? url.port : STR("6379");
    struct str where = str_printf(arena, "%.*s:%.*s", STR_FMT(host), STR_FMT(port));
    if (!io_addr_parse(where, &out->addr))
        return refuse_url(why,
                          str_printf(arena,
                                     "a Redis URL needs a numeric host or localhost, and a port, "
                                     "not \"%.*s\"",
                                     STR_FMT(where)));
    struct str database = str_skip(url.path, 1);
    if (url.query.len || !parse_database(database, &out->database))
        return refuse_url(
            why, str_printf(arena,
                            "a Redis URL ends with the number of a database, not with "
                            "\"%.*s%s%.*s\"",
                            STR_FMT(database), url.query.len ? "?" : "", STR_FMT(url.query)));
    return true;
}

/* Not a URL for libcurl, which wants a host. */
static bool parse_unix(struct str url, struct arena *arena, struct redis_options *out,
                       struct str *why)
{
    ptrdiff_t mark = str_find_char(url, '?');
    struct str query = mark < 0 ? STR("") : str_skip(url, (size_t)mark + 1);
    struct str path = mark < 0 ? url : str_take(url, (size_t)mark);
    if (!str_starts(path, STR("unix:///")) || !io_addr_parse(path, &out->addr))
        return refuse_url(why,
                          str_printf(arena,
                                     "a Redis URL needs an absolute path of less than 108 bytes, "
                                     "not \"%.*s\"",
                                     STR_FMT(path)));
    if (query.len &&
        (!str_starts(query, STR("db=")) || !parse_database(str_skip(query, 3), &out->database)))
        return refuse_url(why, str_printf(arena,
                                          "a Redis URL with a path takes ?db=NUMBER, not \"%.*s\"",
                                          STR_FMT(query)));
    return true;
}

bool redis_options_parse(struct str url, struct arena *arena, struct redis_options *out,
                         struct str *why)
{
    out->user = out->password = (struct str){0};
    out->database = 0;
    if (str_starts(url, STR("redis://")))
        return parse_tcp(str_skip(url, strlen("redis://")), arena, out, why);
    if (str_starts(url, STR("unix://")))
        return parse_unix(url, arena, out, why);
    if (str_starts(url, STR("rediss://")))
        return refuse_url(
            why, STR("Redis over TLS (rediss://) is not supported: use a private network or a "
                     "local TLS proxy"));
    return refuse_url(why, STR("a Redis URL begins with redis:// or unix://"));
}
