#include "runtime/base/log.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/test.h"

/* Standard output goes into a file while lines are logged. */
struct capture {
    int fd, saved;
    char text[4 * 1024 * 1024];
    size_t len;
};
static struct capture out;

static void capture_begin(int fd)
{
    char path[] = "/tmp/log_test.XXXXXX";
    fflush(stdout);
    out.fd = mkstemp(path);
    unlink(path);
    out.saved = dup(fd);
    dup2(out.fd, fd);
}
static struct str capture_end(int fd)
{
    dup2(out.saved, fd);
    close(out.saved);
    ssize_t n = pread(out.fd, out.text, sizeof(out.text), 0);
    close(out.fd);
    return str_of(out.text, n > 0 ? (size_t)n : 0);
}

/* From "event" on: the time before it changes. */
static struct str after_time(struct str line)
{
    ptrdiff_t at = str_find(line, STR("\"level\""));
    return at < 0 ? line : str_skip(line, (size_t)at);
}

static const struct log_options json = {.format = LOG_JSON, .level = LOG_INFO};

TEST(a_line_is_one_json_object)
{
    struct log_line line;
    capture_begin(STDOUT_FILENO);
    log_start(&json);
    log_begin(&line, LOG_WARN, "redis_down");
    log_str(&line, "host", STR("10.0.0.1"));
    log_int(&line, "tries", -3);
    log_int(&line, "least", INT64_MIN);
    log_int(&line, "none", 0);
    log_end(&line);
    log_stop();
    struct str text = capture_end(STDOUT_FILENO);
    CHECK(str_starts(text, STR("{\"ts\":\"20")) && text.ptr[7 + 23] == 'Z');
    CHECK_STR(after_time(text),
              STR("\"level\":\"warn\",\"event\":\"redis_down\",\"host\":\"10.0.0.1\","
                  "\"tries\":-3,\"least\":-9223372036854775808,\"none\":0}\n"));
}

static struct str logged_value(struct str value)
{
    struct log_line line;
    capture_begin(STDOUT_FILENO);
    log_start(&json);
    log_begin(&line, LOG_INFO, "e");
    log_str(&line, "k", value);
    log_end(&line);
    log_stop();
    struct str text = after_time(capture_end(STDOUT_FILENO));
    return str_skip(text, sizeof("\"level\":\"info\",\"event\":\"e\",\"k\":") - 1);
}

TEST(values_are_escaped_as_json_wants)
{
    CHECK_STR(logged_value(STR("a\"b\\c")), STR("\"a\\\"b\\\\c\"}\n"));
    CHECK_STR(logged_value(STR("\n\r\t\b\f")), STR("\"\\n\\r\\t\\b\\f\"}\n"));
    CHECK_STR(logged_value(STR("\0\x01\x1f\x7f")), STR("\"\\u0000\\u0001\\u001f\\u007f\"}\n"));
    CHECK_STR(logged_value(STR("\xd9\x85")), STR("\"\xd9\x85\"}\n"));
    CHECK_STR(logged_value(STR("")), STR("\"\"}\n"));
}

TEST(bytes_that_are_not_utf8_are_replaced)
{
    CHECK_STR(logged_value(STR("a\xff"
                               "b")),
              STR("\"a\xef\xbf\xbd"
                  "b\"}\n"));
    CHECK_STR(logged_value(STR("\xc0\x80")), STR("\"\xef\xbf\xbd\xef\xbf\xbd\"}\n"));
    CHECK_STR(logged_value(STR("\xd9")), STR("\"\xef\xbf\xbd\"}\n"));
}

TEST(a_long_line_is_cut_at_a_field)
{
    static char big[LOG_LINE_MAX];
    struct log_line line;
    memset(big, 'x', sizeof(big));
    capture_begin(STDOUT_FILENO);
    log_start(&json);
    log_begin(&line, LOG_INFO, "e");
    log_str(&line, "first", STR("kept"));
    log_str(&line, "big", str_of(big, sizeof(big)));
    log_str(&line, "later", STR("dropped too"));
    log_end(&line);
    log_stop();
    struct str text = capture_end(STDOUT_FILENO);
    CHECK_STR(after_time(text),
              STR("\"level\":\"info\",\"event\":\"e\",\"first\":\"kept\",\"cut\":true}\n"));
}

