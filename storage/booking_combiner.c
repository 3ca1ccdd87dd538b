/* A request parks on its own fiber; a flight is a fiber that carries the statement.
 *
 *     booking_combiner_create --offer--> [waiting] --departure task--> flight fiber: pg_query
 *              ^                                                             |
 *              \------------- wait_done, her rows copied --------------------/
 *
 * The departure runs as a task of the loop, after what is ready: requests that came in the same turn
 * leave together, and none waits longer than the turn.
 *
 * 1. A passenger is on the waiting list, or in one flight's table, or answered.
 * 2. A flight's fiber touches a passenger only while she is in its table. */
#include "storage/booking_combiner.h"

#include "domain/i18n/texts.h"
#include "domain/reason.h"
#include "embedded.h"
#include "runtime/base/arena.h"
#include "runtime/base/stats.h"
#include "storage/booking_rows.h"

/* On the stack of the fiber that waits. */
struct booking_passenger {
    struct passenger rules; /* its link: waiting */
    struct wait wait;
    struct booking_combiner *combiner;
    struct booking_flight *flight; /* under way in it, at `seat` */
    size_t seat;
    size_t request; /* hers in the statement, or that of the twin who speaks for her */
    struct ctx *c;
    const struct booking_limits *limits;
    const struct booking_request *in;
    int64_t customer;
    bool language_asked;
    struct booking_answer *answer;
    struct bookings_made *out;
    bool speaker_asked;
    enum lang speaker_language;
    bool alone; /* the flight could not decide: to be asked again, alone */
};

/* ---- the statement ---------------------------------------------------------------------------- */

/* Columns of the statement's parameters, request by request and service by service. */
struct manifest {
    size_t requests, services;
    int64_t *customers, *salons, *holds, *units, *wanted, *staff;
    struct str *notes, *ids, *asked, *keys, *fingerprints;
    struct instant *starts;
};

static struct manifest manifest_new(struct arena *arena, size_t requests, size_t services)
{
    return (struct manifest){
        .customers = arena_array(arena, int64_t, requests),
        .salons = arena_array(arena, int64_t, requests),
        .holds = arena_array(arena, int64_t, requests),
        .notes = arena_array(arena, struct str, requests),
        .ids = arena_array(arena, struct str, requests),
        .asked = arena_array(arena, struct str, requests),
        .keys = arena_array(arena, struct str, requests),
        .fingerprints = arena_array(arena, struct str, requests),
        .units = arena_array(arena, int64_t, services),
        .wanted = arena_array(arena, int64_t, services),
        .staff = arena_array(arena, int64_t, services),
        .starts = arena_array(arena, struct instant, services),
    };
}

static void manifest_add(struct manifest *m, const struct booking_passenger *p)
{
    const struct booking_request *in = p->in;
    size_t n = m->requests++;
    m->customers[n] = p->customer;
    m->salons[n] = in->salon;
    m->holds[n] = in->hold;
    m->notes[n] = in->notes;
    m->ids[n] = p->c->request_id;
    m->asked[n] = p->language_asked ? lang_code(p->c->lang) : STR("");
    m->keys[n] = in->key.key;
    m->fingerprints[n] = in->key.fingerprint;
    for (size_t i = 0; i < in->wishes_len; i++) {
        size_t at = m->services++;
        m->units[at] = (int64_t)m->requests;
        m->wanted[at] = in->wishes[i].service;
        m->staff[at] = in->wishes[i].staff;
        m->starts[at] = in->wishes[i].starts_at;
    }
}

