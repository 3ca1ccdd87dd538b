/* runtime/base/list.h - intrusive doubly linked lists. A zeroed link is in no list.
 *
 * Waits: never. */
#pragma once
#include "runtime/base/base.h"

struct list_link {
    struct list_link *next, *prev;
};
struct list {
    struct list_link head; /* a ring through the head */
};

static inline void list_init(struct list *l)
{
    l->head.next = l->head.prev = &l->head;
}
static inline bool list_empty(const struct list *l)
{
    return l->head.next == &l->head;
}
static inline bool list_linked(const struct list_link *link)
{
    return link->next != NULL;
}
static inline void list_push_back(struct list *l, struct list_link *link)
{
    assert(link->next == NULL);
    link->prev = l->head.prev;
    link->next = &l->head;
    link->prev->next = link;
    l->head.prev = link;
}
static inline void list_push_front(struct list *l, struct list_link *link)
{
    assert(link->next == NULL);
    link->next = l->head.next;
    link->prev = &l->head;
    link->next->prev = link;
    l->head.next = link;
}
static inline void list_remove(struct list_link *link)
{
    assert(link->next != NULL);
    link->prev->next = link->next;
    link->next->prev = link->prev;
    link->next = link->prev = NULL;
}
static inline struct list_link *list_first(const struct list *l)
{
    return list_empty(l) ? NULL : l->head.next;
}
static inline struct list_link *list_take_first(struct list *l)
{
    struct list_link *link = list_first(l);
    if (link)
        list_remove(link);
    return link;
}
/* Moves everything of `from` to the end of `to`. */
static inline void list_take_all(struct list *to, struct list *from)
{
    if (list_empty(from))
        return;
    struct list_link *first = from->head.next, *last = from->head.prev;
    first->prev = to->head.prev;
    to->head.prev->next = first;
    last->next = &to->head;
    to->head.prev = last;
    list_init(from);
}
