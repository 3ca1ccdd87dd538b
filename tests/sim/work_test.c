/* The runner on a simulated loop and clock, its store a queue in memory that answers late, not at
 * all, or after the asker has given up. Two processes of two loops each share the queue; pieces are
 * added, and added again while somebody is at them, by a seed; processes end in good order or
 * vanish. A judge looks at every step; what it would convict is shown on queues that forget a
 * rule. */
#include "runtime/base/log.h"
#include "runtime/base/stats.h"
#include "runtime/io_sim.h"
#include "server/app.h"
#include "server/work/work_runner.h"
#include "tests/test.h"

/* ---- the queue ------------------------------------------------------------------------------- */

enum kind { QUICK, FLAKY, SLOW, STUCK, ROUND, KINDS };
enum { LANE_A, LANE_B, LANE_C, LANES };
enum { SUBJECTS = 12, ROWS = KINDS * SUBJECTS, CLAIMS_MAX = 4096 };
enum rule { KEEPS_ALL, NO_FENCE, NO_FENCE_AGAIN, NO_VOIDING, ADDING_IS_IGNORED, NO_LEASE_END };

struct row {
    bool there, dead, leased;
    struct uuid lease;
    uint64_t due_us, lent_until_us; /* the second is the judge's own */
    uint32_t attempts;
    int version;  /* of the subject: one more with every adding */
    int finished; /* the version that the last attempt that ended well had read */
    int lane;
};

struct work_store {
    struct loop *loop;
    struct row rows[KINDS][SUBJECTS];
    enum rule rule;
    uint64_t random;
    int late_ms_max, lost_percent, refused_percent; /* of calls */
    bool away;
    int claims, claims_refused, faults;
    const char *fault;
};

static struct work_store queue; /* one at a time */

static uint32_t roll(uint32_t bound)
{
    queue.random = queue.random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((queue.random >> 33) % bound);
}

static uint64_t now_us(void)
{
    return loop_clock(queue.loop)->mono(loop_clock(queue.loop)).ns / 1000;
}

static void fault(const char *what)
{
    queue.faults++;
    if (!queue.fault)
        queue.fault = what;
}

static enum kind kind_of(const struct work *work); /* below */

static struct row *row_of(const struct work *work)
{
    return &queue.rows[kind_of(work)][work->subject];
}

static void add(enum kind kind, int subject, int64_t in_ms)
{
    static const int lanes[] = {LANE_A, LANE_A, LANE_B, LANE_C, LANE_A};
    struct row *row = &queue.rows[kind][subject];
    uint64_t due = now_us() + (uint64_t)in_ms * 1000;
    row->version++;
    if (row->there && queue.rule == ADDING_IS_IGNORED)
        return;
    if (queue.rule != NO_VOIDING || !row->leased)
        row->leased = false;
    row->due_us = row->there && !row->dead ? MIN(row->due_us, due) : due;
    row->there = true;
    row->dead = false;
    row->attempts = 0;
    row->lane = lanes[kind];
}

static bool in_force(const struct row *row, const struct work *work)
{
    return row->there && row->leased && memcmp(&row->lease, &work->lease, sizeof(row->lease)) == 0;
}

/* The way to Postgres and back. What is lost on its way back has been done. */
enum way { THERE_AND_BACK, LOST, REFUSED };
static enum way there(struct ctx *c, enum err *err)
{
    *err = ERR_UNAVAILABLE;
    if (queue.away || (int)roll(100) < queue.refused_percent)
        return REFUSED;
    if (queue.late_ms_max && fiber_sleep(c, milliseconds(roll((uint32_t)queue.late_ms_max)))) {
        *err = ERR_TIMEOUT;
        return REFUSED; /* was never sent: as good as not done, but nobody is told so */
    }
    return (int)roll(100) < queue.lost_percent ? LOST : THERE_AND_BACK;
}

static enum err back(struct ctx *c, enum way way)
{
    if (way == LOST)
        return fiber_sleep(c, minutes(60));
    return queue.late_ms_max ? fiber_sleep(c, milliseconds(roll((uint32_t)queue.late_ms_max))) : OK;
}

/* ---- the port -------------------------------------------------------------------------------- */

