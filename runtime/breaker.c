#include "runtime/breaker.h"

bool breaker_admit(struct breaker *breaker, struct tick now)
{
    assert(breaker->failures_max > 0 && breaker->open_for.us > 0);
    if (breaker->state == BREAKER_CLOSED)
        return true;
    if (now.ns < breaker->next_call_at.ns)
        return false;
    breaker->state = BREAKER_TRYING;
    breaker->next_call_at = tick_add(now, breaker->open_for);
    return true;
}

static void open(struct breaker *breaker, struct tick now)
{
    breaker->state = BREAKER_OPEN;
    breaker->next_call_at = tick_add(now, breaker->open_for);
    breaker->failures = 0;
}

void breaker_judge(struct breaker *breaker, struct tick now, bool good)
{
    if (breaker->state == BREAKER_OPEN)
        return;
    if (good) {
        breaker->state = BREAKER_CLOSED;
        breaker->failures = 0;
    } else if (breaker->state == BREAKER_TRYING || ++breaker->failures >= breaker->failures_max) {
        open(breaker, now);
    }
    assert(breaker->failures < breaker->failures_max);
}
