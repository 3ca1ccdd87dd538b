/* The batcher by itself: who leaves with whom, who gets which rows, and what giving up means. Its statement is a
 * fake that the test lets go: pg_query is this file's. */
#include "storage/batch.h"

#include <endian.h>

#include "storage/retry.h"
#include "tests/unit/runtime/real_loop.h"

/* ---- a fake statement ---------------------------------------------------------------------------- */

static const struct pg_statement fake_statement = {.name = "fake", .params = 2};

/* A run of the statement: one pg_query. */
struct run {
    struct wait wait;
    struct ctx *c;
    struct pg_rows *rows;
    struct str entries; /* "0 1 4": the waiters that it is about, in order */
};
enum { RUNS_MAX = 16, MANY = 12 };

static struct run *runs[RUNS_MAX]; /* under way, in the order in which they came */
static size_t runs_len;            /* ever */
static bool held;                  /* they wait to be let go, else they answer at once */
static struct str poison;          /* a run that is about this waiter fails so: */
static enum err poison_err;
static const char *poison_state;
static int poison_times; /* how often it still does; below 0: always */
static int rows_per_entry;

/* Backward, and every entry's second row far from its first: no order is promised. */
static void fill(struct run *run, struct pg_rows *rows)
{
    struct str rest = run->entries, name;
    struct pg_cell *cells = arena_array(run->c->arena, struct pg_cell, 2 * MANY * 4);
    struct str names[MANY * 4];
    uint32_t len = 0;
    while (str_split(&rest, ' ', &name))
        names[len++] = name;
    rows->columns = 2;
    for (int time = 0; time < rows_per_entry; time++)
        for (uint32_t entry = len; entry-- > 0; rows->len++) {
            char *number = arena_push_bytes(run->c->arena, 4);
            memcpy(number, &(uint32_t){htobe32(entry + 1)}, 4);
            struct str text = str_printf(run->c->arena, "%.*s:%d", STR_FMT(names[entry]), time);
            cells[2 * rows->len] = (struct pg_cell){4, number};
            cells[2 * rows->len + 1] = (struct pg_cell){(int32_t)text.len, text.ptr};
        }
    rows->cells = cells;
}

static bool is_about(const struct run *run, struct str name)
{
    struct str rest = run->entries, one;
    while (str_split(&rest, ' ', &one))
        if (str_eq(one, name))
            return true;
    return false;
}

static void run_cancel(struct wait *wait)
{
    wait_done(wait, ERR_TIMEOUT);
}

enum err pg_query(struct ctx *c, struct pg_pool *pool, const struct pg_statement *stmt,
                  struct pg_args args, struct pg_rows *rows)
{
    assert(stmt == &fake_statement && args.len == 2);
    *rows = (struct pg_rows){0};
    c->costs.pg_statements++;
    struct run run = {.wait.cancel = run_cancel, .c = c, .rows = rows};
    run.entries = str_of(args.items[0].ptr, (size_t)args.items[0].len);
    size_t at = runs_len++;
    assert(at < RUNS_MAX);
    runs[at] = &run;
    enum err err = held ? wait_park(c, &run.wait) : OK;
    runs[at] = NULL;
    if (err)
        return err;
    if (poison_times && poison.len && is_about(&run, poison)) {
        poison_times--;
        memcpy(rows->sqlstate, poison_state, strlen(poison_state));
        return poison_err;
    }
    fill(&run, rows);
    return OK;
}

/* ---- who asks ------------------------------------------------------------------------------------ */

struct fixture {
    struct real real;
    struct batcher batcher;
};

struct asker {
    struct fixture *f;
    struct job job;
    struct batch_waiter waiter;
    struct str name;
    int64_t patience_ms;
    enum err err;
    struct str told; /* its rows' texts, in their order */
    char text[64];
    char sqlstate[6];
    bool duplicate, done;
    uint32_t statements;
};

