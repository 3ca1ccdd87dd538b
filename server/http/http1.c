/* One pass from the first byte to the empty line. Every function takes a cursor and stops at the
 * first byte that its rule does not allow; running out of bytes is HTTP1_MORE, and the next call
 * begins again (the caller calls only when a whole line more is there, so a head of n lines costs at
 * most n starts). */
#include "server/http/http1.h"

#include <string.h>

#include "server/http/http1_chars.h"
#include "server/http/method.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

struct cursor {
    const char *p, *end;
    struct http1_head *head;
};

static const bool is_host_char[256] = {['-'] = 1,         ['.'] = 1,        ['_'] = 1,
                                       ['~'] = 1,         ['%'] = 1,        ['0' ... '9'] = 1,
                                       ['A' ... 'Z'] = 1, ['a' ... 'z'] = 1};

static enum http1_result bad(struct cursor *at, enum reason reason)
{
    assert(reason != R_NONE);
    at->head->reason = reason;
    return HTTP1_BAD;
}

static enum http1_result malformed(struct cursor *at)
{
    return bad(at, R_BAD_REQUEST);
}

static size_t left(const struct cursor *at)
{
    return (size_t)(at->end - at->p);
}

#define TRY_PARSE(call)                \
    do {                               \
        enum http1_result r_ = (call); \
        if (r_ != HTTP1_DONE)          \
            return r_;                 \
    } while (0)

/* CR LF, or bad; MORE when cut in between. */
static enum http1_result take_crlf(struct cursor *at)
{
    if (left(at) >= 2 && at->p[0] == '\r' && at->p[1] == '\n') {
        at->p += 2;
        return HTTP1_DONE;
    }
    if (left(at) == 0 || (left(at) == 1 && *at->p == '\r'))
        return HTTP1_MORE;
    return malformed(at);
}

/* ---- scanning -------------------------------------------------------------------------------- */

/* The first byte at or after `p` that no field value holds: a control character other than TAB. */
static const char *value_end(const char *p, const char *end)
{
#ifdef __SSE2__
    const __m128i tab = _mm_set1_epi8('\t'), del = _mm_set1_epi8(127);
    const __m128i unit = _mm_set1_epi8(31);
    for (; end - p >= 16; p += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, unit), bytes); /* <= 31 */
        __m128i stop = _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(bytes, tab), low),
                                    _mm_cmpeq_epi8(bytes, del));
        int mask = _mm_movemask_epi8(stop);
        if (mask)
            return p + __builtin_ctz((unsigned)mask);
    }
#else
    /* Eight at a time: the high bit of each byte of `stop` is set below 32 and (falsely, which the
     * byte loop sorts out) for TAB; 127 is found by what 127 ^ 127 leaves. */
    const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
    for (; end - p >= 8; p += 8) {
        uint64_t bytes;
        memcpy(&bytes, p, 8);
        uint64_t del = bytes ^ ones * 127;
        uint64_t stop = ((bytes - ones * 32) & ~bytes) | ((del - ones) & ~del);
        if (stop & high)
            break;
    }
#endif
    for (; p < end; p++)
        if (((unsigned char)*p < 32 && *p != '\t') || *p == 127)
            return p;
    return end;
}

static struct str take_token(struct cursor *at)
{
    const char *start = at->p;
    while (at->p < at->end && is_tchar[(unsigned char)*at->p])
        at->p++;
    return str_of(start, (size_t)(at->p - start));
}

/* ---- request line ---------------------------------------------------------------------------- */

/* Running out of bytes inside the request line. */
static enum http1_result line_cut(struct cursor *at, const char *start)
{
    return at->end - start > HTTP_REQUEST_LINE_MAX ? bad(at, R_URI_TOO_LONG) : HTTP1_MORE;
}

static enum http1_result parse_method(struct cursor *at, const char *start)
{
    struct str method = take_token(at);
    if (at->p == at->end)
        return line_cut(at, start);
    if (method.len == 0 || *at->p != ' ')
        return malformed(at);
    at->p++;
    /* Reported once the line is known to be HTTP/1: "PRI * HTTP/2.0" has another problem first. */
    at->head->method_unknown = !http_method_parse(method, &at->head->method);
    return HTTP1_DONE;
}

/* Visible ASCII without '#': a fragment never leaves a client. */
static enum http1_result parse_target(struct cursor *at, const char *start)
{
    const char *begin = at->p;
    while (at->p<at->end && * at->p> ' ' && *at->p < 127 && *at->p != '#')
        at->p++;
    if (at->p == at->end)
        return line_cut(at, start);
    if (at->p == begin || *at->p != ' ')
        return malformed(at);
    at->head->target = str_of(begin, (size_t)(at->p - begin));
    at->p++;
    return HTTP1_DONE;
}

