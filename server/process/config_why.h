/* server/process/config_why.h - why the settings are refused, between config.c and config_rules.c.
 *
 * Waits: never. */
#pragma once
#include <stdarg.h>

#include "server/process/config.h"

struct why {
    char *text;
    size_t len;
};

/* One line: the name, the value, what is allowed. -> false, for the caller to return. */
static inline bool config_refuse(const struct why *why, const char *fmt, ...) PRINTF_LIKE(2, 3);
static inline bool config_refuse(const struct why *why, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(why->text, why->len, fmt, args);
    va_end(args);
    return false;
}
