/* What the catalogue's pages and slots are made of, for one salon.
 *
 * The same facts answer whoever asked the database for them and everybody who finds them in a cache, so a page
 * is the same either way. What leaves here is copied into the request's arena: facts are a cache's, and
 * valid until the next wait only. With references counted a list of slots would not copy hours and windows,
 * and every user of a cache would have to give back. */
#include "domain/catalogue/salon_facts.h"

#include <string.h>

/* ---- copies --------------------------------------------------------------------------------- */

static void name_copy(struct arena *arena, struct name *name)
{
    for (int lang = 0; lang < LANG_COUNT; lang++)
        name->in[lang] = str_copy(arena, name->in[lang]);
}

static const int64_t *ints_copy(struct arena *arena, const int64_t *items, size_t len)
{
    if (!items || len == 0)
        return NULL;
    int64_t *copy = arena_array(arena, int64_t, len);
    memcpy(copy, items, len * sizeof(*copy));
    return copy;
}

static void weekly_copy(struct arena *arena, struct weekly_times *times)
{
    times->owner = ints_copy(arena, times->owner, times->len);
    times->weekday = ints_copy(arena, times->weekday, times->len);
    times->starts_minute = ints_copy(arena, times->starts_minute, times->len);
    times->ends_minute = ints_copy(arena, times->ends_minute, times->len);
}

static void dated_copy(struct arena *arena, struct dated_times *times)
{
    times->owner = ints_copy(arena, times->owner, times->len);
    times->starts_s = ints_copy(arena, times->starts_s, times->len);
    times->ends_s = ints_copy(arena, times->ends_s, times->len);
}

void salon_copy(struct arena *arena, const struct salon *in, struct salon *out)
{
    *out = *in;
    name_copy(arena, &out->name);
    name_copy(arena, &out->city);
    out->address = str_copy(arena, in->address);
    out->phone = str_copy(arena, in->phone);
    out->timezone = str_copy(arena, in->timezone);
}

void salon_details_copy(struct arena *arena, const struct salon_details *in,
                        struct salon_details *out)
{
    *out = *in;
    salon_copy(arena, &in->salon, &out->salon);
    weekly_copy(arena, &out->opening);
}

static void service_copy(struct arena *arena, const struct service *in, struct service *out)
{
    *out = *in;
    name_copy(arena, &out->name);
}

static void member_copy(struct arena *arena, const struct staff_member *in,
                        struct staff_member *out)
{
    *out = *in;
    out->name = str_copy(arena, in->name);
    out->services = ints_copy(arena, in->services, in->services_len);
}

void salon_facts_copy(struct arena *arena, const struct salon_facts *in, struct salon_facts *out)
{
    assert(in->services_len <= SALON_SERVICES_MAX && in->staff_len <= SALON_STAFF_MAX);
    *out = *in;
    salon_details_copy(arena, &in->details, &out->details);
    out->services = arena_array(arena, struct service, in->services_len);
    for (size_t i = 0; i < in->services_len; i++)
        service_copy(arena, &in->services[i], &out->services[i]);
    out->staff = arena_array(arena, struct staff_member, in->staff_len);
    for (size_t i = 0; i < in->staff_len; i++)
        member_copy(arena, &in->staff[i], &out->staff[i]);
    weekly_copy(arena, &out->windows);
    dated_copy(arena, &out->extra);
    dated_copy(arena, &out->off);
    out->room_service = ints_copy(arena, in->room_service, in->rooms_len);
    out->room = ints_copy(arena, in->room, in->rooms_len);
    out->room_active = ints_copy(arena, in->room_active, in->rooms_len);
}

/* ---- pages ---------------------------------------------------------------------------------- */

bool salon_facts_services(struct arena *arena, const struct salon_facts *facts,
                          const struct part_query *in, struct service_page *out)
{
    if (facts->services_len == SALON_SERVICES_MAX)
        return false;
    *out = (struct service_page){.items = arena_array(arena, struct service, (size_t)in->limit)};
    for (size_t i = 0; i < facts->services_len && !out->more; i++) {
        if (facts->services[i].id <= in->after_id)
            continue;
        out->more = out->len == (size_t)in->limit;
        if (!out->more)
            service_copy(arena, &facts->services[i], &out->items[out->len++]);
    }
    return true;
}

bool salon_facts_staff(struct arena *arena, const struct salon_facts *facts,
                       const struct part_query *in, struct staff_page *out)
{
    if (facts->staff_len == SALON_STAFF_MAX)
        return false;
    *out = (struct staff_page){.items = arena_array(arena, struct staff_member, (size_t)in->limit)};
    for (size_t i = 0; i < facts->staff_len && !out->more; i++) {
        if (facts->staff[i].id <= in->after_id)
            continue;
        out->more = out->len == (size_t)in->limit;
        if (!out->more)
            member_copy(arena, &facts->staff[i], &out->items[out->len++]);
    }
    return true;
}

