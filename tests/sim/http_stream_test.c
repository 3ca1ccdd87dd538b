/* Streamed bodies and answers on the simulated ring: order, room, cuts, endings. */
#include "tests/sim/http_fixture.h"

#define GET_QUICK "GET /quick HTTP/1.1\r\nHost: a\r\n\r\n"

enum { MIB = 1 << 20 };

static void say(struct sim_peer *peer, struct str text)
{
    sim_send(peer, text);
    sim_settle(http.loop);
}

static void say_head(struct sim_peer *peer, const char *path, const char *fields, size_t length)
{
    char head[512];
    int n = snprintf(head, sizeof(head),
                     "POST %s HTTP/1.1\r\nHost: a\r\n%sContent-Length: %zu\r\n\r\n", path, fields,
                     length);
    sim_send(peer, str_of(head, (size_t)n));
}

/* From the n-th byte on. */
static void say_body(struct sim_peer *peer, uint64_t from, size_t n)
{
    char piece[4096];
    while (n) {
        size_t len = MIN(n, sizeof(piece));
        for (size_t i = 0; i < len; i++)
            piece[i] = stream_byte(from + i);
        sim_send(peer, str_of(piece, len));
        from += len;
        n -= len;
    }
}

#define ANSWERS(peer, n, status)                      \
    do {                                              \
        int last_ = 0;                                \
        CHECK_INT(http_answers((peer), &last_), (n)); \
        CHECK_INT(last_, (status));                   \
    } while (0)

TEST(a_body_of_8_mib_passes_through_two_chunks)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    say_head(peer, "/upload?ms=1", "", 8 * MIB);
    say_body(peer, 0, 8 * MIB);
    sim_run(http.loop, seconds(5));
    ANSWERS(peer, 1, 201);
    CHECK_INT(seen.streamed, 8 * MIB);
    CHECK_INT(seen.stream_sum, 0);
    CHECK(seen.chunk_max <= HTTP_STREAM_CHUNK);
    CHECK(!sim_closed(peer));
    http_end();
}

/* What the process holds of a body is bounded: the rest waits in the socket. */
TEST(a_slow_endpoint_stops_the_socket)
{
    struct sim_options sim = {.seed = 1, .buffers = 64, .buffer_bytes = 4096};
    http_begin(&sim, NULL);
    struct sim_peer *peer = http_connect();
    say_head(peer, "/upload?ms=1000", "", MIB);
    for (int i = 0; i < 256; i++) {
        say_body(peer, (uint64_t)i * 4096, 4096);
        sim_settle(http.loop);
    }
    struct conn *conn = container_of(http.server->conns.head.next, struct conn, link);
    CHECK(conn->sock.paused);
    CHECK(conn->h1.input && conn->h1.input->cap <= 4 * (HTTP_INPUT_PENDING_MAX + 4096));
    sim_run(http.loop, seconds(60));
    ANSWERS(peer, 1, 201);
    CHECK_INT(seen.stream_sum, 0);
    CHECK(!conn->sock.paused);
    http_end();
}

TEST(the_endpoint_runs_before_the_body_is_there)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    say_head(peer, "/upload", "", 10);
    sim_settle(http.loop);
    CHECK_INT(seen.runs, 1);
    CHECK_INT(seen.finished, 0);
    say_body(peer, 0, 10);
    sim_settle(http.loop);
    ANSWERS(peer, 1, 201);
    http_end();
}

TEST(every_seed_delivers_a_body_in_order_and_the_next_request)
{
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct sim_options sim = {.seed = seed,
                                  .buffers = 4,
                                  .buffer_bytes = 512,
                                  .recv_max = (uint32_t)(seed % 7) * 37,
                                  .send_max = (uint32_t)(seed % 5) * 11,
                                  .late_percent = (uint32_t)(seed % 4) * 20,
                                  .overflow_percent = (uint32_t)(seed % 3) * 25};
        http_begin(&sim, NULL);
        struct sim_peer *peer = http_connect();
        say_head(peer, seed % 2 ? "/upload?ms=1" : "/upload", "", 100000);
        say_body(peer, 0, 100000);
        sim_send(peer, STR(GET_QUICK));
        sim_run(http.loop, seconds(60));
        ANSWERS(peer, 2, 200);
        CHECK_INT(seen.streamed, 100000);
        CHECK_INT(seen.stream_sum, 0);
        http_end();
    }
}

