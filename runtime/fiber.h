/* runtime/fiber.h - stacks and switching between them; private to loop.c and fiber.c.
 *
 * A fiber is resumed by somebody (the loop, or a fiber that starts it) and, when it parks or ends,
 * control goes back to that somebody. Its struct lies at the top of its own stack.
 *
 *      low                                                        low + size
 *      [guard page][ ............ stack grows down ............ ][struct fiber]
 *
 * Waits: fiber_park. */
#pragma once
#include "runtime/loop.h"

struct fiber {
    void *sp;              /* where it goes on, while parked */
    void *return_sp;       /* where its resumer goes on, while it runs */
    struct fiber *resumer; /* NULL: the loop */
    fiber_fn *fn;
    void *arg;
    struct loop *loop;
    struct wait *waiting;
    const struct fiber_note *note; /* NULL: it said nothing of itself */
    struct list_link link;         /* ready list, or free list of the pool */
    char *low;                     /* lowest usable byte, above the guard page */
    size_t size;
    void *fake_stack; /* AddressSanitizer's */
    uint32_t no_wait; /* depth of NO_WAIT scopes */
    bool ended;
};

/* Stacks of one loop. */
struct fiber_pool {
    struct list free;
    size_t stack_bytes;
    uint32_t free_len, free_max;
    uint32_t live, live_max;
    bool census;
    uint64_t used_max; /* deepest use seen, with census */
};

void fiber_pool_init(struct fiber_pool *pool, size_t stack_bytes, uint32_t live_max, bool census);
void fiber_pool_fini(struct fiber_pool *pool);

/* A fiber ready to be resumed; NULL when live_max of them are alive or memory ran out. */
struct fiber *fiber_new(struct fiber_pool *pool, struct loop *loop, fiber_fn *fn, void *arg);
/* Runs it until it parks or ends; an ended one goes back to the pool. */
void fiber_resume(struct fiber_pool *pool, struct fiber *fiber);
/* Back to the resumer; returns when somebody resumes this fiber. */
void fiber_park(void);
