/* Looking: whose turn it is, for how much there is room, and what to do while Postgres is away.
 *
 * The loops of a process share one time for the next look and take turns at it, so that a queue in
 * which nothing happens costs the process, not each of its loops. Turns, and not "whoever comes
 * first": the same loop would always be first, and a lane that is full on it would never be looked
 * at by the others. Who misses its turn (no room, a long computation) loses it to whoever wakes
 * first after LATE_MS. */
#include "server/work/work_runner.h"

#include "runtime/base/log.h"
#include "runtime/base/stats.h"
#include "server/work/work_attempt.h"

enum { LATE_MS = 50, AWAY_MS_MIN = 100, AWAY_MS_FIRST = 250 };

static const struct clock *clock_of(const struct work_runner *runner)
{
    return loop_clock(runner->options.loop);
}

static struct tick now(const struct work_runner *runner)
{
    return clock_of(runner)->mono(clock_of(runner));
}

/* ---- room ------------------------------------------------------------------------------------ */

static int64_t room_in(const struct work_runner *runner, size_t lane)
{
    const struct work_lane *info = &runner->options.table->lanes[lane];
    if (info->closed && info->closed(runner->options.app))
        return 0;
    assert(runner->running[lane] <= info->room);
    return (int64_t)info->room - runner->running[lane];
}

static bool has_room(const struct work_runner *runner)
{
    for (size_t i = 0; i < runner->options.table->lanes_len; i++)
        if (room_in(runner, i))
            return true;
    return false;
}

/* A lane that the last claim filled has a place again: more of it may be due. */
static bool wants_more(const struct work_runner *runner)
{
    for (size_t i = 0; i < runner->options.table->lanes_len; i++)
        if (runner->filled[i] && room_in(runner, i))
            return true;
    return false;
}

/* ---- whose turn it is ------------------------------------------------------------------------ */

static struct tick turn_at(const struct work_runner *runner)
{
    const struct work_shared *shared = runner->options.shared;
    struct tick at = {__atomic_load_n(&shared->look_at_ns, __ATOMIC_ACQUIRE)};
    bool mine = __atomic_load_n(&shared->turn, __ATOMIC_RELAXED) == runner->options.worker;
    return mine ? at : tick_add(at, milliseconds(LATE_MS));
}

/* False: another loop was quicker. */
static bool take_turn(const struct work_runner *runner)
{
    struct work_shared *shared = runner->options.shared;
    uint64_t at = __atomic_load_n(&shared->look_at_ns, __ATOMIC_ACQUIRE);
    uint64_t next = tick_add(now(runner), runner->options.look_every).ns;
    if (turn_at(runner).ns > now(runner).ns ||
        !__atomic_compare_exchange_n(&shared->look_at_ns, &at, next, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_RELAXED))
        return false;
    __atomic_store_n(&shared->turn, (runner->options.worker + 1) % runner->options.workers,
                     __ATOMIC_RELAXED);
    return true;
}

static bool time_to_look(const struct work_runner *runner)
{
    if (runner->away)
        return runner->away_until.ns <= now(runner).ns;
    return has_room(runner) && (runner->nudged || wants_more(runner) || take_turn(runner));
}

static struct tick rest_until(const struct work_runner *runner)
{
    if (runner->away)
        return runner->away_until;
    return has_room(runner) ? turn_at(runner) : TICK_NEVER;
}

static void rest(struct ctx *c, struct work_runner *runner)
{
    while (!runner->draining && !time_to_look(runner)) {
        c->deadline = rest_until(runner);
        enum err woken = gate_wait(c, &runner->gate);
        assert(woken == OK || woken == ERR_TIMEOUT);
    }
}

/* ---- looking --------------------------------------------------------------------------------- */

static size_t find(const struct str *names, size_t len, struct str name)
{
    size_t i = 0;
    while (i < len && !str_eq(names[i], name))
        i++;
    assert(i < len); /* nothing is lent out that was not asked for */
    return i;
}

