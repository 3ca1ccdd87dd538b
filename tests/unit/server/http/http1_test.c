/* Each rule of the parser by its own name; the numbers are those of RFC 9112 and RFC 9110. */
#include "server/http/http1_chunked.h"

#include "server/http/errors.h"
#include "tests/test.h"

enum { HEAD_MAX = 16384 };

static struct http1_head head;

static enum http1_result parse(struct str text)
{
    return http1_parse(&head, text, HEAD_MAX);
}

#define REFUSED(text, expected_status)                           \
    do {                                                         \
        CHECK_INT(parse(STR(text)), HTTP1_BAD);                  \
        CHECK_INT(error_status(head.reason), (expected_status)); \
    } while (0)
#define ACCEPTED(text) CHECK_INT(parse(STR(text)), HTTP1_DONE)
#define GET "GET / HTTP/1.1\r\nHost: a\r\n"
#define POST "POST / HTTP/1.1\r\nHost: a\r\n"

TEST(a_plain_request_is_understood)
{
    struct str text =
        STR("GET /a/b?c=d&e HTTP/1.1\r\nHost: a.example:8080\r\nX-Y:  z \t\r\n\r\nrest");
    CHECK_INT(parse(text), HTTP1_DONE);
    CHECK_INT(head.method, HTTP_GET);
    CHECK_STR(head.path, STR("/a/b"));
    CHECK_STR(head.query, STR("c=d&e"));
    CHECK_STR(head.host, STR("a.example:8080"));
    CHECK_INT(head.fields_len, 2);
    CHECK_STR(head.fields[1].name, STR("X-Y"));
    CHECK_STR(head.fields[1].value, STR("z"));
    CHECK_INT(head.bytes, text.len - 4);
    CHECK_INT(head.framing, HTTP1_NO_BODY);
    CHECK(!head.close && !head.http10 && !head.expects_continue);
}

TEST(every_method_of_ours_is_known)
{
    static const char *const names[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char text[64];
        int len = snprintf(text, sizeof(text), "%s / HTTP/1.1\r\nHost: a\r\n\r\n", names[i]);
        CHECK_INT(parse(str_of(text, (size_t)len)), HTTP1_DONE);
        CHECK_INT(head.method, i);
    }
}

TEST(every_cut_of_a_request_asks_for_more)
{
    struct str text = STR("\r\nPOST /a?b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nX: y\r\n\r\n");
    for (size_t n = 0; n < text.len; n++)
        CHECK_INT(parse(str_take(text, n)), HTTP1_MORE);
    CHECK_INT(parse(text), HTTP1_DONE);
    CHECK_INT(head.bytes, text.len);
}