TEST(every_length_ends_as_one_whole_line)
{
    static char big[LOG_LINE_MAX];
    memset(big, '\n', sizeof(big)); /* each is escaped to two bytes */
    for (size_t len = 900; len < 1100; len++) {
        struct log_line line;
        capture_begin(STDERR_FILENO);
        log_begin(&line, LOG_INFO, "e");
        log_str(&line, "k", str_of(big, len));
        log_int(&line, "n", 1);
        log_end(&line);
        struct str text = capture_end(STDERR_FILENO);
        CHECK(text.len <= LOG_LINE_MAX && str_ends(text, STR("\n")));
        CHECK_INT(str_find_char(text, '\n'), (ptrdiff_t)text.len - 1);
    }
}

TEST(levels_below_the_wanted_are_not_written)
{
    capture_begin(STDOUT_FILENO);
    log_start(&(struct log_options){.format = LOG_JSON, .level = LOG_WARN});
    CHECK(!log_enabled(LOG_INFO) && log_enabled(LOG_ERROR));
    log_event(LOG_INFO, "quiet", "%d", 1);
    log_event(LOG_ERROR, "loud", "%d", 2);
    log_stop();
    struct str text = capture_end(STDOUT_FILENO);
    CHECK_STR(after_time(text), STR("\"level\":\"error\",\"event\":\"loud\",\"msg\":\"2\"}\n"));
}

static struct str logged_phone(bool mask, struct str phone)
{
    struct log_line line;
    capture_begin(STDOUT_FILENO);
    log_start(&(struct log_options){.format = LOG_TEXT, .level = LOG_INFO, .mask_phones = mask});
    log_begin(&line, LOG_INFO, "e");
    log_phone(&line, "to", phone);
    log_end(&line);
    log_stop();
    struct str text = capture_end(STDOUT_FILENO);
    ptrdiff_t at = str_find(text, STR("to="));
    return str_take(str_skip(text, (size_t)at + 3), text.len - (size_t)at - 4);
}

TEST(phones_are_masked_in_production)
{
    CHECK_STR(logged_phone(true, STR("+966500000001")), STR("+9665*****001"));
    CHECK_STR(logged_phone(false, STR("+966500000001")), STR("+966500000001"));
    CHECK_STR(logged_phone(true, STR("+12345678")), STR("+1*******"));
    CHECK_STR(logged_phone(true, STR("+")), STR("+"));
    CHECK_STR(logged_phone(true, STR("")), STR("\"\""));
    CHECK_STR(logged_phone(true, STR("+1234567890123456789012345678")),
              STR("+1234****************678"));
}

TEST(text_lines_quote_what_is_no_plain_word)
{
    struct log_line line;
    capture_begin(STDERR_FILENO);
    /* The last format asked for was text; without a writer lines go to standard error. */
    log_begin(&line, LOG_ERROR, "e");
    log_str(&line, "a", STR("word"));
    log_str(&line, "b", STR("two words"));
    log_str(&line, "c", STR("x\ny"));
    log_int(&line, "n", 7);
    log_end(&line);
    struct str text = capture_end(STDERR_FILENO);
    ptrdiff_t at = str_find(text, STR("Z "));
    CHECK_STR(str_skip(text, (size_t)at + 2),
              STR("error e a=word b=\"two words\" c=\"x\\ny\" n=7\n"));
}

enum { THREADS = 4, LINES = 2000 };
static void *log_many(void *arg)
{
    for (int i = 0; i < LINES; i++) {
        struct log_line line;
        log_begin(&line, LOG_INFO, "many");
        log_int(&line, "thread", (intptr_t)arg);
        log_int(&line, "i", i);
        log_end(&line);
        if (i % 100 == 0)
            usleep(1000);
    }
    return NULL;
}

