#include "server/process/metrics.h"

#include "runtime/base/log.h"
#include "runtime/base/stats.h"
#include "runtime/loop.h"
#include "runtime/offload.h"
#include "runtime/pg.h"
#include "runtime/redis.h"
#include "server/app.h"
#include "server/http/http_server.h"
#include "server/process/process_stats.h"
#include "server/services.h"

static const uint16_t statuses[METRICS_STATUSES] = {200, 201, 202, 204, 304, 400, 401, 403, 404,
                                                    405, 408, 409, 410, 413, 414, 415, 417, 422,
                                                    429, 431, 500, 501, 503, 505, 0};

struct http_metrics *metrics_new(struct arena *arena, size_t len)
{
    struct http_metrics *metrics = arena_new(arena, struct http_metrics);
    metrics->routes = arena_array(arena, struct route_metrics, len + 1);
    metrics->routes_len = len;
    return metrics;
}

static size_t status_slot(int status)
{
    if (status == 200)
        return 0;
    size_t slot = 0;
    while (statuses[slot] && statuses[slot] != status)
        slot++;
    assert(statuses[slot]);
    return slot;
}

void metrics_observe(struct http_metrics *metrics, size_t route, int status, uint64_t us)
{
    assert(route <= metrics->routes_len);
    struct route_metrics *counts = &metrics->routes[route];
    unsigned bucket = us ? 64 - (unsigned)__builtin_clzll(us) : 0;
    metrics_count(&counts->by_status[status_slot(status)], 1);
    metrics_count(&counts->buckets[MIN(bucket, METRICS_BUCKETS - 1u)], 1);
    metrics_count(&counts->sum_us, us);
}

/* ---- the page ---------------------------------------------------------------------------------- */

