/* domain/otp/otp_sender.h - port: who brings a code to a phone. Filled in providers/.
 *
 * A struct of functions, because the settings choose. One belongs to one loop.
 *
 * Waits: its functions. */
#pragma once
#include "domain/accounts/phone.h"
#include "runtime/base/ctx.h"

enum otp_channel { OTP_SMS, OTP_WHATSAPP, OTP_CHANNEL_COUNT };

struct otp_message {
    struct str phone; /* E.164 */
    enum otp_channel channel;
    struct str code; /* empty when the provider makes it */
    struct str text; /* the whole message, for those that send texts; empty as above */
};

struct otp_sender {
    const char *name;
    bool makes_code; /* it makes the code and checks it; we never see it */

    /* Never tried twice: a second try may send, and cost, twice. On failure, whatever its class,
     * the code is not to be counted on; *retry_after_s is when to come back (0: no idea). */
    enum err (*send)(struct ctx *c, struct otp_sender *sender, const struct otp_message *message,
                     int32_t *retry_after_s);
    /* Only of one that makes_code. OK: it judged, see *right. Anything else: it did not. */
    enum err (*check)(struct ctx *c, struct otp_sender *sender, struct str phone, struct str code,
                      bool *right, int32_t *retry_after_s);
};
