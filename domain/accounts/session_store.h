/* domain/accounts/session_store.h - port: sessions (a device that logged in) and their families of
 * refresh tokens. Every call is one statement, but where it says otherwise.
 *
 * Waits: exactly the calls that take a ctx. */
#pragma once
#include "domain/accounts/account.h"
#include "domain/accounts/tokens.h"

struct session_store;

struct session_client {
    struct str address;
    struct str user_agent;
};
struct session_new {
    struct uuid id;
    struct refresh_claims refresh;
    struct token_hash refresh_hash;
    struct session_client client;
};

/* Uses the code of `otp_request` up, verifies its phone, applies the names and the e-mail address
 * that waited with it, opens the session: all or nothing. An address that somebody else took
 * meanwhile is left out (taken this very moment: one statement more). ERR_NOT_FOUND: a duplicate used
 * the code. `first_time`: this phone was never verified before. */
NODISCARD enum err session_store_login(struct ctx *c, struct session_store *store,
                                       struct uuid otp_request, const struct session_new *session,
                                       struct account *out, bool *first_time);

struct session_owner {
    int64_t user_id;
    enum lang lang; /* that she prefers */
};
/* A session for whoever has this phone (made now if nobody), without a code. */
NODISCARD enum err session_store_open_for_phone(struct ctx *c, struct session_store *store,
                                                struct str phone, const struct session_new *session,
                                                struct session_owner *out);

enum rotation {
    ROTATION_DONE,     /* the new token counts from now on */
    ROTATION_REPEATED, /* used a moment ago: the successor is the one that it got then */
    ROTATION_REUSED,   /* used before: the session is revoked, an audit row says so */
    ROTATION_ENDED     /* revoked, expired or unknown */
};
struct rotated {
    enum rotation verdict;
    /* of ROTATION_DONE and ROTATION_REPEATED */
    struct refresh_claims successor;
    enum lang lang; /* that the session's owner prefers by now */
};
/* `shown` was verified; `next` is what follows it, if it is the newest. */
NODISCARD enum err session_store_rotate(struct ctx *c, struct session_store *store,
                                        const struct token_hash *shown,
                                        const struct session_new *next, struct duration grace,
                                        struct rotated *out);
