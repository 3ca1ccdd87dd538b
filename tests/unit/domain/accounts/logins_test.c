#include "domain/accounts/logins.h"

#include "tests/test.h"
#include "tests/unit/fakes/fake_clock.h"
#include "tests/unit/fakes/login_fakes.h"

struct fixture {
    struct fake_ctx f;
    struct ctx *c;
    struct account_store accounts;
    struct otp_store store;
    struct otp_limits limits;
    struct fake_sender sender;
    struct session_store sessions;
    struct otp_options options;
    struct otp otp;
    struct token_keys keys;
    struct logins logins;
    struct login login;
    struct otp_attempt attempt;
};
/* Too big for a stack; tests run one after the other. */
static struct fixture x;
static const struct session_client phone_app = {{"192.0.2.7", 9}, {"Mawid/1.0", 9}};

static void begin(struct fixture *f)
{
    *f = (struct fixture){0};
    fake_ctx_begin(&f->f);
    f->c = &f->f.c;
    f->store.accounts = &f->accounts;
    f->sessions.otp = &f->store;
    fake_sender_init(&f->sender, "fake", false);
    f->options = (struct otp_options){.ttl = minutes(5), .attempts_max = 5};
    otp_key_init(&f->options.key, STR("0123456789abcdef0123456789abcdef"));
    f->otp = (struct otp){.options = &f->options,
                          .store = &f->store,
                          .limits = &f->limits,
                          .sender = &f->sender.sender};
    bool ok = token_keys_init(&f->keys, STR("0123456789abcdef0123456789abcdef"), minutes(15),
                              seconds(30 * 86400));
    assert(ok);
    f->logins = (struct logins){.keys = &f->keys, .sessions = &f->sessions, .grace = seconds(10)};
}

static void end(struct fixture *f)
{
    token_keys_fini(&f->keys);
    hmac_key_fini(&f->options.key);
    fake_ctx_end(&f->f);
}

static enum err log_in(struct fixture *f)
{
    const struct otp_request request = {.phone = STR("0512345678")};
    struct otp_receipt receipt;
    TRY(otp_request(f->c, &f->otp, &request, &receipt));
    f->attempt = (struct otp_attempt){.request_id = receipt.id, .code = str_c(f->sender.code)};
    return login_by_code(f->c, &f->logins, &f->otp, &f->attempt, &phone_app, &f->login);
}

static enum err refresh(struct fixture *f, struct str token, struct token_pair *out)
{
    return login_refresh(f->c, &f->logins, token, &phone_app, out);
}

TEST(the_right_code_opens_a_session_with_both_tokens)
{
    begin(&x);
    CHECK_INT(log_in(&x), OK);
    CHECK(x.login.first_time);
    CHECK(x.login.account.phone_verified);
    struct access_claims claims;
    CHECK(token_access_verify(&x.f.arena, &x.keys, ctx_now(x.c), x.login.tokens.access, &claims));
    CHECK_INT(claims.user_id, x.login.account.id);
    CHECK(uuid_eq(claims.session, x.sessions.sessions[0].opened.id));
    CHECK_STR(x.sessions.sessions[0].opened.client.user_agent, STR("Mawid/1.0"));
    CHECK_INT(log_in(&x), OK);
    CHECK(!x.login.first_time);
    CHECK_INT(x.sessions.len, 2); /* another device, another family */
    end(&x);
}

TEST(a_code_opens_one_session_even_for_twins)
{
    begin(&x);
    CHECK_INT(log_in(&x), OK);
    CHECK_INT(login_by_code(x.c, &x.logins, &x.otp, &x.attempt, &phone_app, &x.login), ERR_INVALID);
    CHECK_INT(x.c->refusal.reason, R_OTP_INVALID);
    x.sessions.lose_race = true; /* both were judged right; the other one was faster */
    CHECK_INT(log_in(&x), ERR_INVALID);
    CHECK_INT(x.c->refusal.reason, R_OTP_INVALID);
    CHECK_INT(x.sessions.len, 1);
    end(&x);
}

TEST(a_refresh_token_is_used_once)
{
    begin(&x);
    CHECK_INT(log_in(&x), OK);
    struct token_pair next, after;
    fake_ctx_advance(&x.f, minutes(14));
    CHECK_INT(refresh(&x, x.login.tokens.refresh, &next), OK);
    CHECK(!str_eq(next.refresh, x.login.tokens.refresh));
    struct access_claims claims;
    CHECK(token_access_verify(&x.f.arena, &x.keys, ctx_now(x.c), next.access, &claims));
    CHECK(uuid_eq(claims.session, x.sessions.sessions[0].opened.id));
    CHECK_INT(refresh(&x, next.refresh, &after), OK);
    end(&x);
}

