/* An attempt ends in exactly one of the outcomes that are counted. The handler runs in a ctx of its
 * own, so that its deadline and a cancel end it and not the saying of how it ended: that has its
 * own time, which the lease leaves for it. */
#include "server/work/work_attempt.h"

#include "runtime/base/counter.h"
#include "runtime/base/log.h"
#include "runtime/base/stats.h"

enum { SAY_AGAIN_MS = 200, SAY_ABORTED_MS = 2000 };

static const struct work_kind *kind_of(const struct work_attempt *attempt)
{
    return &attempt->runner->options.table->kinds[attempt->kind];
}

/* ---- telling --------------------------------------------------------------------------------- */

static void tell(const struct work_attempt *attempt, enum log_level level, const char *event,
                 struct str error, struct duration pause)
{
    if (!log_enabled(level))
        return;
    struct log_line line;
    log_begin(&line, level, event);
    log_str(&line, "kind", attempt->work.kind);
    log_int(&line, "subject", attempt->work.subject);
    log_str(&line, "lane", attempt->work.lane);
    log_int(&line, "attempt", attempt->work.attempt);
    if (error.len)
        log_str(&line, "error", error);
    if (pause.us)
        log_int(&line, "pause_ms", pause.us / 1000);
    if (attempt->work.request_id.len)
        log_str(&line, "request_id", attempt->work.request_id);
    log_end(&line);
}

static void count(struct work_attempt *attempt, enum work_outcome outcome)
{
    uint64_t *counter = &attempt->runner->counts[attempt->kind][attempt->lane][outcome];
    counter_add(counter, 1);
}

/* ---- saying how it ended --------------------------------------------------------------------- */

struct ending {
    enum work_outcome outcome; /* if the lease is still in force */
    struct duration pause;
    struct str error;
};

static enum err say_once(struct work_attempt *attempt, const struct ending *ending, bool *ours)
{
    struct ctx *c = &attempt->ending;
    struct work_store *store = attempt->runner->options.store;
    const struct work *work = &attempt->work;
    stat_count(STAT_WORK_STATEMENTS);
    switch (ending->outcome) {
    case WORK_COUNT_AGAIN:
        return work_store_again(c, store, work, ending->pause, ending->error, ours);
    case WORK_COUNT_DEAD: return work_store_dead(c, store, work, ending->error, ours);
    case WORK_COUNT_GIVEN_BACK: return work_store_give_back(c, store, work, ours);
    default:
        assert(ending->outcome == WORK_COUNT_DONE);
        return kind_of(attempt)->every.us
                   ? work_store_next(c, store, work, kind_of(attempt)->every, ours)
                   : work_store_done(c, store, work, ours);
    }
}

/* Until Postgres has taken it, as long as the lease lasts. Said twice because the first answer was
 * lost, it is not ours any more: that is told as overtaken, which is as much as is known. */
static enum work_outcome say(struct work_attempt *attempt, const struct ending *ending)
{
    struct work_runner *runner = attempt->runner;
    struct duration time = {runner->options.lease_more.us / 2};
    struct ctx_scope scope SCOPED(ctx_restore) =
        ctx_within(&attempt->ending, runner->aborted ? milliseconds(SAY_ABORTED_MS) : time);
    bool ours = false;
    enum err err;
    do
        err = runner->ended ? ERR_CANCELED : say_once(attempt, ending, &ours);
    while ((err == ERR_UNAVAILABLE || err == ERR_TIMEOUT) &&
           fiber_sleep(&attempt->ending, milliseconds(SAY_AGAIN_MS)) == OK);
    if (err)
        return WORK_COUNT_UNSAID;
    return ours ? ending->outcome : WORK_COUNT_OVERTAKEN;
}

/* ---- the attempt ----------------------------------------------------------------------------- */