static void lend(struct row *row, const struct work_wish *wish, size_t kind)
{
    if (row->leased && row->lent_until_us > now_us())
        fault("lent out twice");
    row->lent_until_us = now_us() + (uint64_t)wish->lease_s[kind] * 1000000;
    row->leased = true;
    row->lease = wish->lease;
    row->attempts++;
    if (queue.rule != NO_LEASE_END)
        row->due_us = row->lent_until_us;
}

static struct row *earliest(int lane, size_t *kind, size_t *subject)
{
    struct row *found = NULL;
    for (size_t k = 0; k < KINDS; k++)
        for (size_t s = 0; s < SUBJECTS; s++) {
            struct row *row = &queue.rows[k][s];
            if (!row->there || row->dead || row->lane != lane || row->due_us > now_us() ||
                (found && found->due_us <= row->due_us))
                continue;
            found = row;
            *kind = k;
            *subject = s;
        }
    return found;
}

enum err work_store_claim(struct ctx *c, struct work_store *store, const struct work_wish *wish,
                          struct work **out, size_t *len)
{
    enum err err;
    store->claims++;
    enum way way = there(c, &err);
    store->claims_refused += way == REFUSED;
    if (way == REFUSED)
        return err;
    *out = arena_array(c->arena, struct work, ROWS + 1);
    *len = 0;
    for (size_t lane = 0; lane < wish->lanes_len; lane++)
        for (int64_t i = 0; i < wish->room[lane]; i++) {
            size_t kind, subject;
            struct row *row = earliest((int)lane, &kind, &subject);
            if (!row)
                break;
            lend(row, wish, kind);
            (*out)[(*len)++] = (struct work){.kind = wish->kinds[kind],
                                             .subject = (int64_t)subject,
                                             .lane = wish->lanes[lane],
                                             .lease = wish->lease,
                                             .attempt = row->attempts,
                                             .request_id = STR("r-1")};
            if (*len == ROWS)
                break;
        }
    return back(c, way);
}

enum ending { DONE, NEXT, AGAIN, GIVE_BACK, DEAD };

static int seen_by(const struct work *work); /* the version that the attempt has read; below */

static void finish(struct row *row, const struct work *work)
{
    if (seen_by(work) != row->version)
        fault("finished without having seen the last change");
    row->finished = seen_by(work);
    row->leased = false;
}

static void end(struct row *row, const struct work *work, enum ending ending, uint64_t pause_us)
{
    switch (ending) {
    case DONE:
        finish(row, work);
        row->there = false;
        return;
    case NEXT:
        finish(row, work);
        row->attempts = 0;
        break;
    case AGAIN: break;
    case GIVE_BACK: row->attempts -= row->attempts > 0; break;
    case DEAD: row->dead = true; break;
    }
    row->leased = false;
    row->due_us = now_us() + pause_us;
}

static enum err say(struct ctx *c, const struct work *work, enum ending ending,
                    struct duration pause, bool *ours)
{
    enum err err;
    enum way way = there(c, &err);
    if (way == REFUSED)
        return err;
    struct row *row = row_of(work);
    bool fenced = in_force(row, work);
    bool forgets = ending == AGAIN || ending == GIVE_BACK ? queue.rule == NO_FENCE_AGAIN
                                                          : queue.rule == NO_FENCE;
    *ours = fenced || (forgets && row->there && !row->dead);
    if (*ours && !fenced)
        fault("ended under an old lease");
    if (*ours)
        end(row, work, ending, (uint64_t)pause.us);
    return back(c, way);
}

enum err work_store_done(struct ctx *c, struct work_store *store, const struct work *work,
                         bool *ours)
{
    return say(c, work, DONE, seconds(0), ours);
}
enum err work_store_next(struct ctx *c, struct work_store *store, const struct work *work,
                         struct duration every, bool *ours)
{
    return say(c, work, NEXT, every, ours);
}
enum err work_store_again(struct ctx *c, struct work_store *store, const struct work *work,
                          struct duration pause, struct str error, bool *ours)
{
    assert(error.len > 0);
    return say(c, work, AGAIN, pause, ours);
}
enum err work_store_give_back(struct ctx *c, struct work_store *store, const struct work *work,
                              bool *ours)
{
    return say(c, work, GIVE_BACK, seconds(0), ours);
}
enum err work_store_dead(struct ctx *c, struct work_store *store, const struct work *work,
                         struct str error, bool *ours)
{
    assert(error.len > 0);
    return say(c, work, DEAD, seconds(0), ours);
}