static enum err decide(struct ctx *c, struct pg_pool *pool, const struct booking_limits *limits,
                       const struct manifest *m, struct pg_rows *rows)
{
    size_t n = m->requests, k = m->services;
    return pg_query(
        c, pool, &SQL_BOOKINGS_CREATE,
        PG_ARGS(pg_int4(limits->open_max), pg_int4(limits->holds_max),
                pg_int4(limits->hold_seconds), pg_int8_array(c->arena, m->customers, n),
                pg_int8_array(c->arena, m->salons, n), pg_int8_array(c->arena, m->holds, n),
                pg_text_array(c->arena, m->notes, n), pg_text_array(c->arena, m->ids, n),
                pg_text_array(c->arena, m->asked, n), pg_text_array(c->arena, m->keys, n),
                pg_text_array(c->arena, m->fingerprints, n), pg_int8_array(c->arena, m->units, k),
                pg_int8_array(c->arena, m->wanted, k), pg_int8_array(c->arena, m->staff, k),
                pg_instant_array(c->arena, m->starts, k)),
        rows);
}

bool booking_is_to_be_judged_anew(enum err err, const struct pg_rows *rows)
{
    return err == ERR_UNAVAILABLE && str_eq(str_c(rows->sqlstate), STR("40001"));
}

bool booking_was_overtaken(enum err err, const struct pg_rows *rows)
{
    return err == ERR_CONFLICT && (str_eq(rows->constraint, STR("bookings_no_overlap")) ||
                                   str_eq(rows->constraint, STR("bookings_no_room_overlap")));
}

/* ---- answers ---------------------------------------------------------------------------------- */

/* A twin was spoken for: to her it is an answer given before, in the speaker's language. */
static void hear(struct booking_passenger *p)
{
    if (!p->rules.speaker || p->answer->verdict != VERDICT_OK)
        return;
    p->answer->verdict = VERDICT_REPLAY;
    if (p->speaker_asked)
        p->answer->language = p->speaker_language;
}

/* One row of hers, into her arena. A visit has several. */
static enum err take_row(struct booking_passenger *p, const struct pg_rows *rows, uint32_t row)
{
    TRY(booking_row_answer(rows, row, p->answer));
    hear(p);
    if (p->answer->verdict != VERDICT_OK && p->answer->verdict != VERDICT_REPLAY)
        return OK;
    if (!p->out->items)
        p->out->items = arena_array(p->c->arena, struct booking, BOOKING_VISIT_MAX);
    if (p->out->len == BOOKING_VISIT_MAX)
        return ERR_INTERNAL;
    TRY(booking_row_read(p->c->arena, rows, row, &p->out->items[p->out->len]));
    p->out->len++;
    return OK;
}

/* Everything was rolled back, and another try by herself may well go through. */
static bool may_ask_alone(enum err err, const struct pg_rows *rows)
{
    if (err == ERR_CONFLICT || err == ERR_INTERNAL)
        return true;
    struct str state = str_c(rows->sqlstate);
    return err == ERR_UNAVAILABLE && (str_eq(state, STR("55P03")) || str_eq(state, STR("40P01")) ||
                                      booking_is_to_be_judged_anew(err, rows)); /* lock, deadlock */
}

static void leave_flight(struct booking_passenger *p)
{
    p->flight->passengers[p->seat] = NULL;
    p->flight = NULL;
}

static void land_failed(struct booking_flight *flight, enum err err, const struct pg_rows *rows)
{
    bool alone = may_ask_alone(err, rows);
    for (uint32_t i = 0; i < flight->passengers_len; i++) {
        struct booking_passenger *p = flight->passengers[i];
        if (!p)
            continue;
        p->alone = alone;
        leave_flight(p);
        wait_done(&p->wait, alone ? OK : err);
    }
}

static void land(struct booking_flight *flight, const struct pg_rows *rows)
{
    enum err errs[BOOKING_FLIGHT_SERVICES_MAX];
    for (uint32_t i = 0; i < flight->passengers_len; i++)
        errs[i] = ERR_INTERNAL; /* until a row is hers */
    for (uint32_t row = 0; row < rows->len; row++) {
        size_t request = booking_row_request(rows, row);
        /* Seats follow the requests; a seat more than there are requests is a twin's. */
        for (size_t i = request; i < flight->passengers_len; i++) {
            struct booking_passenger *p = flight->passengers[i];
            if (p && p->request == request)
                errs[i] = take_row(p, rows, row);
            if (flight->requests == flight->passengers_len)
                break;
        }
    }
    for (uint32_t i = 0; i < flight->passengers_len; i++) {
        struct booking_passenger *p = flight->passengers[i];
        if (!p)
            continue;
        leave_flight(p);
        wait_done(&p->wait, errs[i]);
    }
}

