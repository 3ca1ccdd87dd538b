/* A waiter parks on its own fiber; a batch is a fiber that carries the statement.
 *
 *     batch_query --> [waiting] --depart, a task--> gather --> batch fiber: pg_query
 *          ^                                                        |
 *          \---------- wait_done, the rows copied ------------------/
 *
 * Departing is a task of the loop, behind what is ready: those of one turn leave together, and none waits
 * longer than the turn. A fiber of its own, and not that of whoever came first, since that one may give
 * up while the others go on waiting.
 *
 * Rows are copied once more, from the batch's arena into each waiter's: a batch's arena that lives as long
 * as the slowest of its waiters' requests would need an owner that counts them, for a kilobyte each. In
 * return what batch_query hands back is what pg_query would have, and is read on the waiter's own fiber.
 *
 * Tried and not kept: to wait some microseconds for company (all of it is latency when it is calm, and
 * when it is not the company comes by itself); one batch per loop under way (docs/decisions/0009).
 *
 * 1. A waiter is in the list, or has a seat of one batch, or is answered.
 * 2. A batch touches a waiter only while it has its seat. */
#include "storage/batch.h"

#include "runtime/base/stats.h"
#include "storage/retry.h"
#include "storage/rows_by_entry.h"

static void note(uint32_t *count, uint32_t value)
{
    __atomic_store_n(count, value, __ATOMIC_RELAXED);
}

uint32_t batcher_waiting(const struct batcher *batcher)
{
    return __atomic_load_n(&batcher->waiting_len, __ATOMIC_RELAXED);
}

uint32_t batcher_under_way(const struct batcher *batcher)
{
    return __atomic_load_n(&batcher->under_way, __ATOMIC_RELAXED);
}

/* ---- waiting ----------------------------------------------------------------------------------- */

static void line_up(struct batcher *batcher, struct batch_waiter *waiter)
{
    list_push_back(&batcher->waiting, &waiter->link);
    note(&batcher->waiting_len, batcher->waiting_len + 1);
}

static void leave_line(struct batcher *batcher, struct batch_waiter *waiter)
{
    assert(batcher->waiting_len > 0);
    list_remove(&waiter->link);
    note(&batcher->waiting_len, batcher->waiting_len - 1);
}

static void take_seat(struct batch *batch, struct batch_waiter *waiter)
{
    assert(!waiter->batch && batch->waiters_len < ARRAY_LEN(batch->waiters));
    waiter->left = true;
    waiter->batch = batch;
    waiter->seat = batch->waiters_len++;
    batch->waiters[waiter->seat] = waiter;
}

static void leave_seat(struct batch_waiter *waiter)
{
    assert(waiter->batch->waiters[waiter->seat] == waiter);
    waiter->batch->waiters[waiter->seat] = NULL;
    waiter->batch = NULL;
}

/* On the loop's stack: the deadline has passed, or it was cancelled. */
static void give_up(struct wait *wait)
{
    struct batch_waiter *waiter = container_of(wait, struct batch_waiter, wait);
    if (waiter->batch)
        leave_seat(waiter);
    else
        leave_line(waiter->batcher, waiter);
    wait_done(wait, ERR_TIMEOUT);
}

/* ---- departing --------------------------------------------------------------------------------- */

static struct batch_waiter *leader_of(const struct batch *batch, const struct batch_waiter *waiter)
{
    if (waiter->key.key.len == 0)
        return NULL;
    for (uint32_t i = 0; i < batch->waiters_len; i++) {
        struct batch_waiter *other = batch->waiters[i];
        if (other->key.owner == waiter->key.owner && str_eq(other->key.key, waiter->key.key))
            return other; /* the first of them: its leader, or itself */
    }
    return NULL;
}

/* In the order of arrival; who may not come along goes on waiting. */
static void gather(struct batcher *batcher, struct batch *batch)
{
    struct tick now = loop_now(batcher->loop);
    uint32_t room = batcher->options.weight_max;
    struct list_link *next;
    for (struct list_link *link = batcher->waiting.head.next; link != &batcher->waiting.head;
         link = next) {
        next = link->next;
        struct batch_waiter *waiter = container_of(link, struct batch_waiter, link);
        const struct batch_waiter *leader = leader_of(batch, waiter);
        if (waiter->c->deadline.ns <= now.ns)
            continue; /* about to give up: so that it is "not done" */
        if (leader && !str_eq(leader->key.fingerprint, waiter->key.fingerprint))
            continue;
        if (waiter->weight > room)
            return;
        room -= waiter->weight;
        leave_line(batcher, waiter);
        take_seat(batch, waiter);
        waiter->duplicate = leader != NULL;
        waiter->entry = leader ? leader->entry : batch->entries++;
    }
}

