#include "bench/reader.h"

#include <string.h>
#include <strings.h>

static bool parse_digits(const char *at, const char *end, uint64_t *out)
{
    uint64_t v = 0;
    if (at == end || end - at > 15)
        return false;
    for (; at < end; at++) {
        if (*at < '0' || *at > '9')
            return false;
        v = v * 10 + (uint64_t)(*at - '0');
    }
    *out = v;
    return true;
}

static bool field_is(const char *line, size_t name_len, const char *name)
{
    return name_len == strlen(name) && strncasecmp(line, name, name_len) == 0;
}

/* One "name: value" line without its CRLF. */
static bool parse_field(struct reader *r, const char *line, const char *end, bool *has_length)
{
    const char *colon = memchr(line, ':', (size_t)(end - line));
    if (!colon)
        return false;
    size_t name_len = (size_t)(colon - line);
    const char *value = colon + 1;
    while (value < end && *value == ' ')
        value++;
    if (field_is(line, name_len, "content-length")) {
        *has_length = true;
        return parse_digits(value, end, &r->body_left);
    }
    if (field_is(line, name_len, "connection"))
        r->closes = end - value == 5 && strncasecmp(value, "close", 5) == 0;
    return !field_is(line, name_len, "transfer-encoding");
}

/* "HTTP/1.1 200 OK" and the fields, up to and with the empty line at `end`. */
static bool parse_head(struct reader *r, const char *head, const char *end)
{
    uint64_t status;
    if (end - head < 16 || memcmp(head, "HTTP/1.1 ", 9) != 0 ||
        !parse_digits(head + 9, head + 12, &status))
        return false;
    r->status = (uint16_t)status;
    r->closes = false;
    r->body_left = 0;

    bool has_length = false;
    const char *line = (const char *)memchr(head, '\n', (size_t)(end - head)) + 1;
    while (line < end - 2) {
        const char *next = memchr(line, '\n', (size_t)(end - line));
        char first = *line | 0x20;
        if ((first == 'c' || first == 't') && !parse_field(r, line, next - 1, &has_length))
            return false;
        line = next + 1;
    }
    return has_length || status == 204 || status == 304;
}

/* Where the head that begins at `from` ends (past its empty line), or NULL. */
static const char *head_end(const char *from, size_t len)
{
    const char *at = memmem(from, len, "\r\n\r\n", 4);
    return at ? at + 4 : NULL;
}

/* Completes a head of which a part was kept; eats what belonged to it. */
static enum reader_result continue_head(struct reader *r, const char **data, size_t *len)
{
    size_t room = sizeof r->head - r->head_len;
    size_t taken = *len < room ? *len : room;
    memcpy(r->head + r->head_len, *data, taken);
    size_t held = r->head_len + taken;
    size_t searched = r->head_len > 3 ? r->head_len - 3 : 0;
    const char *end = head_end(r->head + searched, held - searched);
    if (!end) {
        r->head_len = (uint32_t)held;
        *data += taken;
        *len -= taken;
        return held == sizeof r->head ? READER_MALFORMED : READER_MORE;
    }
    size_t eaten = (size_t)(end - r->head) - r->head_len;
    *data += eaten;
    *len -= eaten;
    r->head_len = 0;
    r->in_body = parse_head(r, r->head, end);
    return r->in_body ? READER_RESPONSE : READER_MALFORMED;
}

static enum reader_result next_head(struct reader *r, const char **data, size_t *len)
{
    if (*len == 0)
        return READER_MORE;
    const char *end = r->head_len == 0 ? head_end(*data, *len) : NULL;
    if (!end)
        return continue_head(r, data, len);
    r->in_body = parse_head(r, *data, end);
    *len -= (size_t)(end - *data);
    *data = end;
    return r->in_body ? READER_RESPONSE : READER_MALFORMED;
}

enum reader_result reader_next(struct reader *r, const char **data, size_t *len)
{
    if (!r->in_body) {
        enum reader_result result = next_head(r, data, len);
        if (result != READER_RESPONSE)
            return result;
    }
    size_t eaten = r->body_left < *len ? (size_t)r->body_left : *len;
    *data += eaten;
    *len -= eaten;
    r->body_left -= eaten;
    if (r->body_left > 0)
        return READER_MORE;
    r->in_body = false;
    return READER_RESPONSE;
}
