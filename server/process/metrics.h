/* server/process/metrics.h - the page that Prometheus reads.
 *
 * Each worker counts for itself with relaxed stores; the page reads or sums them all.
 *
 * Threads: any.   Waits: never. */
#pragma once
#include "runtime/base/str.h"
#include "server/process/metric.h"

struct process;

void metrics_page(struct process *process, struct strbuf *out);

/* metrics_partners.c: the part of the page about those whom we call. */
void metrics_partners(struct process *process, struct strbuf *out);
/* worker_metrics.c: of the server, the loop and the pools of each worker. */
extern const struct metric worker_metrics[];
extern const size_t worker_metrics_len;
