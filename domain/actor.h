/* domain/actor.h - who acts: somebody who is signed in, or the system itself.
 *
 * The system acts when nobody's request does: what ran out is written down, what was paid confirms its
 * booking. It may what the rule that it carries out may, and a history shows it without a person.
 *
 * Waits: never. */
#pragma once
#include "runtime/base/base.h"

enum actor_kind { ACTOR_USER, ACTOR_SYSTEM };

struct actor {
    enum actor_kind kind;
    int64_t user_id; /* of ACTOR_USER, else 0 */
};

static inline struct actor actor_user(int64_t user_id)
{
    assert(user_id > 0);
    return (struct actor){.kind = ACTOR_USER, .user_id = user_id};
}

/* Where only people act. */
static inline int64_t actor_user_id(const struct actor *actor)
{
    assert(actor->kind == ACTOR_USER && actor->user_id > 0);
    return actor->user_id;
}

static inline struct actor actor_system(void)
{
    return (struct actor){.kind = ACTOR_SYSTEM};
}
