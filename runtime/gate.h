/* runtime/gate.h - fibers that wait until another one of the same loop is done with something.
 *
 *     if (somebody is fetching it already)
 *         TRY(gate_wait(c, &gate));            then look again: it may be there, or may have failed
 *     else
 *         fetch it; gate_open(&gate);
 *
 * An open gate closes at once: it lets through who waits now. Zeroed and then gate_init.
 * Threads: belongs to one loop.   Waits: gate_wait. */
#pragma once
#include "runtime/loop.h"

struct gate {
    struct list waiting;
};
void gate_init(struct gate *gate);
/* ERR_TIMEOUT, ERR_CANCELED as wait_park. */
NODISCARD enum err gate_wait(struct ctx *c, struct gate *gate);
void gate_open(struct gate *gate);
