/* bench/process_cpu.h - how much processor time a process has used, user and kernel together. */
#pragma once
#include <stdint.h>

/* Nanoseconds, over all threads that run now, from the scheduler's own account (schedstat): exact,
 * where the tick-sampled utime and stime are not. A thread that ends takes its share along.
 * Ends the program when the process is gone. */
uint64_t process_cpu_ns(int pid);
