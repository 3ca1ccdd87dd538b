#include "domain/house/house.h"

#include "domain/house/sweep_store.h"
#include "runtime/base/stats.h"

typedef enum err sweep_fn(struct ctx *c, struct sweep_store *store, int32_t at_most, int64_t *gone);
typedef enum err sweep_before_fn(struct ctx *c, struct sweep_store *store, struct instant before,
                                 int32_t at_most, int64_t *gone);

static enum err sweep(struct ctx *c, struct house *house, sweep_fn *once, enum stat counted)
{
    int64_t gone = HOUSE_AT_MOST;
    for (int round = 0; round < HOUSE_ROUNDS_MAX && gone >= HOUSE_AT_MOST; round++) {
        TRY(once(c, house->store, HOUSE_AT_MOST, &gone));
        stat_add(counted, (uint64_t)gone);
    }
    return OK;
}

static enum err sweep_before(struct ctx *c, struct house *house, sweep_before_fn *once,
                             enum stat counted)
{
    struct instant before = {ctx_now(c).us - house->logins_kept.us};
    int64_t gone = HOUSE_AT_MOST;
    for (int round = 0; round < HOUSE_ROUNDS_MAX && gone >= HOUSE_AT_MOST; round++) {
        TRY(once(c, house->store, before, HOUSE_AT_MOST, &gone));
        stat_add(counted, (uint64_t)gone);
    }
    return OK;
}

enum err house_end_holds(struct ctx *c, struct house *house)
{
    return sweep(c, house, sweep_store_holds, STAT_BOOKING_EXPIRED);
}

enum err house_forget_keys(struct ctx *c, struct house *house)
{
    return sweep(c, house, sweep_store_keys, STAT_KEYS_FORGOTTEN);
}

enum err house_forget_codes(struct ctx *c, struct house *house)
{
    return sweep_before(c, house, sweep_store_codes, STAT_CODES_FORGOTTEN);
}

enum err house_forget_sessions(struct ctx *c, struct house *house)
{
    return sweep_before(c, house, sweep_store_sessions, STAT_SESSIONS_FORGOTTEN);
}
