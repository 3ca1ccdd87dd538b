/* The page that Prometheus reads, put together from tables: requests by route, what each worker has
 * (worker_metrics.c and the areas), partners, what happened anywhere in the process (base/stats.def), the
 * process itself. This file knows how a line looks, and no area: who counts something has the table of it. */
#include "server/process/metrics.h"

#include "runtime/base/counter.h"
#include "runtime/base/log.h"
#include "runtime/base/stats.h"
#include "runtime/offload.h"
#include "server/http/http_metrics.h"
#include "server/http/method.h"
#include "server/process/process_stats.h"
#include "server/routes.h"
#include "server/services.h"

static void head(struct strbuf *out, const char *name, const char *type, const char *help)
{
    strbuf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void number(struct strbuf *out, const char *name, uint64_t v)
{
    strbuf_addf(out, "%s %llu\n", name, (unsigned long long)v);
}

/* ---- requests -------------------------------------------------------------------------------- */

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
        assert(route <= metrics->routes_len && metrics->routes_len == routes_len);
        const struct route_metrics *counts = &metrics->routes[route];
        for (size_t i = 0; i < HTTP_STATUS_COUNT; i++)
            sum.by_status[i] += counter_read(&counts->by_status[i]);
        for (size_t i = 0; i < METRICS_BUCKETS; i++)
            sum.buckets[i] += counter_read(&counts->buckets[i]);
        sum.sum_us += counter_read(&counts->sum_us);
    }
    return sum;
}

static const char *route_method(size_t route)
{
    return route < routes_len ? http_method_name(routes[route].method).ptr : "";
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
        for (size_t i = 0; i < HTTP_STATUS_COUNT; i++)
            if (sum.by_status[i])
                strbuf_addf(out,
                            "mawid_http_requests_total{method=\"%s\",route=\"%s\",status=\"%d\"} "
                            "%llu\n",
                            route_method(route), route_pattern(route), http_status_at(i),
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

/* ---- what each worker has -------------------------------------------------------------------- */

static void page_metric(struct process *process, struct strbuf *out, const struct metric *metric)
{
    assert(metric->read && metric->help);
    head(out, metric->name, metric->type, metric->help);
    for (uint32_t w = 0; w < process->workers; w++) {
        const struct app *app = __atomic_load_n(&process->apps[w], __ATOMIC_ACQUIRE);
        if (app)
            strbuf_addf(out, "%s{worker=\"%u\"} %llu\n", metric->name, w,
                        (unsigned long long)metric->read(app, metric));
    }
}

static void page_workers(struct process *process, struct strbuf *out)
{
    for (size_t i = 0; i < worker_metrics_len; i++)
        page_metric(process, out, &worker_metrics[i]);
    for (size_t area = 0; area < areas_len; area++)
        for (size_t i = 0; i < areas[area]->metrics_len; i++)
            page_metric(process, out, &areas[area]->metrics[i]);
}

/* ---- the process ------------------------------------------------------------------------------ */

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

static void offload_number(struct strbuf *out, const char *name, int class, uint64_t v)
{
    strbuf_addf(out, "%s{class=\"%s\"} %llu\n", name,
                offload_class_name((enum offload_class) class), (unsigned long long)v);
}

static void page_offload(struct offload_pool *pool, struct strbuf *out)
{
    struct offload_stats stats[OFFLOAD_CLASSES];
    for (int i = 0; i < OFFLOAD_CLASSES; i++)
        stats[i] = offload_stats(pool, (enum offload_class)i);
    head(out, "mawid_offload_queued", "gauge", "Jobs waiting for a thread of their class.");
    for (int i = 0; i < OFFLOAD_CLASSES; i++)
        offload_number(out, "mawid_offload_queued", i, stats[i].queued);
    head(out, "mawid_offload_running", "gauge", "Jobs on a thread of their class.");
    for (int i = 0; i < OFFLOAD_CLASSES; i++)
        offload_number(out, "mawid_offload_running", i, stats[i].running);
    head(out, "mawid_offload_refused_total", "counter", "Jobs that found the queue full.");
    for (int i = 0; i < OFFLOAD_CLASSES; i++)
        offload_number(out, "mawid_offload_refused_total", i, stats[i].refused);
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
    head(out, "mawid_workers", "gauge", "Threads that serve.");
    number(out, "mawid_workers", process->workers);
}

void metrics_page(struct process *process, const struct work_counts *work, struct strbuf *out)
{
    page_requests(process, out);
    page_latency(process, out);
    page_workers(process, out);
    metrics_partners(process, out);
    metrics_work(process, work, out);
    page_stats(out);
    page_offload(process->offload, out);
    page_process(process, out);
}
