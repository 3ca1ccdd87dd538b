/* runtime/timer.h - a hierarchical timing wheel in milliseconds; private to the loop.
 *
 * Six levels of 64 slots cover 2^36 ms (two years); setting, cancelling and firing are O(1) and
 * never allocate. A timer waits in the level where its time first differs from now and moves down
 * as that time comes near (Varghese and Lauck, "Hashed and hierarchical timing wheels", 1987).
 *
 * Waits: never. */
#pragma once
#include "runtime/loop.h"

enum { WHEEL_LEVELS = 6, WHEEL_BITS = 6, WHEEL_SLOTS = 1 << WHEEL_BITS };

struct timer_wheel {
    uint64_t now_ms; /* everything due at or before it has fired */
    uint64_t
        occupied[WHEEL_LEVELS]; /* a set bit may be stale: its slot's last timer was cancelled */
    struct list slots[WHEEL_LEVELS][WHEEL_SLOTS];
    uint64_t fired;
};

void wheel_init(struct timer_wheel *wheel, struct tick now);
/* Fires what is due. A callback may set and cancel any timer. */
void wheel_advance(struct timer_wheel *wheel, struct tick now);
void wheel_add(struct timer_wheel *wheel, struct timer *timer, struct tick at);
/* When to look again: not later than the next timer, TICK_NEVER when there is none. */
struct tick wheel_next(struct timer_wheel *wheel);
