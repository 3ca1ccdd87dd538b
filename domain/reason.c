#include "domain/reason.h"

static const struct reason_info reasons[R_COUNT] = {
    [R_NONE] = {ERR_INTERNAL, "NONE", "server.error", {{"", 0}, {"", 0}}},
#define REASON(name, class, code, en, ar) \
    [R_##name] = {                        \
        class, #name, code, {[LANG_EN] = {en, sizeof(en) - 1}, [LANG_AR] = {ar, sizeof(ar) - 1}}},
#include "domain/reasons.def"
#undef REASON
};

const struct reason_info *reason_info(enum reason reason)
{
    assert(reason < R_COUNT);
    return &reasons[reason];
}

enum err fail(struct ctx *c, enum reason reason)
{
    assert(reason > R_NONE && reason < R_COUNT);
    c->reason = (uint16_t)reason;
    c->retry_after_s = 0;
    c->refused_field = (struct str){NULL, 0};
    return reasons[reason].class;
}

enum err fail_field(struct ctx *c, struct str field, enum reason reason)
{
    enum err err = fail(c, reason);
    c->refused_field = field;
    return err;
}

enum err fail_retry(struct ctx *c, enum reason reason, int64_t retry_after_s)
{
    enum err err = fail(c, reason);
    c->retry_after_s = (int32_t)MIN(MAX(retry_after_s, 1), INT32_MAX);
    return err;
}

void fail_data(struct ctx *c, struct str json_members)
{
    c->refused_data = json_members;
}
