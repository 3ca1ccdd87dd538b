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
    enum lang language; /* with DESK_REPLAY: of the answer that was kept */
    int64_t busy;       /* with DESK_HAS_BOOKINGS: how many */
};

/* OK, or the refusal. With DESK_HAS_BOOKINGS the error says how many as "active_bookings". */
NODISCARD enum err desk_judge(struct ctx *c, const struct desk_answer *answer);
/* Of a request that may come twice (`once` NULL: it has no key). */
NODISCARD enum err desk_judge_once(struct ctx *c, const struct desk_answer *answer,
                                   struct once *once);
