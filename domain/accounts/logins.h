/* domain/accounts/logins.h - a code becomes a session, a session keeps itself alive.
 *
 * A refresh token is used once; what follows it is the same family, one per device that logged in.
 * A used one that is shown again within the grace gets the same successor, byte for byte (its
 * answer may have been lost); later, somebody has a copy: the whole session ends (RFC 9700 §4.14).
 *
 * Threads: read-only after it was made.   Waits: exactly the calls that take a ctx. */
#pragma once
#include "domain/accounts/session_store.h"
#include "domain/otp/otp.h"

struct logins {
    const struct token_keys *keys;
    struct session_store *sessions;
    struct duration grace;
};

struct token_pair {
    struct str access, refresh; /* in the ctx's arena */
};
struct login {
    struct account account;
    bool first_time;
    struct token_pair tokens;
};

/* Two statements and one script. Refused as otp_check refuses; the slower of two as a wrong code. */
NODISCARD enum err login_by_code(struct ctx *c, const struct logins *logins, struct otp *otp,
                                 const struct otp_attempt *attempt,
                                 const struct session_client *client, struct login *out);
/* R_TOKEN_INVALID, R_REFRESH_INVALID, R_REFRESH_REUSED. */
NODISCARD enum err login_refresh(struct ctx *c, const struct logins *logins, struct str refresh,
                                 const struct session_client *client, struct token_pair *out);
/* An access token for a phone number, with its account and session, without a code: for local
 * development (`mawid token mint`). The caller refuses production. R_PHONE_INVALID. */
NODISCARD enum err login_mint(struct ctx *c, const struct logins *logins, struct str phone,
                              struct str *access);
