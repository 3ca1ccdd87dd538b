#include "domain/accounts/logins.h"

#include "runtime/base/log.h"
#include "runtime/base/stats.h"

enum { USER_AGENT_KEPT_MAX = 256 }; /* bytes of a header that a person may look at later */

static struct session_new session_begin(struct ctx *c, const struct logins *logins, int64_t user_id,
                                        struct uuid id, const struct session_client *client,
                                        struct str *refresh)
{
    struct session_new session = {.id = id, .client = *client};
    session.client.user_agent = str_take(client->user_agent, USER_AGENT_KEPT_MAX);
    while (!str_is_utf8(session.client.user_agent)) /* a header is bytes, and may be cut in one */
        session.client.user_agent =
            str_take(session.client.user_agent, session.client.user_agent.len - 1);
    session.refresh = token_refresh_new(logins->keys, c->clock, user_id, id);
    *refresh = token_refresh_sign(c->arena, logins->keys, &session.refresh);
    session.refresh_hash = token_hash(*refresh);
    assert(session.client.user_agent.len <= USER_AGENT_KEPT_MAX);
    return session;
}

static struct str access_for(struct ctx *c, const struct logins *logins, int64_t user_id,
                             struct uuid session, enum lang lang)
{
    const struct access_claims claims = {.user_id = user_id, .session = session, .lang = lang};
    return token_access_sign(c->arena, logins->keys, uuid_random(c->clock), ctx_now(c), &claims);
}

enum err login_by_code(struct ctx *c, const struct logins *logins, struct otp *otp,
                       const struct otp_attempt *attempt, const struct session_client *client,
                       struct login *out)
{
    assert(attempt->purpose == OTP_PURPOSE_AUTH);
    struct otp_ticket ticket;
    TRY(otp_check(c, otp, attempt, &ticket));

    struct session_new session = session_begin(c, logins, ticket.user_id, uuid_random(c->clock),
                                               client, &out->tokens.refresh);
    /* Of two requests with the right code one wins here. */
    enum err err = session_store_login(c, logins->sessions, ticket.id, &session, &out->account,
                                       &out->first_time);
    if (err == ERR_NOT_FOUND)
        return otp_refuse_code(c);
    TRY(err);
    stat_count(STAT_OTP_VERIFIED);
    out->tokens.access = access_for(c, logins, out->account.id, session.id, out->account.language);
    return OK;
}

enum err login_refresh(struct ctx *c, const struct logins *logins, struct str refresh,
                       const struct session_client *client, struct token_pair *out)
{
    struct refresh_claims shown;
    if (!token_refresh_verify(c->arena, logins->keys, ctx_now(c), refresh, &shown))
        return fail(c, R_TOKEN_INVALID);

    struct str unused;
    struct session_new next =
        session_begin(c, logins, shown.user_id, shown.session, client, &unused);
    struct token_hash hash = token_hash(refresh);
    struct rotated rotated;
    TRY(session_store_rotate(c, logins->sessions, &hash, &next, logins->grace, &rotated));
    if (rotated.verdict == ROTATION_REUSED) {
        stat_count(STAT_REFRESH_REUSED);
        log_event(LOG_WARN, "refresh_reused", "a used refresh token came back: session ended");
        return fail(c, R_REFRESH_REUSED);
    }
    if (rotated.verdict == ROTATION_ENDED)
        return fail(c, R_REFRESH_INVALID);
    const struct refresh_claims *successor = &rotated.successor;
    out->refresh = token_refresh_sign(c->arena, logins->keys, successor);
    out->access = access_for(c, logins, successor->user_id, successor->session, rotated.lang);
    return OK;
}

enum err login_mint(struct ctx *c, const struct logins *logins, struct str typed,
                    struct str *access)
{
    struct phone phone;
    if (!phone_parse(typed, &phone))
        return fail_field(c, STR("phone_number"), R_PHONE_INVALID);
    const struct session_client nobody = {STR(""), STR("")};
    struct str unused;
    struct session_owner owner;
    struct session_new session =
        session_begin(c, logins, 0, uuid_random(c->clock), &nobody, &unused);
    TRY(session_store_open_for_phone(c, logins->sessions, phone_str(&phone), &session, &owner));
    *access = access_for(c, logins, owner.user_id, session.id, owner.lang);
    return OK;
}
