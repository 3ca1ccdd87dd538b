/* The address of a Redis as people write it. */
#include <string.h>

#include "runtime/base/arena.h"
#include "runtime/redis.h"

enum { DATABASE_MAX = 65535 };

static bool refuse(struct arena *arena, struct str *why, const char *fmt, struct str what)
{
    struct strbuf text = strbuf_new(arena, 128);
    strbuf_add(&text, str_c(fmt));
    if (what.len)
        strbuf_addf(&text, " \"%.*s\"", STR_FMT(what));
    *why = strbuf_str(&text);
    return false;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool percent_decode(struct arena *arena, struct str in, struct str *out)
{
    char *to = arena_push_bytes(arena, in.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < in.len; i++) {
        if (in.ptr[i] != '%') {
            to[len++] = in.ptr[i];
            continue;
        }
        if (i + 2 >= in.len || hex_value(in.ptr[i + 1]) < 0 || hex_value(in.ptr[i + 2]) < 0)
            return false;
        to[len++] = (char)(hex_value(in.ptr[i + 1]) << 4 | hex_value(in.ptr[i + 2]));
        i += 2;
    }
    *out = str_of(to, len);
    return true;
}

static bool parse_database(struct str text, uint32_t *out)
{
    uint64_t n = 0;
    if (text.len && (!str_to_uint64(text, &n) || n > DATABASE_MAX))
        return false;
    *out = (uint32_t)n;
    return true;
}

/* "[user]:password@" or "password@"; what is left is the host. */
static bool parse_credentials(struct arena *arena, struct str *authority, struct redis_options *out)
{
    const char *at = authority->len ? memrchr(authority->ptr, '@', authority->len) : NULL;
    if (!at)
        return true;
    struct str credentials = str_take(*authority, (size_t)(at - authority->ptr)), user;
    *authority = str_skip(*authority, credentials.len + 1);
    ptrdiff_t colon = str_find_char(credentials, ':');
    user = str_take(credentials, colon < 0 ? 0 : (size_t)colon);
    struct str password = str_skip(credentials, colon < 0 ? 0 : (size_t)colon + 1);
    return percent_decode(arena, user, &out->user) &&
           percent_decode(arena, password, &out->password) &&
           (out->user.len == 0 || out->password.len > 0);
}

static bool parse_host(struct arena *arena, struct str host, struct io_addr *out)
{
    const char *colon = host.len ? memrchr(host.ptr, ':', host.len) : NULL;
    bool has_port = colon && !str_ends(host, STR("]"));
    struct str port = has_port ? str_skip(host, (size_t)(colon - host.ptr) + 1) : STR("6379");
    if (has_port)
        host = str_take(host, (size_t)(colon - host.ptr));
    if (str_eq(host, STR("localhost")))
        host = STR("127.0.0.1");
    return io_addr_parse(str_printf(arena, "%.*s:%.*s", STR_FMT(host), STR_FMT(port)), out);
}

static bool parse_tcp(struct str rest, struct arena *arena, struct redis_options *out,
                      struct str *why)
{
    ptrdiff_t slash = str_find_char(rest, '/');
    struct str authority = slash < 0 ? rest : str_take(rest, (size_t)slash);
    struct str database = slash < 0 ? STR("") : str_skip(rest, (size_t)slash + 1);
    if (!parse_credentials(arena, &authority, out))
        return refuse(arena, why,
                      "a Redis URL's user and password must be percent-encoded,"
                      " and a user needs a password",
                      STR(""));
    if (!parse_host(arena, authority, &out->addr))
        return refuse(arena, why, "a Redis URL needs a numeric host or localhost, and a port, not",
                      authority);
    if (!parse_database(database, &out->database))
        return refuse(arena, why, "a Redis URL ends with the number of a database, not with",
                      database);
    return true;
}

static bool parse_unix(struct str url, struct arena *arena, struct redis_options *out,
                       struct str *why)
{
    ptrdiff_t mark = str_find_char(url, '?');
    struct str query = mark < 0 ? STR("") : str_skip(url, (size_t)mark + 1);
    struct str path = mark < 0 ? url : str_take(url, (size_t)mark);
    if (!str_starts(path, STR("unix:///")) || !io_addr_parse(path, &out->addr))
        return refuse(arena, why, "a Redis URL needs an absolute path of less than 108 bytes, not",
                      path);
    if (query.len &&
        (!str_starts(query, STR("db=")) || !parse_database(str_skip(query, 3), &out->database)))
        return refuse(arena, why, "a Redis URL with a path takes ?db=NUMBER, not", query);
    return true;
}

bool redis_options_parse(struct str url, struct arena *arena, struct redis_options *out,
                         struct str *why)
{
    out->user = out->password = (struct str){0};
    out->database = 0;
    if (str_starts(url, STR("redis://")))
        return parse_tcp(str_skip(url, 8), arena, out, why);
    if (str_starts(url, STR("unix://")))
        return parse_unix(url, arena, out, why);
    if (str_starts(url, STR("rediss://")))
        return refuse(arena, why,
                      "Redis over TLS (rediss://) is not supported: use a private"
                      " network or a local TLS proxy",
                      STR(""));
    return refuse(arena, why, "a Redis URL begins with redis:// or unix://", STR(""));
}
