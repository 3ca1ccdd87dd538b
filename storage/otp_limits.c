/* Keys: {otp}:<rule>:<who>. All limits live in one slot of a cluster, because one script decides them
 * together. That slot does some hundred thousand decisions a second, more than all logins need. */
#include "storage/otp_limits.h"

#include "embedded.h"
#include "runtime/base/arena.h"
#include "runtime/base/encoding.h"

/* A healthy Redis answers in well under one; past this the rows decide. */
#define ANSWER_MAX milliseconds(300)

enum { WINDOWS_MAX = 3, WINDOW_ARGS = 3 };

/* What goes to otp_admit.lua. */
struct admission_call {
    struct str keys[WINDOWS_MAX];
    enum otp_limit limits[WINDOWS_MAX + 1]; /* by window, and last the cooldown */
    size_t len;
    struct str args[3 + WINDOWS_MAX * WINDOW_ARGS];
};

static struct str uuid_text(struct arena *arena, struct uuid id)
{
    char *text = arena_push_bytes(arena, UUID_TEXT_LEN);
    uuid_format(id, text);
    return str_of(text, UUID_TEXT_LEN);
}

static struct str number(struct arena *arena, int64_t n)
{
    return str_printf(arena, "%lld", (long long)n);
}

static struct str limit_key(struct arena *arena, const char *rule, struct str who)
{
    return str_printf(arena, "{otp}:%s:%.*s", rule, STR_FMT(who));
}

static struct admission_call call_begin(struct arena *arena, const struct otp_asker *asker)
{
    struct admission_call call = {0};
    call.args[0] = uuid_text(arena, asker->request_id);
    call.args[1] = call.args[2] = STR("0");
    return call;
}

/* A rule that is switched off, or that nothing is known for, is not asked. */
static void call_add(struct admission_call *call, struct arena *arena, enum otp_limit limit,
                     const char *rule, struct str who, const struct otp_window *window,
                     int64_t wait_min_s)
{
    if (window->max <= 0 || who.len == 0)
        return;
    assert(call->len < WINDOWS_MAX && window->length.us > 0 && wait_min_s >= 0);
    struct str *args = &call->args[3 + call->len * WINDOW_ARGS];
    args[0] = number(arena, window->max);
    args[1] = number(arena, window->length.us / 1000);
    args[2] = number(arena, wait_min_s);
    call->keys[call->len] = limit_key(arena, rule, who);
    call->limits[call->len++] = limit;
}

static enum err call_run(struct ctx *c, struct otp_limits *limits, struct admission_call *call,
                         struct otp_admission *out)
{
    *out = (struct otp_admission){OTP_LIMIT_NONE, 0};
    if (call->len == 0)
        return OK;
    assert(call->len <= WINDOWS_MAX);
    call->limits[call->len] = OTP_LIMIT_COOLDOWN;
    struct redis_reply reply;
    struct ctx_scope scope SCOPED(ctx_restore) = ctx_within(c, ANSWER_MAX);
    TRY(redis_run(c, limits->pool, &LUA_OTP_ADMIT, call->keys, call->len, call->args,
                  3 + call->len * WINDOW_ARGS, &reply));
    if (reply.type != REDIS_ARRAY || reply.len != 2 || reply.items[0].type != REDIS_INTEGER ||
        reply.items[1].type != REDIS_INTEGER)
        return ERR_INTERNAL;
    assert(reply.items);
    int64_t refused = reply.items[0].integer;
    if (refused < 0 || refused > (int64_t)call->len + 1)
        return ERR_INTERNAL;
    if (refused > 0)
        *out = (struct otp_admission){call->limits[refused - 1], (int32_t)reply.items[1].integer};
    return OK;
}

enum err otp_limits_admit(struct ctx *c, struct otp_limits *limits, const struct otp_rules *rules,
                          const struct otp_asker *asker, struct otp_admission *out)
{
    struct admission_call call = call_begin(c->arena, asker);
    call_add(&call, c->arena, OTP_LIMIT_ADDRESS, "address", asker->address_key, &rules->address, 1);
    call_add(&call, c->arena, OTP_LIMIT_DEVICE, "device", asker->device_key, &rules->device, 1);
    call_add(&call, c->arena, OTP_LIMIT_PHONE, "phone", asker->phone, &rules->phone,
             duration_seconds_up(rules->cooldown));
    if (call.len > 0 && call.limits[call.len - 1] == OTP_LIMIT_PHONE) {
        call.args[1] = number(c->arena, rules->cooldown.us / 1000);
        call.args[2] = number(c->arena, (int64_t)call.len);
    }
    return call_run(c, limits, &call, out);
}

enum err otp_limits_refund(struct ctx *c, struct otp_limits *limits, const struct otp_asker *asker)
{
    assert(asker->phone.len); /* only the phone's count is given back */
    const struct str key = limit_key(c->arena, "phone", asker->phone);
    const struct str id = uuid_text(c->arena, asker->request_id);
    struct redis_reply reply;
    struct ctx_scope scope SCOPED(ctx_restore) = ctx_within(c, ANSWER_MAX);
    return redis_run(c, limits->pool, &LUA_OTP_REFUND, &key, 1, &id, 1, &reply);
}

enum err otp_limits_admit_attempt(struct ctx *c, struct otp_limits *limits,
                                  const struct otp_rules *rules, const struct otp_asker *asker,
                                  struct otp_admission *out)
{
    struct admission_call call = call_begin(c->arena, asker);
    call_add(&call, c->arena, OTP_LIMIT_ADDRESS, "try-address", asker->address_key,
             &rules->verify_address, 1);
    call_add(&call, c->arena, OTP_LIMIT_PHONE, "try-phone", asker->phone, &rules->verify_phone, 1);
    return call_run(c, limits, &call, out);
}
