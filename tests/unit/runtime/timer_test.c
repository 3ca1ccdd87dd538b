/* The timing wheel against a plain sorted model: never early, never late, in any order of calls. */
#include "runtime/timer.h"

#include <stdlib.h>

#include "tests/test.h"

struct probe {
    struct timer timer;
    uint64_t due_ms, fired_ms;
    int fired;
};
static struct timer_wheel wheel;

static void probe_fire(struct timer *timer)
{
    struct probe *probe = container_of(timer, struct probe, timer);
    probe->fired++;
    probe->fired_ms = wheel.now_ms;
}

static struct tick at_ms(uint64_t ms)
{
    return (struct tick){ms * 1000000};
}

static uint64_t seed = 1;
static uint64_t rnd(uint64_t bound)
{
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    return (seed >> 33) % bound;
}

TEST(timer_never_fires_early)
{
    wheel_init(&wheel, at_ms(1000));
    struct probe probe = {.timer.fire = probe_fire};
    wheel_add(&wheel, &probe.timer, (struct tick){1005 * 1000000ull + 1});
    wheel_advance(&wheel, at_ms(1005));
    CHECK_INT(probe.fired, 0);
    wheel_advance(&wheel, at_ms(1006));
    CHECK_INT(probe.fired, 1);
    CHECK(!timer_armed(&probe.timer));
}

TEST(timer_in_the_past_fires_in_the_next_millisecond)
{
    wheel_init(&wheel, at_ms(1000));
    struct probe probe = {.timer.fire = probe_fire};
    wheel_add(&wheel, &probe.timer, at_ms(3));
    CHECK_INT(wheel_next(&wheel).ns, at_ms(1001).ns);
    wheel_advance(&wheel, at_ms(1001));
    CHECK_INT(probe.fired, 1);
}

TEST(cancelled_timer_does_not_fire_and_leaves_no_wake_up)
{
    wheel_init(&wheel, at_ms(0));
    struct probe probe = {.timer.fire = probe_fire};
    wheel_add(&wheel, &probe.timer, at_ms(70000));
    timer_cancel(&probe.timer);
    CHECK(wheel_next(&wheel).ns == TICK_NEVER.ns);
    wheel_advance(&wheel, at_ms(100000));
    CHECK_INT(probe.fired, 0);
}

TEST(thousands_of_timers_fire_exactly_when_due)
{
    enum { COUNT = 4000 };
    static struct probe probes[COUNT];
    wheel_init(&wheel, at_ms(123456789));
    uint64_t now = 123456789;
    for (int i = 0; i < COUNT; i++) {
        static const uint64_t spans[] = {10, 100, 5000, 300000, 90000000, 40000000000};
        probes[i] = (struct probe){.timer.fire = probe_fire};
        probes[i].due_ms = now + 1 + rnd(spans[rnd(ARRAY_LEN(spans))]);
        wheel_add(&wheel, &probes[i].timer, (struct tick){(probes[i].due_ms - 1) * 1000000});
    }
    for (int i = 0; i < COUNT; i += 7)
        timer_cancel(&probes[i].timer);
    while (wheel_next(&wheel).ns != TICK_NEVER.ns) {
        uint64_t next = wheel_next(&wheel).ns / 1000000;
        CHECK(next > now);
        now = rnd(3) ? next : next + rnd(50); /* late now and then, as a busy loop is */
        wheel_advance(&wheel, at_ms(now));
    }
    for (int i = 0; i < COUNT; i++) {
        CHECK_INT(probes[i].fired, i % 7 ? 1 : 0);
        if (probes[i].fired)
            CHECK(probes[i].fired_ms == probes[i].due_ms);
    }
}

static struct probe again;
static int again_left;
static void again_fire(struct timer *timer)
{
    again.fired++;
    if (--again_left)
        wheel_add(&wheel, timer, at_ms(wheel.now_ms + 63));
}

TEST(a_timer_may_arm_itself_again_while_firing)
{
    wheel_init(&wheel, at_ms(0));
    again = (struct probe){.timer.fire = again_fire};
    again_left = 100;
    wheel_add(&wheel, &again.timer, at_ms(1));
    wheel_advance(&wheel, at_ms(100000));
    CHECK_INT(again.fired, 100);
}