enum err work_store_plant(struct ctx *c, struct work_store *store, const struct work_plant *plants,
                          size_t len)
{
    enum err err;
    enum way way = there(c, &err);
    if (way == REFUSED)
        return err;
    assert(len == 1 && plants[0].subjects == 2 && plants[0].every_s == 5);
    for (int subject = 0; subject < 2; subject++)
        if (!store->rows[ROUND][subject].there)
            add(ROUND, subject, subject * 2500);
    return back(c, way);
}

/* ---- the handlers ---------------------------------------------------------------------------- */

enum { ROOM = 3, STUCK_SECONDS = 10, MEMORY = 1 << 14 };

/* What attempts have read: by lease and piece. */
static struct reading {
    struct uuid lease;
    const struct row *row;
    int version;
} readings[MEMORY];
static size_t readings_len;

static int seen_by(const struct work *work)
{
    for (size_t i = readings_len; i-- > 0;)
        if (readings[i].row == row_of(work) &&
            memcmp(&readings[i].lease, &work->lease, sizeof(work->lease)) == 0)
            return readings[i].version;
    return -1;
}

struct worker {
    struct app app;
    struct work_runner runner;
    int running[LANES], runs;
    bool drained;
};
static bool stuck; /* what is stuck hangs, until this is false */

static enum err read_subject(struct ctx *c, const struct work *work)
{
    if (queue.late_ms_max)
        TRY(fiber_sleep(c, milliseconds(roll((uint32_t)queue.late_ms_max))));
    assert(readings_len < MEMORY);
    readings[readings_len++] = (struct reading){
        .lease = work->lease, .row = row_of(work), .version = row_of(work)->version};
    return OK;
}

/* The effect and the end in one statement, as the queue's rule 4 has it. */
static enum err quick(struct ctx *c, struct work *work)
{
    TRY(read_subject(c, work));
    if (queue.away)
        return ERR_UNAVAILABLE;
    bool ours = in_force(row_of(work), work) || queue.rule == NO_FENCE;
    if (ours && row_of(work)->there) {
        end(row_of(work), work, DONE, 0);
        work->ended = true;
    }
    return OK;
}

static enum err flaky(struct ctx *c, struct work *work)
{
    static const enum err errors[] = {OK, OK, OK, ERR_UNAVAILABLE, ERR_TIMEOUT, ERR_CONFLICT};
    TRY(read_subject(c, work));
    return errors[roll(ARRAY_LEN(errors))];
}

static enum err slow(struct ctx *c, struct work *work)
{
    TRY(read_subject(c, work));
    return fiber_sleep(c, milliseconds(roll(2200))); /* a few are too slow */
}

static enum err hang(struct ctx *c, struct work *work)
{
    TRY(read_subject(c, work));
    return stuck ? fiber_sleep(c, minutes(60)) : OK;
}

static enum err counted(struct ctx *c, struct app *app, struct work *work, int lane,
                        enum err (*run)(struct ctx *c, struct work *work))
{
    struct worker *worker = container_of(app, struct worker, app);
    worker->runs++;
    if (++worker->running[lane] > ROOM)
        fault("a lane is over its bound");
    if (!str_eq(c->request_id, STR("r-1")))
        fault("the request id is lost");
    enum err err = run(c, work);
    worker->running[lane]--;
    return err;
}

#define HANDLER(name, lane, run)                                            \
    static enum err name(struct ctx *c, struct app *app, struct work *work) \
    {                                                                       \
        return counted(c, app, work, lane, run);                            \
    }
HANDLER(do_quick, LANE_A, quick)
HANDLER(do_flaky, LANE_A, flaky)
HANDLER(do_slow, LANE_B, slow)
HANDLER(do_hang, LANE_C, hang)
HANDLER(do_round, LANE_A, slow)

static const struct work_kind kinds[] = {
    [QUICK] = {"quick", "a", do_quick, {0, {100000}, {2000000}}, {2000000}},
    [FLAKY] = {"flaky", "a", do_flaky, {4, {100000}, {2000000}}, {2000000}},
    [SLOW] = {"slow", "b", do_slow, {0, {100000}, {2000000}}, {2000000}},
    [STUCK] = {"stuck", "c", do_hang, {0, {100000}, {2000000}}, {STUCK_SECONDS * 1000000}},
    [ROUND] = {"round", "a", do_round, {0, {100000}, {2000000}}, {5000000}, {5000000}, 2},
};
static enum kind kind_of(const struct work *work)
{
    size_t kind = 0;
    while (!str_eq(work->kind, str_c(kinds[kind].name)))
        kind++;
    return (enum kind)kind;
}

