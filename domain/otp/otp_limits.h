/* domain/otp/otp_limits.h - port: who may ask for a code, and enter one, how often.
 *
 * One atomic step decides all rules in their order and, only when none refuses, counts in all of
 * them: of two requests at once, one takes a last place. More rules (number prefix, country,
 * conversion, a cap per day) join as further windows.
 *
 * ERR_UNAVAILABLE, ERR_TIMEOUT from any call: the fast counters are lost; the caller has the same
 * rules decided from the rows (otp_store.h).
 *
 * Waits: exactly the calls that take a ctx. */
#pragma once
#include "domain/accounts/phone.h"
#include "runtime/base/ctx.h"

struct otp_limits;

struct otp_window {
    int32_t max; /* 0: no such limit */
    struct duration length;
};
struct otp_rules {
    struct otp_window address, device, phone;
    struct duration cooldown; /* between two sends; doubles after the third in a row */
    struct otp_window verify_address, verify_phone;
};

enum otp_limit {
    OTP_LIMIT_NONE,
    OTP_LIMIT_ADDRESS,
    OTP_LIMIT_DEVICE,
    OTP_LIMIT_PHONE,
    OTP_LIMIT_COOLDOWN,
    OTP_LIMIT_COUNT
};
struct otp_admission {
    enum otp_limit refused_by;
    int32_t retry_after_s; /* > 0 when refused */
};

/* Who asks. Keys are opaque texts; an empty one means that nothing is known to limit by. */
struct otp_asker {
    struct uuid request_id;
    struct str phone;
    struct str address_key;
    struct str device_key;
};

NODISCARD enum err otp_limits_admit(struct ctx *c, struct otp_limits *limits,
                                    const struct otp_rules *rules, const struct otp_asker *asker,
                                    struct otp_admission *out);
/* Nothing reached the phone: the request no longer counts for it, nor starts its cooldown. Address
 * and device have spent their place. */
NODISCARD enum err otp_limits_refund(struct ctx *c, struct otp_limits *limits,
                                     const struct otp_asker *asker);
/* A code is entered: OTP_LIMIT_ADDRESS or OTP_LIMIT_PHONE, or none. `asker->phone` is empty when
 * the request is unknown; `request_id` names the attempt. */
NODISCARD enum err otp_limits_admit_attempt(struct ctx *c, struct otp_limits *limits,
                                            const struct otp_rules *rules,
                                            const struct otp_asker *asker,
                                            struct otp_admission *out);
