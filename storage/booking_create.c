/* storage/booking_create.c - creations, decided together (storage/batch.h): the rules of their batches.
 *
 * A request weighs as many services as it wants, for that is what the statement's work grows with. Its
 * duplicates are the same customer's requests with the same Idempotency-Key in the same language; one in
 * another language goes with the next batch, and is answered in the language of the first from its key. */
#include "domain/i18n/texts.h"
#include "embedded.h"
#include "runtime/base/stats.h"
#include "storage/booking_rows.h"
#include "storage/booking_store.h"

static_assert((int)BATCH_WEIGHT_MAX >= (int)BOOKING_VISIT_MAX, "every visit fits");

/* On the stack of the fiber that asks. */
struct creation {
    struct batch_waiter waiter;
    const struct booking_limits *limits;
    const struct booking_request *in;
    int64_t customer;
    struct str request_id;
    enum lang lang; /* of the answer */
};

/* ---- the statement ------------------------------------------------------------------------------ */

/* Its parameters, request by request and service by service. */
struct columns {
    size_t requests, services;
    int64_t *customers, *salons, *holds, *units, *wanted, *staff;
    struct str *notes, *ids, *langs, *keys, *fingerprints;
    struct instant *starts;
};

static struct columns columns_new(struct arena *arena, size_t requests, size_t services)
{
    return (struct columns){
        .customers = arena_array(arena, int64_t, requests),
        .salons = arena_array(arena, int64_t, requests),
        .holds = arena_array(arena, int64_t, requests),
        .notes = arena_array(arena, struct str, requests),
        .ids = arena_array(arena, struct str, requests),
        .langs = arena_array(arena, struct str, requests),
        .keys = arena_array(arena, struct str, requests),
        .fingerprints = arena_array(arena, struct str, requests),
        .units = arena_array(arena, int64_t, services),
        .wanted = arena_array(arena, int64_t, services),
        .staff = arena_array(arena, int64_t, services),
        .starts = arena_array(arena, struct instant, services),
    };
}

static void columns_add(struct columns *m, const struct creation *creation)
{
    const struct booking_request *in = creation->in;
    size_t n = m->requests++;
    m->customers[n] = creation->customer;
    m->salons[n] = in->salon;
    m->holds[n] = in->hold;
    m->notes[n] = in->notes;
    m->ids[n] = creation->request_id;
    m->langs[n] = lang_code(creation->lang);
    m->keys[n] = in->once ? in->once->key : STR("");
    m->fingerprints[n] = in->once ? in->once->fingerprint : STR("");
    for (size_t i = 0; i < in->wishes_len; i++) {
        size_t at = m->services++;
        m->units[at] = (int64_t)m->requests;
        m->wanted[at] = in->wishes[i].service;
        m->staff[at] = in->wishes[i].staff;
        m->starts[at] = in->wishes[i].starts_at;
    }
}

static const struct creation *creation_of(const struct batch_waiter *waiter)
{
    return container_of(waiter, const struct creation, waiter);
}

static void encode(struct arena *arena, struct batch_waiter *const *entries, size_t len,
                   struct pg_arg *args)
{
    size_t services = 0;
    for (size_t i = 0; i < len; i++)
        services += entries[i]->weight;
    struct columns m = columns_new(arena, len, services);
    for (size_t i = 0; i < len; i++)
        columns_add(&m, creation_of(entries[i]));
    const struct booking_limits *limits = creation_of(entries[0])->limits;
    size_t n = m.requests, k = m.services;
    assert(n == len && k == services);
    *args++ = pg_int4(limits->open_max);
    *args++ = pg_int4(limits->holds_max);
    *args++ = pg_int4(limits->hold_seconds);
    *args++ = pg_int8_array(arena, m.customers, n);
    *args++ = pg_int8_array(arena, m.salons, n);
    *args++ = pg_int8_array(arena, m.holds, n);
    *args++ = pg_text_array(arena, m.notes, n);
    *args++ = pg_text_array(arena, m.ids, n);
    *args++ = pg_text_array(arena, m.langs, n);
    *args++ = pg_text_array(arena, m.keys, n);
    *args++ = pg_text_array(arena, m.fingerprints, n);
    *args++ = pg_int8_array(arena, m.units, k);
    *args++ = pg_int8_array(arena, m.wanted, k);
    *args++ = pg_int8_array(arena, m.staff, k);
    *args++ = pg_instant_array(arena, m.starts, k);
}

static const struct batch_kind creations = {
    .statement = &SQL_BOOKINGS_CREATE,
    .encode = encode,
    .sizes = {STAT_BOOKING_BATCH_1, STAT_BOOKING_BATCH_4, STAT_BOOKING_BATCH_16,
              STAT_BOOKING_BATCH_64, STAT_BOOKING_BATCH_MORE},
    .alone = STAT_BOOKING_ALONE,
};

/* ---- the answer --------------------------------------------------------------------------------- */

/* A refusal, or a booking for each service wanted. */
static enum err read_answer(struct arena *arena, const struct pg_rows *rows,
                            const struct creation *asked, struct booking_answer *answer,
                            struct bookings_made *out)
{
    if (rows->len == 0)
        return ERR_INTERNAL;
    TRY(booking_row_answer(rows, 0, answer));
    if (answer->refused)
        return OK;
    if (asked->waiter.duplicate && !answer->replayed) {
        answer->replayed = true; /* by its leader, who speaks the same language */
        answer->lang = asked->lang;
    }
    out->items = arena_array(arena, struct booking, rows->len);
    for (uint32_t row = 0; row < rows->len; row++) {
        struct booking_answer each;
        TRY(booking_row_answer(rows, row, &each));
        assert(each.item < rows->len && out->items[each.item].id == 0);
        TRY(booking_row_read(rows, row, &out->items[each.item]));
    }
    out->len = rows->len;
    return OK;
}

static struct batch_key key_of(struct ctx *c, int64_t customer, const struct once *once)
{
    if (!once || once->key.len == 0)
        return (struct batch_key){0};
    struct str whole = str_printf(c->arena, "%d %.*s", c->lang, STR_FMT(once->fingerprint));
    return (struct batch_key){customer, once->key, whole};
}

enum err booking_store_create(struct ctx *c, struct booking_store *store,
                              const struct booking_limits *limits, int64_t customer,
                              const struct booking_request *in, struct booking_answer *answer,
                              struct bookings_made *out)
{
    if (batcher_full(&store->creations)) {
        *answer = (struct booking_answer){.refused = R_OVERLOADED};
        return OK;
    }
    struct creation creation = {
        .waiter = {.weight = (uint32_t)in->wishes_len, .key = key_of(c, customer, in->once)},
        .limits = limits,
        .in = in,
        .customer = customer,
        .request_id = c->request_id,
        .lang = c->lang,
    };
    struct pg_rows rows;
    enum err err = batch_query(c, &store->creations, &creation.waiter, &rows);
    if (booking_was_overtaken(err, &rows)) {
        *answer = (struct booking_answer){.refused = R_SLOT_TAKEN};
        return OK;
    }
    TRY(err);
    return read_answer(c->arena, &rows, &creation, answer, out);
}

void booking_store_begin(struct booking_store *store, struct loop *loop, struct pg_pool *pool,
                         const struct booking_store_options *options)
{
    *store = (struct booking_store){.pool = pool};
    batcher_begin(&store->creations, loop, pool, &creations,
                  &(struct batcher_options){.under_way_max = options->batches_max,
                                            .weight_max = BATCH_WEIGHT_MAX,
                                            .waiting_max = options->waiting_max});
}

void booking_store_end(struct booking_store *store)
{
    batcher_end(&store->creations);
}
