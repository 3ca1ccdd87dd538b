#include "domain/work/work.h"

enum { HINT_SECONDS_MAX = 86400 };

static bool may_get_better(enum err err)
{
    return err == ERR_UNAVAILABLE || err == ERR_TIMEOUT || err == ERR_CANCELED ||
           err == ERR_TOO_MANY;
}

enum work_end work_judge(const struct work_patience *patience, uint32_t attempt, enum err err)
{
    if (!err)
        return WORK_DONE;
    if (patience->attempts_max == 0)
        return WORK_AGAIN;
    return may_get_better(err) && attempt < patience->attempts_max ? WORK_AGAIN : WORK_DEAD;
}

bool work_is_used_up(const struct work_patience *patience, uint32_t attempt)
{
    return patience->attempts_max != 0 && attempt > patience->attempts_max;
}

/* Of the pause after that attempt: first, doubled with each attempt, up to the longest. */
static int64_t bound_us(const struct work_patience *patience, uint32_t attempt)
{
    int64_t bound = patience->first.us;
    for (uint32_t n = 1; n < attempt && bound < patience->longest.us; n++)
        bound = bound > patience->longest.us / 2 ? patience->longest.us : bound * 2;
    return MIN(bound, patience->longest.us);
}

struct duration work_pause(const struct work_patience *patience, uint32_t attempt, int32_t hint_s,
                           uint64_t random)
{
    assert(patience->first.us > 0 && patience->longest.us >= patience->first.us);
    assert(attempt > 0);
    unsigned __int128 choices = (unsigned __int128)bound_us(patience, attempt) + 1;
    int64_t jitter = (int64_t)((random * choices) >> 64);
    return (struct duration){seconds(MIN(MAX(hint_s, 0), HINT_SECONDS_MAX)).us + jitter};
}

struct str work_error_text(enum err err, enum reason reason)
{
    static const struct str classes[] = {
        [OK] = STR("ok"),
        [ERR_INVALID] = STR("invalid"),
        [ERR_UNAUTHORIZED] = STR("unauthorized"),
        [ERR_FORBIDDEN] = STR("forbidden"),
        [ERR_NOT_FOUND] = STR("not found"),
        [ERR_METHOD] = STR("method"),
        [ERR_SLOW_CLIENT] = STR("slow client"),
        [ERR_CONFLICT] = STR("conflict"),
        [ERR_GONE] = STR("gone"),
        [ERR_TOO_LARGE] = STR("too large"),
        [ERR_MEDIA_TYPE] = STR("media type"),
        [ERR_UNPROCESSABLE] = STR("unprocessable"),
        [ERR_TOO_MANY] = STR("too many"),
        [ERR_NOT_CONFIGURED] = STR("not configured"),
        [ERR_UNAVAILABLE] = STR("not done: unavailable"),
        [ERR_TIMEOUT] = STR("unknown: out of time"),
        [ERR_CANCELED] = STR("unknown: cancelled"),
        [ERR_INTERNAL] = STR("internal"),
    };
    assert((size_t)err < ARRAY_LEN(classes));
    return reason ? str_c(reason_info(reason)->code) : classes[err];
}
