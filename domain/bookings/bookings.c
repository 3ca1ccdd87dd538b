#include "domain/bookings/bookings.h"

#include "domain/bookings/booking_store.h"
#include "domain/bookings/settlement.h"
#include "runtime/base/stats.h"

static const struct {
    struct str code;
    enum reason reason;
    struct str field;
} verdicts[VERDICT_COUNT] = {
#define VERDICT(name, code, reason, field) {STR(code), R_##reason, STR(field)},
#include "domain/bookings/verdicts.def"
#undef VERDICT
};

bool booking_verdict_parse(struct str code, enum booking_verdict *out)
{
    for (int i = 0; i < VERDICT_COUNT; i++)
        if (str_eq(code, verdicts[i].code)) {
            *out = (enum booking_verdict)i;
            return true;
        }
    return false;
}

static const struct str status_codes[BOOKING_STATUS_COUNT] = {
    [BOOKING_HELD] = STR("held"),           [BOOKING_PENDING] = STR("pending"),
    [BOOKING_CONFIRMED] = STR("confirmed"), [BOOKING_COMPLETED] = STR("completed"),
    [BOOKING_CANCELLED] = STR("cancelled"), [BOOKING_NO_SHOW] = STR("no_show"),
    [BOOKING_EXPIRED] = STR("expired"),
};

struct str booking_status_code(enum booking_status status)
{
    assert(status >= 0 && status < BOOKING_STATUS_COUNT);
    return status_codes[status];
}

bool booking_status_parse(struct str code, enum booking_status *out)
{
    for (int i = 0; i < BOOKING_STATUS_COUNT; i++)
        if (str_eq(code, status_codes[i])) {
            *out = (enum booking_status)i;
            return true;
        }
    return false;
}

static enum err judge(struct ctx *c, const struct booking_answer *answer)
{
    if (answer->verdict == VERDICT_OK || answer->verdict == VERDICT_REPLAY)
        return OK;
    if (verdicts[answer->verdict].field.len)
        return fail_field(c, verdicts[answer->verdict].field, verdicts[answer->verdict].reason);
    return fail(c, verdicts[answer->verdict].reason);
}

static void count_creation(enum booking_verdict verdict)
{
    stat_count(verdict == VERDICT_OK           ? STAT_BOOKING_CREATED
               : verdict == VERDICT_REPLAY     ? STAT_BOOKING_REPLAYED
               : verdict == VERDICT_SLOT_TAKEN ? STAT_BOOKING_SLOT_TAKEN
                                               : STAT_BOOKING_REFUSED);
}

enum err bookings_create(struct ctx *c, struct bookings *bookings, const struct actor *actor,
                         const struct booking_request *in, struct bookings_made *out)
{
    assert(in->wishes_len > 0 && in->wishes_len <= BOOKING_VISIT_MAX);
    struct booking_answer answer;
    *out = (struct bookings_made){0};
    TRY(booking_store_create(c, bookings->store, &bookings->limits, actor->user_id, in, &answer,
                             out));
    count_creation(answer.verdict);
    out->refused_wish = answer.wish;
    out->replayed = answer.verdict == VERDICT_REPLAY;
    if (out->replayed)
        c->lang = answer.language;
    return judge(c, &answer);
}

static enum err offer_near(struct ctx *c, struct bookings *bookings, struct slots_query *query,
                           struct instant wanted, struct booking_alternatives *out)
{
    enum { DAY_US = 24 * 3600 * 1000000LL };
    struct slots_answer answer;
    /* Of the days around it, most behind: who is late looks for later. Only who works rarely, or is
     * booked out, is looked at longer. */
    query->from.days = (int32_t)(wanted.us / DAY_US) - 2;
    query->days = BOOKING_ALTERNATIVES_DAYS;
    TRY(catalogue_slots_around(c, bookings->catalogue, query, BOOKING_ALTERNATIVES_MAX, &answer));