TEST(a_chunked_body_streams_too)
{
    for (size_t piece = 1; piece < 70000; piece = piece * 3 + 1) {
        http_begin(NULL, NULL);
        struct sim_peer *peer = http_connect();
        sim_send(peer,
                 STR("POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"));
        size_t total = MIN(piece * 100, (size_t)MIB);
        for (size_t at = 0; at < total; at += piece) {
            char size[16];
            size_t n = MIN(piece, total - at);
            sim_send(peer, str_of(size, (size_t)snprintf(size, sizeof(size), "%zx\r\n", n)));
            say_body(peer, at, n);
            sim_send(peer, STR("\r\n"));
        }
        sim_send(peer, STR("0\r\n\r\n" GET_QUICK));
        sim_run(http.loop, seconds(10));
        ANSWERS(peer, 2, 200);
        CHECK_INT(seen.streamed, total);
        CHECK_INT(seen.stream_sum, 0);
        http_end();
    }
}

TEST(a_body_over_its_cap_is_refused_at_once_or_when_it_shows)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    say_head(peer, "/upload", "", 8 * MIB + 1);
    sim_settle(http.loop);
    ANSWERS(peer, 1, 413);
    CHECK_INT(seen.runs, 0);
    peer = http_connect();
    say(peer, STR("POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "3\r\nahx\r\n800001\r\n"));
    ANSWERS(peer, 1, 413);
    CHECK(http_says(peer, "Connection: close"));
    http_end();
}

TEST(a_broken_chunk_is_refused)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    say(peer,
        STR("POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcX"));
    ANSWERS(peer, 1, 400);
    sim_run(http.loop, seconds(3));
    CHECK(sim_closed(peer));
    http_end();
}

TEST(an_early_answer_is_the_connections_last)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    say_head(peer, "/upload?enough=10", "", MIB);
    say_body(peer, 0, 50000);
    sim_settle(http.loop);
    ANSWERS(peer, 1, 201);
    CHECK(http_says(peer, "Connection: close"));
    say_body(peer, 50000, 50000); /* still on its way: read and dropped, so that no reset follows */
    sim_run(http.loop, seconds(3));
    CHECK(sim_closed(peer));
    ANSWERS(peer, 1, 201);
    http_end();
}

TEST(who_may_not_is_told_before_the_body)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    say_head(peer, "/upload/user", "", MIB);
    sim_settle(http.loop);
    ANSWERS(peer, 1, 401);
    CHECK_INT(seen.runs, 0);
    http_end();
}

TEST(leave_to_send_is_given_when_the_endpoint_asks)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    say_head(peer, "/upload", "Expect: 100-continue\r\n", 10);
    sim_settle(http.loop);
    CHECK(http_says(peer, "HTTP/1.1 100 Continue\r\n\r\n"));
    say_body(peer, 0, 10);
    sim_settle(http.loop);
    CHECK(http_says(peer, "HTTP/1.1 201 Created"));
    peer = http_connect();
    say_head(peer, "/upload/user", "Expect: 100-continue\r\n", 10);
    sim_settle(http.loop);
    CHECK(!http_says(peer, "100 Continue"));
    ANSWERS(peer, 1, 401);
    http_end();
}

TEST(a_client_that_leaves_inside_a_body_ends_its_request)
{
    for (int safe = 0; safe < 2; safe++) {
        http_begin(NULL, NULL);
        struct sim_peer *peer = http_connect();
        say_head(peer, safe ? "/upload/safe" : "/upload", "", MIB);
        say_body(peer, 0, 50000);
        sim_settle(http.loop);
        if (safe)
            sim_shutdown(peer);
        else
            sim_reset(peer);
        sim_settle(http.loop);
        CHECK_INT(seen.stream_err, ERR_CANCELED);
        CHECK_INT(http.server->requests_live, 0);
        http_end();
    }
}

