#include "domain/desk/desk_verdict.h"

static const struct {
    struct str code;
    enum reason reason;
    struct str field;
} verdicts[DESK_VERDICT_COUNT] = {
#define VERDICT(name, code, reason, field) {STR(code), R_##reason, STR(field)},
#include "domain/desk/desk_verdicts.def"
#undef VERDICT
};

bool desk_verdict_parse(struct str code, enum desk_verdict *out)
{
    for (int i = 0; i < DESK_VERDICT_COUNT; i++)
        if (str_eq(code, verdicts[i].code)) {
            *out = (enum desk_verdict)i;
            return true;
        }
    return false;
}

enum err desk_judge(struct ctx *c, const struct desk_answer *answer)
{
    enum reason reason = verdicts[answer->verdict].reason;
    if (reason == R_NONE)
        return OK;
    enum err err = fail_field(c, verdicts[answer->verdict].field, reason);
    if (answer->verdict == DESK_HAS_BOOKINGS)
        refusal_add(&c->refusal, extra_number("active_bookings", answer->busy));
    return err;
}

enum err desk_judge_once(struct ctx *c, const struct desk_answer *answer, struct once *once)
{
    TRY(desk_judge(c, answer));
    if (answer->verdict == DESK_REPLAY)
        once_replay(c, once, answer->language);
    return OK;
}
