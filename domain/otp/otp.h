/* domain/otp/otp.h - one-time codes: asked for, sent, entered.
 *
 * A request:  parse -> limits (one script) -> row (one statement) -> send. Nothing is counted in
 *             any limit when one refuses, nothing is written when a limit refuses, and a code that
 *             could not be sent costs the phone nothing.
 * An attempt: counted and read (one statement) -> limits (one script) -> judged. The caller's next
 *             statement uses the code up; of two attempts with the right code one wins there.
 *
 * Test numbers have a fixed code, nothing is sent to them, no limit counts them.
 *
 * Threads: a `struct otp` belongs to its loop, `struct otp_options` is shared and read-only.
 * Waits:   exactly the calls that take a ctx. */
#pragma once
#include "domain/otp/otp_store.h"
#include "domain/reason.h"

struct otp_test_number {
    struct phone phone;
    struct otp_code code;
};
/* "+966500000000:123456". False: not a phone number, or not 6 digits. */
bool otp_test_number_parse(struct str text, struct otp_test_number *out);

struct otp_options {
    struct hmac_key key; /* otp_key_init */
    struct duration ttl;
    int32_t attempts_max;
    struct otp_rules rules;
    const struct str *countries; /* ISO 3166, upper case; none: all */
    size_t countries_len;
    const struct otp_test_number *test_numbers;
    size_t test_numbers_len;
};

struct otp {
    const struct otp_options *options;
    struct otp_store *store;
    struct otp_limits *limits;
    struct otp_sender *sender;
    bool limits_lost; /* the fast counters, as last seen: a change is logged once */
};

/* As typed; empty where not given. */
struct otp_request {
    enum otp_purpose purpose;
    enum otp_channel channel;
    struct str phone;
    struct str device_id;
    struct str email, first_name, last_name;
    struct str address, address_key, user_agent, accept_language;
};
struct otp_receipt {
    struct uuid id;
    struct instant expires_at;
};
/* R_PHONE_INVALID, R_OTP_COUNTRY, R_EMAIL_INVALID, R_NAME_INVALID keyed by their fields;
 * R_EMAIL_TAKEN; R_OTP_*_LIMIT, R_OTP_COOLDOWN; R_OTP_PROVIDER. */
NODISCARD enum err otp_request(struct ctx *c, struct otp *otp, const struct otp_request *in,
                               struct otp_receipt *out);

struct otp_attempt {
    struct uuid request_id;
    enum otp_purpose purpose;
    struct str code; /* as typed */
    struct str address_key;
};
/* The code is right. It is not used up yet: who goes on must do that in one step with the effect.
 * R_OTP_INVALID for everything that is not the right code of an open request; R_OTP_VERIFY_*_LIMIT;
 * R_OTP_PROVIDER. */
NODISCARD enum err otp_check(struct ctx *c, struct otp *otp, const struct otp_attempt *in,
                             struct otp_ticket *out);
/* The answer for a code that is not the right one; counts it. */
enum err otp_refuse_code(struct ctx *c);
/* otp_check, and the phone is proved. */
NODISCARD enum err otp_prove(struct ctx *c, struct otp *otp, const struct otp_attempt *in);
