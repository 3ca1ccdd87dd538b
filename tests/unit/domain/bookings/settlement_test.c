/* What becomes of the money when a booking has ended: the rule, and the port on a fake. */
#include "domain/bookings/settlement.h"

#include "tests/test.h"

static struct booking ended(enum booking_status status, int64_t fee_amount)
{
    return (struct booking){
        .id = 7, .status = status, .price_amount = 10000, .fee_amount = fee_amount};
}

TEST(active_bookings_have_not_ended)
{
    for (int status = 0; status < BOOKING_STATUS_COUNT; status++)
        CHECK_INT(booking_has_ended((enum booking_status)status), status != BOOKING_HELD &&
                                                                      status != BOOKING_PENDING &&
                                                                      status != BOOKING_CONFIRMED);
}

TEST(what_is_owed_stays_and_the_rest_goes_back)
{
    static const struct {
        enum booking_status status;
        int64_t fee, paid, kept, returned, missing;
    } cases[] = {
        {BOOKING_CANCELLED, 0, 10000, 0, 10000, 0}, /* inside the policy: all goes back */
        {BOOKING_CANCELLED, 2500, 10000, 2500, 7500, 0},
        {BOOKING_CANCELLED, 2500, 2500, 2500, 0, 0},
        {BOOKING_CANCELLED, 2500, 500, 500, 0, 2000}, /* a deposit that does not cover the fee */
        {BOOKING_CANCELLED, 2500, 0, 0, 0, 2500},
        {BOOKING_NO_SHOW, 3000, 10000, 3000, 7000, 0},
        {BOOKING_EXPIRED, 0, 10000, 0, 10000, 0}, /* paid a moment too late */
        {BOOKING_COMPLETED, 0, 10000, 10000, 0, 0},
        {BOOKING_COMPLETED, 0, 500, 500, 0, 9500}, /* the rest is paid at the salon */
        {BOOKING_COMPLETED, 0, 12000, 10000, 2000, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct booking booking = ended(cases[i].status, cases[i].fee);
        struct settlement got = settlement_of(&booking, cases[i].paid);
        CHECK_INT(got.kept_amount, cases[i].kept);
        CHECK_INT(got.returned_amount, cases[i].returned);
        CHECK_INT(got.missing_amount, cases[i].missing);
    }
}

TEST(nothing_is_lost_or_made_between_paid_and_owed)
{
    for (int64_t fee = 0; fee <= 300; fee += 50)
        for (int64_t paid = 0; paid <= 300; paid += 50) {
            struct booking booking = ended(BOOKING_CANCELLED, fee);
            struct settlement got = settlement_of(&booking, paid);
            CHECK_INT(got.kept_amount + got.returned_amount, paid);
            CHECK_INT(got.kept_amount + got.missing_amount, fee);
            CHECK(got.returned_amount == 0 || got.missing_amount == 0);
        }
}

/* ---- the port --------------------------------------------------------------------------------- */

struct till {
    struct booking_payments payments;
    int64_t paid;
    enum err paid_err, settle_err;
    int settled;
    int64_t booking;
    struct settlement last;
};

static enum err till_paid(struct ctx *c, struct booking_payments *payments, int64_t booking,
                          int64_t *amount)
{
    struct till *till = container_of(payments, struct till, payments);
    till->booking = booking;
    *amount = till->paid;
    return till->paid_err;
}

static enum err till_settle(struct ctx *c, struct booking_payments *payments, int64_t booking,
                            const struct settlement *settlement)
{
    struct till *till = container_of(payments, struct till, payments);
    till->settled++;
    till->last = *settlement;
    return till->settle_err;
}

static enum err settle(struct till *till, const struct booking *booking)
{
    till->payments = (struct booking_payments){till_paid, till_settle};
    struct ctx c;
    ctx_init(&c, NULL, &clock_system);
    return booking_settle(&c, &till->payments, booking);
}

TEST(payments_are_told_what_to_keep_and_what_to_return)
{
    struct till till = {.paid = 10000};
    struct booking booking = ended(BOOKING_CANCELLED, 2500);
    CHECK_INT(settle(&till, &booking), OK);
    CHECK_INT(till.booking, 7);
    CHECK_INT(till.settled, 1);
    CHECK_INT(till.last.kept_amount, 2500);
    CHECK_INT(till.last.returned_amount, 7500);
}

TEST(a_fee_that_nobody_has_paid_is_told_as_missing)
{
    struct till till = {0};
    struct booking booking = ended(BOOKING_NO_SHOW, 3000);
    CHECK_INT(settle(&till, &booking), OK);
    CHECK_INT(till.last.missing_amount, 3000);
}

TEST(where_nothing_was_paid_and_nothing_is_owed_nobody_is_bothered)
{
    struct till till = {0};
    struct booking booking = ended(BOOKING_CANCELLED, 0);
    CHECK_INT(settle(&till, &booking), OK);
    CHECK_INT(till.settled, 0);
}

TEST(payments_that_do_not_answer_are_an_error_and_nothing_is_guessed)
{
    struct till till = {.paid = 10000, .paid_err = ERR_TIMEOUT};
    struct booking booking = ended(BOOKING_CANCELLED, 0);
    CHECK_INT(settle(&till, &booking), ERR_TIMEOUT);
    CHECK_INT(till.settled, 0);
    till = (struct till){.paid = 10000, .settle_err = ERR_UNAVAILABLE};
    CHECK_INT(settle(&till, &booking), ERR_UNAVAILABLE);
}