TEST(lines_of_threads_arrive_whole_and_in_order)
{
    pthread_t threads[THREADS];
    int next[THREADS] = {0};
    uint64_t dropped = log_dropped();
    capture_begin(STDOUT_FILENO);
    log_start(&json);
    for (intptr_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, log_many, (void *)i);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    log_stop();
    struct str text = capture_end(STDOUT_FILENO), line;
    CHECK_INT(log_dropped(), dropped);
    while (str_split(&text, '\n', &line)) {
        char one[256];
        int thread, i;
        CHECK(line.len < sizeof(one));
        memcpy(one, line.ptr, line.len);
        one[line.len] = '\0';
        const char *fields = strstr(one, "\"thread\":");
        CHECK(fields && sscanf(fields, "\"thread\":%d,\"i\":%d}", &thread, &i) == 2);
        CHECK_INT(i, next[thread]++);
    }
    for (int i = 0; i < THREADS; i++)
        CHECK_INT(next[i], LINES);
}

static void *stop(void *arg)
{
    log_stop();
    return NULL;
}

/* Nobody reads the pipe: the ring fills, lines are dropped and counted, and nothing blocks. */
TEST(a_full_ring_drops_and_counts)
{
    int pipe_fds[2];
    uint64_t before = log_dropped();
    fflush(stdout);
    CHECK_INT(pipe(pipe_fds), 0);
    int saved = dup(STDOUT_FILENO);
    dup2(pipe_fds[1], STDOUT_FILENO);
    log_start(&json);
    for (int i = 0; i < 20000; i++)
        log_event(LOG_INFO, "flood", "%0100d", i);
    uint64_t dropped = log_dropped() - before;
    fcntl(pipe_fds[0], F_SETFL, O_NONBLOCK);
    pthread_t stopper;
    pthread_create(&stopper, NULL, stop, NULL);
    size_t lines = 0;
    static char chunk[65536];
    for (int idle = 0; idle < 300; usleep(1000), idle++) {
        ssize_t n;
        while ((n = read(pipe_fds[0], chunk, sizeof(chunk))) > 0) {
            idle = 0;
            for (ssize_t i = 0; i < n; i++)
                lines += chunk[i] == '\n';
        }
    }
    pthread_join(stopper, NULL);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    CHECK(dropped > 1000 && dropped < 20000);
    CHECK(lines >= 20000 - dropped && lines <= 20000 - dropped + 2); /* and the line that says so */
}

TEST(an_idle_log_does_not_wake)
{
    capture_begin(STDOUT_FILENO);
    log_start(&json);
    log_event(LOG_INFO, "one", "line");
    usleep(100000); /* written, napped, parked */
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    usleep(300000);
    getrusage(RUSAGE_SELF, &after);
    log_event(LOG_INFO, "two", "wakes it");
    usleep(100000);
    off_t written = lseek(out.fd, 0, SEEK_END);
    log_stop();
    struct str text = capture_end(STDOUT_FILENO);
    CHECK_INT(written, text.len); /* it left before log_stop */
    CHECK(str_find(text, STR("\"two\"")) > 0);
    CHECK(after.ru_nvcsw - before.ru_nvcsw <= 3); /* our own sleep, not 15 naps */
}

TEST(a_closed_output_ends_nothing)
{
    int pipe_fds[2];
    fflush(stdout);
    CHECK_INT(pipe(pipe_fds), 0);
    int saved = dup(STDOUT_FILENO);
    dup2(pipe_fds[1], STDOUT_FILENO);
    close(pipe_fds[1]);
    close(pipe_fds[0]);
    log_start(&json);
    log_event(LOG_INFO, "nobody", "reads this");
    log_stop();
    dup2(saved, STDOUT_FILENO);
    close(saved);
}
