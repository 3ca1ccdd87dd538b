/* runtime/base/tz.h - time zones by IANA name, from the system's TZif files (RFC 9636), read by cctz.
 *
 * libc knows one zone per process (TZ); a salon has its own. All zones are loaded once at the start
 * and never change after that, so every thread reads them without a lock or an allocation. Times after
 * a file's last transition follow the rule in its footer. A name is accepted exactly if tz_find finds it.
 *
 * Threads: any, but loading and freeing while no other is there.
 * Waits:   never, but tz_database_load reads files: call it before the loops run. */
#pragma once
#include "runtime/base/clock.h"

struct tz;

/* `directory` NULL: /usr/share/zoneinfo. False with one clear line in `why`: no zone was found
 * there. Files that are no zones, or broken ones, are passed over. Replaces what was loaded; a file that
 * was read before is not read again. */
bool tz_database_load(const char *directory, char *why, size_t why_len);
void tz_database_free(void);
size_t tz_database_len(void);
const struct tz *tz_database_at(size_t index); /* in the order of names */

/* NULL: no such zone. Names are compared exactly ("Asia/Riyadh"). */
const struct tz *tz_find(struct str name);
struct str tz_name(const struct tz *tz);

/* Seconds east of UTC. */
int32_t tz_offset_at(const struct tz *tz, struct instant t);
/* The calendar and the clock on the wall there; fractions of a second are cut off. */
void tz_to_local(const struct tz *tz, struct instant t, struct date *date, int32_t *second_of_day);

enum tz_local {
    TZ_LOCAL_ONCE,
    TZ_LOCAL_TWICE, /* clocks were set back: the earlier one is meant */
    TZ_LOCAL_NEVER, /* clocks were set forward over it: the first instant after the gap */
};
/* What the wall clock's reading means. `second_of_day` may be 86400: midnight at the day's end. */
enum tz_local tz_from_local(const struct tz *tz, struct date date, int32_t second_of_day,
                            struct instant *out);
