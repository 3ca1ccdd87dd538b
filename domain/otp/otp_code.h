/* domain/otp/otp_code.h - one-time codes: made, kept as a MAC, compared.
 *
 * The key is derived from the secret and never stored, so that who reads the table cannot try a
 * million codes against it. The MAC covers the request's id: one row's says nothing about another's.
 *
 * Waits: never. */
#pragma once
#include "runtime/base/clock.h"
#include "runtime/base/crypto.h"

enum { OTP_CODE_LEN = 6 };
enum { OTP_CODE_TYPED_MAX = 8 }; /* digits of a code that a provider made */

struct otp_code {
    char digits[OTP_CODE_LEN];
};
static inline struct str otp_code_str(const struct otp_code *code)
{
    return str_of(code->digits, OTP_CODE_LEN);
}
struct otp_mac {
    uint8_t bytes[32];
};

void otp_key_init(struct hmac_key *key, struct str secret); /* ends with hmac_key_fini */
struct otp_code otp_code_random(const struct clock *clock);
void otp_code_wipe(struct otp_code *code); /* for SCOPED */
struct otp_mac otp_code_mac(const struct hmac_key *key, struct uuid request_id, struct str code);
/* In constant time. */
bool otp_mac_matches(const struct hmac_key *key, struct uuid request_id, struct str code,
                     const struct otp_mac *mac);

/* Digits of other scripts become ASCII, spaces and hyphens go. False: not 4 to OTP_CODE_TYPED_MAX
 * digits. `out` lives as long as `buffer`. */
NODISCARD bool otp_code_parse(struct str typed, char buffer[OTP_CODE_TYPED_MAX], struct str *out);