static struct ending ending_of(struct work_attempt *attempt, enum err err)
{
    const struct work_patience *patience = &kind_of(attempt)->patience;
    const struct ctx *c = &attempt->handler;
    if (err && c->canceled)
        return (struct ending){.outcome = WORK_COUNT_GIVEN_BACK};
    struct ending ending = {.error = work_error_text(err, c->refusal.reason)};
    uint64_t random;
    switch (work_judge(patience, attempt->work.attempt, err)) {
    case WORK_DONE: return (struct ending){.outcome = WORK_COUNT_DONE};
    case WORK_AGAIN:
        c->clock->random(c->clock, &random, sizeof(random));
        ending.outcome = WORK_COUNT_AGAIN;
        ending.pause =
            work_pause(patience, attempt->work.attempt, c->refusal.retry_after_s, random);
        return ending;
    case WORK_DEAD: break;
    }
    ending.outcome = WORK_COUNT_DEAD;
    return ending;
}

static struct ending run(struct work_attempt *attempt)
{
    const struct work_kind *kind = kind_of(attempt);
    struct ctx *c = &attempt->handler;
    if (work_is_used_up(&kind->patience, attempt->work.attempt))
        return (struct ending){.outcome = WORK_COUNT_DEAD,
                               .error = STR("no attempt came to an end")};
    struct ctx_scope scope SCOPED(ctx_restore) = ctx_within(c, kind->timeout);
    enum err err = c->canceled ? ERR_CANCELED
                               : kind->fn(c, attempt->runner->options.app, &attempt->work);
    assert(!err || !attempt->work.ended);
    return ending_of(attempt, err);
}

static void finish(struct work_attempt *attempt, const struct ending *ending)
{
    static const struct {
        const char *event;
        enum log_level level;
    } lines[WORK_OUTCOMES] = {
        [WORK_COUNT_DONE] = {"work_done", LOG_DEBUG},
        [WORK_COUNT_AGAIN] = {"work_again", LOG_INFO},
        [WORK_COUNT_DEAD] = {"work_dead", LOG_WARN},
        [WORK_COUNT_OVERTAKEN] = {"work_overtaken", LOG_DEBUG},
        [WORK_COUNT_GIVEN_BACK] = {"work_given_back", LOG_DEBUG},
        [WORK_COUNT_UNSAID] = {"work_unsaid", LOG_INFO},
    };
    attempt->said = true;
    enum work_outcome outcome = attempt->work.ended ? WORK_COUNT_DONE : say(attempt, ending);
    count(attempt, outcome);
    tell(attempt, lines[outcome].level, lines[outcome].event, ending->error, ending->pause);
}

/* The claim's rows go when the claim's fiber goes on: what is kept of them is copied. */
static void keep(struct work_attempt *attempt)
{
    const struct loop *loop = attempt->runner->options.loop;
    const struct clock *clock = loop_clock((struct loop *)loop);
    attempt->work.kind = attempt->runner->kinds[attempt->kind];
    attempt->work.lane = attempt->runner->lanes[attempt->lane];
    attempt->work.request_id = str_copy(&attempt->arena, attempt->work.request_id);
    ctx_init(&attempt->handler, &attempt->arena, clock);
    ctx_init(&attempt->ending, &attempt->arena, clock);
    attempt->handler.request_id = attempt->ending.request_id = attempt->work.request_id;
    attempt->handler.canceled = attempt->runner->draining; /* claimed a moment too late */
}

static void attempt_fiber(void *arg)
{
    struct work_attempt attempt = *(const struct work_attempt *)arg;
    struct work_runner *runner = attempt.runner;
    arena_begin(&attempt.arena, loop_arenas(runner->options.loop));
    keep(&attempt);
    const struct fiber_note note = {attempt.work.kind, attempt.work.request_id};
    fiber_set_note(&note);
    list_push_back(&runner->pieces, &attempt.link);
    runner->pieces_len++;
    runner->running[attempt.lane]++;
    struct ending ending = run(&attempt);
    finish(&attempt, &ending);
    list_remove(&attempt.link);
    runner->pieces_len--;
    runner->running[attempt.lane]--;
    arena_end(&attempt.arena);
    work_runner_place_free(runner);
}

bool work_attempt_begin(struct work_runner *runner, const struct work *work, size_t kind,
                        size_t lane)
{
    assert(runner->running[lane] < runner->options.table->lanes[lane].room);
    struct work_attempt attempt = {.runner = runner, .kind = kind, .lane = lane, .work = *work};
    return fiber_start(runner->options.loop, attempt_fiber, &attempt);
}

void work_attempt_break_off(struct work_attempt *attempt)
{
    ctx_cancel(attempt->said ? &attempt->ending : &attempt->handler);
}
