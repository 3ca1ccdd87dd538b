/* runtime/breaker.h - stops calling a partner that keeps failing, and finds out when it is back.
 *
 *     CLOSED --failures_max in a row--> OPEN --open_for later--> TRYING --good--> CLOSED
 *        ^                               ^---------- bad ---------/
 *
 * OPEN refuses. TRYING lets one call pass, and another one each time open_for has gone by without a
 * verdict (the caller of the last one went away).
 *
 * Waits: never.   Allocates: never. */
#pragma once
#include "runtime/base/clock.h"

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_TRYING };

struct breaker {
    uint32_t failures_max;
    struct duration open_for;
    enum breaker_state state;
    uint32_t failures;        /* in a row, while CLOSED */
    struct tick next_call_at; /* while not CLOSED */
};

/* May a call begin? A true answer while not CLOSED is for this one call. */
NODISCARD bool breaker_admit(struct breaker *breaker, struct tick now);
/* How a call went. Verdicts of calls from before it opened come late and count for nothing. */
void breaker_judge(struct breaker *breaker, struct tick now, bool good);