static void encode_names(struct arena *arena, struct batch_waiter *const *entries, size_t len,
                         struct pg_arg *args)
{
    struct strbuf names = strbuf_new(arena, 64);
    for (size_t i = 0; i < len; i++) {
        struct str name = container_of(entries[i], struct asker, waiter)->name;
        strbuf_addf(&names, "%s%.*s", i ? " " : "", STR_FMT(name));
    }
    args[0] = pg_text(strbuf_str(&names));
    args[1] = pg_int4((int32_t)len);
}

static const struct batch_kind kind = {
    .statement = &fake_statement,
    .encode = encode_names,
};

static void ask(struct ctx *c, void *arg)
{
    struct asker *a = arg;
    struct pg_rows rows;
    if (a->patience_ms)
        c->deadline = tick_add(loop_now(a->f->real.loop), milliseconds(a->patience_ms));
    a->err = batch_query(c, &a->f->batcher, &a->waiter, &rows);
    size_t len = 0;
    for (uint32_t row = 0; a->err == OK && row < rows.len; row++)
        len += (size_t)snprintf(a->text + len, sizeof(a->text) - len, "%s%.*s", row ? " " : "",
                                (int)rows.cells[2 * row + 1].len, rows.cells[2 * row + 1].ptr);
    a->told = str_of(a->text, len);
    memcpy(a->sqlstate, rows.sqlstate, sizeof(a->sqlstate));
    a->duplicate = a->waiter.duplicate;
    a->statements = c->costs.pg_statements;
    a->done = true;
}

static void fixture_begin(struct fixture *f, struct asker *askers, uint32_t under_way_max)
{
    static const char *const names[MANY] = {"0", "1", "2", "3", "4",  "5",
                                            "6", "7", "8", "9", "10", "11"};
    *f = (struct fixture){.real = real_begin()};
    struct batcher_options options = {
        .under_way_max = under_way_max, .weight_max = 8, .waiting_max = 9};
    batcher_begin(&f->batcher, f->real.loop, NULL, &kind, &options);
    for (int i = 0; i < MANY; i++)
        askers[i] = (struct asker){.f = f, .name = str_c(names[i]), .waiter = {.weight = 1}};
    runs_len = 0;
    held = false;
    poison = STR("");
    poison_times = -1;
    rows_per_entry = 1;
}

static void fixture_end(struct fixture *f)
{
    batcher_end(&f->batcher);
    real_end(&f->real);
}

static void start(struct asker *askers, int first, int last)
{
    for (int i = first; i <= last; i++)
        job_start(&askers[i].f->real, &askers[i].job, ask, &askers[i]);
}

static void turn(struct fixture *f)
{
    loop_turn(f->real.loop, (struct tick){0});
}

static void let_go(struct fixture *f, size_t run)
{
    wait_done(&runs[run]->wait, OK);
    turn(f);
}

static void let_all_go(struct fixture *f)
{
    held = false;
    for (size_t i = 0; i < runs_len; i++)
        if (runs[i])
            wait_done(&runs[i]->wait, OK);
    real_finish(&f->real, 2000);
}

static struct str entries_of(size_t run)
{
    return runs_len > run && runs[run] ? runs[run]->entries : STR("none");
}

#define FINISH(f) CHECK(real_finish(&(f).real, 2000))

/* ---- departing ----------------------------------------------------------------------------------- */

TEST(one_alone_leaves_in_the_same_turn)
{
    struct fixture f;
    struct asker a[MANY];
    fixture_begin(&f, a, 1);
    held = true;
    start(a, 0, 0);
    CHECK_INT(runs_len, 0);
    turn(&f);
    CHECK_STR(entries_of(0), STR("0"));
    CHECK_INT(batcher_under_way(&f.batcher), 1);
    CHECK_INT(batcher_waiting(&f.batcher), 0);
    let_all_go(&f);
    CHECK_STR(a[0].told, STR("0:0"));
    CHECK_INT(a[0].statements, 1);
    CHECK_INT(batcher_under_way(&f.batcher), 0);
    fixture_end(&f);
}

