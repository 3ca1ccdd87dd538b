/* Who leaves with whom, and what giving up means: the rules alone, without flights. */
#include "domain/bookings/combiner.h"

#include "tests/test.h"

enum { MANY = 8 };

struct fixture {
    struct combiner combiner;
    struct passenger p[MANY];
    struct list flight;
};

static void fixture_begin(struct fixture *f)
{
    struct combiner_limits limits = {.flights_max = 1, .flight_services_max = 6, .waiting_max = 7};
    *f = (struct fixture){0};
    combiner_init(&f->combiner, &limits);
    for (int i = 0; i < MANY; i++)
        f->p[i] = (struct passenger){.services = 1, .caller = i, .deadline = TICK_NEVER};
}

static bool offer(struct fixture *f, int i)
{
    return combiner_offer(&f->combiner, &f->p[i]);
}

static bool depart(struct fixture *f)
{
    return combiner_depart(&f->combiner, (struct tick){100}, &f->flight);
}

/* "0 1 4": the flight, in its order. */
static struct str on_board(struct fixture *f)
{
    static char text[64];
    size_t len = 0;
    for (struct list_link *l = f->flight.head.next; l != &f->flight.head; l = l->next)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%td", len ? " " : "",
                                container_of(l, struct passenger, link) - f->p);
    return str_of(text, len);
}

TEST(one_alone_leaves_at_once)
{
    struct fixture f;
    fixture_begin(&f);
    CHECK(offer(&f, 0) && depart(&f));
    CHECK_STR(on_board(&f), STR("0"));
    CHECK(f.p[0].left);
}

TEST(who_comes_while_a_flight_is_under_way_leaves_with_the_next_all_together)
{
    struct fixture f;
    fixture_begin(&f);
    CHECK(offer(&f, 0) && depart(&f));
    CHECK(offer(&f, 1) && offer(&f, 2) && offer(&f, 3));
    CHECK(!depart(&f));
    combiner_landed(&f.combiner);
    CHECK(depart(&f));
    CHECK_STR(on_board(&f), STR("1 2 3"));
    CHECK_INT(f.combiner.waiting_len, 0);
}

TEST(nobody_waiting_is_no_flight)
{
    struct fixture f;
    fixture_begin(&f);
    CHECK(!depart(&f));
    CHECK_INT(f.combiner.flights, 0);
}

TEST(a_full_flight_leaves_the_rest_and_nobody_overtakes_a_visit)
{
    struct fixture f;
    fixture_begin(&f);
    f.p[0].services = 4;
    f.p[1].services = 3;
    CHECK(offer(&f, 0) && offer(&f, 1) && offer(&f, 2) && depart(&f));
    CHECK_STR(on_board(&f), STR("0"));
    combiner_landed(&f.combiner);
    CHECK(depart(&f));
    CHECK_STR(on_board(&f), STR("1 2"));
}

TEST(more_than_may_wait_are_refused)
{
    struct fixture f;
    fixture_begin(&f);
    for (int i = 0; i < 7; i++)
        CHECK(offer(&f, i));
    CHECK(!offer(&f, 7));
    CHECK(combiner_withdraw(&f.combiner, &f.p[3]));
    CHECK(offer(&f, 7));
}

TEST(who_gives_up_before_leaving_has_done_nothing_afterwards_nobody_knows)
{
    struct fixture f;
    fixture_begin(&f);
    CHECK(offer(&f, 0) && offer(&f, 1));
    CHECK(combiner_withdraw(&f.combiner, &f.p[0]));
    CHECK(depart(&f));
    CHECK_STR(on_board(&f), STR("1"));
    CHECK(!combiner_withdraw(&f.combiner, &f.p[1]));
    CHECK(list_empty(&f.flight));
    CHECK_INT(f.combiner.waiting_len, 0);
}

TEST(who_is_out_of_time_does_not_leave)
{
    struct fixture f;
    fixture_begin(&f);
    f.p[0].deadline = (struct tick){100};
    CHECK(offer(&f, 0) && !depart(&f));
    CHECK(offer(&f, 1) && depart(&f));
    CHECK_STR(on_board(&f), STR("1"));
    CHECK(!f.p[0].left);
}

static void name(struct fixture *f, int i, int64_t caller, struct str key, struct str fingerprint)
{
    f->p[i].caller = caller;
    f->p[i].key = key;
    f->p[i].fingerprint = fingerprint;
}

TEST(twins_leave_together_and_the_first_speaks)
{
    struct fixture f;
    fixture_begin(&f);
    for (int i = 0; i < 3; i++)
        name(&f, i, 7, STR("k"), STR("same"));
    CHECK(offer(&f, 0) && offer(&f, 1) && offer(&f, 2) && offer(&f, 3) && depart(&f));
    CHECK_STR(on_board(&f), STR("0 1 2 3"));
    CHECK(!f.p[0].speaker && !f.p[3].speaker);
    CHECK(f.p[1].speaker == &f.p[0] && f.p[2].speaker == &f.p[0]);
}

TEST(a_key_that_asks_for_something_else_waits_for_the_first)
{
    struct fixture f;
    fixture_begin(&f);
    name(&f, 0, 7, STR("k"), STR("one"));
    name(&f, 1, 7, STR("k"), STR("other"));
    name(&f, 2, 8, STR("k"), STR("other"));
    CHECK(offer(&f, 0) && offer(&f, 1) && offer(&f, 2) && depart(&f));
    CHECK_STR(on_board(&f), STR("0 2"));
    CHECK(!f.p[2].speaker);
    combiner_landed(&f.combiner);
    CHECK(depart(&f));
    CHECK_STR(on_board(&f), STR("1"));
}

TEST(without_a_key_the_same_caller_is_no_twin)
{
    struct fixture f;
    fixture_begin(&f);
    name(&f, 0, 7, STR(""), STR(""));
    name(&f, 1, 7, STR(""), STR(""));
    CHECK(offer(&f, 0) && offer(&f, 1) && depart(&f));
    CHECK_STR(on_board(&f), STR("0 1"));
    CHECK(!f.p[1].speaker);
}
