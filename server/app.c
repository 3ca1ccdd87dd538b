#include "server/app.h"

#include <stdio.h>
#include <stdlib.h>

#include "runtime/http_client.h"
#include "runtime/loop.h"
#include "runtime/pg.h"
#include "runtime/redis.h"
#include "server/http/http_metrics.h"
#include "server/routes.h"
#include "server/services.h"

enum {
    APP_BLOCK_BYTES = 65536,
    ROWS_BYTES_MAX = 4 << 20, /* a list of 100 cards has 100 KB */
    REPLY_BYTES_MAX = 1 << 20,
    REDIS_CONNECT_SECONDS = 2,
};

static struct pg_pool *pg_new(struct app *app)
{
    const struct config *config = app->config;
    struct pg_options options = {
        .url = config->database_url.ptr,
        .conns = (uint32_t)config->pg_connections,
        .pipeline_max = (uint32_t)config->pg_pipeline_max,
        .queue_max = (uint32_t)config->pg_queue_max,
        .statement_timeout_ms = (uint32_t)(config->pg_statement_timeout.us / 1000),
        .lock_timeout_ms = (uint32_t)(config->pg_lock_timeout.us / 1000),
        .rows_bytes_max = ROWS_BYTES_MAX,
        .application_name = "mawid",
    };
    return pg_pool_new(app->loop, &options);
}

static struct redis_pool *redis_new(struct app *app, char *why, size_t why_len)
{
    struct redis_options options = {0};
    struct str problem;
    if (!redis_options_parse(app->config->redis_url, &app->arena, &options, &problem)) {
        snprintf(why, why_len, "REDIS_URL cannot be used: %.*s", STR_FMT(problem));
        return NULL;
    }
    options.inflight_max = (uint32_t)app->config->redis_inflight_max;
    options.reply_bytes_max = REPLY_BYTES_MAX;
    options.connect_timeout = seconds(REDIS_CONNECT_SECONDS);
    return redis_pool_new(app->loop, &options);
}

struct app *app_new(struct loop *loop, struct process *process, uint32_t worker, char *why,
                    size_t why_len)
{
    assert(process->config && worker < WORKERS_MAX && worker < process->workers);
    struct app *app = calloc(1, sizeof(*app));
    if (!app)
        base_die(__FILE__, __LINE__, "out of memory");
    *app =
        (struct app){.loop = loop, .config = process->config, .process = process, .worker = worker};
    arena_pool_init(&app->arenas, APP_BLOCK_BYTES, 0);
    arena_begin(&app->arena, &app->arenas);
    app->metrics = http_metrics_new(&app->arena, routes_len);
    app->redis = redis_new(app, why, why_len);
    if (!app->redis) {
        app_free(app);
        return NULL;
    }
    app->pg = pg_new(app);
    app->http = http_client_new(loop);
    services_begin(app);
    return app;
}

void app_end(struct app *app)
{
    if (app->ended)
        return;
    app->ended = true;
    services_end(app);
    assert(app->areas_begun == 0);
    http_client_free(app->http);
    redis_pool_free(app->redis);
    pg_pool_free(app->pg);
}

void app_free(struct app *app)
{
    if (!app)
        return;
    app_end(app);
    services_free(app);
    arena_end(&app->arena);
    arena_pool_fini(&app->arenas);
    free(app);
}
