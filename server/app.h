/* server/app.h - one worker's pools, and the areas on top of them.
 *
 * Made once per worker by app_new. Endpoints carry it in `req->app` without looking inside: they reach an
 * area through its accessor (server/api/<area>_of.h). Nothing here is shared between workers but `process`.
 *
 * Threads: an app belongs to its loop.   Waits: never; the areas do. */
#pragma once
#include "server/api.h"
#include "server/process/config.h"
#include "server/work/work_shared.h"

struct loop;
struct pg_pool;
struct redis_pool;
struct http_client;
struct offload_pool;
struct http_metrics;

enum { WORKERS_MAX = 64 };

/* What all workers of the process share. Written before they start, read-only afterwards, but for
 * the flag and the counter. */
struct process {
    const struct config *config;
    struct offload_pool *offload;
    struct app *apps[WORKERS_MAX]; /* NULL until that worker is up; read by /metrics */
    struct http_server *servers[WORKERS_MAX];
    uint32_t workers;
    struct instant started;
    bool draining; /* relaxed atomic: /readyz says so, answers carry "Connection: close" */
    struct work_shared work;
    uint64_t catalogue_writes; /* atomic: by this process; a core that sees it move looks first */
};

struct app {
    struct loop *loop;
    const struct config *config;
    struct process *process;
    uint32_t worker; /* 0 … workers-1 */
    struct arena_pool arenas;
    struct arena arena; /* as old as the app: services live here */
    struct http_metrics *metrics;

    struct pg_pool *pg;
    struct redis_pool *redis;
    struct http_client *http;

    /* ---- the areas (server/area.h), each known to its own file only ---- */
    struct login_services *login;
    struct catalogue_services *catalogue;
    struct booking_services *booking;
    struct desk_services *desk;
    struct house_services *house;
    struct work_services *work;
    size_t areas_begun;
    bool ended; /* app_end ran: the pools are no more */
};

/* Pools connect lazily, so this neither waits nor needs Postgres or Redis. NULL, with one clear
 * line in `why`, when a setting does not fit (a Redis URL that cannot be read, say). */
struct app *app_new(struct loop *loop, struct process *process, uint32_t worker, char *why,
                    size_t why_len);
/* Callers still waiting get ERR_CANCELED, the services' own fibers end: in the turns that follow. Twice
 * is fine. */
void app_end(struct app *app);
/* Ends it, if need be; no fiber uses it any more. NULL is fine. */
void app_free(struct app *app);