static void batch_begin(struct batch *batch)
{
    assert(!batch->under_way);
    batch->under_way = true;
    batch->waiters_len = batch->entries = 0;
    note(&batch->batcher->under_way, batch->batcher->under_way + 1);
}

static void batch_end(struct batch *batch)
{
    for (uint32_t i = 0; i < batch->waiters_len; i++)
        assert(!batch->waiters[i]); /* answered, or gave up */
    batch->under_way = false;
    note(&batch->batcher->under_way, batch->batcher->under_way - 1);
}

/* ---- answering --------------------------------------------------------------------------------- */

static void answer(struct batch_waiter *waiter, enum err err)
{
    leave_seat(waiter);
    wait_done(&waiter->wait, err);
}

/* The server rolled everything back, and one may be to blame: by itself each may well go through. */
static bool may_go_alone(enum err err, const struct pg_rows *rows)
{
    struct str state = str_c(rows->sqlstate);
    if (state.len == 0)
        return false; /* it may have been done: an answer that was too large, a broken connection */
    if (err == ERR_CONFLICT || err == ERR_INTERNAL)
        return true;
    return retry_is_due(err, rows) || str_eq(state, STR("55P03")) /* a lock was not to be had */
           || str_eq(state, STR("40P01"));                        /* deadlock */
}

static void answer_failure(struct batch *batch, enum err err, const struct pg_rows *rows)
{
    assert(err != OK);
    bool alone = may_go_alone(err, rows);
    for (uint32_t i = 0; i < batch->waiters_len; i++) {
        struct batch_waiter *waiter = batch->waiters[i];
        if (!waiter)
            continue;
        waiter->alone = alone;
        answer(waiter, alone ? OK : err);
    }
}

static void answer_rows(struct batch *batch, const struct rows_by_entry *entries)
{
    for (uint32_t i = 0; i < batch->waiters_len; i++) {
        struct batch_waiter *waiter = batch->waiters[i];
        if (!waiter)
            continue;
        rows_of_entry(waiter->c->arena, entries, waiter->entry, waiter->rows);
        answer(waiter, OK);
    }
}

/* ---- the statement ----------------------------------------------------------------------------- */

static void count_size(const struct batch_kind *kind, uint32_t len)
{
    static const uint32_t up_to[BATCH_SIZES - 1] = {1, 4, 16, 64};
    size_t size = 0;
    while (size < ARRAY_LEN(up_to) && len > up_to[size])
        size++;
    stat_count((enum stat)kind->sizes[size]);
}

static struct pg_args encode(struct arena *arena, const struct batch_kind *kind,
                             struct batch_waiter *const *entries, size_t len)
{
    struct pg_arg *args = arena_array(arena, struct pg_arg, kind->statement->params);
    kind->encode(arena, entries, len, args);
    return (struct pg_args){args, kind->statement->params};
}

static struct pg_args encode_all(struct ctx *c, const struct batch *batch)
{
    struct batch_waiter **entries = arena_array(c->arena, struct batch_waiter *, batch->entries);
    c->deadline = (struct tick){0};
    for (uint32_t i = 0; i < batch->waiters_len; i++) {
        struct batch_waiter *waiter = batch->waiters[i];
        if (!waiter->duplicate)
            entries[waiter->entry] = waiter;
        /* As long as one of them can wait, it is worth going on. */
        c->deadline.ns = MAX(c->deadline.ns, waiter->c->deadline.ns);
    }
    return encode(c->arena, batch->batcher->kind, entries, batch->entries);
}

static void batch_run(struct ctx *c, struct batch *batch)
{
    const struct batcher *batcher = batch->batcher;
    struct pg_args args = encode_all(c, batch);
    struct pg_rows rows = {0};
    enum err err = pg_query(c, batcher->pool, batcher->kind->statement, args, &rows);
    if (err) {
        answer_failure(batch, err, &rows);
        return;
    }
    struct rows_by_entry entries = rows_by_entry(c->arena, &rows, batch->entries);
    answer_rows(batch, &entries);
}

