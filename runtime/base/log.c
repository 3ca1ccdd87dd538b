/* Lines travel:  log_end --> ring of the thread --> writer thread --> standard output
 *
 * A ring is a circle of bytes with one writer (its thread) and one reader (the log's writer
 * thread): `head` counts bytes ever published, `tail` bytes ever taken. What is published always
 * ends with a whole line, so lines of different threads never mix.
 *
 * The writer drains all rings, naps while there is traffic (a nap gathers many lines into one
 * write), and parks when a nap brought nothing: an idle process does not wake.
 *
 *   WRITER_BUSY <--> WRITER_NAPPING (cut short by a ring half full)
 *        ^---------- WRITER_PARKED  (ended by the next line)
 *
 * A publisher stores `head` and then looks at the state; the writer stores PARKED and then looks
 * at the heads. Both are sequentially consistent, so one of the two sees the other. */
#include "runtime/base/log.h"

#include "runtime/base/json_writer.h"

#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum {
    RING_BYTES = 256 * 1024, /* 20 ms of 60,000 lines a second */
    NAP_MS = 20,
    TAIL_RESERVE = 16, /* `,"cut":true}` and the newline always fit */
};
enum { WRITER_BUSY, WRITER_NAPPING, WRITER_PARKED };

struct log_ring {
    _Alignas(64) _Atomic uint64_t head;
    _Atomic uint64_t dropped;
    _Alignas(64) _Atomic uint64_t tail;
    _Alignas(64) struct log_ring *next;
    atomic_bool in_use; /* false: its thread ended, the next one that logs takes it over */
    char bytes[RING_BYTES];
};

static struct log_options options = {.format = LOG_TEXT, .level = LOG_INFO};
static _Atomic(struct log_ring *) rings; /* only grows */
static _Thread_local struct log_ring *mine;
static pthread_key_t leaving;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static atomic_bool started, stopping;
static _Atomic uint32_t writer_state;
static pthread_t writer;

/* ---- rings ---------------------------------------------------------------------------------- */

static void ring_leave(void *arg)
{
    struct log_ring *ring = arg;
    mine = NULL;
    atomic_store(&ring->in_use, false);
}

static void key_create(void)
{
    if (pthread_key_create(&leaving, ring_leave) != 0)
        base_die(__FILE__, __LINE__, "no thread key left");
}

static struct log_ring *ring_inherit(void)
{
    for (struct log_ring *ring = atomic_load(&rings); ring; ring = ring->next) {
        bool used = false;
        if (atomic_compare_exchange_strong(&ring->in_use, &used, true))
            return ring;
    }
    return NULL;
}

static struct log_ring *ring_new(void)
{
    struct log_ring *ring = aligned_alloc(64, sizeof(*ring));
    if (!ring)
        base_die(__FILE__, __LINE__, "out of memory");
    /* Not the bytes: they are touched, and so paid for, as lines need them. */
    memset(ring, 0, offsetof(struct log_ring, bytes));
    atomic_store(&ring->in_use, true);
    ring->next = atomic_load(&rings);
    while (!atomic_compare_exchange_weak(&rings, &ring->next, ring)) {
    }
    return ring;
}

static struct log_ring *ring_mine(void)
{
    if (LIKELY(mine != NULL))
        return mine;
    pthread_once(&once, key_create);
    mine = ring_inherit();
    if (!mine)
        mine = ring_new();
    pthread_setspecific(leaving, mine);
    return mine;
}

static long futex(_Atomic uint32_t *word, int op, uint32_t value, const struct timespec *timeout)
{
    return syscall(SYS_futex, word, op, value, timeout, NULL, 0);
}

static void writer_wake(uint32_t from)
{
    if (atomic_compare_exchange_strong(&writer_state, &from, WRITER_BUSY))
        futex(&writer_state, FUTEX_WAKE_PRIVATE, 1, NULL);
}

static void ring_publish(struct log_ring *ring, const char *text, size_t len)
{
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    uint64_t used = head - atomic_load(&ring->tail);
    if (used + len > RING_BYTES) {
        atomic_fetch_add(&ring->dropped, 1);
        return;
    }
    size_t at = head % RING_BYTES, first = MIN(len, RING_BYTES - at);
    memcpy(ring->bytes + at, text, first);
    memcpy(ring->bytes, text + first, len - first);
    atomic_store(&ring->head, head + len);

    uint32_t state = atomic_load(&writer_state);
    if (state == WRITER_PARKED || (state == WRITER_NAPPING && used + len > RING_BYTES / 2))
        writer_wake(state);
}

uint64_t log_dropped(void)
{
    uint64_t sum = 0;
    for (struct log_ring *ring = atomic_load(&rings); ring; ring = ring->next)
        sum += atomic_load(&ring->dropped);
    return sum;
}

/* ---- the writer thread ---------------------------------------------------------------------- */

