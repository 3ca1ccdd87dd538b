/* domain/accounts/account.h - a person who uses the platform, and what may be said about them.
 *
 * Everybody has a phone number; nobody is known by anything else. Views are into the request's
 * arena. Waits: exactly the calls that take a ctx. */
#pragma once
#include "domain/accounts/phone.h"
#include "domain/i18n/texts.h"
#include "domain/reason.h"

struct account_store;

enum role { ROLE_CUSTOMER, ROLE_STAFF, ROLE_MANAGER, ROLE_ADMIN, ROLE_COUNT };
/* "customer", "staff", "manager", "admin": how the API and the database write a role. */
struct str role_code(enum role role);
bool role_parse(struct str code, enum role *out);

enum {
    ACCOUNT_NAME_MAX = 150, /* code points */
    EMAIL_LEN_MAX = 254,    /* RFC 5321 §4.5.3.1.3, less the angle brackets */
    EMAIL_LOCAL_MAX = 64,
};

struct account {
    int64_t id;
    struct str phone; /* E.164 */
    struct str email; /* empty: none */
    struct str first_name, last_name;
    enum role role;
    enum lang language;
    bool phone_verified;
    struct instant joined_at;
};

/* The one label wherever a person is shown: the full name, else the phone number. Never the id,
 * never the e-mail address. */
struct str account_display_name(struct arena *arena, struct str first_name, struct str last_name,
                                struct str phone);

/* Trims, and lower-cases the domain; the local part is its owner's business. False: no address. */
NODISCARD bool email_parse(struct arena *arena, struct str typed, struct str *out);
/* Trims; runs of spaces become one. False: longer than ACCOUNT_NAME_MAX, or not one line
 * (str_is_one_line). */
NODISCARD bool name_parse(struct arena *arena, struct str typed, struct str *out);

/* R_TOKEN_INVALID: the account is gone, and so the caller's token means nobody. */
NODISCARD enum err account_get(struct ctx *c, struct account_store *store, int64_t id,
                               struct account *out);

/* As typed. ptr NULL: leave as it is. */
struct account_changes {
    struct str first_name, last_name;
    struct str email;
    bool email_clear;
    const enum lang *language;
};
/* R_NAME_INVALID, R_EMAIL_INVALID, R_EMAIL_TAKEN, each keyed by its field; R_TOKEN_INVALID. */
NODISCARD enum err account_change(struct ctx *c, struct account_store *store, int64_t id,
                                  const struct account_changes *in, struct account *out);
