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
                              const struct slots_found *facts)
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
        facts->moving = in->moving;
        facts->duration_minutes = in->moving->duration_minutes;
        facts->buffer_before_minutes = in->moving->buffer_before_minutes;
        facts->buffer_after_minutes = in->moving->buffer_after_minutes;
    }
    if (in->pressing) {
        facts->notice_minutes = 0;
        facts->horizon_days = INT32_MAX;
    }
}

enum err catalogue_slots(struct ctx *c, struct catalogue_store *store, const struct slots_query *in,
                         struct slots_answer *out)
{
    assert(in->days >= 1 && in->days <= SLOTS_DAYS_MAX);
    struct slots_found facts;
    TRY(found(c, catalogue_store_slots(c, store, in, &facts)));
    TRY(check_subject(c, in, &facts));
    facts.facts.tz = tz_find(facts.timezone);
    if (!facts.facts.tz) {
        /* Postgres knows the zone, this machine's zone files do not: ours to repair. */
        log_event(LOG_ERROR, "zone_unknown", "%.*s", STR_FMT(facts.timezone));
        return ERR_INTERNAL;
    }
    out->timezone = facts.timezone;
    out->tz = facts.facts.tz;
    apply_terms(in, &facts.facts);
    slots_compute(c->arena, &facts.facts, in->from, in->days, &out->slots);
    return OK;
}
