#include "bench/process_cpu.h"

#include <dirent.h>
#include <err.h>
#include <inttypes.h>
#include <stdio.h>

uint64_t process_cpu_ns(int pid)
{
    char path[320];
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *tasks = opendir(path);
    if (!tasks)
        err(1, "%s", path);
    uint64_t total = 0;
    for (struct dirent *task; (task = readdir(tasks));) {
        if (task->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", pid, task->d_name);
        FILE *file = fopen(path, "re");
        uint64_t ns;
        if (file && fscanf(file, "%" SCNu64, &ns) == 1)
            total += ns;
        if (file)
            fclose(file);
    }
    closedir(tasks);
    return total;
}