static uint64_t read_count(const uint64_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

static void head(struct strbuf *out, const char *name, const char *type, const char *help)
{
    strbuf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void number(struct strbuf *out, const char *name, uint64_t v)
{
    strbuf_addf(out, "%s %llu\n", name, (unsigned long long)v);
}

static struct http_metrics *metrics_of(struct process *process, uint32_t worker)
{
    struct app *app = __atomic_load_n(&process->apps[worker], __ATOMIC_ACQUIRE);
    return app ? app->metrics : NULL;
}

static struct route_metrics route_sum(struct process *process, size_t route)
{
    struct route_metrics sum = {0};
    for (uint32_t w = 0; w < process->workers; w++) {
        const struct http_metrics *metrics = metrics_of(process, w);
        if (!metrics)
            continue;
        const struct route_metrics *counts = &metrics->routes[route];
        for (size_t i = 0; i < METRICS_STATUSES; i++)
            sum.by_status[i] += read_count(&counts->by_status[i]);
        for (size_t i = 0; i < METRICS_BUCKETS; i++)
            sum.buckets[i] += read_count(&counts->buckets[i]);
        sum.sum_us += read_count(&counts->sum_us);
    }
    return sum;
}

static const char *const method_names[] = {"GET",   "HEAD",   "POST",   "PUT",
                                           "PATCH", "DELETE", "OPTIONS"};

static const char *route_method(size_t route)
{
    return route < routes_len ? method_names[routes[route].method] : "";
}

static const char *route_pattern(size_t route)
{
    return route < routes_len ? routes[route].pattern : "none";
}

static void page_requests(struct process *process, struct strbuf *out)
{
    head(out, "mawid_http_requests_total", "counter", "Requests answered, by route and status.");
    for (size_t route = 0; route <= routes_len; route++) {
        struct route_metrics sum = route_sum(process, route);
        for (size_t i = 0; statuses[i]; i++)
            if (sum.by_status[i])
                strbuf_addf(out,
                            "mawid_http_requests_total{method=\"%s\",route=\"%s\",status=\"%d\"} "
                            "%llu\n",
                            route_method(route), route_pattern(route), statuses[i],
                            (unsigned long long)sum.by_status[i]);
    }
}

static void page_route_latency(struct strbuf *out, size_t route, const struct route_metrics *sum)
{
    static const char name[] = "mawid_http_request_seconds";
    uint64_t total = 0;
    for (size_t i = 0; i < METRICS_BUCKETS; i++) {
        total += sum->buckets[i];
        /* Bucket i holds what took less than 2^i µs; the finest are of no use to anybody. */
        if (i < 6 || i == METRICS_BUCKETS - 1)
            continue;
        strbuf_addf(out, "%s_bucket{method=\"%s\",route=\"%s\",le=\"%g\"} %llu\n", name,
                    route_method(route), route_pattern(route), (double)(UINT64_C(1) << i) / 1e6,
                    (unsigned long long)total);
    }
    strbuf_addf(out, "%s_bucket{method=\"%s\",route=\"%s\",le=\"+Inf\"} %llu\n", name,
                route_method(route), route_pattern(route), (unsigned long long)total);
    strbuf_addf(out, "%s_sum{method=\"%s\",route=\"%s\"} %.6f\n", name, route_method(route),
                route_pattern(route), (double)sum->sum_us / 1e6);
    strbuf_addf(out, "%s_count{method=\"%s\",route=\"%s\"} %llu\n", name, route_method(route),
                route_pattern(route), (unsigned long long)total);
}

static void page_latency(struct process *process, struct strbuf *out)
{
    head(out, "mawid_http_request_seconds", "histogram",
         "From the complete head of a request to its answer.");
    for (size_t route = 0; route <= routes_len; route++) {
        struct route_metrics sum = route_sum(process, route);
        uint64_t total = 0;
        for (size_t i = 0; i < METRICS_BUCKETS; i++)
            total += sum.buckets[i];
        if (total)
            page_route_latency(out, route, &sum);
    }
}

/* One family, one line per worker. */
static void per_worker(struct process *process, struct strbuf *out, const char *name,
                       const char *type, const char *help,
                       uint64_t (*read)(struct process *process, const struct app *app))
{
    head(out, name, type, help);
    for (uint32_t w = 0; w < process->workers; w++) {
        const struct app *app = __atomic_load_n(&process->apps[w], __ATOMIC_ACQUIRE);
        if (app)
            strbuf_addf(out, "%s{worker=\"%u\"} %llu\n", name, w,
                        (unsigned long long)read(process, app));
    }
}

#define WORKER_READ(name, expression)                                           \
    static uint64_t read_##name(struct process *process, const struct app *app) \
    {                                                                           \
        (void)process;                                                          \
        return expression;                                                      \
    }
WORKER_READ(conns, __atomic_load_n(&process->servers[app->worker]->conns_len, __ATOMIC_RELAXED))
WORKER_READ(accepted, read_count(&app->metrics->conns_accepted))
WORKER_READ(refused, read_count(&app->metrics->conns_refused))
WORKER_READ(pauses, read_count(&app->metrics->accept_pauses))
WORKER_READ(bytes_out, read_count(&app->metrics->bytes_out))
WORKER_READ(turns, read_count(&loop_stats(app->loop)->turns))
WORKER_READ(fibers, read_count(&loop_stats(app->loop)->fibers_live))
WORKER_READ(fibers_refused, read_count(&loop_stats(app->loop)->fibers_refused))
/* Reset by reading: the longest since the last scrape. */
WORKER_READ(lag, __atomic_exchange_n(&loop_stats(app->loop)->lag_max_us, 0, __ATOMIC_RELAXED))
WORKER_READ(enters, read_count(&loop_io(app->loop)->counters.enters))
WORKER_READ(syscalls, read_count(&loop_io(app->loop)->counters.syscalls))
WORKER_READ(completions, read_count(&loop_io(app->loop)->counters.completions))
WORKER_READ(overflows, read_count(&loop_io(app->loop)->counters.cq_overflows))
WORKER_READ(buffers_out, read_count(&loop_io(app->loop)->counters.buffers_out))
WORKER_READ(pg_statements, read_count(&pg_pool_stats(app->pg)->statements))
WORKER_READ(pg_errors, read_count(&pg_pool_stats(app->pg)->errors))
WORKER_READ(pg_unavailable, read_count(&pg_pool_stats(app->pg)->unavailable))
WORKER_READ(pg_unknown, read_count(&pg_pool_stats(app->pg)->unknown))
WORKER_READ(pg_reconnects, read_count(&pg_pool_stats(app->pg)->reconnects))
WORKER_READ(pg_conns, read_count(&pg_pool_stats(app->pg)->conns_up))
WORKER_READ(pg_inflight, read_count(&pg_pool_stats(app->pg)->inflight))
WORKER_READ(pg_queued, read_count(&pg_pool_stats(app->pg)->queued))
WORKER_READ(bookings_waiting,
            __atomic_load_n(&app->services->booking.store.combiner.rules.waiting_len,
                            __ATOMIC_RELAXED))
WORKER_READ(booking_flights,
            __atomic_load_n(&app->services->booking.store.combiner.rules.flights, __ATOMIC_RELAXED))
WORKER_READ(redis_commands, read_count(&redis_pool_stats(app->redis)->commands))
WORKER_READ(redis_errors, read_count(&redis_pool_stats(app->redis)->errors))
WORKER_READ(redis_unavailable, read_count(&redis_pool_stats(app->redis)->unavailable))
WORKER_READ(redis_reconnects, read_count(&redis_pool_stats(app->redis)->reconnects))
WORKER_READ(redis_up, read_count(&redis_pool_stats(app->redis)->up))
WORKER_READ(redis_inflight, read_count(&redis_pool_stats(app->redis)->inflight))

static const struct catalogue_cache_stats *catalogue_of(const struct app *app)
{
    return &app->services->catalogue.cache.stats;
}
WORKER_READ(salons_kept, read_count(&catalogue_of(app)->entries))
WORKER_READ(salons_listed, read_count(&catalogue_of(app)->salons_listed))
WORKER_READ(catalogue_bytes, read_count(&catalogue_of(app)->bytes) +
                                 read_count(&app->services->catalogue.pages.bytes))
WORKER_READ(catalogue_evictions, read_count(&catalogue_of(app)->evictions) +
                                     read_count(&app->services->catalogue.pages.evictions))
/* 0: it never looked. */
static uint64_t read_catalogue_age(struct process *process, const struct app *app)
{
    (void)process;
    uint64_t looked = read_count(&catalogue_of(app)->looked_at_ms);
    uint64_t now = clock_system.mono(&clock_system).ns / 1000000;
    return looked && now > looked ? now - looked : 0;
}

static void page_workers(struct process *process, struct strbuf *out)
{
    static const struct {
        const char *name, *type, *help;
        uint64_t (*read)(struct process *process, const struct app *app);
    } families[] = {
        {"mawid_connections", "gauge", "Open client connections.", read_conns},
        {"mawid_connections_accepted_total", "counter", "Connections accepted.", read_accepted},
        {"mawid_connections_refused_total", "counter", "Turned away: too many of one address.",
         read_refused},
        {"mawid_accept_pauses_total", "counter", "Times that accepting paused.", read_pauses},
        {"mawid_response_bytes_total", "counter", "Bytes of answers.", read_bytes_out},
        {"mawid_loop_turns_total", "counter", "Turns of the event loop.", read_turns},
        {"mawid_loop_lag_max_microseconds", "gauge",
         "Longest stretch between two looks at the ring since the last scrape.", read_lag},
        {"mawid_fibers", "gauge", "Requests and tasks under way.", read_fibers},
        {"mawid_fibers_refused_total", "counter", "Refused for want of a fiber.",
         read_fibers_refused},
        {"mawid_ring_enters_total", "counter", "System calls made for the ring.", read_enters},
        {"mawid_io_syscalls_total", "counter", "Other system calls of the loop.", read_syscalls},
        {"mawid_ring_completions_total", "counter", "Completions of the ring.", read_completions},
        {"mawid_ring_overflows_total", "counter", "Overflows of the completion queue.",
         read_overflows},
        {"mawid_receive_buffers_out", "gauge", "Receive buffers in use.", read_buffers_out},
        {"mawid_pg_statements_total", "counter", "Postgres: statements.", read_pg_statements},
        {"mawid_pg_errors_total", "counter", "Postgres: statements that failed.", read_pg_errors},
        {"mawid_pg_unavailable_total", "counter", "Postgres: not done.", read_pg_unavailable},
        {"mawid_pg_unknown_total", "counter", "Postgres: outcome unknown.", read_pg_unknown},
        {"mawid_pg_reconnects_total", "counter", "Postgres: connections made again.",
         read_pg_reconnects},
        {"mawid_pg_connections", "gauge", "Postgres: connections up.", read_pg_conns},
        {"mawid_pg_inflight", "gauge", "Postgres: statements under way.", read_pg_inflight},
        {"mawid_pg_queued", "gauge", "Postgres: statements waiting.", read_pg_queued},
        {"mawid_bookings_waiting", "gauge", "Creations waiting for a flight.",
         read_bookings_waiting},
        {"mawid_booking_flights", "gauge", "Flights of creations under way.", read_booking_flights},
        {"mawid_redis_commands_total", "counter", "Redis: commands.", read_redis_commands},
        {"mawid_redis_errors_total", "counter", "Redis: commands refused.", read_redis_errors},
        {"mawid_redis_unavailable_total", "counter", "Redis: not sent.", read_redis_unavailable},
        {"mawid_redis_reconnects_total", "counter", "Redis: connections made again.",
         read_redis_reconnects},
        {"mawid_redis_up", "gauge", "Redis: connected.", read_redis_up},
        {"mawid_redis_inflight", "gauge", "Redis: commands under way.", read_redis_inflight},
        {"mawid_catalogue_salons", "gauge", "Catalogue: salons known by heart.", read_salons_kept},
        {"mawid_catalogue_listed", "gauge", "Catalogue: salons searched in memory.",
         read_salons_listed},
        {"mawid_catalogue_bytes", "gauge",
         "Catalogue: bytes of salons, times taken, the search and pages.", read_catalogue_bytes},
        {"mawid_catalogue_evictions_total", "counter",
         "Catalogue: salons, times and pages put out for others.", read_catalogue_evictions},
        {"mawid_catalogue_age_milliseconds", "gauge",
         "Catalogue: since the last look for changes (a worker that is not asked does not look).",
         read_catalogue_age},
    };
    for (size_t i = 0; i < ARRAY_LEN(families); i++)
        per_worker(process, out, families[i].name, families[i].type, families[i].help,
                   families[i].read);
}

static void page_stats(struct strbuf *out)
{
    for (int i = 0; i < STAT_COUNT; i++) {
        const struct stat_info *info = &stat_infos[i];
        if (i == 0 || !str_eq(str_c(info->metric), str_c(stat_infos[i - 1].metric)))
            head(out, info->metric, "counter", info->help);
        const char *open = info->labels[0] ? "{" : "", *close = info->labels[0] ? "}" : "";
        strbuf_addf(out, "%s%s%s%s %llu\n", info->metric, open, info->labels, close,
                    (unsigned long long)stat_sum((enum stat)i));
    }
}

static void page_process(struct process *process, struct strbuf *out)
{
    struct process_stats stats;
    process_stats_read(&stats);
    head(out, "process_cpu_seconds_total", "counter", "CPU time of the process.");
    strbuf_addf(out, "process_cpu_seconds_total %.6f\n", (double)stats.cpu_us / 1e6);
    head(out, "process_resident_memory_bytes", "gauge", "Resident memory.");
    number(out, "process_resident_memory_bytes", stats.rss_bytes);
    head(out, "process_open_fds", "gauge", "Open descriptors.");
    number(out, "process_open_fds", stats.fds_open);
    head(out, "process_max_fds", "gauge", "Limit of open descriptors.");
    number(out, "process_max_fds", stats.fds_max);
    head(out, "process_start_time_seconds", "gauge", "Start of the process, since the epoch.");
    number(out, "process_start_time_seconds", (uint64_t)process->started.us / 1000000);
    head(out, "mawid_log_lines_dropped_total", "counter", "Log lines that found no room.");
    number(out, "mawid_log_lines_dropped_total", log_dropped());
    head(out, "mawid_offload_queued", "gauge", "Jobs waiting for a thread of the offload pool.");
    number(out, "mawid_offload_queued", offload_queued(process->offload));
    head(out, "mawid_workers", "gauge", "Threads that serve.");
    number(out, "mawid_workers", process->workers);
}

void metrics_page(struct process *process, struct strbuf *out)
{
    page_requests(process, out);
    page_latency(process, out);
    page_workers(process, out);
    metrics_partners(process, out);
    page_stats(out);
    page_process(process, out);
}
