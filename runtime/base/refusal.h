/* runtime/base/refusal.h - why a request is refused, as data: what the ctx carries from the rule
 * that says no (domain/reason.h) to the one place that writes it down (server/http/errors.c).
 *
 * Names, texts and lists are views: literals, or of the request's arena.   Waits: never. */
#pragma once
#include "runtime/base/clock.h"

/* One step into the input: to the member of that name, or (NULL) to the item `at` of an array. */
struct field_step {
    const char *name;
    uint32_t at;
};
enum { FIELD_PATH_MAX = 8 };
struct field_path {
    struct field_step steps[FIELD_PATH_MAX];
    uint32_t len;
};
/* FIELD_PATH({"hours"}, {.at = 1}, {"opens"}) */
#define FIELD_PATH(...)                                                      \
    ((struct field_path){.steps = {__VA_ARGS__},                             \
                         .len = sizeof((struct field_step[]){__VA_ARGS__}) / \
                                sizeof(struct field_step)})

/* A field that breaks a rule of its own. In a list, those below one step stand together. */
struct field_problem {
    struct field_path path;
    uint16_t reason;
};

/* What a refusal says besides its reason, under a name that no field of the input has there. */
enum refusal_kind { REFUSAL_NUMBER, REFUSAL_INSTANT, REFUSAL_LIST };
struct refusal_extra {
    const char *name;
    enum refusal_kind kind;
    union {
        int64_t number;
        struct {
            struct instant at;
            int32_t offset_s; /* from UTC, in which it is written */
        } instant;
        struct { /* of records: the cells of the first row, then those of the second */
            const struct refusal_extra *cells;
            size_t rows, columns;
        } list;
    };
};

enum { REFUSAL_EXTRAS_MAX = 4 };
struct refusal {
    uint16_t reason; /* enum reason of domain/reason.h; 0: nothing was refused */
    int32_t retry_after_s;
    struct str field; /* of the input that the reason is about, or empty */
    const struct field_problem *problems;
    size_t problems_len;
    struct refusal_extra extras[REFUSAL_EXTRAS_MAX];
    size_t extras_len;
};

static inline struct refusal_extra extra_number(const char *name, int64_t v)
{
    return (struct refusal_extra){.name = name, .kind = REFUSAL_NUMBER, .number = v};
}

static inline struct refusal_extra extra_instant(const char *name, struct instant at,
                                                 int32_t offset_s)
{
    return (struct refusal_extra){
        .name = name, .kind = REFUSAL_INSTANT, .instant = {.at = at, .offset_s = offset_s}};
}

static inline struct refusal_extra extra_list(const char *name, const struct refusal_extra *cells,
                                              size_t rows, size_t columns)
{
    return (struct refusal_extra){.name = name,
                                  .kind = REFUSAL_LIST,
                                  .list = {.cells = cells, .rows = rows, .columns = columns}};
}

/* To the refusal under way: the next fail() begins another, without it. */
static inline void refusal_add(struct refusal *refusal, struct refusal_extra extra)
{
    assert(refusal->reason && refusal->extras_len < REFUSAL_EXTRAS_MAX);
    for (size_t i = 0; i < refusal->extras_len; i++)
        assert(!str_eq(str_c(refusal->extras[i].name), str_c(extra.name)));
    refusal->extras[refusal->extras_len++] = extra;
}
