/* domain/desk/desk_verdict.h - what the database says to those at the desk, and what it means.
 *
 * Nothing here waits. */
#pragma once
#include "domain/bookings/bookings.h"

enum desk_verdict {
#define VERDICT(name, code, reason, field) DESK_##name,
#include "domain/desk/desk_verdicts.def"
#undef VERDICT
    DESK_VERDICT_COUNT
};
bool desk_verdict_parse(struct str code, enum desk_verdict *out);

struct desk_answer {
    enum desk_verdict verdict;
    enum lang language; /* what the actor prefers; unless the verdict is DESK_ACTOR_UNKNOWN */
    int64_t busy;       /* with DESK_HAS_BOOKINGS: how many */
};

/* A request that makes something, and may come twice. NULL where one is wanted: it has no key. */
struct desk_once {
    struct once key;
    struct str asked; /* by the rule: the language that was asked for, or empty */
    bool replayed;    /* by the rule: this is the answer of the first time, in its language */
};

/* OK, or the refusal; from here on the request speaks the actor's language. With DESK_HAS_BOOKINGS the
 * error says how many as "active_bookings". */
NODISCARD enum err desk_judge(struct ctx *c, const struct actor *actor,
                              const struct desk_answer *answer);
/* Around a question that has a `once`; NULL is fine. */
void desk_once_begin(struct ctx *c, const struct actor *actor, struct desk_once *once);
NODISCARD enum err desk_judge_once(struct ctx *c, const struct actor *actor,
                                   const struct desk_answer *answer, struct desk_once *once);
