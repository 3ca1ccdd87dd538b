/* server/http/str_list.h - a setting that holds several words. Waits: never.   Allocates: never. */
#pragma once
#include "runtime/base/str.h"

struct str_list {
    const struct str *items; /* trimmed, none empty, each NUL-terminated */
    size_t len;
};

static inline bool str_list_has(const struct str_list *list, struct str word)
{
    for (size_t i = 0; i < list->len; i++)
        if (str_eq(list->items[i], word))
            return true;
    return false;
}