/* Without a fiber to do it on: it goes back to who has one. */
static void decline(struct ctx *c, struct work_runner *runner, const struct work *work)
{
    bool ours;
    stat_count(STAT_WORK_STATEMENTS);
    enum err err = runner->ended ? ERR_CANCELED
                                 : work_store_give_back(c, runner->options.store, work, &ours);
    log_event(LOG_WARN, "work_declined", "no fiber for %.*s %lld%s", STR_FMT(work->kind),
              (long long)work->subject, err ? "; its lease has to run out" : "");
}

static void begin_all(struct ctx *c, struct work_runner *runner, const struct work *work,
                      size_t len, const int64_t *room)
{
    const struct work_table *table = runner->options.table;
    int64_t came[WORK_LANES_MAX] = {0};
    for (size_t i = 0; i < len; i++) {
        size_t lane = find(runner->lanes, table->lanes_len, work[i].lane);
        came[lane]++;
        if (!work_attempt_begin(runner, &work[i],
                                find(runner->kinds, table->kinds_len, work[i].kind), lane))
            decline(c, runner, &work[i]);
    }
    for (size_t i = 0; i < table->lanes_len; i++)
        if (room[i])
            runner->filled[i] = came[i] == room[i];
}

static enum err claim(struct ctx *c, struct work_runner *runner)
{
    const struct work_table *table = runner->options.table;
    int64_t room[WORK_LANES_MAX];
    for (size_t i = 0; i < table->lanes_len; i++)
        room[i] = room_in(runner, i);
    struct work_wish wish = {
        .lanes = runner->lanes,
        .room = room,
        .lanes_len = table->lanes_len,
        .kinds = runner->kinds,
        .lease_s = runner->lease_s,
        .kinds_len = table->kinds_len,
        .lease = uuid_random(c->clock),
    };
    struct work *work;
    size_t len;
    runner->nudged = false; /* who comes while the claim is under way may be too late for it */
    stat_count(STAT_WORK_STATEMENTS);
    TRY(work_store_claim(c, runner->options.store, &wish, &work, &len));
    begin_all(c, runner, work, len, room);
    return OK;
}

/* What comes round by itself is there, once per start of a process. */
static enum err plant(struct ctx *c, struct work_runner *runner)
{
    const struct work_table *table = runner->options.table;
    struct work_plant plants[WORK_KINDS_MAX];
    size_t len = 0;
    for (size_t i = 0; i < table->kinds_len; i++) {
        const struct work_kind *kind = &table->kinds[i];
        if (kind->every.us)
            plants[len++] = (struct work_plant){.kind = runner->kinds[i],
                                                .lane = str_c(kind->lane),
                                                .subjects = kind->subjects,
                                                .every_s = kind->every.us / seconds(1).us};
    }
    if (!len || __atomic_exchange_n(&runner->options.shared->planted, true, __ATOMIC_ACQ_REL))
        return OK;
    stat_count(STAT_WORK_STATEMENTS);
    enum err err = work_store_plant(c, runner->options.store, plants, len);
    if (err)
        __atomic_store_n(&runner->options.shared->planted, false, __ATOMIC_RELEASE);
    return err;
}

/* ---- while Postgres is away ------------------------------------------------------------------ */

static void stay_away(struct work_runner *runner, enum err err)
{
    static const struct work_patience patience = {
        .first = {AWAY_MS_FIRST * 1000},
        .longest = {WORK_AWAY_SECONDS_MAX * 1000000},
    };
    uint64_t random;
    clock_of(runner)->random(clock_of(runner), &random, sizeof(random));
    runner->failures = MIN(runner->failures + 1, 1000u);
    struct duration pause = work_pause(&patience, runner->failures, 0, random);
    runner->away_until = tick_add(tick_add(now(runner), milliseconds(AWAY_MS_MIN)), pause);
    if (runner->away)
        return;
    runner->away = true;
    if (__atomic_fetch_add(&runner->options.shared->away, 1, __ATOMIC_ACQ_REL) == 0)
        log_event(LOG_WARN, "work_waits",
                  "nothing can be claimed (%.*s); it is tried again quietly",
                  STR_FMT(work_error_text(err, R_NONE)));
}

