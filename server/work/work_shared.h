/* server/work/work_shared.h - what the runners of a process share: when to look next, and whose
 * turn it is.
 *
 * Zeroed at first.   Threads: atomics, of any.   Waits: never. */
#pragma once
#include "runtime/base/base.h"

struct work_shared {
    uint64_t look_at_ns; /* when it is the next time to look */
    uint32_t turn;       /* whose loop's it is */
    uint32_t away;       /* runners that cannot claim */
    bool planted;
};
