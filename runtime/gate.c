#include "runtime/gate.h"

void gate_init(struct gate *gate)
{
    list_init(&gate->waiting);
}

static void leave(struct wait *wait)
{
    list_remove(&wait->link);
    wait_done(wait, ERR_TIMEOUT);
}

enum err gate_wait(struct ctx *c, struct gate *gate)
{
    struct wait wait = {.cancel = leave};
    list_push_back(&gate->waiting, &wait.link);
    return wait_park(c, &wait);
}

void gate_open(struct gate *gate)
{
    for (struct list_link *link; (link = list_take_first(&gate->waiting));)
        wait_done(container_of(link, struct wait, link), OK);
}
