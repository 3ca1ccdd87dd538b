/* server/process/metrics.h - the page that Prometheus reads.
 *
 * Each worker counts for itself with relaxed stores; the page reads or sums them all.
 *
 * Threads: any.   Waits: never. */
#pragma once
#include "runtime/base/str.h"
#include "server/process/metric.h"

struct process;

struct work_count;
struct work_counts {
    struct work_count *items;
    size_t len;
};
/* `work`: what the database says about it; NULL: it did not answer. */
void metrics_page(struct process *process, const struct work_counts *work, struct strbuf *out);

/* metrics_partners.c: the part of the page about those whom we call. */
void metrics_partners(struct process *process, struct strbuf *out);
/* worker_metrics.c: of the server, the loop and the pools of each worker. */
extern const struct metric worker_metrics[];
extern const size_t worker_metrics_len;
/* metrics_work.c: the part of the page about what is to be done after answers. */
void metrics_work(struct process *process, const struct work_counts *counts, struct strbuf *out);
