#include "domain/house/house.h"

#include "domain/house/sweep_store.h"
#include "runtime/base/arena.h"
#include "runtime/base/stats.h"
#include "tests/test.h"
#include "tests/unit/fakes/fake_clock.h"

/* Rows that are over, and how often they were asked for; `broken`: that call fails. */
struct sweep_store {
    int64_t left;
    int calls, broken;
    struct instant before;
};

static enum err take(struct sweep_store *store, int32_t at_most, int64_t *gone)
{
    if (++store->calls == store->broken)
        return ERR_UNAVAILABLE;
    *gone = MIN(store->left, at_most);
    store->left -= *gone;
    return OK;
}
enum err sweep_store_holds(struct ctx *c, struct sweep_store *store, int32_t at_most, int64_t *gone)
{
    return take(store, at_most, gone);
}
enum err sweep_store_keys(struct ctx *c, struct sweep_store *store, int32_t at_most, int64_t *gone)
{
    return take(store, at_most, gone);
}
enum err sweep_store_codes(struct ctx *c, struct sweep_store *store, struct instant before,
                           int32_t at_most, int64_t *gone)
{
    store->before = before;
    return take(store, at_most, gone);
}
enum err sweep_store_sessions(struct ctx *c, struct sweep_store *store, struct instant before,
                              int32_t at_most, int64_t *gone)
{
    store->before = before;
    return take(store, at_most, gone);
}

static const struct sweep {
    enum err (*run)(struct ctx *c, struct house *house);
    enum stat counted;
} all[] = {{house_end_holds, STAT_BOOKING_EXPIRED},
           {house_forget_keys, STAT_KEYS_FORGOTTEN},
           {house_forget_codes, STAT_CODES_FORGOTTEN},
           {house_forget_sessions, STAT_SESSIONS_FORGOTTEN}};

struct fixture {
    struct fake_ctx fake;
    struct sweep_store store;
    struct house house;
};
static void begin(struct fixture *f, int64_t rows)
{
    *f = (struct fixture){.store.left = rows, .house.logins_kept = seconds(30 * 86400)};
    fake_ctx_begin(&f->fake);
    f->house.store = &f->store;
}

TEST(as_many_rounds_as_it_takes_and_all_are_counted)
{
    static const struct {
        int64_t rows;
        int calls;
    } cases[] = {{0, 1}, {1, 1}, {199, 1}, {200, 2}, {201, 2}, {1000, 6}};
    for (size_t s = 0; s < ARRAY_LEN(all); s++)
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
            struct fixture f;
            begin(&f, cases[i].rows);
            uint64_t before = stat_sum(all[s].counted);
            CHECK_INT(all[s].run(&f.fake.c, &f.house), OK);
            CHECK_INT(f.store.left, 0);
            CHECK_INT(f.store.calls, cases[i].calls);
            CHECK_INT(stat_sum(all[s].counted) - before, cases[i].rows);
        }
}

TEST(a_table_that_was_never_swept_takes_several_times)
{
    for (size_t s = 0; s < ARRAY_LEN(all); s++) {
        struct fixture f;
        begin(&f, 1000000);
        CHECK_INT(all[s].run(&f.fake.c, &f.house), OK);
        CHECK_INT(f.store.calls, HOUSE_ROUNDS_MAX);
        CHECK_INT(f.store.left, 1000000 - HOUSE_ROUNDS_MAX * HOUSE_AT_MOST);
    }
}

TEST(what_is_gone_before_a_failure_is_counted)
{
    for (size_t s = 0; s < ARRAY_LEN(all); s++) {
        struct fixture f;
        begin(&f, 1000);
        f.store.broken = 3;
        uint64_t before = stat_sum(all[s].counted);
        CHECK_INT(all[s].run(&f.fake.c, &f.house), ERR_UNAVAILABLE);
        CHECK_INT(stat_sum(all[s].counted) - before, 400);
    }
}

TEST(logins_are_kept_for_as_long_as_they_are_to_be)
{
    for (size_t s = 2; s < ARRAY_LEN(all); s++) {
        struct fixture f;
        begin(&f, 0);
        CHECK_INT(all[s].run(&f.fake.c, &f.house), OK);
        CHECK_INT(f.store.before.us, ctx_now(&f.fake.c).us - seconds(30 * 86400).us);
    }
}
