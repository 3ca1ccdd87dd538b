#include "server/process/process_stats.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "runtime/base/str.h"

/* /proc/self/statm: "size resident …" in pages. */
static uint64_t resident_bytes(void)
{
    char text[128];
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof(text)) : -1;
    if (fd >= 0)
        close(fd);
    struct str rest = str_of(text, n > 0 ? (size_t)n : 0), size, resident;
    uint64_t pages;
    if (!str_split(&rest, ' ', &size) || !str_split(&rest, ' ', &resident) ||
        !str_to_uint64(resident, &pages))
        return 0;
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t open_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    if (!dir)
        return 0;
    uint64_t n = 0;
    while (readdir(dir))
        n++;
    closedir(dir);
    return n > 3 ? n - 3 : 0; /* ".", ".." and the one just used */
}

void process_stats_read(struct process_stats *out)
{
    struct rusage usage;
    struct rlimit limit;
    *out = (struct process_stats){.rss_bytes = resident_bytes(), .fds_open = open_descriptors()};
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        out->cpu_us = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
                      (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        out->fds_max = limit.rlim_cur;
}