/* Everything was sent, the endpoint is behind, and the client says that it sends no more. */
TEST(a_half_closed_client_gets_its_answer)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    say_head(peer, "/upload?ms=50", "", 40000);
    say_body(peer, 0, 40000);
    sim_settle(http.loop);
    sim_shutdown(peer);
    sim_run(http.loop, seconds(5));
    CHECK_INT(seen.streamed, 40000);
    ANSWERS(peer, 1, 201);
    CHECK(sim_closed(peer));
    http_end();
}

TEST(a_body_that_stops_is_a_timeout)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    say_head(peer, "/upload", "", MIB);
    say_body(peer, 0, 1000);
    sim_run(http.loop, seconds(119));
    CHECK_INT(http_answers(peer, NULL), 0);
    sim_run(http.loop, seconds(5));
    ANSWERS(peer, 1, 408);
    CHECK(sim_closed(peer));
    http_end();
}

TEST(an_answer_is_written_piece_by_piece)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    say(peer, STR("GET /download?bytes=3000000 HTTP/1.1\r\nHost: a\r\n\r\n" GET_QUICK));
    sim_run(http.loop, seconds(5));
    ANSWERS(peer, 2, 200);
    struct str got = sim_received(peer);
    CHECK(http_says(peer, "\r\nContent-Type: image/png\r\n"));
    CHECK(http_says(peer, "\r\nContent-Length: 3000000\r\n"));
    got = str_skip(got, (size_t)str_find(got, STR("\r\n\r\n")) + 4);
    uint64_t wrong = 0;
    for (uint64_t i = 0; i < 3000000; i++)
        wrong += got.ptr[i] != stream_byte(i);
    CHECK_INT(wrong, 0);
    http_end();
}

TEST(a_client_that_does_not_read_stops_its_answer)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    sim_set_window(peer, 10000);
    say(peer, STR("GET /download?bytes=9000000 HTTP/1.1\r\nHost: a\r\n\r\n"));
    sim_run(http.loop, seconds(5));
    CHECK(seen.streamed < 10000 + HTTP_OUTPUT_PENDING_MAX + 2 * HTTP_OUTPUT_CHUNK);
    sim_set_window(peer, 20000);
    sim_run(http.loop, seconds(5));
    CHECK(seen.streamed < 30000 + HTTP_OUTPUT_PENDING_MAX + 2 * HTTP_OUTPUT_CHUNK);
    sim_run(http.loop, seconds(60)); /* no progress: it is cut off, and the endpoint told */
    CHECK_INT(seen.stream_err, ERR_CANCELED);
    CHECK_INT(http.server->requests_live, 0);
    http_end();
}

TEST(an_answer_that_breaks_off_closes_the_connection)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    say(peer, STR("GET /download?bytes=1000&cut=500 HTTP/1.1\r\nHost: a\r\n\r\n" GET_QUICK));
    sim_run(http.loop, seconds(1));
    CHECK_INT(http_answers(peer, NULL), 0);
    CHECK(sim_closed(peer));
    http_end();
}

TEST(a_head_request_gets_the_head_of_a_streamed_answer)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    say(peer, STR("HEAD /download?bytes=1000 HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK(http_says(peer, "\r\nContent-Length: 1000\r\n"));
    CHECK(str_ends(sim_received(peer), STR("\r\n\r\n")));
    CHECK(!sim_closed(peer));
    http_end();
}

TEST(draining_lets_a_stream_end)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    say_head(peer, "/upload?ms=10", "", 100000);
    say_body(peer, 0, 50000);
    sim_settle(http.loop);
    http_server_drain(http.server, NULL);
    say_body(peer, 50000, 50000);
    sim_run(http.loop, seconds(5));
    ANSWERS(peer, 1, 201);
    CHECK(sim_closed(peer));
    http_end();
}

TEST(an_abort_in_the_middle_gives_everything_back)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct sim_options sim = {.seed = seed, .late_percent = 30, .overflow_percent = 20};
        http_begin(&sim, NULL);
        struct sim_peer *up = http_connect(), *down = http_connect();
        sim_set_window(down, 5000);
        say_head(up, "/upload?ms=5", "", MIB);
        say_body(up, 0, 300000);
        sim_send(down, STR("GET /download?bytes=9000000 HTTP/1.1\r\nHost: a\r\n\r\n"));
        sim_run(http.loop, milliseconds((int64_t)seed));
        http_end(); /* asserts that nothing is left */
    }
}
