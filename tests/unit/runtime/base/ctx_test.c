#include "runtime/base/ctx.h"

#include "tests/test.h"

static struct tick now = {1000000000};
static struct tick fake_mono(const struct clock *clock)
{
    return now;
}
static struct instant fake_wall(const struct clock *clock)
{
    return (struct instant){(int64_t)now.ns / 1000};
}
static const struct clock fake = {.wall = fake_wall, .mono = fake_mono};

TEST(a_fresh_ctx_has_no_deadline)
{
    struct ctx c;
    ctx_init(&c, NULL, &fake);
    CHECK(c.deadline.ns == TICK_NEVER.ns && c.lang == LANG_AR && !c.canceled && !c.fiber);
    CHECK(ctx_left(&c).us > seconds(1000000000).us);
    CHECK_INT(ctx_now(&c).us, 1000000);
}

TEST(a_deadline_is_only_ever_tightened)
{
    struct ctx c;
    ctx_init(&c, NULL, &fake);
    {
        struct ctx_scope outer SCOPED(ctx_restore) = ctx_within(&c, seconds(5));
        CHECK_INT(ctx_left(&c).us, seconds(5).us);
        {
            struct ctx_scope wider SCOPED(ctx_restore) = ctx_within(&c, seconds(10));
            CHECK_INT(ctx_left(&c).us, seconds(5).us);
        }
        {
            struct ctx_scope tighter SCOPED(ctx_restore) = ctx_within(&c, milliseconds(3));
            CHECK_INT(ctx_left(&c).us, 3000);
        }
        CHECK_INT(ctx_left(&c).us, seconds(5).us);
    }
    CHECK(c.deadline.ns == TICK_NEVER.ns);
}

TEST(a_passed_deadline_leaves_nothing)
{
    struct ctx c;
    ctx_init(&c, NULL, &fake);
    struct ctx_scope scope = ctx_within(&c, seconds(-1));
    CHECK_INT(ctx_left(&c).us, 0);
    now.ns += 5;
    CHECK_INT(ctx_left(&c).us, 0);
    ctx_restore(&scope);
    ctx_restore(&scope); /* a second time does nothing */
    CHECK(c.deadline.ns == TICK_NEVER.ns);
}
