/* domain/otp/otp_store.h - port: requests for codes, and the accounts they begin. Every call is one
 * statement.
 *
 * Waits: exactly the calls that take a ctx. */
#pragma once
#include "domain/otp/otp_code.h"
#include "domain/otp/otp_limits.h"
#include "domain/otp/otp_sender.h"

struct otp_store;

enum otp_purpose { OTP_PURPOSE_AUTH, OTP_PURPOSE_VERIFY, OTP_PURPOSE_COUNT };

struct otp_row {
    struct uuid id;
    struct str phone;
    enum otp_purpose purpose;
    enum otp_channel channel;
    struct str provider; /* "test": a test number */
    bool has_mac;        /* false: the provider checks the code */
    struct otp_mac mac;
    int32_t attempts_max;
    struct instant created_at, expires_at;
    struct str address, address_key;
    struct str device;
    bool device_named;                /* by a device id; else by its headers */
    struct str email;                 /* empty: none */
    struct str first_name, last_name; /* wait until the code is entered */
    enum lang language;               /* of the account, should it be new */
};
struct otp_created {
    int64_t user_id;
    enum lang language; /* that its owner reads */
};

/* ERR_CONFLICT: the e-mail address belongs to another account, and nothing was written. */
NODISCARD enum err otp_store_create(struct ctx *c, struct otp_store *store,
                                    const struct otp_row *row, struct otp_created *out);
/* The same, with the limits of requests decided from the rows, in the same transaction. Refused:
 * OK, and nothing was written; see *admission. */
NODISCARD enum err otp_store_create_counted(struct ctx *c, struct otp_store *store,
                                            const struct otp_rules *rules,
                                            const struct otp_row *row,
                                            struct otp_admission *admission,
                                            struct otp_created *out);
/* Its code could not be sent: it opens nothing and replaces nothing. */
NODISCARD enum err otp_store_void(struct ctx *c, struct otp_store *store, struct uuid id);

struct otp_ticket {
    struct uuid id;
    int64_t user_id;
    struct str phone;
    struct str provider;
    bool has_mac;
    struct otp_mac mac;
};
/* Counts the attempt in the same step that reads the request. ERR_NOT_FOUND: it is unknown, of
 * another purpose, expired, used, replaced or has no attempt left; nothing was counted. */
NODISCARD enum err otp_store_count_attempt(struct ctx *c, struct otp_store *store, struct uuid id,
                                           enum otp_purpose purpose, struct otp_ticket *out);
/* The right code, for purpose `verify`. ERR_NOT_FOUND: a duplicate was faster. */
NODISCARD enum err otp_store_prove(struct ctx *c, struct otp_store *store, struct uuid id);
/* The rules of attempts, decided from the rows. */
NODISCARD enum err otp_store_admit_attempt(struct ctx *c, struct otp_store *store,
                                           const struct otp_rules *rules,
                                           const struct otp_asker *asker,
                                           struct otp_admission *out);
