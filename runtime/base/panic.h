/* runtime/base/panic.h - the last words of a process that found a bug in itself.
 *
 * A failed assert, base_die and, once panic_catch was called, a wild access end the process with one line on
 * standard error - where, what, which thread, which fiber and what that was at - and one with return
 * addresses for addr2line. Then it aborts, so that there is a core to look into.
 *
 *     panic: server/http/conn.c:75: conn_end: Assertion `conn->requests == 0' failed; thread mawid-0,
 *     fiber 0x7f2a5c00ffc0: /api/bookings/ r-12ab
 *     panic: return addresses in this program: 0x1f2a3 0x1e011 …
 *
 * Written with write(2) from a buffer on the stack: the bug may be in the heap, in stdio, or in a signal's
 * middle.
 *
 * Threads: any.   Waits: never. */
#pragma once
#include "runtime/base/str.h"

enum { PANIC_LINE_MAX = 1024 };

/* What does not fit is cut. */
struct panic_line {
    size_t len;
    char text[PANIC_LINE_MAX];
};
void panic_add(struct panic_line *line, struct str text);
void panic_add_hex(struct panic_line *line, uint64_t n);
void panic_add_int(struct panic_line *line, uint64_t n);

/* Who knows what the thread is at adds it to the line: one for the process, the last one set. It may not
 * allocate, lock or wait. */
void panic_set_context(void (*context)(struct panic_line *line));

/* From now on SIGSEGV, SIGBUS, SIGFPE and SIGILL end the process in this way too. Once per process. */
void panic_catch(void);
/* Each thread that it should hold for where the stack itself may be what ran out: gives the signals one of
 * their own. */
void panic_thread_begin(void);
