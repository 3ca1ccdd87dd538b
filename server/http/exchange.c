#include "server/http/exchange.h"

#include <string.h>

#include "runtime/base/log.h"
#include "server/http/cors.h"
#include "server/http/errors.h"
#include "server/http/middleware.h"
#include "server/http/query.h"

struct str request_header(const struct request *req, struct str name)
{
    for (size_t i = 0; i < req->headers_len; i++)
        if (req->headers[i].name.len == name.len && str_eq_nocase(req->headers[i].name, name))
            return req->headers[i].value;
    return (struct str){0};
}

/* ---- making ---------------------------------------------------------------------------------- */

static struct exchange *new_in_arena(struct conn *conn)
{
    struct http_server *server = conn->server;
    struct arena arena;
    arena_begin(&arena, loop_arenas(server->loop));
    struct exchange *exchange = arena_new(&arena, struct exchange);
    exchange->arena = arena;
    exchange->conn = conn;
    exchange->server = server;
    exchange->listen = conn->listen;
    exchange->began = loop_now(server->loop);
    exchange->tls = conn->tls != NULL;
    ctx_init(&exchange->ctx, &exchange->arena, loop_clock(server->loop));
    exchange->ctx.deadline = tick_add(exchange->began, server->options.request_timeout);
    exchange->request.app = server->app;
    memcpy(exchange->client_ip, conn->peer_text, conn->peer_text_len);
    exchange->request.client_ip = str_of(exchange->client_ip, conn->peer_text_len);
    server->requests_live++;
    return exchange;
}

static void own_request_id(struct exchange *exchange)
{
    char *text = arena_push_bytes(&exchange->arena, REQUEST_ID_LEN);
    http_server_request_id(exchange->server, text);
    exchange->ctx.request_id = str_of(text, REQUEST_ID_LEN);
}

struct exchange *exchange_new_refused(struct conn *conn, enum reason reason)
{
    struct exchange *exchange = new_in_arena(conn);
    own_request_id(exchange);
    exchange->refused = reason;
    exchange->close = true;
    return exchange;
}

static struct str moved(struct str view, ptrdiff_t by)
{
    return view.ptr ? str_of(view.ptr + by, view.len) : view;
}

/* The request outlives the buffer it arrived in. */
static void copy_head(struct exchange *exchange, const struct http1_head *head,
                      const char *head_bytes)
{
    struct request *req = &exchange->request;
    char *copy = arena_push_bytes(&exchange->arena, head->bytes);
    memcpy(copy, head_bytes, head->bytes);
    ptrdiff_t by = copy - head_bytes;
    struct header *fields = arena_array(&exchange->arena, struct header, head->fields_len);
    for (size_t i = 0; i < head->fields_len; i++)
        fields[i] =
            (struct header){moved(head->fields[i].name, by), moved(head->fields[i].value, by)};
    req->method = head->method;
    req->path = moved(head->path, by);
    req->query = moved(head->query, by);
    if (head->path.len &&
        (head->path.ptr < head_bytes || head->path.ptr >= head_bytes + head->bytes))
        req->path = head->path; /* "/" for a target without a path: not of these bytes */
    req->headers = fields;
    req->headers_len = head->fields_len;
}

/* Request id, caller, language, address: whatever happens next may have to be answered with them. */
static void identify(struct exchange *exchange)
{
    struct request *req = &exchange->request;
    struct ctx *c = &exchange->ctx;
    struct str id = request_header(req, STR("x-request-id"));
    if (request_id_is_sane(id))
        c->request_id = id;
    else
        own_request_id(exchange);
    caller_identify(c, req);
    c->lang = request_language(req);
    const struct cidr_list *trusted = &exchange->server->options.trusted;
    if (trusted->len)
        req->client_ip = client_address(trusted, req->client_ip, req->headers, req->headers_len,
                                        exchange->client_ip);
}

/* An escaped slash or NUL in a path has no honest use: it is another spelling of another path. */
static bool decode_path(struct exchange *exchange, struct str *path)
{
    struct str rest = *path;
    for (ptrdiff_t at; (at = str_find_char(rest, '%')) >= 0;) {
        rest = str_skip(rest, (size_t)at);
        if (str_starts_nocase(rest, STR("%2f")) || str_starts_nocase(rest, STR("%5c")) ||
            str_starts(rest, STR("%00")))
            return false;
        rest = str_skip(rest, 1);
    }
    return percent_decode(&exchange->arena, *path, false, path);
}

