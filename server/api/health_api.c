#include "server/api/health_api.h"

#include "server/api/process_of.h"

enum { PROBE_SECONDS = 2 };

enum err api_healthz(struct ctx *c, struct request *req, struct response *res)
{
    (void)req;
    struct json_writer w = respond_json(c, res, 200);
    json_object_begin(&w, NULL);
    json_put_str(&w, "status", STR("ok"));
    json_object_end(&w);
    return OK;
}

enum err api_readyz(struct ctx *c, struct request *req, struct response *res)
{
    struct ctx_scope scope SCOPED(ctx_restore) = ctx_within(c, seconds(PROBE_SECONDS));
    struct process_health health;
    process_health_look(c, req->app, &health);

    struct json_writer w = respond_json(c, res, health.ready ? 200 : 503);
    json_object_begin(&w, NULL);
    json_put_str(&w, "status", health.ready ? STR("ready") : STR("not ready"));
    json_put_str(&w, "postgres", health.postgres);
    json_put_str(&w, "redis", health.redis);
    json_put_bool(&w, "draining", health.draining);
    json_object_end(&w);
    if (!health.ready)
        response_header(res, STR("Retry-After"), STR("1"));
    return OK;
}

enum err api_metrics(struct ctx *c, struct request *req, struct response *res)
{
    enum { PAGE_BYTES = 32768 };
    res->status = 200;
    res->content_type = STR("text/plain; version=0.0.4; charset=utf-8");
    res->body = strbuf_new(c->arena, PAGE_BYTES);
    struct ctx_scope scope SCOPED(ctx_restore) = ctx_within(c, seconds(PROBE_SECONDS));
    process_metrics(c, req->app, &res->body);
    return OK;
}
