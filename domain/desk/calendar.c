#include "domain/desk/calendar.h"

#include "domain/desk/calendar_store.h"

static const struct str payment_codes[PAYMENT_STATUS_COUNT] = {
    [PAYMENT_NONE] = {"none", 4},
    [PAYMENT_INITIATED] = {"initiated", 9},
    [PAYMENT_AUTHORIZED] = {"authorized", 10},
    [PAYMENT_PAID] = {"paid", 4},
    [PAYMENT_CAPTURED] = {"captured", 8},
    [PAYMENT_PARTIALLY_REFUNDED] = {"partially_refunded", 18},
    [PAYMENT_REFUNDED] = {"refunded", 8},
    [PAYMENT_VOIDED] = {"voided", 6},
    [PAYMENT_FAILED] = {"failed", 6},
    [PAYMENT_UNKNOWN] = {"unknown", 7},
};

struct str payment_status_code(enum payment_status status)
{
    assert(status < PAYMENT_STATUS_COUNT);
    return payment_codes[status];
}

bool payment_status_parse(struct str code, enum payment_status *out)
{
    for (enum payment_status status = 0; status < PAYMENT_STATUS_COUNT; status++)
        if (str_eq(code, payment_codes[status])) {
            *out = status;
            return true;
        }
    return false;
}

enum err calendar_days(struct ctx *c, struct calendar_store *store, const struct actor *actor,
                       const struct calendar_query *in, struct calendar *out)
{
    assert(in->days >= 1 && in->days <= CALENDAR_DAYS_MAX);
    struct desk_answer answer;
    TRY(calendar_store_days(c, store, actor->user_id, in, &answer, out));
    return desk_judge(c, &answer);
}

enum err salon_summarize(struct ctx *c, struct calendar_store *store, const struct actor *actor,
                         int64_t salon, struct date from, struct date to, struct salon_summary *out)
{
    if (to.days < from.days || to.days - from.days >= REPORT_DAYS_MAX)
        return fail_field(c, STR("to"), R_PERIOD_INVALID);
    struct desk_answer answer;
    TRY(calendar_store_summary(c, store, actor->user_id, salon, from, to, &answer, out));
    return desk_judge(c, &answer);
}