/* All of it, or, when nobody reads any more, none: there is nowhere left to complain. */
static void write_all(int fd, struct iovec *parts, int parts_len)
{
    while (parts_len) {
        ssize_t n = writev(fd, parts, parts_len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN) {
            poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1);
            continue;
        }
        if (n < 0)
            return;
        for (; parts_len && (size_t)n >= parts->iov_len; parts++, parts_len--)
            n -= (ssize_t)parts->iov_len;
        if (parts_len) {
            parts->iov_base = (char *)parts->iov_base + n;
            parts->iov_len -= (size_t)n;
        }
    }
}

static bool ring_drain(struct log_ring *ring)
{
    uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    uint64_t len = atomic_load(&ring->head) - tail;
    if (len == 0)
        return false;
    size_t at = tail % RING_BYTES, first = MIN(len, RING_BYTES - at);
    struct iovec parts[2] = {{ring->bytes + at, first}, {ring->bytes, len - first}};
    write_all(STDOUT_FILENO, parts, len > first ? 2 : 1);
    atomic_store(&ring->tail, tail + len);
    return true;
}

static bool rings_drain(void)
{
    bool any = false;
    for (struct log_ring *ring = atomic_load(&rings); ring; ring = ring->next)
        any |= ring_drain(ring);
    return any;
}

static bool rings_empty(void)
{
    for (struct log_ring *ring = atomic_load(&rings); ring; ring = ring->next) {
        if (atomic_load(&ring->head) != atomic_load(&ring->tail))
            return false;
    }
    return true;
}

static void report_dropped(void)
{
    static uint64_t reported;
    uint64_t dropped = log_dropped();
    if (dropped == reported)
        return;
    struct log_line line;
    log_begin(&line, LOG_WARN, "log_lines_dropped");
    log_int(&line, "lines", (int64_t)(dropped - reported));
    log_end(&line);
    reported = dropped;
}

static void writer_rest(bool busy)
{
    static const struct timespec nap = {.tv_nsec = NAP_MS * 1000000};
    uint32_t state = busy ? WRITER_NAPPING : WRITER_PARKED;
    atomic_store(&writer_state, state);
    if (!atomic_load(&stopping) && (busy || rings_empty()))
        futex(&writer_state, FUTEX_WAIT_PRIVATE, state, busy ? &nap : NULL);
    atomic_store(&writer_state, WRITER_BUSY);
}

static void *writer_main(void *arg)
{
    while (!atomic_load(&stopping)) {
        bool busy = rings_drain();
        report_dropped();
        writer_rest(busy);
    }
    while (rings_drain()) {
    }
    return NULL;
}

void log_start(const struct log_options *wanted)
{
    assert(!atomic_load(&started));
    options = *wanted;
    atomic_store(&stopping, false);
    atomic_store(&writer_state, WRITER_BUSY);

    /* Signals are for the main thread; SIGPIPE blocked makes a closed output an EPIPE. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (pthread_create(&writer, NULL, writer_main, NULL) != 0)
        base_die(__FILE__, __LINE__, "cannot start the log's thread");
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_setname_np(writer, "log");
    atomic_store(&started, true);
}

void log_stop(void)
{
    if (!atomic_load(&started))
        return;
    atomic_store(&stopping, true);
    for (uint32_t state = WRITER_NAPPING; state <= WRITER_PARKED; state++)
        writer_wake(state);
    pthread_join(writer, NULL);
    atomic_store(&started, false);
    rings_drain();
}

bool log_enabled(enum log_level level)
{
    return level >= options.level;
}

/* ---- lines ---------------------------------------------------------------------------------- */

static bool put(struct log_line *line, const char *text, size_t len)
{
    if (len > LOG_LINE_MAX - TAIL_RESERVE - line->len)
        return false;
    memcpy(line->text + line->len, text, len);
    line->len += len;
    return true;
}

static bool put_c(struct log_line *line, const char *text)
{
    return put(line, text, strlen(text));
}

/* How many bytes from the front need no second look: ASCII but quotes, backslashes and controls. */
static size_t plain_run(struct str s)
{
    size_t len = 0;
    while (len < s.len && s.ptr[len] >= 0x20 && s.ptr[len] < 0x7f && s.ptr[len] != '"' &&
           s.ptr[len] != '\\')
        len++;
    return len;
}

/* One that does: what JSON wants escaped, and U+FFFD for every byte that is not UTF-8. */
static bool put_special(struct log_line *line, struct str *s)
{
    size_t len = str_utf8_next(*s);
    unsigned char c = (unsigned char)s->ptr[0];
    struct str it = str_take(*s, len);
    *s = str_skip(*s, MAX(len, (size_t)1));
    if (len == 0)
        return put(line, "\xef\xbf\xbd", 3);
    if (len > 1)
        return put(line, it.ptr, it.len);
    char escape[JSON_ESCAPE_MAX];
    return put(line, escape, json_escape(c, escape));
}

static bool put_escaped(struct log_line *line, struct str s)
{
    while (s.len) {
        size_t plain = plain_run(s);
        if (!put(line, s.ptr, plain))
            return false;
        s = str_skip(s, plain);
        if (s.len && !put_special(line, &s))
            return false;
    }
    return true;
}

static bool is_plain_word(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c <= ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '=')
            return false;
    }
    return s.len > 0;
}

