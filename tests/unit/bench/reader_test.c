#include "bench/reader.h"
#include "tests/test.h"

static const char two[] =
    "HTTP/1.1 201 Created\r\nContent-Type: text/plain\r\ncontent-length: 5\r\n\r\nhello"
    "HTTP/1.1 204 No Content\r\nX-Pad: HTTP/1.1 999\r\n\r\n";

static enum reader_result read_one(struct reader *r, const char *text)
{
    size_t len = strlen(text);
    return reader_next(r, &text, &len);
}

TEST(responses_are_found_wherever_the_stream_is_cut)
{
    for (size_t cut = 0; cut < sizeof two - 1; cut++) {
        static struct reader r;
        memset(&r, 0, sizeof r);
        int statuses[4] = {0}, found = 0;
        const char *parts[] = {two, two + cut};
        size_t lens[] = {cut, sizeof two - 1 - cut};
        for (int i = 0; i < 2; i++) {
            while (reader_next(&r, &parts[i], &lens[i]) == READER_RESPONSE && found < 3)
                statuses[found++] = r.status;
            CHECK_INT(lens[i], 0);
        }
        CHECK_INT(found, 2);
        CHECK_INT(statuses[0], 201);
        CHECK_INT(statuses[1], 204);
    }
}

TEST(responses_are_found_one_byte_at_a_time)
{
    static struct reader r;
    int found = 0;
    for (size_t i = 0; i < sizeof two - 1; i++) {
        const char *at = two + i;
        size_t len = 1;
        found += reader_next(&r, &at, &len) == READER_RESPONSE;
    }
    CHECK_INT(found, 2);
}

TEST(connection_close_is_noticed)
{
    static struct reader r;
    CHECK_INT(read_one(&r, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
              READER_RESPONSE);
    CHECK(r.closes);
}

TEST(what_is_not_understood_is_malformed)
{
    static const char *const bad[] = {
        "SSH-2.0-OpenSSH_9.2 hello there\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nDate: today\r\n\r\n", /* neither a length nor a status without a body */
        "HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\n",
        "HTTP/1.1 2x0 OK\r\nContent-Length: 5\r\n\r\n",
        "\r\n\r\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        static struct reader r;
        memset(&r, 0, sizeof r);
        CHECK_INT(read_one(&r, bad[i]), READER_MALFORMED);
    }
}

TEST(a_head_longer_than_its_room_is_malformed)
{
    static struct reader r;
    enum reader_result result = read_one(&r, "HTTP/1.1 200 OK\r\nX-Pad: ");
    for (int i = 0; i < READER_HEAD_MAX && result == READER_MORE; i++)
        result = read_one(&r, "x");
    CHECK_INT(result, READER_MALFORMED);
}
