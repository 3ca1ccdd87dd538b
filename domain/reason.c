#include "domain/reason.h"

#include <stdlib.h>
#include <string.h>

static const struct reason_info reasons[R_COUNT] = {
    [R_NONE] = {ERR_INTERNAL, "NONE", "server.error", {{"", 0}, {"", 0}}},
#define REASON(name, class, code, en, ar) \
    [R_##name] = {                        \
        class, #name, code, {[LANG_EN] = {en, sizeof(en) - 1}, [LANG_AR] = {ar, sizeof(ar) - 1}}},
#include "domain/reasons.def"
#undef REASON
};

const struct reason_info *reason_info(enum reason reason)
{
    assert(reason < R_COUNT);
    return &reasons[reason];
}

/* ---- by name -------------------------------------------------------------------------------- */

/* All but R_NONE, in the order of their names: reasons.def is in the order of its readers. Sorted
 * before main begins, so that all threads may read it. */
static enum reason by_name[R_COUNT - 1];

static int order_names(const void *a, const void *b)
{
    return strcmp(reasons[*(const enum reason *)a].name, reasons[*(const enum reason *)b].name);
}

static __attribute__((constructor)) void sort_names(void)
{
    for (size_t i = 0; i < ARRAY_LEN(by_name); i++)
        by_name[i] = (enum reason)(i + 1);
    qsort(by_name, ARRAY_LEN(by_name), sizeof(by_name[0]), order_names);
}

static int order_to(const void *name, const void *reason)
{
    const struct str *wanted = name;
    const char *own = reasons[*(const enum reason *)reason].name;
    int order = strncmp(wanted->ptr, own, wanted->len);
    return order ? order : -(own[wanted->len] != '\0');
}

bool reason_parse(struct str name, enum reason *out)
{
    if (name.len == 0 || memchr(name.ptr, '\0', name.len))
        return false;
    const enum reason *found =
        bsearch(&name, by_name, ARRAY_LEN(by_name), sizeof(by_name[0]), order_to);
    if (found)
        *out = *found;
    return found;
}

/* ---- refusing ------------------------------------------------------------------------------- */

enum err fail(struct ctx *c, enum reason reason)
{
    assert(reason > R_NONE && reason < R_COUNT);
    c->refusal = (struct refusal){.reason = (uint16_t)reason};
    return reasons[reason].class;
}

enum err fail_field(struct ctx *c, struct str field, enum reason reason)
{
    enum err err = fail(c, reason);
    c->refusal.field = field;
    return err;
}

enum err fail_retry(struct ctx *c, enum reason reason, int64_t retry_after_s)
{
    enum err err = fail(c, reason);
    c->refusal.retry_after_s = (int32_t)MIN(MAX(retry_after_s, 1), INT32_MAX);
    return err;
}

enum err fail_fields(struct ctx *c, const struct field_problem *problems, size_t len)
{
    assert(len > 0);
    enum err err = fail(c, R_INVALID_FIELDS);
    c->refusal.problems = problems;
    c->refusal.problems_len = len;
    return err;
}

enum err fail_at(struct ctx *c, struct field_path path, enum reason reason)
{
    assert(path.len > 0 && path.len <= FIELD_PATH_MAX);
    struct field_problem *problem = arena_new(c->arena, struct field_problem);
    *problem = (struct field_problem){.path = path, .reason = (uint16_t)reason};
    return fail_fields(c, problem, 1);
}
