/* runtime/timer.c - see timer.h. */
#include "runtime/timer.h"

static const uint64_t NS_PER_MS = 1000000;

void wheel_init(struct timer_wheel *wheel, struct tick now)
{
    *wheel = (struct timer_wheel){.now_ms = now.ns / NS_PER_MS};
    for (int level = 0; level < WHEEL_LEVELS; level++)
        for (int slot = 0; slot < WHEEL_SLOTS; slot++)
            list_init(&wheel->slots[level][slot]);
}

/* The level whose slots tell `at_ms` from now: that of the highest differing digit (base 64). */
static int level_of(const struct timer_wheel *wheel, uint64_t at_ms)
{
    uint64_t differ = at_ms ^ wheel->now_ms;
    if (differ == 0)
        return 0;
    int level = (63 - __builtin_clzll(differ)) / WHEEL_BITS;
    return MIN(level, WHEEL_LEVELS - 1);
}

static void place(struct timer_wheel *wheel, struct timer *timer)
{
    assert(timer->at_ms >= wheel->now_ms);
    int level = level_of(wheel, timer->at_ms);
    unsigned slot = (timer->at_ms >> (level * WHEEL_BITS)) % WHEEL_SLOTS;
    list_push_back(&wheel->slots[level][slot], &timer->link);
    wheel->occupied[level] |= 1ull << slot;
}

void wheel_add(struct timer_wheel *wheel, struct timer *timer, struct tick at)
{
    assert(!timer_armed(timer) && timer->fire);
    uint64_t at_ms = at.ns / NS_PER_MS + 1; /* rounded up: never early */
    uint64_t latest = wheel->now_ms + (1ull << (WHEEL_LEVELS * WHEEL_BITS - 1));
    timer->at_ms = MIN(MAX(at_ms, wheel->now_ms + 1), latest);
    place(wheel, timer);
}

void timer_cancel(struct timer *timer)
{
    if (timer_armed(timer))
        list_remove(&timer->link);
}

/* The slots whose time has come at now_ms: level by level, while the lower digits are all zero. */
static void move_down(struct timer_wheel *wheel)
{
    for (int level = 1; level < WHEEL_LEVELS; level++) {
        if (wheel->now_ms & ((1ull << (level * WHEEL_BITS)) - 1))
            return;
        unsigned slot = (wheel->now_ms >> (level * WHEEL_BITS)) % WHEEL_SLOTS;
        wheel->occupied[level] &= ~(1ull << slot);
        struct list moving;
        list_init(&moving);
        list_take_all(&moving, &wheel->slots[level][slot]);
        struct list_link *link;
        while ((link = list_take_first(&moving)))
            place(wheel, container_of(link, struct timer, link));
    }
}

static void fire_slot(struct timer_wheel *wheel)
{
    unsigned slot = wheel->now_ms % WHEEL_SLOTS;
    wheel->occupied[0] &= ~(1ull << slot);
    struct list due;
    list_init(&due);
    list_take_all(&due, &wheel->slots[0][slot]);
    struct list_link *link;
    while ((link = list_take_first(&due))) {
        struct timer *timer = container_of(link, struct timer, link);
        assert(timer->at_ms == wheel->now_ms); /* neither early nor late */
        wheel->fired++;
        timer->fire(timer);
    }
}

/* The next millisecond at which anything can happen: a due slot of level 0, or a move down. */
static uint64_t next_ms(struct timer_wheel *wheel)
{
    uint64_t best = UINT64_MAX;
    for (int level = 0; level < WHEEL_LEVELS; level++) {
        int shift = level * WHEEL_BITS;
        unsigned here = (wheel->now_ms >> shift) % WHEEL_SLOTS;
        uint64_t bits = wheel->occupied[level];
        while (bits) {
            unsigned turn = (here + 1) % WHEEL_SLOTS;
            uint64_t rotated = turn ? bits >> turn | bits << (WHEEL_SLOTS - turn) : bits;
            unsigned ahead = (unsigned)__builtin_ctzll(rotated) + 1;
            unsigned slot = (here + ahead) % WHEEL_SLOTS;
            if (list_empty(&wheel->slots[level][slot])) { /* stale */
                wheel->occupied[level] &= ~(1ull << slot);
                bits &= ~(1ull << slot);
                continue;
            }
            best = MIN(best, ((wheel->now_ms >> shift) + ahead) << shift);
            break;
        }
    }
    return best;
}

void wheel_advance(struct timer_wheel *wheel, struct tick now)
{
    uint64_t target = now.ns / NS_PER_MS;
    while (wheel->now_ms < target) {
        uint64_t next = next_ms(wheel);
        wheel->now_ms = MIN(next, target);
        if (next > target)
            break;
        move_down(wheel);
        fire_slot(wheel);
    }
    assert(wheel->now_ms >= target);
}

struct tick wheel_next(struct timer_wheel *wheel)
{
    uint64_t next = next_ms(wheel);
    return next == UINT64_MAX ? TICK_NEVER : (struct tick){next * NS_PER_MS};
}