static bool put_key(struct log_line *line, const char *key)
{
    if (options.format == LOG_JSON)
        return put_c(line, ",\"") && put_c(line, key) && put_c(line, "\":");
    return put_c(line, " ") && put_c(line, key) && put_c(line, "=");
}

static bool put_value(struct log_line *line, struct str value)
{
    if (options.format == LOG_TEXT && is_plain_word(value))
        return put(line, value.ptr, value.len);
    return put_c(line, "\"") && put_escaped(line, value) && put_c(line, "\"");
}

/* Takes a field back that did not fit; after it, none is written any more. */
static void cut_at(struct log_line *line, size_t len)
{
    line->len = len;
    line->cut = true;
}

static const char *const LEVELS[] = {"debug", "info", "warn", "error"};

/* "2026-11-21T18:30:00.123Z". The part before the fraction is made once a second. */
enum { TIME_LEN = 24, TIME_SECONDS_LEN = 19 };
static void put_time(struct log_line *line)
{
    static _Thread_local int64_t second = -1;
    static _Thread_local char text[RFC3339_LEN_MAX];
    int64_t ms = clock_system.wall(&clock_system).us / 1000;
    if (ms / 1000 != second) {
        second = ms / 1000;
        instant_format_rfc3339((struct instant){second * 1000000}, 0, text);
        text[TIME_SECONDS_LEN] = '.';
        text[TIME_LEN - 1] = 'Z';
    }
    int fraction = (int)(ms % 1000);
    text[TIME_SECONDS_LEN + 1] = (char)('0' + fraction / 100);
    text[TIME_SECONDS_LEN + 2] = (char)('0' + fraction / 10 % 10);
    text[TIME_SECONDS_LEN + 3] = (char)('0' + fraction % 10);
    put(line, text, TIME_LEN);
}

void log_begin(struct log_line *line, enum log_level level, const char *event)
{
    line->len = 0;
    line->cut = false;
    line->dropped = !log_enabled(level);
    if (line->dropped)
        return;
    bool json = options.format == LOG_JSON;
    put_c(line, json ? "{\"ts\":\"" : "");
    put_time(line);
    put_c(line, json ? "\",\"level\":\"" : " ");
    put_c(line, LEVELS[level]);
    put_c(line, json ? "\",\"event\":\"" : " ");
    put_c(line, event);
    put_c(line, json ? "\"" : "");
}

void log_str(struct log_line *line, const char *key, struct str value)
{
    size_t before = line->len;
    if (line->dropped || line->cut)
        return;
    if (!put_key(line, key) || !put_value(line, value))
        cut_at(line, before);
}

void log_int(struct log_line *line, const char *key, int64_t value)
{
    char digits[20], *first = digits + sizeof(digits);
    uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    size_t before = line->len;
    if (line->dropped || line->cut)
        return;
    do
        *--first = (char)('0' + left % 10);
    while (left /= 10);
    if (value < 0)
        *--first = '-';
    if (!put_key(line, key) || !put(line, first, (size_t)(digits + sizeof(digits) - first)))
        cut_at(line, before);
}

/* The country and the operator stay readable, and enough of the end to recognise one's own. */
void log_phone(struct log_line *line, const char *key, struct str e164)
{
    char masked[24];
    if (!options.mask_phones) {
        log_str(line, key, e164);
        return;
    }
    size_t len = MIN(e164.len, sizeof(masked));
    size_t shown_first = len >= 11 ? 5 : MIN(len, 2), shown_last = len >= 11 ? 3 : 0;
    memset(masked, '*', sizeof(masked));
    if (len) {
        memcpy(masked, e164.ptr, shown_first);
        memcpy(masked + len - shown_last, e164.ptr + e164.len - shown_last, shown_last);
    }
    log_str(line, key, str_of(masked, len));
}

void log_end(struct log_line *line)
{
    if (line->dropped)
        return;
    bool json = options.format == LOG_JSON;
    const char *tail = json ? (line->cut ? ",\"cut\":true}\n" : "}\n")
                            : (line->cut ? " cut=true\n" : "\n");
    size_t tail_len = strlen(tail);
    static_assert(sizeof(",\"cut\":true}\n") <= TAIL_RESERVE, "every line can be ended");
    memcpy(line->text + line->len, tail, tail_len);
    line->len += tail_len;
    if (atomic_load_explicit(&started, memory_order_acquire)) {
        ring_publish(ring_mine(), line->text, line->len);
    } else {
        struct iovec part = {line->text, line->len};
        write_all(STDERR_FILENO, &part, 1);
    }
}

void log_event(enum log_level level, const char *event, const char *fmt, ...)
{
    if (!log_enabled(level))
        return;
    char text[1024];
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    struct log_line line;
    log_begin(&line, level, event);
    log_str(&line, "msg", str_of(text, MIN((size_t)MAX(len, 0), sizeof(text) - 1)));
    log_end(&line);
}
