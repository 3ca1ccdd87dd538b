/* tests/unit/fakes/login_fakes.h - the ports of accounts and login, in memory.
 *
 * Rows behave as the SQL promises; failures are ordered by the test. */
#pragma once
#include "domain/accounts/account_store.h"
#include "domain/accounts/session_store.h"
#include "domain/otp/otp.h"

enum { FAKE_ROWS = 64 };

struct account_store {
    struct account accounts[FAKE_ROWS];
    size_t len;
    char texts[FAKE_ROWS][64]; /* phone numbers outlive the arenas of their requests */
};

struct otp_store {
    struct account_store *accounts;
    struct fake_otp_row {
        struct otp_row row;
        char phone[PHONE_LEN_MAX], provider[16], email[64], first_name[64], last_name[64];
        int64_t user_id;
        int32_t attempts;
        bool used, failed;
    } rows[FAKE_ROWS];
    size_t len;
    size_t calls;
    enum err create_fails;        /* what the next creates end with; OK: they work */
    struct otp_admission counted; /* what the rows say while the counters are lost */
    size_t created_counted;
    struct str taken_email;
};
struct fake_otp_row *fake_otp_last(struct otp_store *store);

struct otp_limits {
    bool lost;
    struct otp_admission answer, attempt_answer;
    size_t admitted, refunded, attempts;
    struct otp_asker last; /* views die with their request; compare within it */
};

struct session_store {
    struct otp_store *otp;
    struct fake_session {
        struct session_new opened;
        int64_t user_id;
        struct token_hash current, previous;
        struct refresh_claims newest;
        struct instant rotated_at;
        bool revoked, has_previous;
    } sessions[FAKE_ROWS];
    size_t len;
    bool lose_race; /* the next login finds the code used */
};

struct fake_sender {
    struct otp_sender sender;
    enum err send_err, check_err;
    int32_t retry_after_s;
    bool right;
    size_t sends, checks;
    char phone[32], code[16], text[512], checked[16];
    struct str text_there; /* where the text was */
    enum otp_channel channel;
};
void fake_sender_init(struct fake_sender *fake, const char *name, bool makes_code);