/* ---- slots ---------------------------------------------------------------------------------- */

static const struct service *service_find(const struct salon_facts *facts, int64_t id)
{
    for (size_t i = 0; i < facts->services_len; i++)
        if (facts->services[i].id == id)
            return &facts->services[i];
    return NULL;
}

static bool offers(const struct staff_member *member, int64_t service)
{
    for (size_t i = 0; i < member->services_len; i++)
        if (member->services[i] == service)
            return true;
    return false;
}

static void choose_staff(struct arena *arena, const struct salon_facts *facts,
                         const struct slots_query *in, struct slot_facts *out)
{
    int64_t *staff = arena_array(arena, int64_t, facts->staff_len + 1);
    size_t len = 0;
    for (size_t i = 0; i < facts->staff_len; i++) {
        const struct staff_member *member = &facts->staff[i];
        bool asked = member->id == in->staff, fits = offers(member, in->service);
        out->staff_found |= asked;
        out->staff_here |= asked;
        out->staff_offers |= asked && fits;
        if (fits && (in->staff == 0 || asked))
            staff[len++] = member->id;
    }
    out->staff = staff;
    out->staff_len = len;
}

static void choose_rooms(struct arena *arena, const struct salon_facts *facts, int64_t service,
                         struct slot_facts *out)
{
    int64_t *rooms = arena_array(arena, int64_t, facts->rooms_len + 1);
    for (size_t i = 0; i < facts->rooms_len; i++) {
        if (facts->room_service[i] != service)
            continue;
        out->needs_room = true;
        if (facts->room_active[i])
            rooms[out->rooms_len++] = facts->room[i];
    }
    out->room_ids = rooms;
}

static bool share_a_room(const struct salon_facts *facts, int64_t one, int64_t other)
{
    for (size_t i = 0; i < facts->rooms_len; i++)
        for (size_t j = 0; facts->room_service[i] == one && j < facts->rooms_len; j++)
            if (facts->room_service[j] == other && facts->room[j] == facts->room[i])
                return true;
    return false;
}

/* A visit's services are given their staff and rooms one after another, each the best of what is left. So
 * when one of two may be anybody's, it can take from the other the only one who is free: such two are
 * kept apart, but where the one asked for comes second and must only avoid her who was named. */
static void choose_siblings(struct arena *arena, const struct salon_facts *facts,
                            const struct slots_query *in, struct slot_facts *out)
{
    struct slots_sibling *siblings = arena_array(arena, struct slots_sibling, in->siblings_len + 1);
    for (size_t i = 0; i < in->siblings_len; i++) {
        const struct visit_sibling *sibling = &in->siblings[i];
        const struct service *service = service_find(facts, sibling->service);
        if (!service)
            continue;
        bool only_hers = (in->staff || sibling->first) &&
                         !share_a_room(facts, in->service, sibling->service);
        int64_t ends_s = sibling->starts_s +
                         ((int64_t)service->duration_minutes + service->buffer_after_minutes) * 60;
        siblings[out->siblings_len++] = (struct slots_sibling){
            only_hers ? sibling->staff : 0,
            claim_make(sibling->starts_s - (int64_t)service->buffer_before_minutes * 60, ends_s)};
    }
    out->siblings = siblings;
}

/* All staff's times: who is not among the chosen is passed over (slots.c, owner_rows). */
void salon_facts_slots(struct arena *arena, const struct salon_facts *facts,
                       const struct slots_query *in, struct slot_facts *out)
{
    const struct salon_details *details = &facts->details;
    const struct service *service = service_find(facts, in->service);
    *out =
        (struct slot_facts){.service_found = service != NULL, .timezone = details->salon.timezone};
    if (!service)
        return;
    out->grid_minutes = details->grid_minutes;
    out->notice_minutes = details->notice_minutes;
    out->horizon_days = details->horizon_days;
    out->duration_minutes = service->duration_minutes;
    out->buffer_before_minutes = service->buffer_before_minutes;
    out->buffer_after_minutes = service->buffer_after_minutes;
    out->opening = details->opening;
    out->windows = facts->windows;
    out->extra = facts->extra;
    out->off = facts->off;
    choose_staff(arena, facts, in, out);
    choose_rooms(arena, facts, in->service, out);
    choose_siblings(arena, facts, in, out);
}