static enum reason find_route(struct exchange *exchange)
{
    struct request *req = &exchange->request;
    if (exchange->asterisk)
        return R_NONE;
    struct str path = req->path;
    if (!decode_path(exchange, &path))
        return R_NOT_FOUND; /* no route has such a name */
    if (!query_is_sane(&exchange->arena, req->query))
        return R_BAD_REQUEST;
    struct route_match match;
    router_match(exchange->listen->router, req->method, path, &match);
    exchange->allow = match.allow;
    req->route = match.route;
    memcpy(req->ids, match.ids, sizeof(req->ids));
    req->uuid = match.uuid;
    req->name = match.name;
    if (match.route || (req->method == HTTP_OPTIONS && match.allow))
        return R_NONE;
    return match.allow ? R_METHOD_NOT_ALLOWED : R_NOT_FOUND;
}

static bool streams(const struct exchange *exchange)
{
    const struct route *route = exchange->request.route;
    return route && route->flags & ROUTE_STREAM;
}

static void expect_body(struct exchange *exchange, const struct http1_head *head)
{
    const struct http_options *options = &exchange->server->options;
    uint64_t max = streams(exchange) ? options->stream_bytes_max : options->body_bytes_max;
    exchange->framing = head->framing;
    if (head->framing == HTTP1_CHUNKED) {
        http1_chunked_begin(&exchange->chunked, max);
        exchange->body_text = (struct strbuf){.arena = &exchange->arena};
    } else if (head->framing == HTTP1_LENGTH && head->content_length > max) {
        exchange->refused = R_BODY_TOO_LARGE;
        exchange->close = true;
    } else if (head->framing == HTTP1_LENGTH && head->content_length) {
        exchange->body_left = head->content_length;
        if (!streams(exchange))
            exchange->body = arena_push_bytes(&exchange->arena, head->content_length);
    } else {
        exchange->framing = HTTP1_NO_BODY; /* "Content-Length: 0" is none either */
    }
}

/* It may take as long as its body, and then as long as any other. */
static void expect_stream(struct exchange *exchange)
{
    const struct http_options *options = &exchange->server->options;
    exchange->ctx.deadline = tick_add(exchange->ctx.deadline, options->stream_timeout);
    exchange_stream_begin(exchange);
}

struct exchange *exchange_new(struct conn *conn, const struct http1_head *head,
                              const char *head_bytes)
{
    struct exchange *exchange = new_in_arena(conn);
    exchange->close = head->close;
    exchange->keep_alive_told = head->http10 && !head->close;
    exchange->asterisk = head->asterisk;
    copy_head(exchange, head, head_bytes);
    identify(exchange);
    exchange->refused = find_route(exchange);
    expect_body(exchange, head);
    if (streams(exchange))
        expect_stream(exchange);
    return exchange;
}

/* ---- the body -------------------------------------------------------------------------------- */

static enum http1_result chunked_body(struct exchange *exchange, struct str *bytes)
{
    for (;;) {
        struct str data;
        enum http1_result result =
            http1_chunked_next(&exchange->chunked, bytes, &data, &exchange->refused);
        if (result == HTTP1_MORE && data.len) {
            strbuf_add(&exchange->body_text, data);
            continue;
        }
        if (result == HTTP1_DONE)
            exchange->request.body = strbuf_str(&exchange->body_text);
        return result;
    }
}

enum http1_result exchange_body(struct exchange *exchange, struct str *bytes)
{
    if (exchange->stream)
        return exchange_stream_body(exchange, bytes);
    if (exchange->framing == HTTP1_CHUNKED)
        return chunked_body(exchange, bytes);
    size_t n = MIN(exchange->body_left, bytes->len);
    if (n) {
        memcpy(exchange->body + exchange->body_len, bytes->ptr, n);
        *bytes = str_skip(*bytes, n);
        exchange->body_len += n;
        exchange->body_left -= n;
    }
    exchange->request.body = str_of(exchange->body, exchange->body_len);
    return exchange->body_left ? HTTP1_MORE : HTTP1_DONE;
}

/* ---- ending ----------------------------------------------------------------------------------- */

static void forget(struct exchange *exchange)
{
    struct http_server *server = exchange->server;
    server->requests_running -= exchange->running;
    struct arena arena = exchange->arena;
    arena_end(&arena);
    server->requests_live--;
    http_server_check_drained(server);
}

/* ---- running --------------------------------------------------------------------------------- */

static void run_after(struct ctx *c, const struct request *req, enum err err)
{
    enum reason reason = refused(c);
    req->route->after(c, req, err);
    assert(refused(c) == reason);
}

