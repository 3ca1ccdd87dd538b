#include "domain/bookings/settlement.h"

bool booking_has_ended(enum booking_status status)
{
    return status != BOOKING_HELD && status != BOOKING_PENDING && status != BOOKING_CONFIRMED;
}

int64_t booking_owed_amount(const struct booking *booking)
{
    assert(booking_has_ended(booking->status));
    return booking->status == BOOKING_COMPLETED ? booking->price_amount : booking->fee_amount;
}

struct settlement settlement_of(const struct booking *booking, int64_t paid_amount)
{
    int64_t owed = booking_owed_amount(booking);
    assert(owed >= 0 && paid_amount >= 0);
    int64_t kept = paid_amount < owed ? paid_amount : owed;
    return (struct settlement){
        .kept_amount = kept, .returned_amount = paid_amount - kept, .missing_amount = owed - kept};
}

enum err booking_settle(struct ctx *c, struct booking_payments *payments,
                        const struct booking *booking)
{
    int64_t paid_amount;
    TRY(payments->paid(c, payments, booking->id, &paid_amount));
    if (paid_amount == 0 && booking_owed_amount(booking) == 0)
        return OK;
    struct settlement settlement = settlement_of(booking, paid_amount);
    return payments->settle(c, payments, booking->id, &settlement);
}
