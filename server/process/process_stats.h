/* server/process/process_stats.h - what the kernel knows about this process. Reads /proc.   Waits: never. */
#pragma once
#include "runtime/base/base.h"

struct process_stats {
    uint64_t cpu_us, rss_bytes, fds_open, fds_max;
};
void process_stats_read(struct process_stats *out);