static enum err answer(struct exchange *exchange)
{
    struct ctx *c = &exchange->ctx;
    struct request *req = &exchange->request;
    struct response *res = &exchange->response;
    if (exchange->refused)
        return fail(c, exchange->refused);
    if (exchange->asterisk || !req->route) {
        uint32_t all = (1u << HTTP_METHOD_COUNT) - 1;
        cors_options(c, &exchange->server->options.cors, req,
                     exchange->asterisk ? all : exchange->allow, res);
        return OK;
    }
    TRY(caller_check(c, req));
    res->status = 200;
    res->content_type = STR("application/json; charset=utf-8");
    enum err err = req->route->endpoint(c, req, res);
    if (req->route->after)
        run_after(c, req, err);
    return err;
}

/* Into the connection's output, unless it is there already. -> bytes of it */
static size_t put_answer(struct exchange *exchange)
{
    exchange->close |= exchange->server->draining || exchange_stream_unread(exchange);
    if (!exchange_stream_begun(exchange))
        return exchange_render(exchange);
    exchange->close |= exchange_stream_cut(exchange);
    return exchange->stream_bytes;
}

/* Into the connection's output, if there is still one; then the exchange is no more. */
static void finish(struct exchange *exchange)
{
    struct conn *conn = exchange->conn;
    size_t bytes = conn ? put_answer(exchange) : 0;
    exchange_account(exchange, bytes);
    if (conn)
        conn_answered(conn, exchange->close);
    forget(exchange);
}

/* Of ours: no need to look at the value. */
static void put_own(struct response *res, struct str name, struct str value)
{
    assert(res->fields_len < RESPONSE_FIELDS_MAX);
    res->fields[res->fields_len++] = (struct header){name, value};
}

void exchange_common_headers(struct exchange *exchange)
{
    struct response *res = &exchange->response;
    if (res->status == 405)
        put_own(res, STR("Allow"), router_allow(&exchange->arena, exchange->allow));
    if (exchange->server->options.cors.len)
        cors_headers(&exchange->server->options.cors,
                     request_header(&exchange->request, STR("origin")), res);
    if (!response_header_find(res, STR("Cache-Control")).len)
        put_own(res, STR("Cache-Control"), STR("no-store"));
    put_own(res, STR("X-Request-Id"), exchange->ctx.request_id);
    if (exchange->tls)
        put_own(res, STR("Strict-Transport-Security"), STR("max-age=31536000"));
}

static void exchange_fiber(void *arg)
{
    struct exchange *exchange = arg;
    exchange->server->requests_running++;
    exchange->running = true;
    enum err err = answer(exchange);
    if (!exchange_stream_begun(exchange)) {
        if (err)
            error_respond(&exchange->ctx, &exchange->request, &exchange->response, err);
        exchange_common_headers(exchange);
    }
    finish(exchange);
}

void exchange_refuse(struct exchange *exchange, enum reason reason)
{
    struct ctx *c = &exchange->ctx;
    exchange->close |= reason != R_OVERLOADED;
    enum err err = reason == R_OVERLOADED ? fail_retry(c, reason, 1) : fail(c, reason);
    /* Without the request: nothing here may wait. */
    error_respond(c, NULL, &exchange->response, err);
    exchange_common_headers(exchange);
    finish(exchange);
}

/* Under load the least important goes first: of the places for requests under way, each class may
 * use a share. Probes and payments may use all. */
static bool has_place(const struct exchange *exchange)
{
    static const uint8_t percent[] = {
        [CLASS_PROBE] = 100, [CLASS_PAYMENT] = 100, [CLASS_BOOKING] = 95,
        [CLASS_LOGIN] = 90,  [CLASS_SLOTS] = 80,    [CLASS_SEARCH] = 70,
    };
    const struct route *route = exchange->request.route;
    const struct http_server *server = exchange->server;
    if (!route || percent[route->class] == 100)
        return true;
    return (uint64_t)server->requests_running * 100 <
           (uint64_t)server->options.requests_max * percent[route->class];
}

void exchange_start(struct exchange *exchange)
{
    if (!has_place(exchange) || !fiber_start(exchange->server->loop, exchange_fiber, exchange))
        exchange_refuse(exchange, R_OVERLOADED);
}

void exchange_abandon(struct exchange *exchange)
{
    exchange->conn = NULL;
    if (!exchange->running)
        forget(exchange); /* its body never came: no fiber knows of it */
    else if (!exchange->request.route || !(exchange->request.route->flags & ROUTE_FINISH))
        ctx_cancel(&exchange->ctx); /* its fiber ends it */
    else
        exchange_stream_news(exchange);
}
