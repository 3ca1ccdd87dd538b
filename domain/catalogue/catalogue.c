#include "domain/catalogue/catalogue.h"

#include "domain/catalogue/catalogue_store.h"
#include "runtime/base/log.h"

/* The store says ERR_NOT_FOUND; whoever asks is told so. */
static enum err found(struct ctx *c, enum err err)
{
    return err == ERR_NOT_FOUND ? fail(c, R_NOT_FOUND) : err;
}

enum err catalogue_catch_up(struct ctx *c, struct catalogue_store *store)
{
    return catalogue_store_catch_up(c, store);
}

enum err catalogue_stamp(struct ctx *c, struct catalogue_store *store, int64_t salon, uint64_t *out)
{
    return catalogue_store_stamp(c, store, salon, out);
}

enum err catalogue_search(struct ctx *c, struct catalogue_store *store,
                          const struct salon_query *in, struct salon_page *out)
{
    struct salon_query query = *in;
    query.q = str_trim(query.q);
    query.city = str_trim(query.city);
    if (str_utf8_len(query.q) > SALON_QUERY_MAX)
        return fail_field(c, STR("q"), R_BAD_QUERY);
    if (str_utf8_len(query.city) > SALON_QUERY_MAX)
        return fail_field(c, STR("city"), R_BAD_QUERY);
    return catalogue_store_search(c, store, &query, out);
}

enum err catalogue_salon(struct ctx *c, struct catalogue_store *store, int64_t id,
                         struct salon_details *out)
{
    return found(c, catalogue_store_salon(c, store, id, out));
}

enum err catalogue_services(struct ctx *c, struct catalogue_store *store,
                            const struct part_query *in, struct service_page *out)
{
    return found(c, catalogue_store_services(c, store, in, out));
}

enum err catalogue_staff(struct ctx *c, struct catalogue_store *store, const struct part_query *in,
                         struct staff_page *out)
{
    return found(c, catalogue_store_staff(c, store, in, out));
}

/* ---- slots ---------------------------------------------------------------------------------- */

static enum err check_subject(struct ctx *c, const struct slots_query *in,
                              const struct slot_facts *facts)
{
    if (!facts->service_found)
        return fail_field(c, STR("service"), R_SERVICE_UNKNOWN);
    if (in->staff == 0)
        return OK;
    if (!facts->staff_found)
        return fail_field(c, STR("staff"), R_STAFF_UNKNOWN);
    if (!facts->staff_here)
        return fail_field(c, STR("staff"), R_STAFF_ELSEWHERE);
    if (!facts->staff_offers)
        return fail_field(c, STR("staff"), R_STAFF_NOT_OFFERING);
    return OK;
}

static void apply_terms(const struct slots_query *in, struct slot_facts *facts)
{
    if (in->moving) {
        assert(in->moving->duration_minutes > 0);
        facts->moving = in->moving;
        facts->duration_minutes = in->moving->duration_minutes;
        facts->buffer_before_minutes = in->moving->buffer_before_minutes;
        facts->buffer_after_minutes = in->moving->buffer_after_minutes;
    }
    if (in->pressing) {
        facts->notice_minutes = 0;
        facts->horizon_days = CATALOGUE_HORIZON_DAYS_MAX;
    }
}

static enum err read_facts(struct ctx *c, struct catalogue_store *store,
                           const struct slots_query *in, struct slot_facts *out)
{
    assert(in->days >= 1 && in->days <= SLOTS_DAYS_MAX);
    TRY(found(c, catalogue_store_slots(c, store, in, out)));
    TRY(check_subject(c, in, out));
    out->tz = tz_find(out->timezone);
    if (!out->tz) {
        /* Postgres knows the zone, this machine's zone files do not: ours to repair. */
        log_event(LOG_ERROR, "zone_unknown", "%.*s", STR_FMT(out->timezone));
        return ERR_INTERNAL;
    }
    apply_terms(in, out);
    return OK;
}

enum err catalogue_slots(struct ctx *c, struct catalogue_store *store, const struct slots_query *in,
                         struct slots *out)
{
    struct slot_facts facts;
    TRY(read_facts(c, store, in, &facts));
    slots_compute(c->arena, &facts, in->from, in->days, out);
    return OK;
}

/* A third of the days that are added lies before those asked for, unless that would leave today or the
 * horizon behind. By the days of UTC: the salon's begin within a day of them. */
static struct date around(const struct slot_facts *facts, const struct slots_query *in)
{
    enum { DAY_US = 24 * 3600 * 1000000LL };
    int64_t today = facts->now.us / DAY_US - 1, last = today + facts->horizon_days + 3;
    int64_t from = in->from.days - (SLOTS_DAYS_MAX - in->days) / 3;
    return (struct date){(int32_t)MAX(today, MIN(from, last + 1 - SLOTS_DAYS_MAX))};
}

enum err catalogue_slots_around(struct ctx *c, struct catalogue_store *store,
                                const struct slots_query *in, size_t enough, struct slots *out)
{
    struct slot_facts facts;
    TRY(read_facts(c, store, in, &facts));
    slots_compute(c->arena, &facts, in->from, in->days, out);
    if (out->len < enough)
        slots_compute(c->arena, &facts, around(&facts, in), SLOTS_DAYS_MAX, out);
    return OK;
}