static const struct work_lane lanes[] = {{"a", ROOM}, {"b", ROOM}, {"c", ROOM}};
static const struct work_table table = {kinds, KINDS, lanes, LANES};

/* ---- processes ------------------------------------------------------------------------------- */

enum { LOOPS = 2, PROCESSES = 2 };
struct program {
    struct work_shared shared;
    struct worker workers[LOOPS];
    bool up;
};
static struct program programs[PROCESSES];

static void on_drained(void *arg)
{
    struct worker *worker = arg;
    worker->drained = true;
}

static void start(struct program *program)
{
    *program = (struct program){.up = true};
    for (uint32_t i = 0; i < LOOPS; i++) {
        struct worker *worker = &program->workers[i];
        struct work_runner_options options = {.app = &worker->app,
                                              .loop = queue.loop,
                                              .store = &queue,
                                              .table = &table,
                                              .shared = &program->shared,
                                              .worker = i,
                                              .workers = LOOPS,
                                              .look_every = milliseconds(500),
                                              .lease_more = seconds(10)};
        bool began = work_runner_begin(&worker->runner, &options);
        assert(began);
    }
}

static bool is_down(const struct program *program)
{
    for (int i = 0; i < LOOPS; i++)
        if (!program->workers[i].drained)
            return false;
    return true;
}

static void drain(struct program *program)
{
    for (int i = 0; i < LOOPS; i++)
        work_runner_drain(&program->workers[i].runner);
    for (int i = 0; i < LOOPS; i++)
        work_runner_when_drained(&program->workers[i].runner, on_drained, &program->workers[i]);
    program->up = false;
}

static void abort_all(struct program *program)
{
    for (int i = 0; i < LOOPS; i++)
        if (!program->workers[i].drained)
            work_runner_abort(&program->workers[i].runner);
}

/* What a drain of two seconds, then an abort, is in the process. */
static bool stop(struct program *program)
{
    drain(program);
    sim_run(queue.loop, seconds(2));
    abort_all(program);
    sim_run(queue.loop, seconds(5));
    return is_down(program);
}

static void begin(uint64_t seed)
{
    struct sim_options sim = {.seed = seed};
    struct loop_options options = {.fibers_max = 256,
                                   .stack_bytes = 65536,
                                   .arena_block_bytes = 4096,
                                   .slice = milliseconds(1)};
    if (log_enabled(LOG_INFO)) /* thousands of lines about what is meant to go wrong */
        log_start(&(struct log_options){.format = LOG_TEXT, .level = LOG_ERROR});
    queue = (struct work_store){.loop = loop_new(io_sim_new(&sim), &options),
                                .random = seed * 2654435761u + 1};
    memset(programs, 0, sizeof(programs));
    readings_len = 0;
    stuck = false;
}

static void finish_all(void)
{
    for (int i = 0; i < PROCESSES; i++)
        if (programs[i].up)
            drain(&programs[i]);
    stuck = false;
    sim_run(queue.loop, seconds(60));
    loop_free(queue.loop);
}

/* Rows that are not dead and were not finished in their last version; those that come round
 * aside. */
static int unfinished(void)
{
    int n = 0;
    for (size_t k = 0; k < ROUND; k++)
        for (size_t s = 0; s < SUBJECTS; s++) {
            const struct row *row = &queue.rows[k][s];
            n += !row->dead && (row->there || row->finished != row->version);
        }
    return n;
}

static int of_lane(int lane, bool leased)
{
    int n = 0;
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *row = &queue.rows[i / SUBJECTS][i % SUBJECTS];
        n += row->there && !row->dead && row->lane == lane &&
             (!leased || (row->leased && row->due_us > now_us()));
    }
    return n;
}

/* ---- one thing at a time --------------------------------------------------------------------- */