static enum http1_result parse_version(struct cursor *at, const char *start)
{
    static const char form[] = "HTTP/";
    size_t have = MIN(left(at), sizeof(form) - 1);
    if (memcmp(at->p, form, have) != 0)
        return malformed(at);
    if (left(at) < 8)
        return line_cut(at, start);
    char major = at->p[5], minor = at->p[7];
    if (at->p[6] != '.' || major < '0' || major > '9' || minor < '0' || minor > '9')
        return malformed(at);
    if (major != '1')
        return bad(at, R_HTTP_VERSION);
    at->head->http10 = minor == '0';
    at->p += 8;
    return HTTP1_DONE;
}

static enum http1_result parse_request_line(struct cursor *at)
{
    const char *start = at->p;
    TRY_PARSE(parse_method(at, start));
    TRY_PARSE(parse_target(at, start));
    TRY_PARSE(parse_version(at, start));
    TRY_PARSE(take_crlf(at));
    if (at->p - start > HTTP_REQUEST_LINE_MAX + 2)
        return bad(at, R_URI_TOO_LONG);
    return at->head->method_unknown ? bad(at, R_NOT_IMPLEMENTED) : HTTP1_DONE;
}

/* ---- fields ---------------------------------------------------------------------------------- */

static bool host_is_valid(struct str host)
{
    size_t i = 0;
    if (host.len && host.ptr[0] == '[') {
        for (i = 1; i < host.len && host.ptr[i] != ']'; i++)
            if (!is_host_char[(unsigned char)host.ptr[i]] && host.ptr[i] != ':')
                return false;
        if (i == host.len || i == 1)
            return false;
        i++;
    } else {
        while (i < host.len && is_host_char[(unsigned char)host.ptr[i]])
            i++;
        if (i == 0)
            return false;
    }
    if (i == host.len)
        return true;
    uint64_t port;
    return host.ptr[i] == ':' && str_to_uint64(str_skip(host, i + 1), &port) && port <= 65535;
}

static enum http1_result on_host(struct cursor *at, struct str value)
{
    if (at->head->host.ptr || !host_is_valid(value))
        return malformed(at);
    at->head->host = value;
    return HTTP1_DONE;
}

static enum http1_result on_content_length(struct cursor *at, struct str value)
{
    struct http1_head *head = at->head;
    uint64_t length;
    if (head->framing != HTTP1_NO_BODY || !str_to_uint64(value, &length) || length > INT64_MAX)
        return malformed(at);
    head->framing = HTTP1_LENGTH;
    head->content_length = length;
    return HTTP1_DONE;
}

/* Only "chunked" alone is understood. Whatever else names chunked in a way that another parser
 * might read differently is malformed; other codings are merely not implemented. */
static enum http1_result on_transfer_encoding(struct cursor *at, struct str value)
{
    if (at->head->framing != HTTP1_NO_BODY)
        return malformed(at);
    struct str rest = value, coding = {0};
    size_t chunked = 0, others = 0;
    bool last_chunked = false;
    if (value.len == 0 || value.ptr[value.len - 1] == ',')
        return malformed(at);
    while (str_split(&rest, ',', &coding)) {
        coding = str_trim(coding);
        if (coding.len == 0)
            return malformed(at);
        last_chunked = str_eq_nocase(coding, STR("chunked"));
        chunked += last_chunked;
        others += !last_chunked;
    }
    if (chunked > 1 || (chunked && !last_chunked))
        return malformed(at);
    if (others)
        return bad(at, R_NOT_IMPLEMENTED);
    at->head->framing = HTTP1_CHUNKED;
    return HTTP1_DONE;
}

static void on_connection(struct http1_head *head, struct str value, bool *keep_alive)
{
    struct str rest = value, option;
    while (str_split(&rest, ',', &option)) {
        option = str_trim(option);
        if (str_eq_nocase(option, STR("close")))
            head->close = true;
        else if (str_eq_nocase(option, STR("keep-alive")))
            *keep_alive = true;
    }
}

/* The few fields that steer the connection; by length first, since most fields are others. */
static enum http1_result steer(struct cursor *at, const struct header *field, bool *keep_alive)
{
    switch (field->name.len) {
    case 4:
        if (str_eq_nocase(field->name, STR("host")))
            return on_host(at, field->value);
        break;
    case 6:
        if (!str_eq_nocase(field->name, STR("expect")))
            break;
        if (!str_eq_nocase(field->value, STR("100-continue")))
            return bad(at, R_EXPECTATION);
        at->head->expects_continue = true;
        break;
    case 10:
        if (str_eq_nocase(field->name, STR("connection")))
            on_connection(at->head, field->value, keep_alive);
        break;
    case 14:
        if (str_eq_nocase(field->name, STR("content-length")))
            return on_content_length(at, field->value);
        break;
    case 17:
        if (str_eq_nocase(field->name, STR("transfer-encoding")))
            return on_transfer_encoding(at, field->value);
        break;
    default: break;
    }
    return HTTP1_DONE;
}

