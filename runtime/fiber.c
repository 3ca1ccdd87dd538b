/* runtime/fiber.c - see fiber.h. The switch itself is fiber_switch.S.
 *
 * A stack is one mapping with a guard page at its low end; the struct lies at its high end, so that a fiber
 * is one allocation and its stack's bounds are known to AddressSanitizer and to a panic. Stacks that are
 * free are kept, the one used last first: its pages are there and in the cache. ucontext was not taken: it
 * saves the signal mask, a system call for each switch.
 *
 * Who resumes a fiber is where it goes back to, be that the loop or another fiber that starts it; so a new
 * fiber runs at once, on top of the caller, and the loop's own stack is always the bottom one. That is why
 * on_loop_stack can borrow it: while a fiber runs, the loop's frame below does not move. */
#include "runtime/fiber.h"

#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/base/panic.h"
#include "runtime/no_wait.h"

#if defined(__SANITIZE_ADDRESS__)
#define FIBER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FIBER_ASAN 1
#endif
#endif
#ifdef FIBER_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

enum { GUARD_BYTES = 4096, CENSUS_BYTE = 0xa5, FREE_STACKS_MAX = 1024 };

void fiber_switch(void **save_sp, void *to_sp);
void fiber_call_on(void *sp, void (*fn)(void *arg), void *arg);
void fiber_entry(void);
_Noreturn void fiber_main(void);

/* One per thread that runs a loop. */
static _Thread_local struct {
    struct fiber *current;   /* NULL: on the thread's own stack */
    struct fiber *outermost; /* the one that the loop itself resumed */
    char *loop_low;          /* bounds of the thread's own stack; for AddressSanitizer */
    size_t loop_size;
    void *loop_fake_stack;
} sched;

struct fiber *fiber_current(void)
{
    return sched.current;
}

void fiber_set_note(const struct fiber_note *note)
{
    assert(sched.current);
    sched.current->note = note;
}

static void add_to_panic(struct panic_line *line)
{
    const struct fiber *fiber = sched.current;
    if (!fiber)
        return;
    panic_add(line, STR(", fiber "));
    panic_add_hex(line, (uintptr_t)fiber);
    if (!fiber->note)
        return;
    panic_add(line, STR(": "));
    panic_add(line, fiber->note->what);
    panic_add(line, STR(" "));
    panic_add(line, fiber->note->id);
}

/* ---- telling AddressSanitizer which stack is in use ------------------------------------------ */

#ifdef FIBER_ASAN
static void learn_loop_stack(void)
{
    if (sched.loop_size)
        return;
    pthread_attr_t attr;
    void *low;
    pthread_getattr_np(pthread_self(), &attr);
    pthread_attr_getstack(&attr, &low, &sched.loop_size);
    pthread_attr_destroy(&attr);
    sched.loop_low = low;
}

/* `from`, `to`: NULL is the loop's stack. A fiber that leaves for good gives up its fake stack. */
static void leave_stack(struct fiber *from, const struct fiber *to)
{
    learn_loop_stack();
    void **save = from ? &from->fake_stack : &sched.loop_fake_stack;
    bool for_good = from && from->ended;
    __sanitizer_start_switch_fiber(for_good ? NULL : save, to ? to->low : sched.loop_low,
                                   to ? to->size : sched.loop_size);
}

static void arrive_on_stack(const struct fiber *at)
{
    __sanitizer_finish_switch_fiber(at ? at->fake_stack : sched.loop_fake_stack, NULL, NULL);
}
#else
static void leave_stack(struct fiber *from, const struct fiber *to)
{
    (void)from, (void)to;
}
static void arrive_on_stack(const struct fiber *at)
{
    (void)at;
}
#endif

/* ---- stacks ---------------------------------------------------------------------------------- */

void fiber_pool_init(struct fiber_pool *pool, size_t stack_bytes, uint32_t live_max, bool census)
{
    assert(stack_bytes >= 16384 && stack_bytes % 4096 == 0);
    *pool = (struct fiber_pool){.stack_bytes = stack_bytes,
                                .free_max = MIN(live_max, FREE_STACKS_MAX),
                                .live_max = live_max,
                                .census = census};
    list_init(&pool->free);
    panic_set_context(add_to_panic);
}

static void stack_unmap(struct fiber *fiber)
{
    char *base = fiber->low - GUARD_BYTES;
    size_t bytes = GUARD_BYTES + fiber->size;
#ifdef FIBER_ASAN
    __asan_unpoison_memory_region(base, bytes);
#endif
    munmap(base, bytes);
}

void fiber_pool_fini(struct fiber_pool *pool)
{
    assert(pool->live == 0);
    struct list_link *link;
    while ((link = list_take_first(&pool->free)))
        stack_unmap(container_of(link, struct fiber, link));
}

static struct fiber *stack_map(const struct fiber_pool *pool)
{
    size_t bytes = GUARD_BYTES + pool->stack_bytes;
    char *base = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (base == MAP_FAILED)
        return NULL;
    if (mprotect(base, GUARD_BYTES, PROT_NONE) != 0) {
        munmap(base, bytes);
        return NULL;
    }
    if (pool->census)
        memset(base + GUARD_BYTES, CENSUS_BYTE, pool->stack_bytes);
    char *top = base + bytes - sizeof(struct fiber);
    struct fiber *fiber = (struct fiber *)((uintptr_t)top & ~(uintptr_t)63);
    memset(fiber, 0, sizeof(*fiber));
    fiber->low = base + GUARD_BYTES;
    fiber->size = pool->stack_bytes;
    return fiber;
}

