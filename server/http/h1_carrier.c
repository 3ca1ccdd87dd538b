/* The answer as HTTP/1 writes it: one reservation, then copies. On the path of every request, so without
 * printf and without building anything twice. */
#include <string.h>

#include "server/http/conn.h"
#include "server/http/status.h"

/* All that is no field of the answer: status line, common fields, length, connection. */
enum { HEAD_OWN_MAX = COMMON_FIELDS_TEXT_MAX + 256 };

static struct h1_request *request_of(const struct carrier *carrier)
{
    return container_of(carrier, struct h1_request, carrier);
}

static char *put(char *to, struct str s)
{
    memcpy(to, s.ptr, s.len);
    return to + s.len;
}

static char *put_number(char *to, uint64_t n)
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

static size_t fields_room(const struct answer_head *head)
{
    size_t room = 0;
    for (size_t i = 0; i < head->fields_len; i++)
        room += head->fields[i].name.len + head->fields[i].value.len + 4;
    return room;
}

static char *put_head(char *to, const struct h1_request *request, const struct answer_head *head)
{
    struct http_server *server = request->conn->server;
    to = put(to, http_status_line(head->status));
    to = put(to, common_fields_text(&server->common, server->loop));
    for (size_t i = 0; i < head->fields_len; i++)
        to = put_field(to, &head->fields[i]);
    if (head->body_bytes != ANSWER_HAS_NO_BODY) {
        to = put(to, STR("Content-Length: "));
        to = put_number(to, (uint64_t)head->body_bytes);
        to = put(to, STR("\r\n"));
    }
    if (request->close)
        to = put(to, STR("Connection: close\r\n"));
    else if (request->keep_alive_told)
        to = put(to, STR("Connection: keep-alive\r\n"));
    return put(to, STR("\r\n"));
}

/* Draining, or behind a body that nobody reads to its end, nothing may follow. */
static bool is_last(const struct h1_request *request)
{
    return request->conn->server->draining || request->conn->h1.state == H1_BODY;
}

static size_t write_head(struct carrier *carrier, const struct answer_head *head, struct str body)
{
    struct h1_request *request = request_of(carrier);
    assert(request->conn->state == CONN_OPEN && request->conn->h1.request == request);
    size_t room = HEAD_OWN_MAX + fields_room(head) + body.len;
    char *start = conn_reserve(request->conn, room);
    request->close |= is_last(request);
    char *to = put_head(start, request, head);
    if (body.len)
        to = put(to, body);
    assert(to <= start + room);
    conn_wrote(request->conn, (size_t)(to - start));
    conn_flush_later(request->conn);
    return (size_t)(to - start);
}

static void write_body(struct carrier *carrier, struct str bytes)
{
    struct conn *conn = request_of(carrier)->conn;
    assert(conn->state == CONN_OPEN);
    while (bytes.len) {
        struct str piece = str_take(bytes, HTTP_OUTPUT_CHUNK);
        memcpy(conn_reserve(conn, piece.len), piece.ptr, piece.len);
        conn_wrote(conn, piece.len);
        bytes = str_skip(bytes, piece.len);
    }
    conn_flush_later(conn);
}

static size_t unsent(const struct carrier *carrier)
{
    return conn_unsent(request_of(carrier)->conn);
}

void h1_send_continue(struct conn *conn)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    memcpy(conn_reserve(conn, sizeof(text) - 1), text, sizeof(text) - 1);
    conn_wrote(conn, sizeof(text) - 1);
    conn_flush_later(conn);
}

static void body_wanted(struct carrier *carrier, size_t room)
{
    struct h1_request *request = request_of(carrier);
    if (request->continue_wanted)
        h1_send_continue(request->conn);
    request->continue_wanted = false;
    if (room)
        h1_resume(request->conn);
}

static void ended(struct carrier *carrier, bool whole)
{
    struct h1_request *request = request_of(carrier);
    assert(request->conn->h1.request == request);
    h1_answered(request->conn, request->close || is_last(request) || !whole);
}

const struct carrier_ops h1_carrier_ops = {.head = write_head,
                                           .body = write_body,
                                           .unsent = unsent,
                                           .body_wanted = body_wanted,
                                           .ended = ended};
