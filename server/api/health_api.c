#include "server/api/health_api.h"

#include "runtime/redis.h"
#include "server/app.h"
#include "server/process/metrics.h"
#include "storage/health.h"

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

static struct str postgres_state(struct ctx *c, const struct app *app)
{
    bool current;
    if (storage_schema_current(c, app->pg, &current) != OK)
        return STR("unreachable");
    return current ? STR("ok") : STR("older schema: run mawid migrate");
}

/* Redis lost is not the end: limits are then counted in Postgres. But nobody should be sent here
 * while another process has all it needs. */
enum err api_readyz(struct ctx *c, struct request *req, struct response *res)
{
    const struct app *app = req->app;
    struct ctx_scope scope SCOPED(ctx_restore) = ctx_within(c, seconds(PROBE_SECONDS));
    struct str postgres = postgres_state(c, app);
    struct str redis = redis_ping(c, app->redis) == OK ? STR("ok") : STR("unreachable");
    bool draining = __atomic_load_n(&app->process->draining, __ATOMIC_RELAXED);
    bool ready = str_eq(postgres, STR("ok")) && str_eq(redis, STR("ok")) && !draining;

    struct json_writer w = respond_json(c, res, ready ? 200 : 503);
    json_object_begin(&w, NULL);
    json_put_str(&w, "status", ready ? STR("ready") : STR("not ready"));
    json_put_str(&w, "postgres", postgres);
    json_put_str(&w, "redis", redis);
    json_put_bool(&w, "draining", draining);
    json_object_end(&w);
    if (!ready)
        response_header(res, STR("Retry-After"), STR("1"));
    return OK;
}

enum err api_metrics(struct ctx *c, struct request *req, struct response *res)
{
    enum { PAGE_BYTES = 32768 };
    res->status = 200;
    res->content_type = STR("text/plain; version=0.0.4; charset=utf-8");
    res->body = strbuf_new(c->arena, PAGE_BYTES);
    metrics_page(req->app->process, &res->body);
    return OK;
}
