/* The answer of slots, put down by hand, against the JSON writer that does it member by member. */
#include "server/api/slots_json.h"

#include <stdlib.h>

#include "server/api.h"
#include "tests/test.h"

static void slow(struct strbuf *out, const struct slots *slots)
{
    struct json_writer w = json_writer_on(out);
    json_object_begin(&w, NULL);
    json_put_str(&w, "timezone", tz_name(slots->tz));
    json_array_begin(&w, "slots");
    for (size_t i = 0; i < slots->len; i++) {
        struct instant starts = {slots->starts_s[i] * 1000000};
        struct instant ends = instant_add(starts, seconds(slots->duration_s));
        json_object_begin(&w, NULL);
        json_put_instant(&w, "starts_at", starts, tz_offset_at(slots->tz, starts));
        json_put_instant(&w, "ends_at", ends, tz_offset_at(slots->tz, ends));
        json_array_begin(&w, "staff");
        for (size_t member = 0; member < slots->staff_len; member++)
            if (slots_is_free(slots, i, member))
                json_put_int(&w, NULL, slots->staff[member]);
        json_array_end(&w);
        json_object_end(&w);
    }
    json_array_end(&w);
    json_object_end(&w);
}

static struct slots random_answer(struct arena *arena, const char *zone, uint64_t seed)
{
    enum { SLOTS = 400, STAFF = 70 };
    int64_t *starts = arena_array(arena, int64_t, SLOTS),
            *staff = arena_array(arena, int64_t, STAFF);
    uint64_t *bits = arena_array(arena, uint64_t, SLOTS * 2);
    int64_t t = 1790000000 + (int64_t)(seed % 1000) * 86400;
    for (size_t i = 0; i < SLOTS; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        t += 300 * (1 + (int64_t)(seed >> 60) * (seed >> 50 & 3 ? 1 : 40));
        starts[i] = t;
        bits[2 * i] = seed | 1;
        bits[2 * i + 1] = seed >> 58;
    }
    for (size_t i = 0; i < STAFF; i++)
        staff[i] = (int64_t)((i + 1) * (i + 1) * (i % 9 ? 1 : 100000000003));
    return (struct slots){.tz = tz_find(str_c(zone)),
                          .len = SLOTS,
                          .starts_s = starts,
                          .duration_s = 300 * (1 + (int)(seed % 60)),
                          .staff_len = STAFF,
                          .staff = staff,
                          .words = 2,
                          .free = bits};
}

TEST(the_text_is_what_the_writer_writes)
{
    static const char *const zones[] = {"Asia/Riyadh",         "UTC",
                                        "Europe/London",       "America/New_York",
                                        "Australia/Lord_Howe", "America/Santiago",
                                        "Asia/Kathmandu",      "Africa/Casablanca"};
    struct arena_pool pool;
    struct arena arena;
    char why[200];
    CHECK(tz_database_load(NULL, why, sizeof(why)));
    arena_pool_init(&pool, 65536, 4);
    for (uint64_t seed = 1; seed < 60; seed++)
        for (size_t z = 0; z < ARRAY_LEN(zones); z++) {
            arena_begin(&arena, &pool);
            struct slots answer = random_answer(&arena, zones[z], seed);
            struct strbuf fast = strbuf_new(&arena, 16), plain = strbuf_new(&arena, 16);
            slots_json(&arena, &fast, &answer);
            slow(&plain, &answer);
            CHECK_STR(strbuf_str(&fast), strbuf_str(&plain));
            arena_end(&arena);
        }
    arena_pool_fini(&pool);
}

TEST(no_slots_are_an_empty_list)
{
    struct arena_pool pool;
    struct arena arena;
    arena_pool_init(&pool, 4096, 4);
    arena_begin(&arena, &pool);
    struct strbuf out = strbuf_new(&arena, 16);
    struct slots answer = {.tz = tz_find(STR("UTC")), .words = 1};
    slots_json(&arena, &out, &answer);
    CHECK_STR(strbuf_str(&out), STR("{\"timezone\":\"UTC\",\"slots\":[]}"));
    arena_end(&arena);
    arena_pool_fini(&pool);
}