    size_t nearest[BOOKING_ALTERNATIVES_MAX];
    *out = (struct booking_alternatives){.tz = answer.tz};
    out->len = slots_nearest(&answer.slots, wanted.us / 1000000, BOOKING_ALTERNATIVES_MAX, nearest);
    for (size_t i = 0; i < out->len; i++) {
        size_t member = 0;
        while (!slots_is_free(&answer.slots, nearest[i], member))
            member++;
        struct instant starts = {answer.slots.starts_s[nearest[i]] * 1000000};
        out->items[i] = (struct booking_alternative){
            starts, instant_add(starts, seconds(answer.slots.duration_s)),
            answer.slots.staff[member]};
    }
    return OK;
}

enum err bookings_alternatives(struct ctx *c, struct bookings *bookings,
                               const struct booking_request *in, size_t refused_wish,
                               struct booking_alternatives *out)
{
    assert(refused_wish < in->wishes_len);
    const struct booking_wish *refused = &in->wishes[refused_wish];
    struct visit_sibling siblings[BOOKING_VISIT_MAX];
    struct slots_query query = {.salon = in->salon,
                                .service = refused->service,
                                .staff = refused->staff,
                                .siblings = siblings};
    for (size_t i = 0; i < in->wishes_len; i++)
        if (i != refused_wish)
            siblings[query.siblings_len++] =
                (struct visit_sibling){in->wishes[i].service, in->wishes[i].staff,
                                       in->wishes[i].starts_at.us / 1000000, i < refused_wish};
    return offer_near(c, bookings, &query, refused->starts_at, out);
}

enum err bookings_alternatives_to_move(struct ctx *c, struct bookings *bookings,
                                       const struct actor *actor, const struct booking_new_time *in,
                                       struct booking_alternatives *out)
{
    struct booking_moving moving;
    TRY(booking_store_moving(c, bookings->store, actor->user_id, in->id, &moving));
    struct slots_query query = {.salon = moving.salon,
                                .service = moving.service,
                                .staff = in->other_staff ? in->staff : moving.staff,
                                .moving = &moving.slot,
                                .pressing = moving.pressing};
    return offer_near(c, bookings, &query, in->starts_at, out);
}

enum err bookings_get(struct ctx *c, struct bookings *bookings, const struct actor *actor,
                      int64_t id, struct booking *out)
{
    struct booking_answer answer;
    TRY(booking_store_get(c, bookings->store, actor->user_id, id, &answer, out));
    return judge(c, &answer);
}

enum err bookings_list(struct ctx *c, struct bookings *bookings, const struct actor *actor,
                       const struct booking_query *in, struct booking_page *out)
{
    struct booking_answer answer;
    TRY(booking_store_list(c, bookings->store, actor->user_id, in, &answer, out));
    return judge(c, &answer);
}

/* The move is made, whatever becomes of this: what is not settled now stands in the history. */
static void settle(struct ctx *c, struct bookings *bookings, const struct booking *booking)
{
    if (bookings->payments && booking_has_ended(booking->status) &&
        booking_settle(c, bookings->payments, booking) != OK)
        stat_count(STAT_BOOKING_UNSETTLED);
}

enum err bookings_move(struct ctx *c, struct bookings *bookings, const struct actor *actor,
                       const struct booking_move *in, struct booking *out)
{
    static const enum stat counters[] = {
        [BOOKING_CONFIRM] = STAT_BOOKING_CONFIRMED,
        [BOOKING_COMPLETE] = STAT_BOOKING_COMPLETED,
        [BOOKING_DID_NOT_SHOW] = STAT_BOOKING_NO_SHOW,
        [BOOKING_CANCEL] = STAT_BOOKING_CANCELLED,
    };
    struct booking_answer answer;
    TRY(booking_store_move(c, bookings->store, actor->user_id, in, &answer, out));
    if (answer.verdict == VERDICT_OK) {
        stat_count(counters[in->action]);
        settle(c, bookings, out);
    }
    return judge(c, &answer);
}

enum err bookings_reschedule(struct ctx *c, struct bookings *bookings, const struct actor *actor,
                             const struct booking_new_time *in, struct booking *out)
{
    struct booking_answer answer;
    TRY(booking_store_reschedule(c, bookings->store, actor->user_id, in, &answer, out));
    if (answer.verdict == VERDICT_OK)
        stat_count(STAT_BOOKING_RESCHEDULED);
    return judge(c, &answer);
}