TEST(those_of_one_turn_leave_together_and_each_gets_its_own_rows)
{
    struct fixture f;
    struct asker a[MANY];
    fixture_begin(&f, a, 1);
    rows_per_entry = 3;
    start(a, 0, 4);
    FINISH(f);
    CHECK_INT(runs_len, 1);
    for (int i = 0; i < 5; i++) {
        char expected[32];
        snprintf(expected, sizeof(expected), "%d:0 %d:1 %d:2", i, i, i);
        CHECK_STR(a[i].told, str_c(expected));
        CHECK_INT(a[i].statements, 1);
    }
    fixture_end(&f);
}

TEST(an_entry_without_rows_is_answered_with_none)
{
    struct fixture f;
    struct asker a[MANY];
    fixture_begin(&f, a, 1);
    rows_per_entry = 0;
    start(a, 0, 1);
    FINISH(f);
    CHECK_INT(a[0].err, OK);
    CHECK_STR(a[1].told, STR(""));
    fixture_end(&f);
}

TEST(who_comes_while_all_places_are_taken_leaves_with_the_next_all_together)
{
    struct fixture f;
    struct asker a[MANY];
    fixture_begin(&f, a, 2);
    held = true;
    for (int i = 0; i < 2; i++) {
        start(a, i, i);
        turn(&f);
    }
    start(a, 2, 4);
    turn(&f);
    start(a, 5, 5);
    turn(&f);
    CHECK_INT(runs_len, 2);
    CHECK_INT(batcher_waiting(&f.batcher), 4);
    let_go(&f, 1);
    turn(&f);
    CHECK_INT(runs_len, 3);
    CHECK_STR(entries_of(2), STR("2 3 4 5"));
    CHECK(a[1].done && !a[0].done);
    let_all_go(&f);
    CHECK_STR(a[5].told, STR("5:0"));
    fixture_end(&f);
}

TEST(a_full_batch_leaves_the_rest_and_nobody_overtakes_a_heavy_one)
{
    struct fixture f;
    struct asker a[MANY];
    fixture_begin(&f, a, 1);
    held = true;
    a[0].waiter.weight = 5;
    a[1].waiter.weight = 4;
    start(a, 0, 2);
    turn(&f);
    CHECK_STR(entries_of(0), STR("0"));
    let_go(&f, 0);
    turn(&f);
    CHECK_STR(entries_of(1), STR("1 2"));
    let_all_go(&f);
    fixture_end(&f);
}

TEST(more_than_may_wait_are_not_done)
{
    struct fixture f;
    struct asker a[MANY];
    fixture_begin(&f, a, 1);
    start(a, 0, 8);
    CHECK(batcher_full(&f.batcher));
    start(a, 9, 9);
    CHECK(a[9].done);
    CHECK_INT(a[9].err, ERR_UNAVAILABLE);
    CHECK_INT(a[9].statements, 0);
    FINISH(f);
    for (int i = 0; i < 9; i++)
        CHECK_INT(a[i].err, OK);
    CHECK(!batcher_full(&f.batcher));
    fixture_end(&f);
}

TEST(at_the_end_those_who_wait_are_sent_away_and_nobody_comes_in)
{
    struct fixture f;
    struct asker a[MANY];
    fixture_begin(&f, a, 1);
    held = true;
    start(a, 0, 0);
    turn(&f);
    start(a, 1, 1);
    batcher_end(&f.batcher);
    turn(&f);
    CHECK(a[1].done && !a[0].done);
    CHECK_INT(a[1].err, ERR_CANCELED);
    start(a, 2, 2);
    CHECK_INT(a[2].err, ERR_CANCELED);
    let_all_go(&f);
    CHECK_INT(a[0].err, OK);
    CHECK_INT(runs_len, 1);
    fixture_end(&f);
}

/* ---- giving up ----------------------------------------------------------------------------------- */

TEST(who_gives_up_waiting_has_done_nothing)
{
    struct fixture f;
    struct asker a[MANY];
    fixture_begin(&f, a, 1);
    held = true;
    start(a, 0, 0);
    turn(&f);
    a[1].patience_ms = 20;
    start(a, 1, 3);
    ctx_cancel(a[2].job.c);
    CHECK(real_turn_until(&f.real, &a[1].done, 1000));
    CHECK_INT(a[1].err, ERR_UNAVAILABLE);
    CHECK(a[2].done);
    CHECK_INT(a[2].err, ERR_CANCELED);
    CHECK_INT(batcher_waiting(&f.batcher), 1);
    let_go(&f, 0);
    turn(&f);
    CHECK_STR(entries_of(1), STR("3"));
    let_all_go(&f);
    fixture_end(&f);
}

