#include "domain/bookings/alternatives.h"

#include "domain/bookings/booking_store.h"

enum { COLUMNS = 3 };

static void put_row(struct refusal_extra *row, const struct slots *slots, size_t at)
{
    size_t member = 0;
    while (!slots_is_free(slots, at, member))
        member++;
    struct instant starts = {slots->starts_s[at] * 1000000};
    struct instant ends = instant_add(starts, seconds(slots->duration_s));
    row[0] = extra_instant("starts_at", starts, tz_offset_at(slots->tz, starts));
    row[1] = extra_instant("ends_at", ends, tz_offset_at(slots->tz, ends));
    row[2] = extra_number("staff", slots->staff[member]);
}

static enum err look_around(struct ctx *c, struct bookings *bookings, struct slots_query *query,
                            struct instant wanted, struct refusal_extra *out)
{
    enum { DAY_US = 24 * 3600 * 1000000LL };
    struct slots slots;
    /* Of the days around it, most behind: who is late looks for later. Only who works rarely, or is
     * booked out, is looked at longer. */
    query->from.days = (int32_t)(wanted.us / DAY_US) - 2;
    query->days = BOOKING_ALTERNATIVES_DAYS;
    TRY(catalogue_slots_around(c, bookings->catalogue, query, BOOKING_ALTERNATIVES_MAX, &slots));

    size_t nearest[BOOKING_ALTERNATIVES_MAX];
    size_t len = slots_nearest(&slots, wanted.us / 1000000, BOOKING_ALTERNATIVES_MAX, nearest);
    struct refusal_extra *cells = arena_array(c->arena, struct refusal_extra, COLUMNS * len);
    for (size_t i = 0; i < len; i++)
        put_row(&cells[COLUMNS * i], &slots, nearest[i]);
    *out = extra_list("alternatives", cells, len, COLUMNS);
    return OK;
}

/* The look may note a refusal of its own, which is nobody's concern. */
static void offer(struct ctx *c, const struct refusal *refusal, enum err look,
                  struct refusal_extra found)
{
    c->refusal = *refusal;
    refusal_add(&c->refusal, look == OK ? found : extra_list("alternatives", NULL, 0, COLUMNS));
}

void booking_offer(struct ctx *c, struct bookings *bookings, const struct booking_request *in,
                   size_t refused_wish)
{
    assert(refused_wish < in->wishes_len);
    const struct booking_wish *wish = &in->wishes[refused_wish];
    struct visit_sibling siblings[BOOKING_VISIT_MAX];
    struct slots_query query = {
        .salon = in->salon, .service = wish->service, .staff = wish->staff, .siblings = siblings};
    for (size_t i = 0; i < in->wishes_len; i++)
        if (i != refused_wish)
            siblings[query.siblings_len++] =
                (struct visit_sibling){in->wishes[i].service, in->wishes[i].staff,
                                       in->wishes[i].starts_at.us / 1000000, i < refused_wish};
    struct refusal refusal = c->refusal;
    struct refusal_extra found = {0};
    enum err look = look_around(c, bookings, &query, wish->starts_at, &found);
    offer(c, &refusal, look, found);
}

static enum err look_for_move(struct ctx *c, struct bookings *bookings, int64_t user,
                              const struct booking_new_time *in, struct refusal_extra *out)
{
    struct booking_moving moving;
    TRY(booking_store_moving(c, bookings->store, user, in->id, &moving));
    struct slots_query query = {.salon = moving.salon,
                                .service = moving.service,
                                .staff = in->other_staff ? in->staff : moving.staff,
                                .moving = &moving.slot,
                                .pressing = moving.pressing};
    return look_around(c, bookings, &query, in->starts_at, out);
}

void booking_offer_to_move(struct ctx *c, struct bookings *bookings, int64_t user,
                           const struct booking_new_time *in)
{
    struct refusal refusal = c->refusal;
    struct refusal_extra found = {0};
    enum err look = look_for_move(c, bookings, user, in, &found);
    offer(c, &refusal, look, found);
}