static void come_back(struct work_runner *runner)
{
    runner->failures = 0;
    if (!runner->away)
        return;
    runner->away = false;
    if (__atomic_fetch_sub(&runner->options.shared->away, 1, __ATOMIC_ACQ_REL) == 1)
        log_event(LOG_INFO, "work_goes_on", "pieces of work are claimed again");
}

static void look(struct ctx *c, struct work_runner *runner)
{
    struct duration time = {runner->options.lease_more.us / 2};
    c->deadline = tick_add(now(runner), time);
    enum err err = plant(c, runner);
    if (!err && !runner->draining)
        err = claim(c, runner);
    stat_count(err ? STAT_WORK_LOOK_FAILED : STAT_WORK_LOOK);
    if (err)
        stay_away(runner, err);
    else
        come_back(runner);
}

/* ---- beginning and ending -------------------------------------------------------------------- */

static void check_drained(struct work_runner *runner)
{
    void (*drained)(void *arg) = runner->drained;
    if (!drained || runner->looking || runner->pieces_len)
        return;
    runner->drained = NULL;
    drained(runner->drained_arg);
}

void work_runner_place_free(struct work_runner *runner)
{
    gate_open(&runner->gate);
    check_drained(runner);
}

static void looking_fiber(void *arg)
{
    struct work_runner *runner = arg;
    while (!runner->draining) {
        struct arena arena;
        struct ctx c;
        arena_begin(&arena, loop_arenas(runner->options.loop));
        ctx_init(&c, &arena, clock_of(runner));
        rest(&c, runner);
        if (!runner->draining)
            look(&c, runner);
        arena_end(&arena);
    }
    if (runner->away)
        __atomic_fetch_sub(&runner->options.shared->away, 1, __ATOMIC_ACQ_REL);
    runner->looking = false;
    check_drained(runner);
}

static void name_all(struct work_runner *runner)
{
    const struct work_table *table = runner->options.table;
    int64_t more_s = duration_seconds_up(runner->options.lease_more);
    assert(table->kinds_len <= WORK_KINDS_MAX && table->lanes_len <= WORK_LANES_MAX);
    for (size_t i = 0; i < table->kinds_len; i++) {
        const struct work_kind *kind = &table->kinds[i];
        assert(kind->timeout.us > 0 && (kind->every.us == 0 || kind->subjects > 0));
        runner->kinds[i] = str_c(kind->name);
        runner->lease_s[i] = duration_seconds_up(kind->timeout) + more_s;
    }
    for (size_t i = 0; i < table->lanes_len; i++)
        runner->lanes[i] = str_c(table->lanes[i].name);
}

bool work_runner_begin(struct work_runner *runner, const struct work_runner_options *options)
{
    assert(options->worker < options->workers);
    *runner = (struct work_runner){.options = *options};
    list_init(&runner->pieces);
    gate_init(&runner->gate);
    name_all(runner);
    runner->looking = fiber_start(options->loop, looking_fiber, runner);
    return runner->looking;
}

void work_runner_nudge(struct work_runner *runner)
{
    if (!runner || runner->draining)
        return;
    runner->nudged = true;
    gate_open(&runner->gate);
}

static void break_off(struct work_runner *runner, bool all)
{
    struct list_link *next;
    for (struct list_link *link = list_first(&runner->pieces); link; link = next) {
        struct work_attempt *attempt = container_of(link, struct work_attempt, link);
        next = link->next == &runner->pieces.head ? NULL : link->next;
        if (all || (!attempt->said && runner->options.table->kinds[attempt->kind].every.us))
            work_attempt_break_off(attempt);
    }
}

void work_runner_drain(struct work_runner *runner)
{
    runner->draining = true;
    break_off(runner, false);
    gate_open(&runner->gate);
}

void work_runner_when_drained(struct work_runner *runner, void (*drained)(void *arg), void *arg)
{
    assert(runner->draining && !runner->drained);
    runner->drained = drained;
    runner->drained_arg = arg;
    check_drained(runner);
}

void work_runner_abort(struct work_runner *runner)
{
    runner->draining = runner->aborted = true;
    break_off(runner, true);
    gate_open(&runner->gate);
}

void work_runner_end(struct work_runner *runner)
{
    runner->ended = true;
    work_runner_abort(runner);
}