TEST(a_piece_is_done_and_gone)
{
    begin(1);
    start(&programs[0]);
    sim_run(queue.loop, seconds(1));
    for (int kind = 0; kind < ROUND; kind++)
        add((enum kind)kind, 3, 0);
    sim_run(queue.loop, seconds(60));
    CHECK_INT(unfinished(), 0);
    CHECK(!queue.fault);
    finish_all();
}

TEST(a_nudge_does_not_wait_for_the_next_look)
{
    begin(1);
    start(&programs[0]);
    sim_run(queue.loop, milliseconds(1510));
    for (int i = 0; i < LOOPS; i++) {
        add(QUICK, i, 0);
        work_runner_nudge(&programs[0].workers[i].runner);
        sim_run(queue.loop, milliseconds(3));
        CHECK(!queue.rows[QUICK][i].there);
        CHECK(programs[0].workers[i].runs > 0);
    }
    finish_all();
}

TEST(without_a_nudge_a_piece_waits_for_the_next_look_at_most)
{
    begin(1);
    start(&programs[0]);
    for (int i = 0; i < 20; i++) {
        sim_run(queue.loop, milliseconds(37 * i));
        add(QUICK, 0, 0);
        sim_run(queue.loop, milliseconds(560));
        CHECK(!queue.rows[QUICK][0].there);
    }
    finish_all();
}

TEST(the_loops_of_an_idle_process_share_one_look_after_the_other)
{
    begin(1);
    start(&programs[0]);
    sim_run(queue.loop, seconds(10));
    int before = queue.claims;
    sim_run(queue.loop, seconds(100));
    CHECK(queue.claims - before <= 200);
    CHECK(queue.claims - before >= 150);
    /* Both of them look: neither leaves a lane that is full on the other unseen. */
    CHECK(programs[0].workers[0].runs > 0 && programs[0].workers[1].runs > 0);
    finish_all();
}

TEST(a_full_claim_is_followed_by_another_at_once)
{
    begin(1);
    start(&programs[0]);
    sim_run(queue.loop, milliseconds(600));
    for (int subject = 0; subject < SUBJECTS; subject++)
        add(QUICK, subject, 0);
    work_runner_nudge(&programs[0].workers[0].runner);
    sim_run(queue.loop, milliseconds(20)); /* with no latency: as many claims as it takes */
    CHECK_INT(unfinished(), 0);
    finish_all();
}

TEST(a_lane_that_hangs_is_bounded_and_nobody_else_waits)
{
    begin(1);
    stuck = true;
    for (int subject = 0; subject < SUBJECTS; subject++)
        add(STUCK, subject, 0);
    start(&programs[0]);
    sim_run(queue.loop, seconds(2));
    CHECK_INT(of_lane(LANE_C, true), LOOPS * ROOM); /* full, on both loops */
    for (int subject = 0; subject < SUBJECTS; subject++) {
        add(QUICK, subject, 0);
        add(SLOW, subject, 0);
    }
    sim_run(queue.loop, seconds(7)); /* nothing that hangs has timed out by then */
    CHECK_INT(of_lane(LANE_B, false), 0);
    CHECK_INT(of_lane(LANE_C, true), LOOPS * ROOM);
    stuck = false;
    sim_run(queue.loop, seconds(60)); /* ended by their time-outs, tried again, done */
    CHECK_INT(unfinished(), 0);
    CHECK(!queue.fault);
    finish_all();
}

TEST(what_is_added_again_meanwhile_is_done_once_more)
{
    begin(1);
    start(&programs[0]);
    add(SLOW, 0, 0);
    for (int i = 0; i < 40; i++) {
        sim_run(queue.loop, milliseconds(300));
        add(SLOW, 0, 0);
    }
    sim_run(queue.loop, seconds(30));
    CHECK_INT(unfinished(), 0);
    CHECK(!queue.fault);
    finish_all();
}

TEST(refused_for_good_it_is_dead_until_it_is_added_again)
{
    begin(1);
    start(&programs[0]);
    int dead = 0;
    for (int i = 0; i < 30; i++) {
        add(FLAKY, 0, 0);
        sim_run(queue.loop, seconds(20));
        dead += queue.rows[FLAKY][0].dead;
        CHECK(queue.rows[FLAKY][0].dead || !queue.rows[FLAKY][0].there);
    }
    CHECK(dead > 0 && dead < 30);
    finish_all();
}

