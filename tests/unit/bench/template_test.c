#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/template.h"
#include "tests/test.h"

/* A file that holds `text`; its path is good until the next call. */
static const char *file_with(const char *text)
{
    static char path[32];
    snprintf(path, sizeof path, "/tmp/template_test.XXXXXX");
    int fd = mkstemp(path);
    size_t len = strlen(text);
    if (fd < 0 || write(fd, text, len) != (ssize_t)len || close(fd) != 0)
        abort();
    return path;
}

static struct str rendered(const struct request_template *request, uint64_t n)
{
    static char out[512];
    size_t len = template_render(request, n, out);
    return str_of(out, len <= template_bytes_max(request) ? len : 0);
}

TEST(a_get_is_the_file_with_crlf)
{
    const char *path = file_with("GET /x HTTP/1.1\nHost: a\n\n");
    struct request_template *request = template_read(path);
    unlink(path);
    CHECK_STR(rendered(request, 7), STR("GET /x HTTP/1.1\r\nHost: a\r\n\r\n"));
    template_free(request);
}

TEST(holes_are_filled_and_the_length_is_that_of_the_body)
{
    const char *path = file_with("one\tfirst\ntwo\t22\n");
    char spec[64];
    snprintf(spec, sizeof spec, "row=%s", path);
    template_add_table(spec);
    unlink(path);
    path = file_with("POST /${n:3} HTTP/1.1\nHost: a\n\n{\"a\":\"${row.2}\",\"b\":\"${row.1}\"}\n");
    struct request_template *request = template_read(path);
    unlink(path);
    CHECK_STR(rendered(request, 0),
              STR("POST /000 HTTP/1.1\r\nHost: a\r\nContent-Length: 23\r\n\r\n"
                  "{\"a\":\"first\",\"b\":\"one\"}"));
    CHECK_STR(rendered(request, 1001),
              STR("POST /001 HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n"
                  "{\"a\":\"22\",\"b\":\"two\"}"));
    template_free(request);
}
