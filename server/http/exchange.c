/* A request from its head to its answer. What needs no wait is done as soon as the head is there: who asks,
 * in which language, for which route; so that whatever happens next can be answered in one voice, and a body
 * that nobody wants is refused before it is read. The rest is a fiber's, and reads from top to bottom: caller,
 * endpoint, what others must learn of it, answer. An exchange never asks who carries it, and the carrier never
 * what is answered (carrier.h): it was once one text rendered into a connection's output, and could have been
 * said in HTTP/1 only. */
#include "server/http/exchange.h"

#include <string.h>

#include "runtime/base/encoding.h"
#include "runtime/base/log.h"
#include "runtime/no_wait.h"
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

struct exchange *exchange_new(const struct client *client)
{
    struct http_server *server = client->server;
    struct arena arena;
    arena_begin(&arena, loop_arenas(server->loop));
    struct exchange *exchange = arena_new(&arena, struct exchange);
    exchange->arena = arena;
    exchange->server = server;
    exchange->listen = client->listen;
    exchange->secure = client->secure;
    exchange->began = loop_now(server->loop);
    ctx_init(&exchange->ctx, &exchange->arena, loop_clock(server->loop));
    exchange->ctx.deadline = tick_add(exchange->began, server->options.request_timeout);
    exchange->request.app = server->options.app;
    assert(client->address.len <= sizeof(exchange->client_ip));
    if (client->address.len)
        memcpy(exchange->client_ip, client->address.ptr, client->address.len);
    exchange->request.client_ip = str_of(exchange->client_ip, client->address.len);
    server->requests_live++;
    return exchange;
}

