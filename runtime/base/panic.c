#include "runtime/base/panic.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <ucontext.h>
#include <unistd.h>

enum { TRACE_MAX = 24, FRAME_BYTES_MAX = 1 << 20, SIGNAL_STACK_BYTES = 32768 };

static void (*context_of)(struct panic_line *line);
static pid_t panicking; /* the thread that is; 0: none */

/* ---- the line -------------------------------------------------------------------------------- */

void panic_add(struct panic_line *line, struct str text)
{
    size_t n = MIN(text.len, sizeof(line->text) - line->len);
    if (n)
        memcpy(line->text + line->len, text.ptr, n);
    line->len += n;
}

static void add_number(struct panic_line *line, uint64_t n, unsigned base)
{
    char digits[20];
    size_t len = 0;
    do
        digits[sizeof(digits) - ++len] = "0123456789abcdef"[n % base];
    while (n /= base);
    panic_add(line, str_of(digits + sizeof(digits) - len, len));
}

void panic_add_hex(struct panic_line *line, uint64_t n)
{
    panic_add(line, STR("0x"));
    add_number(line, n, 16);
}

void panic_add_int(struct panic_line *line, uint64_t n)
{
    add_number(line, n, 10);
}

static void say(struct panic_line *line)
{
    line->len = MIN(line->len, sizeof(line->text) - 1);
    line->text[line->len++] = '\n';
    for (size_t at = 0; at < line->len;) {
        ssize_t n = write(STDERR_FILENO, line->text + at, line->len - at);
        if (n <= 0)
            return;
        at += (size_t)n;
    }
}

void panic_set_context(void (*context)(struct panic_line *line))
{
    __atomic_store_n(&context_of, context, __ATOMIC_RELAXED);
}

static void add_context(struct panic_line *line)
{
    char name[16] = "?";
    void (*context)(struct panic_line *) = __atomic_load_n(&context_of, __ATOMIC_RELAXED);
    prctl(PR_GET_NAME, name);
    panic_add(line, STR("; thread "));
    panic_add(line, str_c(name));
    if (context)
        context(line);
}

/* ---- where it came from ---------------------------------------------------------------------- */

extern const char __ehdr_start[], etext[]; /* the linker's: of this program */

static void add_address(struct panic_line *line, uintptr_t address)
{
    uintptr_t begin = (uintptr_t)__ehdr_start, end = (uintptr_t)etext;
    if (address < begin || address >= end)
        return; /* a library's: without its map that tells nothing */
    panic_add(line, STR(" "));
    panic_add_hex(line, address - begin);
}

/* Every function of ours keeps its frame pointer (meson.build). A chain that does not climb is broken. */
static void say_trace(uintptr_t pc, const uintptr_t *frame)
{
    struct panic_line line;
    line.len = 0;
    panic_add(&line, STR("panic: return addresses in this program:"));
    add_address(&line, pc);
    for (int i = 0; i < TRACE_MAX && frame && (uintptr_t)frame % sizeof(*frame) == 0; i++) {
        const uintptr_t *next = (const uintptr_t *)frame[0];
        add_address(&line, frame[1]);
        if (next <= frame || (uintptr_t)next - (uintptr_t)frame > FRAME_BYTES_MAX)
            break;
        frame = next;
    }
    say(&line);
}

/* The line is out before the trace is tried: a stack in ruins may end the process on the way. */
static _Noreturn void end(struct panic_line *line, uintptr_t pc, const uintptr_t *frame)
{
    pid_t self = gettid(), none = 0;
    if (__atomic_compare_exchange_n(&panicking, &none, self, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE)) {
        add_context(line);
        say(line);
        say_trace(pc, frame);
    } else if (none != self) {
        for (;;)
            pause(); /* the first one ends the process; ours may be its consequence */
    }
    abort();
}

/* ---- bugs that we find ----------------------------------------------------------------------- */

static void begin(struct panic_line *line, const char *file, unsigned number)
{
    line->len = 0;
    panic_add(line, STR("panic: "));
    panic_add(line, str_c(file));
    panic_add(line, STR(":"));
    panic_add_int(line, number);
    panic_add(line, STR(": "));
}

_Noreturn void base_die(const char *file, int number, const char *what)
{
    struct panic_line line;
    begin(&line, file, (unsigned)number);
    panic_add(&line, str_c(what));
    end(&line, 0, __builtin_frame_address(0));
}

/* What assert() calls: in place of the C library's, which tells less. */
void __assert_fail(const char *assertion, const char *file, unsigned number, const char *function)
{
    struct panic_line line;
    begin(&line, file, number);
    panic_add(&line, str_c(function));
    panic_add(&line, STR(": Assertion `"));
    panic_add(&line, str_c(assertion));
    panic_add(&line, STR("' failed"));
    end(&line, 0, __builtin_frame_address(0));
}

/* ---- bugs that the processor finds ------------------------------------------------------------ */

static struct str signal_name(int number)
{
    switch (number) {
    case SIGSEGV: return STR("SIGSEGV");
    case SIGBUS: return STR("SIGBUS");
    case SIGFPE: return STR("SIGFPE");
    default: return STR("SIGILL");
    }
}

static void on_signal(int number, siginfo_t *info, void *raw)
{
    const mcontext_t *at = &((const ucontext_t *)raw)->uc_mcontext;
#if defined(__x86_64__)
    uintptr_t pc = (uintptr_t)at->gregs[REG_RIP], frame = (uintptr_t)at->gregs[REG_RBP];
#else
    uintptr_t pc = at->pc, frame = at->regs[29];
#endif
    struct panic_line line;
    line.len = 0;
    panic_add(&line, STR("panic: "));
    panic_add(&line, signal_name(number));
    panic_add(&line, STR(" at address "));
    panic_add_hex(&line, (uintptr_t)info->si_addr);
    end(&line, pc, (const uintptr_t *)frame);
}

/* AddressSanitizer has handlers of its own, which tell more. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

void panic_catch(void)
{
#ifndef SANITIZED
    static const int numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    /* Another such signal inside the handler meets the default, and the process is gone. */
    struct sigaction action = {.sa_sigaction = on_signal,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK | (int)SA_RESETHAND};
    sigfillset(&action.sa_mask);
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        sigaction(numbers[i], &action, NULL);
#else
    (void)on_signal;
#endif
}

/* AddressSanitizer gives each thread such a stack, too, and unmaps at the thread's end whichever is set. */
void panic_thread_begin(void)
{
#ifndef SANITIZED
    static _Thread_local char memory[SIGNAL_STACK_BYTES];
    const stack_t stack = {.ss_sp = memory, .ss_size = sizeof(memory)};
    sigaltstack(&stack, NULL);
#endif
}
