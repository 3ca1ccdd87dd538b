/* domain/money.h - amounts: whole minor units of a currency, and the one place where they are rounded.
 *
 * What is charged, owed or given back is an integer of halalas (fils, cents) and never a fraction. Only a
 * share of an amount makes one: it is rounded once, to the nearest unit, halves away from zero (as people
 * round, and tax offices). Who splits a whole takes one share and the rest of it, so parts add up.
 *
 * Two currencies never meet in one sum: that is a bug of the caller, not an answer.
 *
 * Waits: never. */
#pragma once
#include "runtime/base/str.h"

/* ISO 4217: three capital letters, and a NUL. */
struct currency {
    char code[4];
};
/* False: not three capital letters. */
NODISCARD bool currency_parse(struct str code, struct currency *out);
/* A view of the currency. */
struct str currency_code(const struct currency *currency);
bool currency_eq(struct currency a, struct currency b);

struct money {
    int64_t minor;
    struct currency currency;
};

/* What one amount may be at most, either way: far above any price, and a sum of millions still fits. */
#define MONEY_MAX INT64_C(100000000000)

/* False: the result does not fit. */
NODISCARD bool money_add(struct money a, struct money b, struct money *out);
NODISCARD bool money_sub(struct money a, struct money b, struct money *out);
/* Of none: 0. */
NODISCARD bool money_sum(struct currency currency, const struct money *items, size_t len,
                         struct money *out);

/* A share of a whole: 15 of 100 is 15 %, 15 of 115 the tax inside a price that has 15 % in it. */
struct ratio {
    int64_t part, whole; /* whole > 0 */
};
struct ratio ratio_percent(int32_t percent);
NODISCARD bool money_share(struct money of, struct ratio ratio, struct money *out);
