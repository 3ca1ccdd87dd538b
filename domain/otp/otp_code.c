#include "domain/otp/otp_code.h"

#include <string.h>

#include "domain/accounts/phone.h"

void otp_key_init(struct hmac_key *key, struct str secret)
{
    struct hmac_key master;
    hmac_key_init(&master, secret);
    const struct str label = STR("mawid otp code v1");
    struct sha256 derived = hmac_sha256(&master, &label, 1);
    hmac_key_init(key, sha256_str(&derived));
    mem_wipe(&derived, sizeof(derived));
    hmac_key_fini(&master);
}

struct otp_code otp_code_random(const struct clock *clock)
{
    enum { CODES = 1000000 };
    static_assert(OTP_CODE_LEN == 6, "as many as there are digits for");
    struct otp_code code;
    uint64_t n = random_below(clock, CODES);
    for (size_t i = OTP_CODE_LEN; i-- > 0; n /= 10)
        code.digits[i] = (char)('0' + n % 10);
    return code;
}

void otp_code_wipe(struct otp_code *code)
{
    mem_wipe(code, sizeof(*code));
}

struct otp_mac otp_code_mac(const struct hmac_key *key, struct uuid request_id, struct str code)
{
    const struct str parts[] = {str_of((const char *)request_id.bytes, sizeof(request_id.bytes)),
                                code};
    struct sha256 digest = hmac_sha256(key, parts, ARRAY_LEN(parts));
    struct otp_mac mac;
    static_assert(sizeof(mac.bytes) == sizeof(digest.bytes), "one is the other");
    memcpy(mac.bytes, digest.bytes, sizeof(mac.bytes));
    return mac;
}

bool otp_mac_matches(const struct hmac_key *key, struct uuid request_id, struct str code,
                     const struct otp_mac *mac)
{
    struct otp_mac claimed = otp_code_mac(key, request_id, code);
    return str_eq_constant_time(str_of((const char *)claimed.bytes, sizeof(claimed.bytes)),
                                str_of((const char *)mac->bytes, sizeof(mac->bytes)));
}

static_assert((int)OTP_CODE_LEN <= (int)OTP_CODE_TYPED_MAX, "ours can be typed");
bool otp_code_parse(struct str typed, char buffer[OTP_CODE_TYPED_MAX], struct str *out)
{
    size_t len = 0;
    if (!phone_clean(typed, buffer, OTP_CODE_TYPED_MAX, &len) || len < 4 || buffer[0] == '+')
        return false;
    *out = str_of(buffer, len);
    return true;
}