static void census(struct fiber_pool *pool, const struct fiber *fiber)
{
    const unsigned char *low = (const unsigned char *)fiber->low;
    size_t untouched = 0;
    while (untouched < fiber->size && low[untouched] == CENSUS_BYTE)
        untouched++;
    pool->used_max = MAX(pool->used_max, fiber->size - untouched);
}

/* The frame that fiber_switch pops when this stack runs for the first time. */
static void *first_frame(struct fiber *fiber)
{
    uintptr_t top = (uintptr_t)fiber & ~(uintptr_t)63;
#if defined(__x86_64__)
    uint64_t *sp = (uint64_t *)top; /* 16-aligned once the entry's address is popped */
    *--sp = (uint64_t)(uintptr_t)fiber_entry;
    for (int i = 0; i < 6; i++)
        *--sp = 0;
    *--sp = 0x037f00001f80; /* x87 control word, MXCSR: the ABI's start values */
    return sp;
#else
    uint64_t *sp = (uint64_t *)(top - 176);
    memset(sp, 0, 176);
    sp[11] = (uint64_t)(uintptr_t)fiber_entry; /* x30 */
    return sp;
#endif
}

struct fiber *fiber_new(struct fiber_pool *pool, struct loop *loop, fiber_fn *fn, void *arg)
{
    if (pool->live >= pool->live_max)
        return NULL;
    struct list_link *link = list_take_first(&pool->free);
    struct fiber *fiber;
    if (link) {
        fiber = container_of(link, struct fiber, link);
        pool->free_len--;
    } else {
        fiber = stack_map(pool);
        if (!fiber)
            return NULL;
    }
    pool->live++;
    fiber->fn = fn;
    fiber->arg = arg;
    fiber->loop = loop;
    fiber->waiting = NULL;
    fiber->note = NULL;
    fiber->fake_stack = NULL;
    fiber->no_wait = 0;
    fiber->ended = false;
    fiber->sp = first_frame(fiber);
    return fiber;
}

static void recycle(struct fiber_pool *pool, struct fiber *fiber)
{
    assert(pool->live > 0);
    pool->live--;
    if (pool->census)
        census(pool, fiber);
    if (pool->free_len >= pool->free_max) {
        stack_unmap(fiber);
        return;
    }
    list_push_front(&pool->free, &fiber->link); /* the warmest one is used next */
    pool->free_len++;
}

/* ---- switching ------------------------------------------------------------------------------- */

void fiber_resume(struct fiber_pool *pool, struct fiber *fiber)
{
    struct fiber *self = sched.current;
    assert(!list_linked(&fiber->link));
    fiber->resumer = self;
    if (!self)
        sched.outermost = fiber;
    sched.current = fiber;
    leave_stack(self, fiber);
    fiber_switch(&fiber->return_sp, fiber->sp);
    arrive_on_stack(self);
    sched.current = self;
    if (fiber->ended)
        recycle(pool, fiber);
}

void fiber_park(void)
{
    struct fiber *self = sched.current;
    assert(self && self->no_wait == 0);
    leave_stack(self, self->resumer);
    fiber_switch(&self->sp, self->return_sp);
    arrive_on_stack(self);
}

void fiber_main(void)
{
    struct fiber *self = sched.current;
    arrive_on_stack(self);
    self->fn(self->arg);
    assert(self->no_wait == 0 && self->waiting == NULL);
    self->ended = true;
    leave_stack(self, self->resumer);
    fiber_switch(&self->sp, self->return_sp);
    base_die(__FILE__, __LINE__, "an ended fiber was resumed");
}

struct loop_call {
    void (*fn)(void *arg);
    void *arg;
    struct fiber *from;
};

static void loop_call_run(void *arg)
{
    struct loop_call *call = arg;
    arrive_on_stack(NULL);
    call->fn(call->arg);
    leave_stack(NULL, call->from);
}

void on_loop_stack(void (*fn)(void *arg), void *arg)
{
    struct fiber *self = sched.current;
    if (!self) {
        fn(arg);
        return;
    }
    /* The loop's stack is parked at the outermost fiber's return_sp; below it is free room (the
     * ABI's red zone belongs to leaf functions, and a switch is never one). */
    struct loop_call call = {.fn = fn, .arg = arg, .from = self};
    sched.current = NULL;
    leave_stack(self, NULL);
    fiber_call_on((char *)sched.outermost->return_sp - 256, loop_call_run, &call);
    arrive_on_stack(self);
    sched.current = self;
}

/* ---- NO_WAIT --------------------------------------------------------------------------------- */

struct no_wait_scope no_wait_begin(void)
{
    struct fiber *self = sched.current;
    if (self)
        self->no_wait++;
    return (struct no_wait_scope){self};
}

void no_wait_end(struct no_wait_scope *scope)
{
    if (scope->fiber)
        scope->fiber->no_wait--;
}