static void batch_fiber(void *arg)
{
    struct batch *batch = arg;
    struct batcher *batcher = batch->batcher;
    struct arena arena;
    struct ctx c;
    arena_begin(&arena, loop_arenas(batcher->loop));
    ctx_init(&c, &arena, loop_clock(batcher->loop));
    batch_run(&c, batch);
    arena_end(&arena);
    batch_end(batch);
    if (!batcher->closed && !list_empty(&batcher->waiting))
        loop_soon(batcher->loop, &batcher->departure);
}

static struct batch *free_batch(struct batcher *batcher)
{
    for (uint32_t i = 0; i < batcher->options.under_way_max; i++)
        if (!batcher->batches[i].under_way)
            return &batcher->batches[i];
    return NULL;
}

static void depart(struct task *task)
{
    struct batcher *batcher = container_of(task, struct batcher, departure);
    struct batch *batch;
    while ((batch = free_batch(batcher))) {
        batch_begin(batch);
        gather(batcher, batch);
        if (batch->waiters_len == 0) {
            batch_end(batch);
            return;
        }
        count_size(batcher->kind, batch->waiters_len);
        if (!fiber_start(batcher->loop, batch_fiber, batch)) {
            answer_failure(batch, ERR_UNAVAILABLE, &(struct pg_rows){0});
            batch_end(batch);
        }
    }
}

/* ---- asking ------------------------------------------------------------------------------------ */

static enum err decide_alone(struct ctx *c, struct batch_waiter *waiter)
{
    const struct batcher *batcher = waiter->batcher;
    const struct batch_kind *kind = batcher->kind;
    waiter->duplicate = false;
    stat_count((enum stat)kind->alone);
    return retry_query(c, batcher->pool, kind->statement, encode(c->arena, kind, &waiter, 1),
                       waiter->rows);
}

enum err batch_query(struct ctx *c, struct batcher *batcher, struct batch_waiter *waiter,
                     struct pg_rows *rows)
{
    assert(waiter->weight >= 1 && waiter->weight <= batcher->options.weight_max);
    assert(!waiter->batcher && !list_linked(&waiter->link));
    *rows = (struct pg_rows){0};
    if (c->canceled || batcher->closed)
        return ERR_CANCELED;
    if (ctx_left(c).us == 0 || batcher_full(batcher))
        return ERR_UNAVAILABLE;
    waiter->wait = (struct wait){.cancel = give_up};
    waiter->c = c;
    waiter->batcher = batcher;
    waiter->rows = rows;
    waiter->duplicate = false;
    line_up(batcher, waiter);
    c->costs.pg_statements++;
    loop_soon(batcher->loop, &batcher->departure);
    enum err err = wait_park(c, &waiter->wait);
    assert(!waiter->batch && !list_linked(&waiter->link));
    if (err)
        return err == ERR_TIMEOUT && !waiter->left ? ERR_UNAVAILABLE : err;
    return waiter->alone ? decide_alone(c, waiter) : OK;
}

/* ---- beginning and end ------------------------------------------------------------------------- */

void batcher_begin(struct batcher *batcher, struct loop *loop, struct pg_pool *pool,
                   const struct batch_kind *kind, const struct batcher_options *options)
{
    assert(options->under_way_max > 0 && options->under_way_max <= BATCHES_MAX);
    assert(options->weight_max > 0 && options->weight_max <= BATCH_WEIGHT_MAX);
    assert(options->waiting_max > 0);
    *batcher = (struct batcher){
        .loop = loop, .pool = pool, .kind = kind, .options = *options, .departure.run = depart};
    list_init(&batcher->waiting);
    for (size_t i = 0; i < BATCHES_MAX; i++)
        batcher->batches[i].batcher = batcher;
}

void batcher_end(struct batcher *batcher)
{
    if (!batcher->loop)
        return;
    batcher->closed = true;
    task_cancel(&batcher->departure);
    struct list_link *link;
    while ((link = list_first(&batcher->waiting))) {
        struct batch_waiter *waiter = container_of(link, struct batch_waiter, link);
        leave_line(batcher, waiter);
        wait_done(&waiter->wait, ERR_CANCELED);
    }
}