TEST(within_the_grace_a_used_token_gets_the_same_successor)
{
    begin(&x);
    CHECK_INT(log_in(&x), OK);
    struct token_pair next, again;
    CHECK_INT(refresh(&x, x.login.tokens.refresh, &next), OK);
    fake_ctx_advance(&x.f, seconds(10));
    CHECK_INT(refresh(&x, x.login.tokens.refresh, &again), OK);
    CHECK_STR(again.refresh, next.refresh);
    CHECK_INT(refresh(&x, next.refresh, &again), OK); /* and the family lives on */
    end(&x);
}

TEST(a_used_token_after_the_grace_ends_the_whole_family)
{
    begin(&x);
    CHECK_INT(log_in(&x), OK);
    struct token_pair next, none;
    CHECK_INT(refresh(&x, x.login.tokens.refresh, &next), OK);
    fake_ctx_advance(&x.f, (struct duration){seconds(10).us + 1});
    CHECK_INT(refresh(&x, x.login.tokens.refresh, &none), ERR_UNAUTHORIZED);
    CHECK_INT(x.c->refusal.reason, R_REFRESH_REUSED);
    CHECK_INT(refresh(&x, next.refresh, &none), ERR_UNAUTHORIZED);
    CHECK_INT(x.c->refusal.reason, R_REFRESH_INVALID);
    end(&x);
}

static int language_in(struct fixture *f, struct str access)
{
    struct access_claims claims;
    return token_access_verify(&f->f.arena, &f->keys, ctx_now(f->c), access, &claims)
               ? (int)claims.lang
               : -1;
}

TEST(a_changed_preference_is_in_the_next_token_not_in_this_one)
{
    begin(&x);
    struct token_pair next, again;
    struct str minted;
    x.c->lang = LANG_EN; /* of the request that makes the account */
    CHECK_INT(log_in(&x), OK);
    CHECK_INT(language_in(&x, x.login.tokens.access), LANG_EN);
    const enum lang arabic = LANG_AR;
    const struct account_changes changes = {.language = &arabic};
    struct account account;
    CHECK_INT(account_change(x.c, &x.accounts, x.login.account.id, &changes, &account), OK);
    CHECK_INT(language_in(&x, x.login.tokens.access), LANG_EN);
    CHECK_INT(refresh(&x, x.login.tokens.refresh, &next), OK);
    CHECK_INT(language_in(&x, next.access), LANG_AR);
    CHECK_INT(refresh(&x, x.login.tokens.refresh, &again), OK); /* within the grace */
    CHECK_INT(language_in(&x, again.access), LANG_AR);
    CHECK_INT(login_mint(x.c, &x.logins, STR("0512345678"), &minted), OK);
    CHECK_INT(language_in(&x, minted), LANG_AR);
    end(&x);
}

TEST(a_refresh_token_lives_for_its_days)
{
    begin(&x);
    CHECK_INT(log_in(&x), OK);
    struct token_pair none;
    fake_ctx_advance(&x.f, seconds(30 * 86400));
    CHECK_INT(refresh(&x, x.login.tokens.refresh, &none), ERR_UNAUTHORIZED);
    CHECK_INT(x.c->refusal.reason, R_TOKEN_INVALID);
    end(&x);
}

TEST(an_access_token_refreshes_nothing)
{
    begin(&x);
    CHECK_INT(log_in(&x), OK);
    struct token_pair none;
    CHECK_INT(refresh(&x, x.login.tokens.access, &none), ERR_UNAUTHORIZED);
    CHECK_INT(refresh(&x, STR("nonsense"), &none), ERR_UNAUTHORIZED);
    CHECK_INT(x.c->refusal.reason, R_TOKEN_INVALID);
    end(&x);
}

TEST(minting_makes_a_verified_account_and_an_access_token)
{
    begin(&x);
    struct str access;
    CHECK_INT(login_mint(x.c, &x.logins, STR("0512345678"), &access), OK);
    struct access_claims claims;
    CHECK(token_access_verify(&x.f.arena, &x.keys, ctx_now(x.c), access, &claims));
    CHECK_INT(claims.user_id, 1);
    CHECK(x.accounts.accounts[0].phone_verified);
    CHECK_INT(login_mint(x.c, &x.logins, STR("nobody"), &access), ERR_INVALID);
    end(&x);
}

TEST(a_strange_user_agent_is_kept_as_text)
{
    begin(&x);
    const struct session_client strange = {STR("192.0.2.7"), STR("a\xff\xfe b")};
    CHECK_INT(log_in(&x), OK);
    struct token_pair next;
    CHECK_INT(login_refresh(x.c, &x.logins, x.login.tokens.refresh, &strange, &next), OK);
    end(&x);
}
