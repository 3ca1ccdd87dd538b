#include "domain/desk/calendar.h"

#include "domain/desk/calendar_store.h"

enum err calendar_days(struct ctx *c, struct calendar_store *store, const struct actor *actor,
                       const struct calendar_query *in, struct calendar *out)
{
    assert(in->days >= 1 && in->days <= CALENDAR_DAYS_MAX);
    return calendar_store_days(c, store, actor_user_id(actor), in, out);
}

enum err salon_summarize(struct ctx *c, struct calendar_store *store, const struct actor *actor,
                         int64_t salon, struct date from, struct date to, struct salon_summary *out)
{
    if (to.days < from.days || to.days - from.days >= REPORT_DAYS_MAX)
        return fail_field(c, STR("to"), R_PERIOD_INVALID);
    return calendar_store_summary(c, store, actor_user_id(actor), salon, from, to, out);
}
