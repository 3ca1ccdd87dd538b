#include "server/http/json_problems.h"

struct json_problems json_problems_new(struct arena *arena, enum lang lang)
{
    return (struct json_problems){.arena = arena, .lang = lang};
}

bool json_problems_any(const struct json_problems *problems)
{
    return problems->text.len > 0;
}

/* The place where the next problem is written. */
static struct json_writer next(struct json_problems *problems)
{
    if (!problems->text.arena)
        problems->text = strbuf_new(problems->arena, 256);
    else if (problems->text.len)
        strbuf_add_char(&problems->text, ',');
    return json_writer_on(&problems->text);
}

void json_problems_put(struct json_problems *problems, const char *name, enum reason reason)
{
    struct json_writer w = next(problems);
    json_array_begin(&w, name);
    json_put_str(&w, NULL, reason_info(reason)->text[problems->lang]);
    json_array_end(&w);
}

void json_problems_put_at(struct json_problems *problems, size_t at, enum reason reason)
{
    char number[24];
    struct strbuf digits = {.arena = problems->arena, .ptr = number, .cap = sizeof(number)};
    strbuf_add_int(&digits, (int64_t)at);
    strbuf_add_char(&digits, '\0');
    json_problems_put(problems, digits.ptr, reason);
}

void json_problems_put_object(struct json_problems *problems, const char *name,
                              const struct json_problems *inside)
{
    if (!json_problems_any(inside))
        return;
    struct json_writer w = next(problems);
    json_object_begin(&w, name);
    strbuf_add(&problems->text, strbuf_str(&inside->text));
    json_object_end(&w);
}

void json_problems_item(struct json_problems *problems, size_t at,
                        const struct json_problems *inside)
{
    assert(at >= problems->items);
    while (problems->items <= at) {
        struct json_writer w = next(problems);
        json_object_begin(&w, NULL);
        if (problems->items++ == at)
            strbuf_add(&problems->text, strbuf_str(&inside->text));
        json_object_end(&w);
    }
}

void json_problems_put_array(struct json_problems *problems, const char *name,
                             const struct json_problems *items)
{
    struct json_writer w = next(problems);
    json_array_begin(&w, name);
    strbuf_add(&problems->text, strbuf_str(&items->text));
    json_array_end(&w);
}

enum err fail_item(struct ctx *c, const char *field, size_t at, const char *member,
                   enum reason reason)
{
    struct json_problems all = json_problems_new(c->arena, c->lang), items = all, item = all;
    json_problems_put(&item, member, reason);
    json_problems_item(&items, at, &item);
    json_problems_put_array(&all, field, &items);
    fail_data(c, strbuf_str(&all.text));
    return fail(c, R_INVALID_FIELDS);
}