static void own_request_id(struct exchange *exchange)
{
    char *text = arena_push_bytes(&exchange->arena, REQUEST_ID_LEN);
    http_server_request_id(exchange->server, text);
    exchange->ctx.request_id = str_of(text, REQUEST_ID_LEN);
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
    caller_identify(c, exchange->server->options.tokens, req);
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

/* It may take as long as its body, and then as long as any other. */
static void expect_stream(struct exchange *exchange)
{
    const struct http_options *options = &exchange->server->options;
    exchange->ctx.deadline = tick_add(exchange->ctx.deadline, options->stream_timeout);
    exchange_stream_begin(exchange);
}

void exchange_read_head(struct exchange *exchange, const struct request_head *head)
{
    const struct http_options *options = &exchange->server->options;
    struct request *req = &exchange->request;
    assert(!req->headers && !req->route);
    req->method = head->method;
    req->path = head->path;
    req->query = head->query;
    req->headers = head->fields;
    req->headers_len = head->fields_len;
    exchange->asterisk = head->asterisk;
    identify(exchange);
    exchange->refused = find_route(exchange);
    exchange->body_max = streams(exchange) ? options->stream_bytes_max : options->body_bytes_max;
    if (streams(exchange))
        expect_stream(exchange);
}

/* ---- the body -------------------------------------------------------------------------------- */

void exchange_expect_body(struct exchange *exchange, uint64_t bytes)
{
    assert(!exchange->running && exchange->body_bytes == 0 && bytes > 0);
    if (bytes != BODY_BYTES_UNKNOWN && bytes > exchange->body_max)
        exchange->refused = R_BODY_TOO_LARGE;
    else if (exchange->stream)
        exchange_stream_expect(exchange);
    else if (bytes != BODY_BYTES_UNKNOWN)
        exchange->body = strbuf_new(&exchange->arena, bytes);
    else
        exchange->body = (struct strbuf){.arena = &exchange->arena};
}

size_t exchange_body_room(const struct exchange *exchange)
{
    return exchange->stream ? exchange_stream_room(exchange) : SIZE_MAX;
}

void exchange_body(struct exchange *exchange, struct str data)
{
    assert(data.len > 0 && (exchange->stream || !exchange->running));
    exchange->body_bytes += data.len;
    assert(exchange->body_bytes <= exchange->body_max); /* the carrier counts */
    if (exchange->stream)
        exchange_stream_body(exchange, data);
    else
        strbuf_add(&exchange->body, data);
}

void exchange_body_end(struct exchange *exchange)
{
    if (exchange->stream)
        exchange_stream_body_end(exchange);
    else
        exchange->request.body = strbuf_str(&exchange->body);
}

/* ---- ending ----------------------------------------------------------------------------------- */

static void forget(struct exchange *exchange)
{
    struct http_server *server = exchange->server;
    assert(server->requests_live > 0 && server->requests_running >= exchange->running);
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
    assert(req->route->endpoint && exchange->carrier);
    TRY(caller_check(c, req));
    res->status = 200;
    res->content_type = STR("application/json; charset=utf-8");
    enum err err = req->route->endpoint(c, req, res);
    if (req->route->after)
        run_after(c, req, err);
    return err;
}

/* Of ours: no need to look at the value. */
static void put_own(struct response *res, struct str name, struct str value)
{
    assert(res->fields_len < RESPONSE_FIELDS_MAX);
    res->fields[res->fields_len++] = (struct header){name, value};
}

/* These have none, and 304 would have to tell the length of another (RFC 9110 §8.6). */
static bool has_body(const struct response *res)
{
    return res->status != 204 && res->status != 304;
}

static void add_own_fields(struct exchange *exchange)
{
    struct response *res = &exchange->response;
    if (res->content_type.len && has_body(res))
        put_own(res, STR("Content-Type"), res->content_type);
    if (res->status == 405)
        put_own(res, STR("Allow"), router_allow(&exchange->arena, exchange->allow));
    if (exchange->server->options.cors.len)
        cors_headers(&exchange->server->options.cors,
                     request_header(&exchange->request, STR("origin")), res);
    if (!response_header_find(res, STR("Cache-Control")).len)
        put_own(res, STR("Cache-Control"), STR("no-store"));
    put_own(res, STR("X-Request-Id"), exchange->ctx.request_id);
    if (exchange->secure)
        put_own(res, STR("Strict-Transport-Security"), STR("max-age=31536000"));
}

size_t exchange_put_head(struct exchange *exchange, uint64_t body_bytes, struct str body)
{
    struct response *res = &exchange->response;
    assert(res->status >= 200 && body_bytes <= INT64_MAX && body.len <= body_bytes);
    add_own_fields(exchange);
    const struct answer_head head = {.status = res->status,
                                     .fields = res->fields,
                                     .fields_len = res->fields_len,
                                     .body_bytes = has_body(res) ? (int64_t)body_bytes
                                                                 : ANSWER_HAS_NO_BODY};
    bool told = exchange->request.method == HTTP_HEAD || !has_body(res);
    return exchange->carrier->ops->head(exchange->carrier, &head, told ? (struct str){0} : body);
}

/* Hands the answer over, unless it is with the carrier already, or that is gone; then the exchange is no
 * more. */
static void finish(struct exchange *exchange)
{
    struct carrier *carrier = exchange->carrier;
    struct str body = strbuf_str(&exchange->response.body);
    bool whole = true;
    if (!carrier)
        exchange->bytes = 0;
    else if (!exchange_stream_begun(exchange))
        exchange->bytes = exchange_put_head(exchange, body.len, body);
    else
        whole = !exchange_stream_cut(exchange);
    exchange_account(exchange);
    if (carrier)
        carrier->ops->ended(carrier, whole);
    forget(exchange);
}

static struct str route_text(const struct route *route)
{
    return route ? str_c(route->pattern) : STR("no route");
}

static void exchange_fiber(void *arg)
{
    struct exchange *exchange = arg;
    assert(exchange->carrier && !exchange->running);
    exchange->server->requests_running++;
    exchange->running = true;
    exchange->note =
        (struct fiber_note){route_text(exchange->request.route), exchange->ctx.request_id};
    fiber_set_note(&exchange->note);
    enum err err = answer(exchange);
    NO_WAIT(); /* the answer may be a view of what is kept (api/catalogue_pages.c) */
    if (err && !exchange_stream_begun(exchange))
        error_respond(&exchange->ctx, &exchange->request, &exchange->response, err);
    finish(exchange);
}

void exchange_refuse(struct exchange *exchange, enum reason reason)
{
    struct ctx *c = &exchange->ctx;
    assert(exchange->carrier && !exchange->running && reason != R_NONE);
    if (!c->request_id.len)
        own_request_id(exchange); /* it has no head */
    enum err err = reason == R_OVERLOADED ? fail_retry(c, reason, 1) : fail(c, reason);
    error_respond(c, NULL, &exchange->response, err);
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
    assert(exchange->carrier);
    exchange->carrier = NULL;
    if (!exchange->running)
        forget(exchange); /* its body never came: no fiber knows of it */
    else if (!exchange->request.route || !(exchange->request.route->flags & ROUTE_FINISH))
        ctx_cancel(&exchange->ctx); /* its fiber ends it */
    else
        exchange_stream_news(exchange);
}
