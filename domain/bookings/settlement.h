/* domain/bookings/settlement.h - what becomes of the money when a booking has ended.
 *
 * The move that ended it wrote into the history, in its own transaction, what the customer owes for it
 * (bookings_history.owed_amount). That line is what payments go by: whoever
 * crashes when, it is there to be worked off. The call through the port below only spares the customer
 * from waiting until that is done.
 *
 * Amounts are in minor units of the booking's currency.
 *
 * Waits: booking_settle. */
#pragma once
#include "domain/bookings/bookings.h"

/* Completed, cancelled, not shown up, or expired. */
bool booking_has_ended(enum booking_status status);

/* What is owed for a booking that has ended: its price when the service was given, else the fee that its
 * policy set when it ended (booking_move decides that, by the database's clock). */
int64_t booking_owed_amount(const struct booking *booking);

/* What was paid is kept + returned; what is owed is kept + missing. */
struct settlement {
    int64_t kept_amount;     /* to be captured, where it is only authorized */
    int64_t returned_amount; /* to be voided or refunded */
    int64_t missing_amount;  /* still to be asked for */
};
struct settlement settlement_of(const struct booking *booking, int64_t paid_amount);

/* Port: who takes the money. Its filler embeds it (container_of). */
struct booking_payments {
    /* Authorized or captured so far, and not given back. */
    NODISCARD enum err (*paid)(struct ctx *c, struct booking_payments *payments, int64_t booking,
                               int64_t *amount);
    /* Bears being told twice. */
    NODISCARD enum err (*settle)(struct ctx *c, struct booking_payments *payments, int64_t booking,
                                 const struct settlement *settlement);
};

/* A booking has ended: what was paid for it and is not owed goes back. Nothing happens when nothing was
 * paid and nothing is owed. */
NODISCARD enum err booking_settle(struct ctx *c, struct booking_payments *payments,
                                  const struct booking *booking);
