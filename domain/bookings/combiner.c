#include "domain/bookings/combiner.h"

void combiner_init(struct combiner *combiner, const struct combiner_limits *limits)
{
    assert(limits->flights_max > 0 && limits->flight_services_max > 0 && limits->waiting_max > 0);
    *combiner = (struct combiner){.limits = *limits};
    list_init(&combiner->waiting);
}

bool combiner_offer(struct combiner *combiner, struct passenger *passenger)
{
    assert(passenger->services > 0);
    assert(passenger->services <= combiner->limits.flight_services_max);
    if (combiner->waiting_len >= combiner->limits.waiting_max)
        return false;
    passenger->left = false;
    passenger->speaker = NULL;
    list_push_back(&combiner->waiting, &passenger->link);
    combiner->waiting_len++;
    return true;
}

static struct passenger *passenger_of(struct list_link *link)
{
    return container_of(link, struct passenger, link);
}

static struct passenger *find_twin(const struct list *flight, const struct passenger *passenger)
{
    if (passenger->key.len == 0)
        return NULL;
    for (struct list_link *link = flight->head.next; link != &flight->head; link = link->next) {
        struct passenger *other = passenger_of(link);
        if (other->caller == passenger->caller && str_eq(other->key, passenger->key))
            return other;
    }
    return NULL;
}

/* False: not on this flight. */
static bool may_board(const struct list *flight, struct tick now, struct passenger *passenger)
{
    if (passenger->deadline.ns <= now.ns)
        return false;
    struct passenger *twin = find_twin(flight, passenger);
    if (twin && !str_eq(twin->fingerprint, passenger->fingerprint))
        return false;
    passenger->speaker = twin && twin->speaker ? twin->speaker : twin;
    return true;
}

bool combiner_depart(struct combiner *combiner, struct tick now, struct list *flight)
{
    list_init(flight);
    if (combiner->flights == combiner->limits.flights_max)
        return false;
    uint32_t room = combiner->limits.flight_services_max;
    struct list_link *next;
    for (struct list_link *link = combiner->waiting.head.next; link != &combiner->waiting.head;
         link = next) {
        next = link->next;
        struct passenger *passenger = passenger_of(link);
        if (!may_board(flight, now, passenger))
            continue;
        if (passenger->services > room)
            break; /* nobody overtakes it */
        room -= passenger->services;
        list_remove(link);
        combiner->waiting_len--;
        passenger->left = true;
        list_push_back(flight, link);
    }
    if (list_empty(flight))
        return false;
    combiner->flights++;
    return true;
}

void combiner_landed(struct combiner *combiner)
{
    assert(combiner->flights > 0);
    combiner->flights--;
}

bool combiner_withdraw(struct combiner *combiner, struct passenger *passenger)
{
    if (list_linked(&passenger->link)) {
        list_remove(&passenger->link);
        combiner->waiting_len -= !passenger->left;
    }
    return !passenger->left;
}