/* (1) */
TEST(bare_lf_line_ends_are_refused)
{
    REFUSED("GET / HTTP/1.1\nHost: a\r\n\r\n", 400);
    REFUSED("GET / HTTP/1.1\r\nHost: a\n\r\n", 400);
    REFUSED("GET / HTTP/1.1\r\nHost: a\r\n\n", 400);
    REFUSED("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400);
}

TEST(bare_cr_is_refused_anywhere)
{
    REFUSED("GET / HTTP/1.1\rHost: a\r\n\r\n", 400);
    REFUSED(GET "X: a\rb\r\n\r\n", 400);
    REFUSED(GET "X: a\r\r\n\r\n", 400);
    REFUSED("GET /\r HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    REFUSED(GET "\rX", 400);
}

/* (2) */
TEST(space_between_name_and_colon_is_refused)
{
    REFUSED("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400);
    REFUSED("GET / HTTP/1.1\r\nHost\t: a\r\n\r\n", 400);
}

/* (3) */
TEST(folded_lines_are_refused)
{
    REFUSED(GET "X: a\r\n b\r\n\r\n", 400);
    REFUSED(GET "X: a\r\n\tb\r\n\r\n", 400);
}

/* (4) */
TEST(white_space_before_the_first_field_is_refused)
{
    REFUSED("GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400);
    REFUSED(" GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400);
}

TEST(one_empty_line_before_the_request_line_is_let_through_two_are_not)
{
    ACCEPTED("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK_INT(head.bytes, sizeof("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n") - 1);
    REFUSED("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400);
}

/* (5) */
TEST(field_names_are_tokens)
{
    REFUSED(GET "X(y): z\r\n\r\n", 400);
    REFUSED(GET ": z\r\n\r\n", 400);
    REFUSED(GET "X y: z\r\n\r\n", 400);
    REFUSED(GET "X\x80: z\r\n\r\n", 400);
    REFUSED(GET "X\r\n\r\n", 400);
    ACCEPTED(GET "!#$%&'*+-.^_`|~09azAZ: z\r\n\r\n");
}

TEST(control_characters_in_values_are_refused_wherever_they_stand)
{
    char text[256];
    for (int at = 0; at < 40; at++) {
        for (int ch = 0; ch < 256; ch++) {
            int len = snprintf(text, sizeof(text), GET "X: %040d\r\n\r\n", 0);
            text[sizeof(GET) - 1 + 3 + at] = (char)ch;
            bool fine = ch >= 32 ? ch != 127 : ch == '\t';
            CHECK_INT(parse(str_of(text, (size_t)len)), fine ? HTTP1_DONE : HTTP1_BAD);
        }
    }
}

/* (6) */
TEST(request_lines_are_exact)
{
    REFUSED("G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    REFUSED("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    REFUSED("GET /  HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    REFUSED("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    REFUSED("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400);
    REFUSED("GET / http/1.1\r\nHost: a\r\n\r\n", 400);
    REFUSED("GET / HTTP/1\r\nHost: a\r\n\r\n", 400);
    REFUSED("GET / HTTP/11\r\nHost: a\r\n\r\n", 400);
    REFUSED("GET / HTTP/1.10\r\nHost: a\r\n\r\n", 400);
    REFUSED("GET / HTTX/1.1\r\nHost: a\r\n\r\n", 400);
    REFUSED("GET /\x80 HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    REFUSED("GET /#f HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    REFUSED("GET  HTTP/1.1\r\nHost: a\r\n\r\n", 400);
}

TEST(http_0_9_is_refused)
{
    REFUSED("GET /\r\n", 400);
}

TEST(another_major_version_is_505)
{
    REFUSED("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505);
    REFUSED("GET / HTTP/0.9\r\nHost: a\r\n\r\n", 505);
    REFUSED("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505);
}

TEST(a_later_minor_version_is_read_as_1_1)
{
    ACCEPTED("GET / HTTP/1.2\r\nHost: a\r\n\r\n");
    CHECK(!head.http10);
}

/* (7) */
TEST(content_length_and_transfer_encoding_together_are_refused)
{
    REFUSED(POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400);
    REFUSED(POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 400);
}

/* (8) */
TEST(transfer_encoding_in_http_1_0_is_refused)
{
    REFUSED("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400);
}

/* (9) */
TEST(chunked_alone_is_the_only_transfer_coding)
{
    ACCEPTED(POST "Transfer-Encoding: chunked\r\n\r\n");
    CHECK_INT(head.framing, HTTP1_CHUNKED);
    ACCEPTED(POST "transfer-encoding: CHUNKED\r\n\r\n");
    REFUSED(POST "Transfer-Encoding: chunked, chunked\r\n\r\n", 400);
    REFUSED(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400);
    REFUSED(POST "Transfer-Encoding: chunked, gzip\r\n\r\n", 400);
    REFUSED(POST "Transfer-Encoding: chunked,\r\n\r\n", 400);
    REFUSED(POST "Transfer-Encoding: ,chunked\r\n\r\n", 400);
    REFUSED(POST "Transfer-Encoding: chunked ,\r\n\r\n", 400);
    REFUSED(POST "Transfer-Encoding:\r\n\r\n", 400);
    REFUSED(POST "Transfer-Encoding: \x0b"
                 "chunked\r\n\r\n",
            400);
}

TEST(unknown_transfer_codings_are_501)
{
    REFUSED(POST "Transfer-Encoding: gzip, chunked\r\n\r\n", 501);
    REFUSED(POST "Transfer-Encoding: xchunked\r\n\r\n", 501);
    REFUSED(POST "Transfer-Encoding: identity\r\n\r\n", 501);
    REFUSED(POST "Transfer-Encoding: chunked;q=1\r\n\r\n", 501);
    REFUSED(POST "Transfer-Encoding: \"chunked\"\r\n\r\n", 501);
}

/* (10) */
TEST(content_length_is_one_plain_number)
{
    ACCEPTED(POST "Content-Length: 9223372036854775807\r\n\r\n");
    CHECK(head.content_length == INT64_MAX);
    ACCEPTED(POST "Content-Length: 0\r\n\r\n");
    CHECK_INT(head.framing, HTTP1_LENGTH);
    REFUSED(POST "Content-Length: +5\r\n\r\n", 400);
    REFUSED(POST "Content-Length: -5\r\n\r\n", 400);
    REFUSED(POST "Content-Length: 0x5\r\n\r\n", 400);
    REFUSED(POST "Content-Length: 5,5\r\n\r\n", 400);
    REFUSED(POST "Content-Length: 5, 6\r\n\r\n", 400);
    REFUSED(POST "Content-Length: 5 5\r\n\r\n", 400);
    REFUSED(POST "Content-Length:\r\n\r\n", 400);
    REFUSED(POST "Content-Length: 9223372036854775808\r\n\r\n", 400);
    REFUSED(POST "Content-Length: 99999999999999999999999\r\n\r\n", 400);
    REFUSED(POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", 400);
    REFUSED(POST "Content-Length: 0\r\nContent-Length: 0\r\n\r\n", 400);
}

/* (13) */
TEST(http_1_1_needs_exactly_one_host)
{
    REFUSED("GET / HTTP/1.1\r\n\r\n", 400);
    REFUSED(GET "Host: a\r\n\r\n", 400);
    ACCEPTED("GET / HTTP/1.0\r\n\r\n");
    REFUSED("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400);
}

TEST(a_host_is_a_name_or_an_address_and_a_port)
{
    ACCEPTED("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n");
    ACCEPTED("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    REFUSED("GET / HTTP/1.1\r\nHost:\r\n\r\n", 400);
    REFUSED("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400);
    REFUSED("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400);
    REFUSED("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400);
    REFUSED("GET / HTTP/1.1\r\nHost: a:8x\r\n\r\n", 400);
    REFUSED("GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", 400);
    REFUSED("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400);
    REFUSED("GET / HTTP/1.1\r\nHost: []\r\n\r\n", 400);
}

TEST(absolute_form_must_agree_with_host)
{
    ACCEPTED("GET http://a.example/b?c HTTP/1.1\r\nHost: A.example\r\n\r\n");
    CHECK_STR(head.path, STR("/b"));
    CHECK_STR(head.query, STR("c"));
    ACCEPTED("GET https://a.example HTTP/1.1\r\nHost: a.example\r\n\r\n");
    CHECK_STR(head.path, STR("/"));
    REFUSED("GET http://b.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n", 400);
    REFUSED("GET http:///b HTTP/1.1\r\nHost: a.example\r\n\r\n", 400);
    REFUSED("GET ftp://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n", 400);
    REFUSED("GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400);
}

TEST(the_asterisk_is_for_options)
{
    ACCEPTED("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(head.asterisk);
    REFUSED("GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400);
}

/* (14) */
TEST(a_body_is_framed_on_any_method)
{
    ACCEPTED(GET "Content-Length: 5\r\n\r\n");
    CHECK_INT(head.framing, HTTP1_LENGTH);
    CHECK_INT(head.content_length, 5);
}

/* (15) */
TEST(only_100_continue_can_be_expected)
{
    ACCEPTED(POST "Expect: 100-Continue\r\nContent-Length: 5\r\n\r\n");
    CHECK(head.expects_continue);
    REFUSED(POST "Expect: tea\r\n\r\n", 417);
    ACCEPTED("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    CHECK(!head.expects_continue);
}

/* (16) */
TEST(upgrade_is_ignored)
{
    ACCEPTED(GET "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n");
    CHECK(!head.close);
}

TEST(connect_trace_and_unknown_methods_are_501)
{
    REFUSED("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 501);
    REFUSED("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 501);
    REFUSED("BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 501);
    REFUSED("get / HTTP/1.1\r\nHost: a\r\n\r\n", 501);
}

/* (17) */
static char large[3 * HEAD_MAX];

static struct str line_of(size_t target_len)
{
    char *p = large;
    p += snprintf(p, 8, "GET /");
    memset(p, 'a', target_len - 1);
    p += target_len - 1;
    p += snprintf(p, 64, " HTTP/1.1\r\nHost: a\r\n\r\n");
    return str_of(large, (size_t)(p - large));
}

TEST(a_request_line_over_8_kib_is_414)
{
    size_t around = sizeof("GET  HTTP/1.1") - 1;
    CHECK_INT(parse(line_of(HTTP_REQUEST_LINE_MAX - around)), HTTP1_DONE);
    CHECK_INT(parse(line_of(HTTP_REQUEST_LINE_MAX - around + 1)), HTTP1_BAD);
    CHECK_INT(error_status(head.reason), 414);
}

TEST(a_request_line_without_end_is_414_as_soon_as_it_is_too_long)
{
    struct str text = line_of(2 * HTTP_REQUEST_LINE_MAX);
    CHECK_INT(parse(str_take(text, HTTP_REQUEST_LINE_MAX)), HTTP1_MORE);
    CHECK_INT(parse(str_take(text, HTTP_REQUEST_LINE_MAX + 1)), HTTP1_BAD);
    CHECK_INT(error_status(head.reason), 414);
}

static struct str fields_of(size_t n, size_t value_len)
{
    char *p = large + snprintf(large, 64, GET);
    for (size_t i = 0; i < n; i++) {
        p += snprintf(p, 8, "X: ");
        memset(p, 'v', value_len);
        p += value_len;
        p += snprintf(p, 4, "\r\n");
    }
    p += snprintf(p, 4, "\r\n");
    return str_of(large, (size_t)(p - large));
}

TEST(more_than_100_fields_are_431)
{
    CHECK_INT(parse(fields_of(HTTP_FIELDS_MAX - 1, 1)), HTTP1_DONE);
    CHECK_INT(parse(fields_of(HTTP_FIELDS_MAX, 1)), HTTP1_BAD);
    CHECK_INT(error_status(head.reason), 431);
}

TEST(a_head_over_its_cap_is_431_complete_or_not)
{
    struct str text = fields_of(2, HEAD_MAX / 2);
    CHECK_INT(parse(text), HTTP1_BAD);
    CHECK_INT(error_status(head.reason), 431);
    CHECK_INT(parse(str_take(text, HEAD_MAX)), HTTP1_MORE);
    CHECK_INT(parse(str_take(text, HEAD_MAX + 1)), HTTP1_BAD);
    CHECK_INT(error_status(head.reason), 431);
}

TEST(connection_options_are_a_list)
{
    ACCEPTED(GET "Connection: foo , CLOSE\r\n\r\n");
    CHECK(head.close);
    ACCEPTED(GET "Connection: closed\r\n\r\n");
    CHECK(!head.close);
}

TEST(http_1_0_closes_unless_asked_to_keep)
{
    ACCEPTED("GET / HTTP/1.0\r\n\r\n");
    CHECK(head.close);
    ACCEPTED("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
    CHECK(!head.close);
}

/* ---- chunked bodies ---- */

static char decoded[4096];
static size_t decoded_len;
static enum reason chunk_reason;

/* Decodes `text` in pieces of `piece` bytes; *left: what was not taken. */
static enum http1_result decode(struct str text, size_t piece, uint64_t max, size_t *left_out)
{
    struct http1_chunked chunked;
    http1_chunked_begin(&chunked, max);
    decoded_len = 0;
    while (text.len) {
        struct str part = str_take(text, piece);
        text = str_skip(text, part.len);
        for (;;) {
            struct str data;
            enum http1_result result = http1_chunked_next(&chunked, &part, &data, &chunk_reason);
            if (result != HTTP1_MORE) {
                *left_out = part.len + text.len;
                return result;
            }
            if (data.len == 0)
                break;
            memcpy(decoded + decoded_len, data.ptr, data.len);
            decoded_len += data.len;
        }
    }
    *left_out = 0;
    return HTTP1_MORE;
}

#define CHUNKS_BAD(text)                                                   \
    do {                                                                   \
        for (size_t piece_ = 1; piece_ <= 3; piece_++) {                   \
            size_t left_;                                                  \
            CHECK_INT(decode(STR(text), piece_, 1000, &left_), HTTP1_BAD); \
            CHECK_INT(error_status(chunk_reason), 400);                    \
        }                                                                  \
    } while (0)

TEST(chunks_are_put_together_however_they_are_cut)
{
    struct str text =
        STR("5\r\nhello\r\n00b;a;b=c;d=\"e\\\"f\"\r\n, wonderful \r\n6\r\nworld!\r\n0\r\nX-A: b\r\n"
            "X-B:c\r\n\r\nGET /");
    for (size_t piece = 1; piece <= text.len; piece++) {
        size_t left;
        CHECK_INT(decode(text, piece, 1000, &left), HTTP1_BAD); /* "00b" says 11, there are 12 */
    }
    text =
        STR("5\r\nhello\r\n00c;a;b=c;d=\"e\\\"f\"\r\n, wonderful \r\n6\r\nworld!\r\n0\r\nX-A: b\r\n"
            "X-B:c\r\n\r\nGET /");
    for (size_t piece = 1; piece <= text.len; piece++) {
        size_t left;
        CHECK_INT(decode(text, piece, 1000, &left), HTTP1_DONE);
        CHECK_STR(str_of(decoded, decoded_len), STR("hello, wonderful world!"));
        CHECK_INT(left, 5);
    }
}

TEST(every_cut_of_a_chunked_body_asks_for_more)
{
    struct str text = STR("3;x\r\nabc\r\n0\r\nA: b\r\n\r\n");
    for (size_t n = 0; n < text.len; n++) {
        size_t left;
        CHECK_INT(decode(str_take(text, n), 4, 1000, &left), HTTP1_MORE);
    }
}

/* (11) */
TEST(chunk_sizes_are_plain_hex)
{
    CHUNKS_BAD("g\r\n");
    CHUNKS_BAD("0x5\r\nhello\r\n");
    CHUNKS_BAD("-5\r\n");
    CHUNKS_BAD("\r\n");
    CHUNKS_BAD(" 5\r\n");
    CHUNKS_BAD("5 \r\n");
    CHUNKS_BAD("5\t;a\r\n");
    CHUNKS_BAD("0000000000000005\r\n");
    CHUNKS_BAD("ffffffffffffffff\r\n");
}

TEST(chunks_end_with_crlf)
{
    CHUNKS_BAD("5\nhello\r\n");
    CHUNKS_BAD("5\rhello\r\n");
    CHUNKS_BAD("5\r\nhello\n");
    CHUNKS_BAD("5\r\nhello!\r\n");
    CHUNKS_BAD("5\r\nhello0\r\n");
    CHUNKS_BAD("0\r\n\n");
}

TEST(chunk_extensions_are_names_and_values)
{
    CHUNKS_BAD("5;\r\n");
    CHUNKS_BAD("5;;a\r\n");
    CHUNKS_BAD("5;a;\r\n");
    CHUNKS_BAD("5; a\r\n");
    CHUNKS_BAD("5;a=\r\n");
    CHUNKS_BAD("5;a=\"b\r\n");
    CHUNKS_BAD("5;a=\"b\"c\r\n");
    CHUNKS_BAD("5;a\rb\r\n");
    CHUNKS_BAD("5;a\nb\r\n");
}

TEST(a_long_chunk_extension_is_refused)
{
    char text[HTTP_CHUNK_EXT_MAX + 64] = "5;";
    memset(text + 2, 'a', HTTP_CHUNK_EXT_MAX + 8);
    size_t left;
    CHECK_INT(decode(str_c(text), 7, 1000, &left), HTTP1_BAD);
}

/* (12) */
TEST(trailers_are_lines_and_capped)
{
    CHUNKS_BAD("0\r\nA : b\r\n\r\n");
    CHUNKS_BAD("0\r\n A: b\r\n\r\n");
    CHUNKS_BAD("0\r\nA\r\n\r\n");
    CHUNKS_BAD("0\r\nA: b\n\r\n");
    CHUNKS_BAD("0\r\nA: \x01\r\n\r\n");
    size_t len = (size_t)snprintf(large, 8, "0\r\n");
    while (len < HTTP_TRAILER_MAX + 64)
        len += (size_t)snprintf(large + len, 16, "A: bcdef\r\n");
    size_t left;
    CHECK_INT(decode(str_of(large, len), 100, 1000, &left), HTTP1_BAD);
}

TEST(a_chunk_that_would_pass_the_cap_is_413_before_it_comes)
{
    size_t left;
    CHECK_INT(decode(STR("5\r\nhello\r\n6\r\n"), 3, 10, &left), HTTP1_BAD);
    CHECK_INT(error_status(chunk_reason), 413);
    CHECK_INT(decode(STR("5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n"), 3, 10, &left), HTTP1_DONE);
}
