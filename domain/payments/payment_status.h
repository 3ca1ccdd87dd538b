/* domain/payments/payment_status.h - the states of a payment, as the API and the database write them.
 *
 * Waits: never. */
#pragma once
#include "runtime/base/str.h"

enum payment_status {
    PAYMENT_NONE, /* nobody has begun to pay, and the price is due or was */
    PAYMENT_INITIATED,
    PAYMENT_AUTHORIZED,
    PAYMENT_PAID,
    PAYMENT_CAPTURED,
    PAYMENT_PARTIALLY_REFUNDED,
    PAYMENT_REFUNDED,
    PAYMENT_VOIDED,
    PAYMENT_FAILED,
    PAYMENT_UNKNOWN, /* a partner's answer was lost: it is to be asked */
    PAYMENT_STATUS_COUNT
};
struct str payment_status_code(enum payment_status status); /* "none", "initiated", … */
bool payment_status_parse(struct str code, enum payment_status *out);