/* ---- flights ---------------------------------------------------------------------------------- */

static void count_flight(uint32_t len)
{
    stat_count(len == 1    ? STAT_BOOKING_BATCH_1
               : len <= 4  ? STAT_BOOKING_BATCH_4
               : len <= 16 ? STAT_BOOKING_BATCH_16
               : len <= 64 ? STAT_BOOKING_BATCH_64
                           : STAT_BOOKING_BATCH_MORE);
}

static void check_in(struct manifest *m, struct booking_passenger *p)
{
    if (!p->rules.speaker) {
        p->request = m->requests;
        manifest_add(m, p);
        return;
    }
    const struct booking_passenger *speaker =
        container_of(p->rules.speaker, struct booking_passenger, rules);
    p->request = speaker->request;
    p->speaker_asked = speaker->language_asked;
    p->speaker_language = speaker->c->lang;
}

static void fly(struct ctx *c, struct booking_flight *flight)
{
    struct manifest m = manifest_new(c->arena, flight->passengers_len, BOOKING_FLIGHT_SERVICES_MAX);
    c->deadline = (struct tick){0};
    for (uint32_t i = 0; i < flight->passengers_len; i++) {
        check_in(&m, flight->passengers[i]);
        /* As long as one of them can wait, it is worth going on. */
        c->deadline.ns = MAX(c->deadline.ns, flight->passengers[i]->c->deadline.ns);
    }
    flight->requests = (uint32_t)m.requests;
    count_flight(flight->passengers_len);
    struct pg_rows rows;
    enum err err = decide(c, flight->combiner->pool, flight->passengers[0]->limits, &m, &rows);
    if (err)
        land_failed(flight, err, &rows);
    else
        land(flight, &rows);
}

static void flight_fiber(void *arg)
{
    struct booking_flight *flight = arg;
    struct booking_combiner *combiner = flight->combiner;
    struct arena arena;
    struct ctx c;
    arena_begin(&arena, loop_arenas(combiner->loop));
    ctx_init(&c, &arena, loop_clock(combiner->loop));
    fly(&c, flight);
    arena_end(&arena);
    flight->under_way = false;
    combiner_landed(&combiner->rules);
    if (!combiner->closed && !list_empty(&combiner->rules.waiting))
        loop_soon(combiner->loop, &combiner->departure);
}

static struct booking_flight *free_flight(struct booking_combiner *combiner)
{
    struct booking_flight *flight = combiner->flights;
    while (flight->under_way)
        flight++;
    assert(flight < combiner->flights + combiner->rules.limits.flights_max);
    return flight;
}

static void board(struct booking_flight *flight, struct list *passengers)
{
    flight->under_way = true;
    flight->passengers_len = 0;
    struct list_link *link;
    while ((link = list_take_first(passengers))) {
        struct passenger *rules = container_of(link, struct passenger, link);
        struct booking_passenger *p = container_of(rules, struct booking_passenger, rules);
        p->flight = flight;
        p->seat = flight->passengers_len;
        flight->passengers[flight->passengers_len++] = p;
    }
}

static void depart(struct task *task)
{
    struct booking_combiner *combiner = container_of(task, struct booking_combiner, departure);
    struct list passengers;
    while (combiner_depart(&combiner->rules, loop_now(combiner->loop), &passengers)) {
        struct booking_flight *flight = free_flight(combiner);
        board(flight, &passengers);
        if (!fiber_start(combiner->loop, flight_fiber, flight)) {
            land_failed(flight, ERR_UNAVAILABLE, &(struct pg_rows){0});
            flight->under_way = false;
            combiner_landed(&combiner->rules);
        }
    }
}

/* ---- passengers ------------------------------------------------------------------------------- */

