#include "server/http/common_fields.h"

#include <stdio.h>
#include <string.h>

#include "runtime/loop.h"

static const struct header constant[COMMON_FIELDS - 1] = {
#define FIELD(name, value)           \
    {                                \
        {name, sizeof(name) - 1},    \
        {                            \
            value, sizeof(value) - 1 \
        }                            \
    }
    FIELD("X-Content-Type-Options", "nosniff"),
    FIELD("X-Frame-Options", "DENY"),
    FIELD("Referrer-Policy", "no-referrer"),
    FIELD("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
#undef FIELD
};

static size_t format_date(struct instant now, char out[static 32])
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int64_t s = now.us / 1000000;
    struct date date = {(int32_t)(s / 86400)};
    int year, month, day, second = (int)(s % 86400);
    date_to_civil(date, &year, &month, &day);
    int n = snprintf(out, 32, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT",
                     days + 3 * date_weekday(date), day, months + 3 * (month - 1), year,
                     second / 3600, second / 60 % 60, second % 60);
    return (size_t)MIN(n, 31);
}

static void refresh(struct common_fields *common, struct loop *loop)
{
    const struct clock *clock = loop_clock(loop);
    struct instant now = clock->wall(clock);
    common->fields[0] =
        (struct header){STR("Date"), str_of(common->date, format_date(now, common->date))};
    memcpy(common->fields + 1, constant, sizeof(constant));
    common->text_len = 0;
    for (size_t i = 0; i < COMMON_FIELDS; i++) {
        size_t room = sizeof(common->text) - common->text_len;
        int n = snprintf(common->text + common->text_len, room, "%.*s: %.*s\r\n",
                         STR_FMT(common->fields[i].name), STR_FMT(common->fields[i].value));
        assert(n > 0 && (size_t)n < room);
        common->text_len += (size_t)n;
    }
    assert(now.us >= 0);
    common->until = tick_add(loop_now(loop), microseconds(1000000 - now.us % 1000000));
}

const struct header *common_fields(struct common_fields *common, struct loop *loop)
{
    if (UNLIKELY(loop_now(loop).ns >= common->until.ns))
        refresh(common, loop);
    assert(common->text_len > 0);
    return common->fields;
}

struct str common_fields_text(struct common_fields *common, struct loop *loop)
{
    common_fields(common, loop);
    return str_of(common->text, common->text_len);
}
