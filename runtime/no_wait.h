/* runtime/no_wait.h - after NO_WAIT() a wait in the same scope aborts: what was read must still hold.
 *
 * By itself, so that who relies on it need not know loops.
 *
 * Threads: the loop's.   Waits: never. */
#pragma once
#include "runtime/base/base.h"

struct fiber;

struct no_wait_scope {
    struct fiber *fiber;
};
struct no_wait_scope no_wait_begin(void);
void no_wait_end(struct no_wait_scope *scope);
#define NO_WAIT() \
    struct no_wait_scope no_wait_ SCOPED(no_wait_end) __attribute__((unused)) = no_wait_begin()
