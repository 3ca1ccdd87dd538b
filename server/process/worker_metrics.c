/* What each worker has but its areas: doors, loop, ring, pools. One reader per struct of counters; a new
 * counter in one of them is a line here. */
#include "runtime/loop.h"
#include "runtime/pg.h"
#include "runtime/redis.h"
#include "server/app.h"
#include "server/http/http_metrics.h"
#include "server/http/http_server.h"
#include "server/process/metrics.h"

static uint64_t read_conns(const struct app *app, const struct metric *metric)
{
    (void)metric;
    return __atomic_load_n(&app->process->servers[app->worker]->conns_len, __ATOMIC_RELAXED);
}

static uint64_t read_http(const struct app *app, const struct metric *metric)
{
    return metric_at(app->metrics, metric);
}

static uint64_t read_loop(const struct app *app, const struct metric *metric)
{
    return metric_at(loop_stats(app->loop), metric);
}

/* Reset by reading: the longest since the last scrape. */
static uint64_t read_lag(const struct app *app, const struct metric *metric)
{
    (void)metric;
    return __atomic_exchange_n(&loop_stats(app->loop)->lag_max_us, 0, __ATOMIC_RELAXED);
}

static uint64_t read_ring(const struct app *app, const struct metric *metric)
{
    return metric_at(&loop_io(app->loop)->counters, metric);
}

static uint64_t read_pg(const struct app *app, const struct metric *metric)
{
    return metric_at(pg_pool_stats(app->pg), metric);
}

static uint64_t read_redis(const struct app *app, const struct metric *metric)
{
    return metric_at(redis_pool_stats(app->redis), metric);
}

#define HTTP(field) read_http, offsetof(struct http_metrics, field)
#define LOOP(field) read_loop, offsetof(struct loop_stats, field)
#define RING(field) read_ring, offsetof(struct io_counters, field)
#define PG(field) read_pg, offsetof(struct pg_stats, field)
#define REDIS(field) read_redis, offsetof(struct redis_stats, field)

const struct metric worker_metrics[] = {
    {"mawid_connections", "gauge", "Open client connections.", read_conns},
    {"mawid_connections_accepted_total", "counter", "Connections accepted.", HTTP(conns_accepted)},
    {"mawid_connections_refused_total", "counter", "Turned away: too many of one address.",
     HTTP(conns_refused)},
    {"mawid_accept_pauses_total", "counter", "Times that accepting paused.", HTTP(accept_pauses)},
    {"mawid_response_bytes_total", "counter", "Bytes of answers.", HTTP(bytes_out)},
    {"mawid_loop_turns_total", "counter", "Turns of the event loop.", LOOP(turns)},
    {"mawid_loop_lag_max_microseconds", "gauge",
     "Longest stretch between two looks at the ring since the last scrape.", read_lag},
    {"mawid_fibers", "gauge", "Requests and tasks under way.", LOOP(fibers_live)},
    {"mawid_fibers_refused_total", "counter", "Refused for want of a fiber.", LOOP(fibers_refused)},
    {"mawid_ring_enters_total", "counter", "System calls made for the ring.", RING(enters)},
    {"mawid_io_syscalls_total", "counter", "Other system calls of the loop.", RING(syscalls)},
    {"mawid_ring_completions_total", "counter", "Completions of the ring.", RING(completions)},
    {"mawid_ring_overflows_total", "counter", "Overflows of the completion queue.",
     RING(cq_overflows)},
    {"mawid_receive_buffers_out", "gauge", "Receive buffers in use.", RING(buffers_out)},
    {"mawid_pg_statements_total", "counter", "Postgres: statements.", PG(statements)},
    {"mawid_pg_errors_total", "counter", "Postgres: statements that failed.", PG(errors)},
    {"mawid_pg_unavailable_total", "counter", "Postgres: not done.", PG(unavailable)},
    {"mawid_pg_unknown_total", "counter", "Postgres: outcome unknown.", PG(unknown)},
    {"mawid_pg_reconnects_total", "counter", "Postgres: connections made again.", PG(reconnects)},
    {"mawid_pg_connections", "gauge", "Postgres: connections up.", PG(conns_up)},
    {"mawid_pg_inflight", "gauge", "Postgres: statements under way.", PG(inflight)},
    {"mawid_pg_queued", "gauge", "Postgres: statements waiting.", PG(queued)},
    {"mawid_redis_commands_total", "counter", "Redis: commands.", REDIS(commands)},
    {"mawid_redis_errors_total", "counter", "Redis: commands refused.", REDIS(errors)},
    {"mawid_redis_unavailable_total", "counter", "Redis: not sent.", REDIS(unavailable)},
    {"mawid_redis_reconnects_total", "counter", "Redis: connections made again.",
     REDIS(reconnects)},
    {"mawid_redis_up", "gauge", "Redis: connected.", REDIS(up)},
    {"mawid_redis_inflight", "gauge", "Redis: commands under way.", REDIS(inflight)},
};
const size_t worker_metrics_len = ARRAY_LEN(worker_metrics);