TEST(while_postgres_is_away_it_is_asked_seldom_and_again_soon_after)
{
    begin(1);
    start(&programs[0]);
    sim_run(queue.loop, seconds(5));
    queue.away = true;
    uint64_t lines = stat_sum(STAT_WORK_LOOK_FAILED);
    sim_run(queue.loop, seconds(120));
    CHECK(queue.claims_refused >= 20 && queue.claims_refused <= 200);
    CHECK_INT(stat_sum(STAT_WORK_LOOK_FAILED) - lines, queue.claims_refused);
    for (int i = 0; i < 1000; i++)
        work_runner_nudge(&programs[0].workers[i % LOOPS].runner); /* in vain */
    sim_run(queue.loop, milliseconds(10));
    CHECK(queue.claims_refused <= 205);
    add(QUICK, 0, 0);
    queue.away = false;
    sim_run(queue.loop, seconds(WORK_AWAY_SECONDS_MAX + 1));
    CHECK_INT(unfinished(), 0);
    CHECK_INT(programs[0].shared.away, 0);
    finish_all();
}

TEST(a_drain_finishes_what_is_under_way_and_takes_nothing_new)
{
    begin(1);
    start(&programs[0]);
    sim_run(queue.loop, milliseconds(3200));
    for (int subject = 0; subject < SUBJECTS; subject++)
        add(SLOW, subject, 0);
    sim_run(queue.loop, milliseconds(600));
    int under_way = of_lane(LANE_B, true), others = of_lane(LANE_B, false) - under_way;
    CHECK(under_way >= ROOM && others > 0);
    drain(&programs[0]);
    sim_run(queue.loop, seconds(3)); /* what is slow takes two at most */
    CHECK(is_down(&programs[0]));
    int claims = queue.claims;
    sim_run(queue.loop, seconds(10));
    CHECK_INT(queue.claims, claims);
    CHECK_INT(of_lane(LANE_A, true) + of_lane(LANE_B, true), 0);
    CHECK(of_lane(LANE_B, false) >= others);
    finish_all();
}

TEST(what_comes_round_by_itself_is_given_back_at_once)
{
    begin(1);
    start(&programs[0]);
    bool seen = false;
    for (int i = 0; i < 3000 && !seen; i++) {
        sim_run(queue.loop, milliseconds(10));
        seen = queue.rows[ROUND][0].leased;
    }
    CHECK(seen);
    drain(&programs[0]);
    sim_run(queue.loop, milliseconds(5));
    CHECK(is_down(&programs[0]));
    CHECK(!queue.rows[ROUND][0].leased && queue.rows[ROUND][0].due_us <= now_us());
    CHECK_INT(queue.rows[ROUND][0].attempts, 0); /* it does not count */
    finish_all();
}

TEST(what_hangs_is_given_back_when_the_drain_is_over)
{
    begin(1);
    stuck = true;
    add(STUCK, 0, 0);
    start(&programs[0]);
    sim_run(queue.loop, seconds(1));
    CHECK(queue.rows[STUCK][0].leased);
    CHECK(stop(&programs[0]));
    CHECK(!queue.rows[STUCK][0].leased);
    CHECK_INT(queue.rows[STUCK][0].attempts, 0);
    finish_all();
}

TEST(with_postgres_away_a_process_ends_all_the_same)
{
    begin(1);
    stuck = true;
    for (int subject = 0; subject < SUBJECTS; subject++) {
        add(STUCK, subject, 0);
        add(SLOW, subject, 0);
    }
    start(&programs[0]);
    sim_run(queue.loop, milliseconds(700));
    queue.away = true;
    sim_run(queue.loop, seconds(1));
    CHECK(stop(&programs[0]));
    queue.away = false;
    stuck = false;
    start(&programs[1]); /* the leases run out, and another process has it all */
    sim_run(queue.loop, seconds(90));
    CHECK_INT(unfinished(), 0);
    finish_all();
}

static bool is_closed;
static bool closed(const struct app *app)
{
    return is_closed;
}

