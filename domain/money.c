#include "domain/money.h"

#include <string.h>

bool currency_parse(struct str code, struct currency *out)
{
    if (code.len != sizeof(out->code) - 1)
        return false;
    for (size_t i = 0; i < code.len; i++)
        if (code.ptr[i] < 'A' || code.ptr[i] > 'Z')
            return false;
    *out = (struct currency){0};
    memcpy(out->code, code.ptr, code.len);
    return true;
}

struct str currency_code(const struct currency *currency)
{
    return str_of(currency->code, sizeof(currency->code) - 1);
}

bool currency_eq(struct currency a, struct currency b)
{
    return str_eq(currency_code(&a), currency_code(&b));
}

bool money_add(struct money a, struct money b, struct money *out)
{
    assert(currency_eq(a.currency, b.currency));
    int64_t minor;
    if (__builtin_add_overflow(a.minor, b.minor, &minor))
        return false;
    *out = (struct money){minor, a.currency};
    return true;
}

bool money_sub(struct money a, struct money b, struct money *out)
{
    assert(currency_eq(a.currency, b.currency));
    int64_t minor;
    if (__builtin_sub_overflow(a.minor, b.minor, &minor))
        return false;
    *out = (struct money){minor, a.currency};
    return true;
}

bool money_sum(struct currency currency, const struct money *items, size_t len, struct money *out)
{
    struct money sum = {0, currency};
    for (size_t i = 0; i < len; i++)
        if (!money_add(sum, items[i], &sum))
            return false;
    *out = sum;
    return true;
}

struct ratio ratio_percent(int32_t percent)
{
    return (struct ratio){percent, 100};
}

/* In 128 bits no product of two amounts is too large; only the result may be. */
bool money_share(struct money of, struct ratio ratio, struct money *out)
{
    assert(ratio.whole > 0);
    __int128 product = (__int128)of.minor * ratio.part, half = ratio.whole / 2;
    /* Division cuts towards zero, so half a unit outwards first. An odd whole has no exact halves. */
    __int128 share = (product + (product < 0 ? -half : half)) / ratio.whole;
    if (share < INT64_MIN || share > INT64_MAX)
        return false;
    *out = (struct money){(int64_t)share, of.currency};
    return true;
}
