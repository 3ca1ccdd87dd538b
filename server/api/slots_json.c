/* A month of twenty people is a hundred kilobytes, and all but a few digits of a slot are those of the
 * one before. So they are put down by hand: dates are written once a day, ids once, offsets are looked
 * up once a day. (The JSON writer took 0.6 ms for what takes 0.1 here.) */
#include "server/api/slots_json.h"

#include <string.h>

#include "server/api.h"

enum { DAY_S = 86400, ID_LEN_MAX = 20, SLOT_LEN_MAX = 120 };

/* "2026-03-01T18:00:00+03:00": what stays the same while the day and the offset do. */
struct wall {
    const struct tz *tz;
    int64_t steady_from, steady_until; /* the offset is the same in between */
    int32_t offset_s;
    int64_t day_from; /* local seconds at which `text` begins its day */
    char text[RFC3339_LEN_MAX];
    size_t len;
};

/* Clocks do not change twice within a day: the same offset at both ends is the same in between. */
static void wall_look(struct wall *wall, int64_t t)
{
    wall->offset_s = tz_offset_at(wall->tz, (struct instant){t * 1000000});
    bool steady = tz_offset_at(wall->tz, (struct instant){(t + DAY_S) * 1000000}) == wall->offset_s;
    wall->steady_from = t;
    wall->steady_until = steady ? t + DAY_S : t;
    wall->day_from = INT64_MIN;
}

static void wall_write_day(struct wall *wall, int64_t local)
{
    int64_t past = local % DAY_S;
    wall->day_from = local - (past < 0 ? past + DAY_S : past);
    wall->len = instant_format_rfc3339(
        (struct instant){(wall->day_from - wall->offset_s) * 1000000}, wall->offset_s, wall->text);
}

static char *put_two(char *to, int64_t n)
{
    to[0] = (char)('0' + n / 10);
    to[1] = (char)('0' + n % 10);
    return to + 2;
}

/* An offset with seconds (local mean times, long ago) is rounded by the formatter: left to it. */
static char *put_time(char *to, struct wall *wall, int64_t t)
{
    if (t < wall->steady_from || t > wall->steady_until)
        wall_look(wall, t);
    int64_t local = t + wall->offset_s;
    if (wall->offset_s % 60 != 0)
        return to + instant_format_rfc3339((struct instant){t * 1000000}, wall->offset_s, to);
    if (local < wall->day_from || local >= wall->day_from + DAY_S || wall->day_from == INT64_MIN)
        wall_write_day(wall, local);
    int64_t second = local - wall->day_from;
    memcpy(to, wall->text, wall->len);
    put_two(to + 11, second / 3600);
    put_two(to + 14, second / 60 % 60);
    put_two(to + 17, second % 60);
    return to + wall->len;
}

struct ids {
    struct id_text {
        char text[ID_LEN_MAX];
        uint8_t len;
    } * items;
    size_t len_max; /* of one, with its comma */
};

static struct ids ids_of(struct arena *arena, const struct slots *slots)
{
    assert(slots->staff_len <= slots->words * 64);
    struct ids ids = {.items = arena_array(arena, struct id_text, slots->staff_len + 1)};
    for (size_t i = 0; i < slots->staff_len; i++) {
        struct strbuf text = strbuf_new(arena, ID_LEN_MAX);
        strbuf_add_int(&text, slots->staff[i]);
        assert(text.len <= ID_LEN_MAX);
        ids.items[i].len = (uint8_t)text.len;
        memcpy(ids.items[i].text, text.ptr, text.len);
        ids.len_max = MAX(ids.len_max, text.len + 1);
    }
    return ids;
}

static char *put_str(char *to, struct str s)
{
    memcpy(to, s.ptr, s.len);
    return to + s.len;
}

static char *put_staff(char *to, const struct slots *slots, const struct ids *ids, size_t slot)
{
    char *begin = to;
    for (size_t word = 0; word < slots->words; word++)
        for (uint64_t bits = slots->free[slot * slots->words + word]; bits; bits &= bits - 1) {
            const struct id_text *id = &ids->items[word * 64 + (size_t)__builtin_ctzll(bits)];
            memcpy(to, id->text,
                   ID_LEN_MAX); /* a fixed length is one move; the rest is written over */
            to += id->len;
            *to++ = ',';
        }
    return to > begin ? to - 1 : to;
}

static size_t free_pairs(const struct slots *slots)
{
    size_t pairs = 0;
    for (size_t i = 0; i < slots->len * slots->words; i++)
        pairs += (size_t)__builtin_popcountll(slots->free[i]);
    return pairs;
}

static void put_slots(struct arena *arena, struct strbuf *out, const struct slots *slots)
{
    if (slots->len > 0)
        assert(slots->tz && slots->duration_s > 0);
    struct ids ids = ids_of(arena, slots);
    struct wall starts = {.tz = slots->tz, .steady_until = -1}, ends = starts;
    size_t room = slots->len * SLOT_LEN_MAX + free_pairs(slots) * ids.len_max + ID_LEN_MAX;
    char *begin = strbuf_reserve(out, room), *to = begin;
    for (size_t i = 0; i < slots->len; i++) {
        to = put_str(to, STR("{\"starts_at\":\""));
        to = put_time(to, &starts, slots->starts_s[i]);
        to = put_str(to, STR("\",\"ends_at\":\""));
        to = put_time(to, &ends, slots->starts_s[i] + slots->duration_s);
        to = put_str(to, STR("\",\"staff\":["));
        to = put_staff(to, slots, &ids, i);
        to = put_str(to, STR("]},"));
    }
    to -= slots->len > 0; /* the last comma */
    assert(to <= begin + room);
    out->len += (size_t)(to - begin);
}

void slots_json(struct arena *arena, struct strbuf *out, const struct slots *slots)
{
    struct json_writer w = json_writer_on(out);
    json_object_begin(&w, NULL);
    json_put_str(&w, "timezone", tz_name(slots->tz));
    json_array_begin(&w, "slots");
    put_slots(arena, out, slots);
    json_array_end(&w);
    json_object_end(&w);
}