TEST(who_gives_up_under_way_does_not_know_and_the_others_are_answered)
{
    struct fixture f;
    struct asker a[MANY];
    fixture_begin(&f, a, 1);
    held = true;
    a[0].patience_ms = 20;
    a[2].patience_ms = 60000;
    start(a, 0, 2);
    turn(&f);
    ctx_cancel(a[1].job.c);
    CHECK(real_turn_until(&f.real, &a[0].done, 1000));
    CHECK_INT(a[0].err, ERR_TIMEOUT);
    CHECK(a[1].done && !a[2].done);
    CHECK_INT(a[1].err, ERR_CANCELED);
    let_go(&f, 0);
    CHECK(real_turn_until(&f.real, &a[2].done, 1000));
    CHECK_STR(a[2].told, STR("2:0"));
    fixture_end(&f);
}

TEST(the_statement_goes_on_as_long_as_one_can_wait_and_no_longer)
{
    struct fixture f;
    struct asker a[MANY];
    fixture_begin(&f, a, 1);
    held = true;
    a[0].patience_ms = 20;
    a[1].patience_ms = 60;
    uint64_t began = real_now_ms();
    start(a, 0, 1);
    FINISH(f);
    CHECK(real_now_ms() - began >= 60);
    CHECK_INT(a[0].err, ERR_TIMEOUT);
    CHECK_INT(a[1].err, ERR_TIMEOUT);
    for (int i = 0; i < 20 && batcher_under_way(&f.batcher); i++)
        turn(&f);
    CHECK_INT(batcher_under_way(&f.batcher), 0);
    fixture_end(&f);
}

TEST(who_is_out_of_time_does_not_leave)
{
    struct fixture f;
    struct asker a[MANY];
    fixture_begin(&f, a, 1);
    held = true;
    a[0].patience_ms = 1;
    a[1].patience_ms = 60000;
    start(a, 0, 1);
    uint64_t over = real_now_ms() + 3;
    while (real_now_ms() < over)
        ;
    turn(&f);
    CHECK_STR(entries_of(0), STR("1"));
    turn(&f);
    CHECK(a[0].done);
    CHECK_INT(a[0].err, ERR_UNAVAILABLE);
    let_all_go(&f);
    fixture_end(&f);
}

/* ---- duplicates ---------------------------------------------------------------------------------- */

static void name_it(struct asker *asker, int64_t owner, struct str key, struct str fingerprint)
{
    asker->waiter.key = (struct batch_key){owner, key, fingerprint};
}

TEST(duplicates_are_one_entry_and_all_get_its_rows)
{
    struct fixture f;
    struct asker a[MANY];
    fixture_begin(&f, a, 1);
    held = true;
    for (int i = 0; i < 3; i++)
        name_it(&a[i], 7, STR("k"), STR("same"));
    start(a, 0, 3);
    turn(&f);
    CHECK_STR(entries_of(0), STR("0 3"));
    ctx_cancel(a[0].job.c); /* their leader gives up */
    let_all_go(&f);
    CHECK_INT(a[0].err, ERR_CANCELED);
    CHECK(!a[0].duplicate && !a[3].duplicate);
    for (int i = 1; i < 3; i++) {
        CHECK_STR(a[i].told, STR("0:0"));
        CHECK(a[i].duplicate);
    }
    CHECK_STR(a[3].told, STR("3:0"));
    fixture_end(&f);
}

