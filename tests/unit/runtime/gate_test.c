#include "runtime/gate.h"

#include "tests/unit/runtime/real_loop.h"

struct guest {
    struct job job;
    struct gate *gate;
    int64_t within_ms;
    enum err err;
};

static void wait_at_gate(struct ctx *c, void *arg)
{
    struct guest *guest = arg;
    struct ctx_scope scope SCOPED(ctx_restore) = ctx_within(c, milliseconds(guest->within_ms));
    guest->err = gate_wait(c, guest->gate);
}

static void arrive(struct real *r, struct guest *guest, struct gate *gate, int64_t within_ms)
{
    *guest = (struct guest){.gate = gate, .within_ms = within_ms, .err = ERR_INTERNAL};
    job_start(r, &guest->job, wait_at_gate, guest);
}

TEST(an_open_gate_lets_through_who_waits_and_closes_at_once)
{
    struct real r = real_begin();
    struct gate gate;
    struct guest early[3], late;
    gate_init(&gate);
    for (size_t i = 0; i < ARRAY_LEN(early); i++)
        arrive(&r, &early[i], &gate, 20000);
    CHECK_INT(r.live, 3);
    gate_open(&gate);
    CHECK(real_finish(&r, 5000));
    for (size_t i = 0; i < ARRAY_LEN(early); i++)
        CHECK_INT(early[i].err, OK);
    arrive(&r, &late, &gate, 20000);
    real_turn_until(&r, NULL, 20);
    CHECK_INT(r.live, 1);
    gate_open(&gate);
    CHECK(real_finish(&r, 5000));
    CHECK_INT(late.err, OK);
    real_end(&r);
}

TEST(who_gives_up_waiting_leaves_the_others_there)
{
    struct real r = real_begin();
    struct gate gate;
    struct guest hasty, canceled, patient;
    gate_init(&gate);
    arrive(&r, &hasty, &gate, 1);
    arrive(&r, &canceled, &gate, 20000);
    arrive(&r, &patient, &gate, 20000);
    ctx_cancel(canceled.job.c);
    while (r.live > 1)
        real_turn_until(&r, NULL, 5);
    CHECK_INT(hasty.err, ERR_TIMEOUT);
    CHECK_INT(canceled.err, ERR_CANCELED);
    gate_open(&gate);
    CHECK(real_finish(&r, 5000));
    CHECK_INT(patient.err, OK);
    real_end(&r);
}
