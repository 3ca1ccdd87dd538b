/* runtime/base/base.h - the few words every file uses: error classes, TRY, SCOPED, small macros.
 *
 * Waits: never.   Allocates: never.   Keeps: no state. */
#pragma once
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a call that can fail returns. The class says what kind of failure it is; which refusal it
 * is stands beside it in the ctx (domain/reason.h). Success is 0, so `if (err)` reads well. */
enum err {
    OK = 0,
    ERR_INVALID,        /* the caller's input breaks a rule                                  400 */
    ERR_UNAUTHORIZED,   /* no credentials, or bad ones                                       401 */
    ERR_FORBIDDEN,      /* known caller, not allowed                                         403 */
    ERR_NOT_FOUND,      /* no such thing, or not the caller's                                404 */
    ERR_METHOD,         /* the path exists, the method does not                              405 */
    ERR_SLOW_CLIENT,    /* head or body did not arrive in time                               408 */
    ERR_CONFLICT,       /* the state of the thing does not allow it                          409 */
    ERR_GONE,           /* it was removed on purpose                                         410 */
    ERR_TOO_LARGE,      /* the body is over its cap                                          413 */
    ERR_MEDIA_TYPE,     /* not a content type that this endpoint reads                       415 */
    ERR_UNPROCESSABLE,  /* well-formed, but contradicts what was said before                 422 */
    ERR_TOO_MANY,       /* over a limit of frequency; the ctx says when to try again         429 */
    ERR_NOT_CONFIGURED, /* the feature exists and is switched off here                      501 */
    ERR_UNAVAILABLE,    /* not done: something we need is down or full; safe to try again    503 */
    ERR_TIMEOUT,        /* UNKNOWN whether done: the deadline passed after it was sent       503 */
    ERR_CANCELED,       /* UNKNOWN whether done: the caller went away or we shut down       none */
    ERR_INTERNAL,       /* a promise of ours was broken (a row of the wrong shape, say)      500 */
};

#define NODISCARD __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

/* Passes a failure on. The only macro that hides a return; stands alone on its line. */
#define TRY(call)                   \
    do {                            \
        enum err try_err_ = (call); \
        if (try_err_)               \
            return try_err_;        \
    } while (0)

/* SCOPED(fn): `fn(&variable)` runs when the variable's scope ends. Cleanups never wait. */
#define SCOPED(fn) __attribute__((cleanup(fn), unused))

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define container_of(ptr, type, member) \
    ((type *)(void *)((char *)(ptr)-offsetof(type, member))) /* NOLINT */

/* A bug of ours: says where, and ends the process as a failed assert does (panic.h). Asserts stay on in
 * release builds. */
_Noreturn void base_die(const char *file, int line, const char *what);
