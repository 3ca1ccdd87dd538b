/* tests/test.h - the smallest harness that serves: TEST(name) { CHECK(...); }
 *
 * Tests register themselves; the program runs all of them, or those whose names contain an
 * argument, prints "ok name" or "not ok name: where", and ends with "N passed, N failed". */
#pragma once
#include <stdio.h>
#include <string.h>

#include "runtime/base/str.h"

struct test {
    const char *name;
    void (*run)(struct test *t);
    struct test *next;
    bool failed;
};
void test_register(struct test *t);
void test_fail(struct test *t, const char *file, int line, const char *fmt, ...) PRINTF_LIKE(4, 5);

#define TEST(test_name)                                                           \
    static void test_##test_name(struct test *t);                                 \
    __attribute__((constructor)) static void register_##test_name(void)           \
    {                                                                             \
        static struct test entry = {.name = #test_name, .run = test_##test_name}; \
        test_register(&entry);                                                    \
    }                                                                             \
    static void test_##test_name(struct test *t)

/* Each check that fails ends its test (the helpers that use them take the `t` of their caller). */
#define CHECK(condition)                                        \
    do {                                                        \
        if (!(condition)) {                                     \
            test_fail(t, __FILE__, __LINE__, "%s", #condition); \
            return;                                             \
        }                                                       \
    } while (0)
#define CHECK_INT(actual, expected)                                                         \
    do {                                                                                    \
        long long actual_ = (long long)(actual), expected_ = (long long)(expected);         \
        if (actual_ != expected_) {                                                         \
            test_fail(t, __FILE__, __LINE__, "%s is %lld, expected %lld", #actual, actual_, \
                      expected_);                                                           \
            return;                                                                         \
        }                                                                                   \
    } while (0)
#define CHECK_STR(actual, expected)                                                        \
    do {                                                                                   \
        struct str actual_ = (actual), expected_ = (expected);                             \
        if (!str_eq(actual_, expected_)) {                                                 \
            test_fail(t, __FILE__, __LINE__, "%s is \"%.*s\", expected \"%.*s\"", #actual, \
                      STR_FMT(actual_), STR_FMT(expected_));                               \
            return;                                                                        \
        }                                                                                  \
    } while (0)
