/* One line per request. What identifies a request to its operator, and nothing that would let a
 * reader act as its sender: no query, no header, no body. */
#include "runtime/base/counter.h"
#include "runtime/base/log.h"
#include "server/http/exchange.h"
#include "server/http/method.h"
#include "server/http/router.h"

static void write_line(const struct exchange *exchange, uint64_t us)
{
    const struct request *req = &exchange->request;
    struct log_line line;
    log_begin(&line, LOG_INFO, "request");
    log_str(&line, "method", req->path.len ? http_method_name(req->method) : STR("-"));
    log_str(&line, "route", str_c(req->route ? req->route->pattern : "-"));
    log_int(&line, "status", exchange->response.status);
    log_int(&line, "duration_us", (int64_t)us);
    log_int(&line, "bytes", (int64_t)exchange->bytes);
    log_str(&line, "request_id", exchange->ctx.request_id);
    log_str(&line, "client_ip", req->client_ip);
    if (req->caller.user_id)
        log_int(&line, "user_id", req->caller.user_id);
    if (!exchange->carrier)
        log_str(&line, "client", STR("gone"));
    log_end(&line);
}

void exchange_account(struct exchange *exchange)
{
    const struct http_listen *listen = exchange->listen;
    if (!listen->metrics)
        return;
    const struct route *route = exchange->request.route;
    assert(exchange->carrier || exchange->bytes == 0);
    uint64_t us = (ctx_mono(&exchange->ctx).ns - exchange->began.ns) / 1000;
    size_t index = route ? router_index(listen->router, route) : listen->metrics->routes_len;
    http_metrics_observe(listen->metrics, index, exchange->response.status, us);
    counter_add(&listen->metrics->bytes_out, exchange->bytes);
    bool quiet = route && route->flags & ROUTE_QUIET && exchange->response.status < 500;
    if (exchange->server->options.access_log && !quiet && log_enabled(LOG_INFO))
        write_line(exchange, us);
}
