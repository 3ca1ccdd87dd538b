/* Each case dies in a child, and its last words are read. */
#include "runtime/base/panic.h"

#include "tests/unit/runtime/real_loop.h"

static char words[8192];

/* What the child said; it ended by `number` (0: by none). */
static struct str last_words(void (*die)(void), int *number)
{
    int pipes[2], status = 0;
    if (pipe(pipes) != 0)
        abort();
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        dup2(pipes[1], STDERR_FILENO);
        alarm(20);
        die();
        _exit(0);
    }
    close(pipes[1]);
    size_t len = 0;
    for (ssize_t n; (n = read(pipes[0], words + len, sizeof(words) - len)) > 0;)
        len += (size_t)n;
    close(pipes[0]);
    waitpid(child, &status, 0);
    *number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    return str_of(words, len);
}

#define CHECK_SAYS(said, part) CHECK(str_find((said), STR(part)) >= 0)

static const struct fiber_note note = {{"/api/things/{id}/", 17}, {"r-77", 4}};
static volatile int two = 2;

static void on_fiber(fiber_fn *fn)
{
    struct real r = real_begin();
    bool begun = fiber_start(r.loop, fn, NULL);
    assert(begun);
    real_end(&r);
}

static void wrong_sum(void *arg)
{
    (void)arg;
    fiber_set_note(&note);
    assert(two + 2 == 5);
}
static void die_on_a_fiber(void)
{
    on_fiber(wrong_sum);
}

TEST(a_failed_assert_tells_the_fiber_and_what_it_was_at)
{
    int number;
    struct str said = last_words(die_on_a_fiber, &number);
    CHECK_INT(number, SIGABRT);
    CHECK(str_starts(said, STR("panic: ")));
    CHECK_SAYS(said, "panic_test.c:");
    CHECK_SAYS(said, ": wrong_sum: Assertion `two + 2 == 5' failed; thread ");
    CHECK_SAYS(said, ", fiber 0x");
    CHECK_SAYS(said, ": /api/things/{id}/ r-77\n");
    CHECK_SAYS(said, "panic: return addresses in this program: 0x");
}

static void die_outside(void)
{
    base_die("a.c", 7, "out of memory");
}

TEST(without_a_fiber_there_is_none_to_tell)
{
    int number;
    struct str said = last_words(die_outside, &number);
    CHECK_INT(number, SIGABRT);
    CHECK_SAYS(said, "panic: a.c:7: out of memory; thread ");
    CHECK(str_find(said, STR("fiber")) < 0);
}

static void die_with_a_long_text(void)
{
    static char text[5000];
    memset(text, 'x', sizeof(text) - 1);
    base_die("a.c", 7, text);
}

TEST(a_text_too_long_is_cut)
{
    int number;
    struct str said = last_words(die_with_a_long_text, &number);
    CHECK_INT(number, SIGABRT);
    CHECK(said.len < 2 * PANIC_LINE_MAX && str_find(said, STR("xxx\npanic: return")) > 0);
}

/* ---- what the processor finds: not under AddressSanitizer, which reports such things itself ---- */

#if !defined(__SANITIZE_ADDRESS__)
static void wild(void *arg)
{
    fiber_set_note(&note);
    *(volatile int *)(arg ? arg : (void *)(uintptr_t)16) = 1;
}
static void die_of_a_wild_access(void)
{
    panic_catch();
    panic_thread_begin();
    on_fiber(wild);
}

TEST(a_wild_access_tells_the_same)
{
    int number;
    struct str said = last_words(die_of_a_wild_access, &number);
    CHECK_INT(number, SIGABRT);
    CHECK_SAYS(said, "panic: SIGSEGV at address 0x10; thread ");
    CHECK_SAYS(said, ": /api/things/{id}/ r-77\n");
    CHECK_SAYS(said, "return addresses in this program: 0x");
}

static int deeper(volatile char *above)
{
    volatile char frame[512];
    frame[0] = above ? above[0] : 1;
    if (two != 2)
        return 0;
    return frame[0] + deeper(frame) + frame[1];
}
static void too_deep(void *arg)
{
    (void)arg;
    fiber_set_note(&note);
    two = deeper(NULL);
}
static void die_of_a_full_stack(void)
{
    panic_catch();
    panic_thread_begin();
    on_fiber(too_deep);
}

TEST(a_fiber_without_stack_left_can_still_tell)
{
    int number;
    struct str said = last_words(die_of_a_full_stack, &number);
    CHECK_INT(number, SIGABRT);
    CHECK_SAYS(said, "panic: SIGSEGV at address 0x");
    CHECK_SAYS(said, ": /api/things/{id}/ r-77\n");
}
#endif
