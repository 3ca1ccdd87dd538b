#include "tests/test.h"

#include <stdarg.h>

static struct test *tests, **tests_end = &tests;

void test_register(struct test *t)
{
    *tests_end = t;
    tests_end = &t->next;
}

void test_fail(struct test *t, const char *file, int line, const char *fmt, ...)
{
    char why[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(why, sizeof(why), fmt, args);
    va_end(args);
    printf("not ok %s: %s:%d: %s\n", t->name, file, line, why);
    t->failed = true;
}

int main(int argc, char **argv)
{
    int passed = 0, failed = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (struct test *t = tests; t; t = t->next) {
        if (argc > 1 && !strstr(t->name, argv[1]))
            continue;
        t->run(t);
        if (t->failed) {
            failed++;
        } else {
            passed++;
            printf("ok %s\n", t->name);
        }
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed ? 1 : 0;
}
