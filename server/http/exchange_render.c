/* The answer as bytes: one reservation, then copies. On the path of every request, so without
 * printf and without building anything twice. */
#include <string.h>

#include "server/http/exchange.h"
#include "server/http/status.h"

/* All that is no field of the answer: status line, block, type, length, connection. */
enum { HEAD_OWN_MAX = RESPONSE_BLOCK_MAX + 512 };

static char *put(char *to, struct str s)
{
    memcpy(to, s.ptr, s.len);
    return to + s.len;
}

static char *put_number(char *to, size_t n)
{
    char digits[20];
    size_t len = 0;
    do
        digits[sizeof(digits) - ++len] = (char)('0' + n % 10);
    while (n /= 10);
    return put(to, str_of(digits + sizeof(digits) - len, len));
}

static char *put_field(char *to, const struct header *field)
{
    to = put(to, field->name);
    to = put(to, STR(": "));
    to = put(to, field->value);
    return put(to, STR("\r\n"));
}

static size_t fields_room(const struct response *res)
{
    size_t room = 0;
    for (size_t i = 0; i < res->fields_len; i++)
        room += res->fields[i].name.len + res->fields[i].value.len + 4;
    return room;
}

static char *put_content(char *to, struct exchange *exchange)
{
    const struct response *res = &exchange->response;
    /* These have no body, and 304 would have to tell the length of another (RFC 9110 §8.6). */
    if (res->status == 204 || res->status == 304)
        return to;
    if (res->content_type.len) {
        to = put(to, STR("Content-Type: "));
        to = put(to, res->content_type);
        to = put(to, STR("\r\n"));
    }
    to = put(to, STR("Content-Length: "));
    to = put_number(to, exchange->stream_promised ? exchange->stream_promised : res->body.len);
    return put(to, STR("\r\n"));
}

static char *put_head(char *to, struct exchange *exchange)
{
    const struct response *res = &exchange->response;
    to = put(to, http_status_line(res->status));
    to = put(to, http_server_block(exchange->server));
    to = put_content(to, exchange);
    for (size_t i = 0; i < res->fields_len; i++)
        to = put_field(to, &res->fields[i]);
    if (exchange->close)
        to = put(to, STR("Connection: close\r\n"));
    else if (exchange->keep_alive_told)
        to = put(to, STR("Connection: keep-alive\r\n"));
    return put(to, STR("\r\n"));
}

size_t exchange_render(struct exchange *exchange)
{
    struct response *res = &exchange->response;
    bool with_body = exchange->request.method != HTTP_HEAD && res->status != 204 &&
                     res->status != 304;
    size_t body = with_body ? res->body.len : 0;
    size_t room = HEAD_OWN_MAX + res->content_type.len + fields_room(res) + body;
    char *start = conn_reserve(exchange->conn, room), *to = put_head(start, exchange);
    if (body)
        to = put(to, strbuf_str(&res->body));
    assert(to <= start + room);
    conn_wrote(exchange->conn, (size_t)(to - start));
    return (size_t)(to - start);
}
