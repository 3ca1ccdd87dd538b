/* A refusal's data as members of the error object. The domain refuses with numbers, instants and paths; this is
 * the only place that knows how they are spelled for clients, where a field of the input may have the name of
 * a member that every error has. */
#include "server/http/refusal_json.h"

#include <string.h>

/* What every error says of itself. A field of such a name is keyed "field_code": clients read
 * "code" as a text always, and an object never has one name twice. */
static const struct {
    struct str name;
    const char *for_field;
} marks[] = {
    {STR("detail"), "field_detail"},
    {STR("code"), "field_code"},
    {STR("request_id"), "field_request_id"},
};

static const char *mark_of(struct str field)
{
    for (size_t i = 0; i < ARRAY_LEN(marks); i++)
        if (str_eq(field, marks[i].name))
            return marks[i].for_field;
    return NULL;
}

static void put_texts(struct json_writer *w, const char *key, struct str text)
{
    json_array_begin(w, key);
    json_put_str(w, NULL, text);
    json_array_end(w);
}

void refusal_put_field(struct arena *arena, struct json_writer *w, struct str field,
                       struct str text)
{
    const char *mark = mark_of(field);
    put_texts(w, mark ? mark : str_to_c(arena, field), text);
}

/* ---- broken fields ----------------------------------------------------------------------------
 *
 * A list of paths becomes a tree: those that share a step stand together in the list, and are
 * written as one value. The recursion goes as deep as a path is long. */

struct problems {
    const struct field_problem *items;
    size_t len;
    enum lang lang;
};

static bool same_step(const struct field_step *a, const struct field_step *b)
{
    if (!a->name || !b->name)
        return !a->name && !b->name && a->at == b->at;
    return strcmp(a->name, b->name) == 0;
}

/* Cuts those that share the first one's step at `level` off the list. */
static struct problems cut_same(struct problems *rest, uint32_t level)
{
    struct problems same = *rest;
    const struct field_step *step = &rest->items->path.steps[level];
    same.len = 1;
    while (same.len < rest->len && same_step(&rest->items[same.len].path.steps[level], step))
        same.len++;
    rest->items += same.len;
    rest->len -= same.len;
    return same;
}

static void put_value(struct json_writer *w, const char *key, struct problems all, uint32_t level);

static void put_members(struct json_writer *w, struct problems all, uint32_t level)
{
    while (all.len) {
        const struct field_step *step = &all.items->path.steps[level];
        char number[24];
        struct strbuf digits = {.ptr = number, .cap = sizeof(number)};
        const char *mark = step->name && level == 0 ? mark_of(str_c(step->name)) : NULL;
        if (!step->name) {
            strbuf_add_int(&digits, step->at);
            strbuf_add_char(&digits, '\0');
        }
        put_value(w, mark ? mark : step->name ? step->name : number, cut_same(&all, level), level);
    }
}

static void put_items(struct json_writer *w, struct problems all, uint32_t level)
{
    for (uint32_t at = 0; all.len; at++) {
        if (all.items->path.steps[level].at == at) {
            put_value(w, NULL, cut_same(&all, level), level);
            continue;
        }
        assert(at < all.items->path.steps[level].at);
        json_object_begin(w, NULL);
        json_object_end(w);
    }
}

/* The steps at `level` of all of them are the same one; here is what it leads to. */
static void put_value(struct json_writer *w, const char *key, struct problems all, uint32_t level)
{
    const struct field_path *path = &all.items->path;
    if (path->len == level + 1) {
        assert(all.len == 1);
        put_texts(w, key, reason_info((enum reason)all.items->reason)->text[all.lang]);
    } else if (path->steps[level + 1].name || path->len == level + 2) {
        json_object_begin(w, key);
        put_members(w, all, level + 1);
        json_object_end(w);
    } else {
        json_array_begin(w, key);
        put_items(w, all, level + 1);
        json_array_end(w);
    }
}

/* ---- extras ----------------------------------------------------------------------------------- */

static void put_plain(struct json_writer *w, const struct refusal_extra *extra)
{
    assert(extra->kind == REFUSAL_NUMBER || extra->kind == REFUSAL_INSTANT);
    if (extra->kind == REFUSAL_NUMBER)
        json_put_int(w, extra->name, extra->number);
    else
        json_put_instant(w, extra->name, extra->instant.at, extra->instant.offset_s);
}

static void put_list(struct json_writer *w, const struct refusal_extra *extra)
{
    const struct refusal_extra *cell = extra->list.cells;
    json_array_begin(w, extra->name);
    for (size_t row = 0; row < extra->list.rows; row++) {
        json_object_begin(w, NULL);
        for (size_t column = 0; column < extra->list.columns; column++)
            put_plain(w, cell++);
        json_object_end(w);
    }
    json_array_end(w);
}

void refusal_put_rest(struct json_writer *w, const struct refusal *refusal, enum lang lang)
{
    put_members(w, (struct problems){refusal->problems, refusal->problems_len, lang}, 0);
    for (size_t i = 0; i < refusal->extras_len; i++) {
        assert(!mark_of(str_c(refusal->extras[i].name)));
        if (refusal->extras[i].kind == REFUSAL_LIST)
            put_list(w, &refusal->extras[i]);
        else
            put_plain(w, &refusal->extras[i]);
    }
}