/* On the loop's stack: her deadline has passed, or she was cancelled. */
static void passenger_cancel(struct wait *wait)
{
    struct booking_passenger *p = container_of(wait, struct booking_passenger, wait);
    (void)combiner_withdraw(&p->combiner->rules, &p->rules);
    if (p->flight)
        leave_flight(p);
    wait_done(wait, ERR_TIMEOUT);
}

static enum err ask_alone(struct booking_passenger *p)
{
    struct ctx *c = p->c;
    p->rules.speaker = NULL;
    struct manifest m = manifest_new(c->arena, 1, BOOKING_VISIT_MAX);
    manifest_add(&m, p);
    stat_count(STAT_BOOKING_ALONE);
    struct pg_rows rows;
    enum err err = decide(c, p->combiner->pool, p->limits, &m, &rows);
    for (int i = 0; i < BOOKING_JUDGED_MAX && booking_is_to_be_judged_anew(err, &rows); i++)
        err = decide(c, p->combiner->pool, p->limits, &m, &rows);
    if (booking_was_overtaken(err, &rows)) {
        *p->answer = (struct booking_answer){.verdict = VERDICT_SLOT_TAKEN, .language = c->lang};
        return OK;
    }
    TRY(err);
    for (uint32_t row = 0; row < rows.len; row++)
        TRY(take_row(p, &rows, row));
    return rows.len ? OK : ERR_INTERNAL;
}

enum err booking_combiner_create(struct ctx *c, struct booking_combiner *combiner,
                                 const struct booking_limits *limits, int64_t customer,
                                 const struct booking_request *in, struct booking_answer *answer,
                                 struct bookings_made *out)
{
    if (c->canceled || combiner->closed)
        return ERR_CANCELED;
    if (ctx_left(c).us == 0)
        return ERR_UNAVAILABLE;
    struct booking_passenger p = {
        .rules = {.services = (uint32_t)in->wishes_len,
                  .caller = customer,
                  .key = in->key.key,
                  .fingerprint = in->key.fingerprint,
                  .deadline = c->deadline},
        .wait.cancel = passenger_cancel,
        .combiner = combiner,
        .c = c,
        .limits = limits,
        .in = in,
        .customer = customer,
        .language_asked = in->language_asked,
        .answer = answer,
        .out = out,
    };
    if (!combiner_offer(&combiner->rules, &p.rules))
        return fail_retry(c, R_OVERLOADED, 1);
    c->costs.pg_statements++;
    loop_soon(combiner->loop, &combiner->departure);
    enum err err = wait_park(c, &p.wait);
    if (err)
        return err == ERR_TIMEOUT && !p.rules.left ? ERR_UNAVAILABLE : err;
    return p.alone ? ask_alone(&p) : OK;
}

/* ---- beginning and end ------------------------------------------------------------------------ */

void booking_combiner_begin(struct booking_combiner *combiner, struct loop *loop,
                            struct pg_pool *pool, const struct booking_combiner_options *options)
{
    assert(options->flights > 0 && options->flights <= BOOKING_FLIGHTS_MAX);
    *combiner = (struct booking_combiner){.loop = loop, .pool = pool, .departure.run = depart};
    for (size_t i = 0; i < BOOKING_FLIGHTS_MAX; i++)
        combiner->flights[i].combiner = combiner;
    struct combiner_limits limits = {.flights_max = options->flights,
                                     .flight_services_max = BOOKING_FLIGHT_SERVICES_MAX,
                                     .waiting_max = options->waiting_max};
    combiner_init(&combiner->rules, &limits);
}

void booking_combiner_end(struct booking_combiner *combiner)
{
    if (!combiner->loop)
        return;
    combiner->closed = true;
    task_cancel(&combiner->departure);
    struct list_link *link;
    while ((link = list_first(&combiner->rules.waiting))) {
        struct passenger *rules = container_of(link, struct passenger, link);
        struct booking_passenger *p = container_of(rules, struct booking_passenger, rules);
        (void)combiner_withdraw(&combiner->rules, rules);
        wait_done(&p->wait, ERR_CANCELED);
    }
}
