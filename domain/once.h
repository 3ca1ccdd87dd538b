/* domain/once.h - a request that may come twice and has one effect and one answer (Idempotency-Key).
 *
 * The caller names her request by a key. What belongs to a key is one row (table idempotency_key), written
 * in the transaction of the effect: a request that was refused, or lost on its way, leaves none and may
 * come again. Duplicates of one caller wait for each other in the database. Two forms, for two kinds of effect:
 *
 *   key with the effect     The answer is known when the effect is: it is kept with the key, and a
 *                           replay shows it again byte for byte, so in the language of then.
 *   key with a row          The effect begins with a row and ends with a partner's answer (a payment).
 *                           The key is written with that row, before the partner is called, and
 *                           keeps its id. A replay answers what has become of the row by now, and so
 *                           does a duplicate that comes while the partner is being asked.
 *
 * Waits: never. */
#pragma once
#include "runtime/base/clock.h"
#include "runtime/base/ctx.h"

struct once {
    /* From the client. Both empty: it did not name its request, which has an effect each time. */
    struct str key;
    struct str fingerprint; /* of all that the request says: a key is not for two of them */
    /* From the rule, when it granted. */
    bool replayed;  /* it had its effect before, and none now */
    enum lang lang; /* with replayed: of the answer that is kept */
};

/* The kept answer is shown again, and so is its language: from here on the request speaks that. */
static inline void once_replay(struct ctx *c, struct once *once, enum lang lang)
{
    once->replayed = true;
    once->lang = c->lang = lang;
}

/* The second form: what a replay looks at instead of a kept answer. */
struct once_row {
    struct once once;
    struct uuid row; /* made for this request; with once.replayed: the one that was made then */
};
