#include "domain/payments/payment_status.h"

static const struct str payment_codes[PAYMENT_STATUS_COUNT] = {
    [PAYMENT_NONE] = {"none", 4},
    [PAYMENT_INITIATED] = {"initiated", 9},
    [PAYMENT_AUTHORIZED] = {"authorized", 10},
    [PAYMENT_PAID] = {"paid", 4},
    [PAYMENT_CAPTURED] = {"captured", 8},
    [PAYMENT_PARTIALLY_REFUNDED] = {"partially_refunded", 18},
    [PAYMENT_REFUNDED] = {"refunded", 8},
    [PAYMENT_VOIDED] = {"voided", 6},
    [PAYMENT_FAILED] = {"failed", 6},
    [PAYMENT_UNKNOWN] = {"unknown", 7},
};

struct str payment_status_code(enum payment_status status)
{
    assert(status < PAYMENT_STATUS_COUNT);
    return payment_codes[status];
}

bool payment_status_parse(struct str code, enum payment_status *out)
{
    for (enum payment_status status = 0; status < PAYMENT_STATUS_COUNT; status++)
        if (str_eq(code, payment_codes[status])) {
            *out = status;
            return true;
        }
    return false;
}
