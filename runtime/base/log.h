/* runtime/base/log.h - structured log lines: one JSON object (or text) per line on standard output.
 *
 * A line is written into a ring of the calling thread and leaves by a writer thread: logging never
 * blocks a loop. A full ring drops the line and counts it. Before log_start (and in tests) lines go
 * straight to standard error.
 *
 * No secrets, no codes, no full phone numbers: who logs a phone uses log_phone, which masks it in
 * production.
 *
 * Waits: never, but log_start and log_stop, outside the loops. */
#pragma once
#include "runtime/base/clock.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_JSON, LOG_TEXT };

struct log_options {
    enum log_format format;
    enum log_level level;
    bool mask_phones; /* production */
};
void log_start(const struct log_options *options); /* starts the writer thread */
void log_stop(void);                               /* everything written so far leaves first */
bool log_enabled(enum log_level level);
uint64_t log_dropped(void);

enum { LOG_LINE_MAX = 2048 };
struct log_line {
    size_t len;
    bool dropped, cut;
    char text[LOG_LINE_MAX];
};
/* `event` is a stable snake_case word. Longer lines are cut at a field boundary. */
void log_begin(struct log_line *line, enum log_level level, const char *event);
void log_str(struct log_line *line, const char *key, struct str value);
void log_int(struct log_line *line, const char *key, int64_t value);
void log_phone(struct log_line *line, const char *key, struct str e164); /* "+9665*****001" */
void log_end(struct log_line *line);

/* The common short form: event and one text. */
void log_event(enum log_level level, const char *event, const char *fmt, ...) PRINTF_LIKE(3, 4);