TEST(a_closed_lane_is_left_to_others)
{
    static const struct work_lane with_door[] = {{"a", ROOM}, {"b", ROOM, closed}, {"c", ROOM}};
    static const struct work_table doors = {kinds, KINDS, with_door, LANES};
    begin(1);
    is_closed = true;
    start(&programs[0]);
    for (int i = 0; i < LOOPS; i++)
        programs[0].workers[i].runner.options.table = &doors;
    add(SLOW, 0, 0);
    add(QUICK, 0, 0);
    sim_run(queue.loop, seconds(5));
    CHECK(queue.rows[SLOW][0].there && queue.rows[SLOW][0].attempts == 0);
    CHECK(!queue.rows[QUICK][0].there);
    is_closed = false;
    sim_run(queue.loop, seconds(10));
    CHECK_INT(unfinished(), 0);
    finish_all();
}

TEST(a_piece_that_takes_its_process_with_it_is_dead_in_the_end)
{
    begin(1);
    add(FLAKY, 0, 0);
    queue.rows[FLAKY][0].attempts = 4; /* of four, none came to an end */
    start(&programs[0]);
    sim_run(queue.loop, seconds(1));
    CHECK(queue.rows[FLAKY][0].dead);
    for (size_t i = 0; i < readings_len; i++) /* its handler was not called once more */
        CHECK(readings[i].row != &queue.rows[FLAKY][0]);
    finish_all();
}

/* ---- all at once, by a seed ------------------------------------------------------------------ */

static void restart(struct program *program)
{
    if (program->up) {
        drain(program);
    } else {
        abort_all(program);
        sim_run(queue.loop, seconds(5));
        if (is_down(program))
            start(program);
    }
}

static void happen(void)
{
    uint32_t what = roll(100);
    if (what < 70)
        add((enum kind)roll(ROUND), (int)roll(SUBJECTS), roll(4) ? 0 : roll(3000));
    else if (what < 80)
        work_runner_nudge(&programs[roll(PROCESSES)].workers[roll(LOOPS)].runner);
    else if (what < 84)
        stuck = !stuck;
    else if (what < 88)
        queue.away = !queue.away;
    else if (what < 91)
        restart(&programs[1]); /* the first one stays, or there would be none at times */
    sim_run(queue.loop, milliseconds(roll(roll(10) ? 60 : 1000)));
}

/* Until everything can end: Postgres is there, nothing hangs, and the leases of those who vanished
 * or whose claims were lost have run out. */
static void calm_down(void)
{
    queue.away = stuck = false;
    queue.lost_percent = queue.refused_percent = 0;
    if (!programs[1].up) {
        abort_all(&programs[1]);
        sim_run(queue.loop, seconds(5));
        start(&programs[1]);
    }
    for (int i = 0; i < 30 && unfinished(); i++)
        sim_run(queue.loop, seconds(10));
}

/* What the judge found, or NULL. */
static const char *play(uint64_t seed, enum rule rule)
{
    begin(seed);
    queue.rule = rule;
    queue.late_ms_max = roll(4) ? 1 + (int)roll(40) : 0;
    queue.lost_percent = (int)roll(6);
    queue.refused_percent = (int)roll(6);
    for (int i = 0; i < PROCESSES; i++)
        start(&programs[i]);
    for (int i = 0; i < 300; i++)
        happen();
    calm_down();
    int left = unfinished();
    const char *found = queue.fault ? queue.fault : left ? "something was lost" : NULL;
    for (int i = 0; i < PROCESSES; i++)
        if (!stop(&programs[i]) && !found)
            found = "a process does not end";
    if (!found && of_lane(LANE_A, true) + of_lane(LANE_B, true) + of_lane(LANE_C, true))
        found = "who ended kept a lease";
    finish_all();
    return found;
}

TEST(two_hundred_seeds)
{
    for (uint64_t seed = 1; seed <= 200; seed++) {
        const char *found = play(seed, KEEPS_ALL);
        if (found) {
            test_fail(t, __FILE__, __LINE__, "seed %llu: %s", (unsigned long long)seed, found);
            return;
        }
    }
}

TEST(a_queue_that_forgets_a_rule_is_found_out)
{
    static const enum rule rules[] = {NO_FENCE, NO_FENCE_AGAIN, NO_VOIDING, ADDING_IS_IGNORED,
                                      NO_LEASE_END};
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        const char *found = NULL;
        for (uint64_t seed = 1; seed <= 50 && !found; seed++)
            found = play(seed, rules[i]);
        if (!found)
            test_fail(t, __FILE__, __LINE__, "rule %d is forgotten, and nobody sees it",
                      (int)rules[i]);
    }
}