/* name ":" OWS value OWS CRLF. A line that begins with white space is folding, and no token. */
static enum http1_result parse_field(struct cursor *at, struct header *field)
{
    field->name = take_token(at);
    if (at->p == at->end)
        return HTTP1_MORE;
    if (field->name.len == 0 || *at->p != ':')
        return malformed(at);
    const char *start = ++at->p;
    at->p = value_end(start, at->end);
    if (at->p == at->end)
        return HTTP1_MORE;
    field->value = str_trim(str_of(start, (size_t)(at->p - start)));
    return take_crlf(at);
}

static enum http1_result parse_fields(struct cursor *at, bool *keep_alive)
{
    struct http1_head *head = at->head;
    for (;;) {
        if (at->p == at->end)
            return HTTP1_MORE;
        if (*at->p == '\r')
            return take_crlf(at);
        if (head->fields_len == HTTP_FIELDS_MAX)
            return bad(at, R_HEAD_TOO_LARGE);
        struct header *field = &head->fields[head->fields_len];
        TRY_PARSE(parse_field(at, field));
        head->fields_len++;
        TRY_PARSE(steer(at, field, keep_alive));
    }
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void split_query(struct http1_head *head, struct str target)
{
    ptrdiff_t mark = str_find_char(target, '?');
    head->path = mark < 0 ? target : str_take(target, (size_t)mark);
    head->query = mark < 0 ? (struct str){0} : str_skip(target, (size_t)mark + 1);
}

/* origin-form, absolute-form (whose authority must be the Host), or "*" for OPTIONS. */
static enum http1_result judge_target(struct cursor *at)
{
    struct http1_head *head = at->head;
    struct str target = head->target;
    assert(target.len > 0);
    if (target.ptr[0] == '/') {
        split_query(head, target);
        return HTTP1_DONE;
    }
    if (str_eq(target, STR("*"))) {
        head->asterisk = true;
        head->path = target;
        return head->method == HTTP_OPTIONS ? HTTP1_DONE : malformed(at);
    }
    size_t scheme = str_starts_nocase(target, STR("http://"))    ? 7
                    : str_starts_nocase(target, STR("https://")) ? 8
                                                                 : 0;
    if (!scheme)
        return malformed(at);
    target = str_skip(target, scheme);
    size_t authority = 0;
    while (authority < target.len && target.ptr[authority] != '/' && target.ptr[authority] != '?')
        authority++;
    if (!str_eq_nocase(str_take(target, authority), head->host))
        return malformed(at);
    split_query(head, str_skip(target, authority));
    if (head->path.len == 0)
        head->path = STR("/");
    return HTTP1_DONE;
}

static enum http1_result judge(struct cursor *at, bool keep_alive)
{
    struct http1_head *head = at->head;
    if (!head->host.ptr && !head->http10)
        return malformed(at);
    if (head->http10 && head->framing == HTTP1_CHUNKED)
        return malformed(at);
    if (head->http10 && !keep_alive)
        head->close = true;
    if (head->http10)
        head->expects_continue = false; /* RFC 9110 §10.1.1: a 1.0 client's is ignored */
    return judge_target(at);
}

enum http1_result http1_parse(struct http1_head *head, struct str bytes, size_t head_bytes_max)
{
    /* Not the fields: they are written before they are counted. */
    memset(head, 0, offsetof(struct http1_head, fields));
    struct cursor at = {.p = bytes.ptr, .end = bytes.ptr + bytes.len, .head = head};
    bool keep_alive = false;
    if (bytes.len && *at.p == '\r')
        TRY_PARSE(take_crlf(&at));
    enum http1_result result = parse_request_line(&at);
    if (result == HTTP1_DONE)
        result = parse_fields(&at, &keep_alive);
    if (result == HTTP1_BAD)
        return result;
    assert(at.p <= at.end && head->fields_len <= HTTP_FIELDS_MAX);
    head->bytes = (size_t)(at.p - bytes.ptr);
    if ((result == HTTP1_DONE ? head->bytes : bytes.len) > head_bytes_max)
        return bad(&at, R_HEAD_TOO_LARGE);
    return result == HTTP1_DONE ? judge(&at, keep_alive) : result;
}