TEST(a_key_that_asks_for_something_else_waits_for_the_first)
{
    struct fixture f;
    struct asker a[MANY];
    fixture_begin(&f, a, 2);
    held = true;
    name_it(&a[0], 7, STR("k"), STR("one"));
    name_it(&a[1], 7, STR("k"), STR("other"));
    name_it(&a[2], 8, STR("k"), STR("other"));
    start(a, 0, 2);
    turn(&f);
    CHECK_STR(entries_of(0), STR("0 2"));
    let_all_go(&f);
    CHECK_STR(a[1].told, STR("1:0"));
    CHECK(!a[1].duplicate);
    CHECK_INT(runs_len, 2);
    fixture_end(&f);
}

TEST(without_a_key_the_same_owner_is_no_duplicate)
{
    struct fixture f;
    struct asker a[MANY];
    fixture_begin(&f, a, 1);
    name_it(&a[0], 7, STR(""), STR(""));
    name_it(&a[1], 7, STR(""), STR(""));
    start(a, 0, 1);
    FINISH(f);
    CHECK_STR(a[1].told, STR("1:0"));
    CHECK(!a[1].duplicate);
    fixture_end(&f);
}

/* ---- failing ------------------------------------------------------------------------------------- */

static void poison_with(struct str name, enum err err, const char *sqlstate)
{
    poison = name;
    poison_err = err;
    poison_state = sqlstate;
}

TEST(what_one_cannot_have_decided_harms_nobody_else)
{
    static const struct {
        enum err err;
        const char *sqlstate;
    } ways[] = {{ERR_CONFLICT, "23P01"},
                {ERR_INTERNAL, "22021"},
                {ERR_UNAVAILABLE, "55P03"},
                {ERR_UNAVAILABLE, "40P01"}};
    for (size_t way = 0; way < ARRAY_LEN(ways); way++) {
        struct fixture f;
        struct asker a[MANY];
        fixture_begin(&f, a, 1);
        poison_with(STR("1"), ways[way].err, ways[way].sqlstate);
        name_it(&a[0], 7, STR("k"), STR("same"));
        name_it(&a[2], 7, STR("k"), STR("same"));
        start(a, 0, 2);
        FINISH(f);
        CHECK_INT(runs_len, 4);
        CHECK_STR(a[0].told, STR("0:0"));
        CHECK_INT(a[1].err, ways[way].err);
        CHECK_STR(str_c(a[1].sqlstate), str_c(ways[way].sqlstate));
        CHECK_STR(a[2].told, STR("2:0"));
        CHECK(!a[2].duplicate);
        CHECK_INT(a[2].statements, 2);
        fixture_end(&f);
    }
}

TEST(what_was_judged_by_what_is_no_more_is_judged_anew_but_not_for_ever)
{
    struct fixture f;
    struct asker a[MANY];
    fixture_begin(&f, a, 1);
    poison_with(STR("0"), ERR_UNAVAILABLE, "40001");
    poison_times = 2;
    start(a, 0, 0);
    FINISH(f);
    CHECK_STR(a[0].told, STR("0:0"));
    CHECK_INT(runs_len, 3);
    poison_times = -1;
    a[1].name = STR("0");
    start(a, 1, 1);
    FINISH(f);
    CHECK_INT(a[1].err, ERR_UNAVAILABLE);
    CHECK_INT(runs_len, 3 + 1 + 1 + RETRIES_MAX);
    fixture_end(&f);
}

TEST(not_done_and_unknown_are_the_same_for_all_and_nobody_asks_again)
{
    static const struct {
        enum err err;
        const char *sqlstate;
    } ways[] = {{ERR_UNAVAILABLE, ""},      /* no server */
                {ERR_UNAVAILABLE, "57014"}, /* too slow */
                {ERR_TIMEOUT, ""},
                {ERR_INTERNAL, ""}}; /* an answer that was too large: it was committed */
    for (size_t way = 0; way < ARRAY_LEN(ways); way++) {
        struct fixture f;
        struct asker a[MANY];
        fixture_begin(&f, a, 1);
        poison_with(STR("1"), ways[way].err, ways[way].sqlstate);
        start(a, 0, 2);
        FINISH(f);
        CHECK_INT(runs_len, 1);
        for (int i = 0; i < 3; i++)
            CHECK_INT(a[i].err, ways[way].err);
        fixture_end(&f);
    }
}
