/* domain/bookings/bookings.c - asks the store, which decides, and makes what it answers a refusal or a result.
 *
 * Who may have which time is judged where the locks are (storage/schema/functions/bookings): a rule that
 * was judged here could be overtaken before it is written. What is decided here is what an answer means:
 * which field a reason is about, what a loser is offered, what is counted, what is to be settled. */
#include "domain/bookings/bookings.h"

#include "domain/bookings/alternatives.h"
#include "domain/bookings/booking_store.h"
#include "domain/bookings/settlement.h"
#include "runtime/base/stats.h"

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

/* ---- answers ------------------------------------------------------------------------------------ */

/* The field of the request that a reason is about, or empty. */
static struct str field_of(enum reason reason)
{
    static const struct {
        enum reason reason;
        struct str field;
    } fields[] = {
        {R_SALON_UNKNOWN, STR("salon")},
        {R_SERVICE_UNKNOWN, STR("service")},
        {R_NOBODY_OFFERS, STR("service")},
        {R_STAFF_UNKNOWN, STR("staff")},
        {R_STAFF_ELSEWHERE, STR("staff")},
        {R_STAFF_NOT_OFFERING, STR("staff")},
        {R_BOOKING_PAST, STR("starts_at")},
        {R_BOOKING_TOO_SOON, STR("starts_at")},
        {R_BOOKING_TOO_FAR, STR("starts_at")},
        {R_BOOKING_OFF_GRID, STR("starts_at")},
        {R_BOOKING_OUTSIDE_HOURS, STR("starts_at")},
        {R_BOOKING_OUTSIDE_WINDOWS, STR("starts_at")},
        {R_BOOKING_STAFF_OFF, STR("starts_at")},
    };
    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        if (fields[i].reason == reason)
            return fields[i].field;
    return STR("");
}

static enum err refuse(struct ctx *c, const struct booking_answer *answer)
{
    if (answer->refused == R_OVERLOADED)
        return fail_retry(c, R_OVERLOADED, 1);
    return fail_field(c, field_of(answer->refused), answer->refused);
}

static enum err answered(struct ctx *c, const struct booking_answer *answer)
{
    return answer->refused == R_NONE ? OK : refuse(c, answer);
}

/* ---- creating ----------------------------------------------------------------------------------- */

static void count_creation(const struct booking_answer *answer)
{
    if (answer->refused == R_OVERLOADED)
        return; /* it was not decided */
    stat_count(answer->refused == R_SLOT_TAKEN ? STAT_BOOKING_SLOT_TAKEN
               : answer->refused               ? STAT_BOOKING_REFUSED
               : answer->replayed              ? STAT_BOOKING_REPLAYED
                                               : STAT_BOOKING_CREATED);
}

/* Of a visit: the field, if it is one of a service, is the refused service's. */
static bool is_about_item(const struct ctx *c, enum err err)
{
    return err == ERR_CONFLICT || (err == ERR_INVALID && !str_eq(c->refusal.field, STR("salon")));
}

static enum err refuse_creation(struct ctx *c, struct bookings *bookings,
                                const struct booking_request *in,
                                const struct booking_answer *answer)
{
    enum err err = refuse(c, answer);
    if (in->wishes_len > 1 && is_about_item(c, err)) {
        c->refusal.field = STR("");
        refusal_add(&c->refusal, extra_number("item", (int64_t)answer->item));
    }
    if (answer->refused == R_SLOT_TAKEN)
        booking_offer(c, bookings, in, answer->item);
    return err;
}

enum err bookings_create(struct ctx *c, struct bookings *bookings, const struct actor *actor,
                         const struct booking_request *in, struct bookings_made *out)
{
    assert(in->wishes_len > 0 && in->wishes_len <= BOOKING_VISIT_MAX);
    assert(actor->kind == ACTOR_USER);
    struct booking_answer answer;
    *out = (struct bookings_made){0};
    TRY(booking_store_create(c, bookings->store, &bookings->limits, actor->user_id, in, &answer,
                             out));
    count_creation(&answer);
    if (answer.refused)
        return refuse_creation(c, bookings, in, &answer);
    assert(out->len == in->wishes_len);
    if (answer.replayed)
        once_replay(c, in->once, answer.lang);
    return OK;
}

/* ---- looking ------------------------------------------------------------------------------------ */

enum err bookings_get(struct ctx *c, struct bookings *bookings, const struct actor *actor,
                      int64_t id, struct booking *out)
{
    assert(actor->kind == ACTOR_USER);
    struct booking_answer answer;
    TRY(booking_store_get(c, bookings->store, actor->user_id, id, &answer, out));
    return answered(c, &answer);
}

enum err bookings_list(struct ctx *c, struct bookings *bookings, const struct actor *actor,
                       const struct booking_query *in, struct booking_page *out)
{
    assert(actor->kind == ACTOR_USER);
    struct booking_answer answer;
    TRY(booking_store_list(c, bookings->store, actor->user_id, in, &answer, out));
    return answered(c, &answer);
}

/* ---- moving ------------------------------------------------------------------------------------- */

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
    TRY(booking_store_move(c, bookings->store, actor, in, &answer, out));
    TRY(answered(c, &answer));
    assert(out->id == in->id);
    stat_count(counters[in->action]);
    settle(c, bookings, out);
    return OK;
}

enum err bookings_reschedule(struct ctx *c, struct bookings *bookings, const struct actor *actor,
                             const struct booking_new_time *in, struct booking *out)
{
    assert(actor->kind == ACTOR_USER);
    struct booking_answer answer;
    TRY(booking_store_reschedule(c, bookings->store, actor->user_id, in, &answer, out));
    if (answer.refused) {
        enum err err = refuse(c, &answer);
        if (answer.refused == R_SLOT_TAKEN)
            booking_offer_to_move(c, bookings, actor->user_id, in);
        return err;
    }
    assert(out->id == in->id);
    stat_count(STAT_BOOKING_RESCHEDULED);
    return OK;
}
