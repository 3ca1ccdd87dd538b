/* Connections on the simulated ring: order, cuts, deadlines, endings, memory. */
#include "tests/sim/http_fixture.h"

#define GET_QUICK "GET /quick HTTP/1.1\r\nHost: a\r\n\r\n"
#define GET_SLOW "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"
#define POST_ECHO "POST /echo HTTP/1.1\r\nHost: a\r\n"

#define ANSWERS(peer, n, status)                      \
    do {                                              \
        int last_ = 0;                                \
        CHECK_INT(http_answers((peer), &last_), (n)); \
        CHECK_INT(last_, (status));                   \
    } while (0)

static void say(struct sim_peer *peer, struct str text)
{
    sim_send(peer, text);
    sim_settle(http.loop);
}

TEST(a_request_is_answered_and_the_connection_kept)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    say(peer, STR(GET_QUICK));
    ANSWERS(peer, 1, 200);
    CHECK(http_says(peer, "{\"ip\":\"127.0.0.1\"}"));
    CHECK(!http_says(peer, "Connection:"));
    say(peer, STR(GET_QUICK));
    ANSWERS(peer, 2, 200);
    CHECK(!sim_closed(peer));
    http_end();
}

TEST(every_answer_has_the_common_headers)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    say(peer, STR(GET_QUICK));
    static const char *const lines[] = {"\r\nDate: ",
                                        "\r\nX-Content-Type-Options: nosniff\r\n",
                                        "\r\nX-Frame-Options: DENY\r\n",
                                        "\r\nReferrer-Policy: ",
                                        "\r\nContent-Security-Policy: default-src 'none'",
                                        "\r\nCache-Control: no-store\r\n",
                                        "\r\nX-Request-Id: ",
                                        "\r\nContent-Length: 18\r\n",
                                        "\r\nContent-Type: application/json; charset=utf-8\r\n"};
    for (size_t i = 0; i < ARRAY_LEN(lines); i++)
        CHECK(http_says(peer, lines[i]));
    http_end();
}

TEST(pipelined_requests_are_answered_in_one_send)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    sim_settle(http.loop);
    for (int i = 0; i < 16; i++)
        sim_send(peer, STR(GET_QUICK));
    uint64_t before = loop_io(http.loop)->counters.completions;
    sim_settle(http.loop);
    ANSWERS(peer, 16, 200);
    CHECK_INT(loop_io(http.loop)->counters.completions - before, 2); /* a receive and a send */
    http_end();
}

TEST(pipelined_requests_that_wait_are_answered_in_order)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    sim_send(peer, STR("GET /slow?ms=50&n=1 HTTP/1.1\r\nHost: a\r\nX-Request-Id: r1\r\n\r\n"
                       "GET /quick HTTP/1.1\r\nHost: a\r\nX-Request-Id: r2\r\n\r\n"
                       "GET /slow?ms=10&n=3 HTTP/1.1\r\nHost: a\r\nX-Request-Id: r3\r\n\r\n"
                       "GET /quick HTTP/1.1\r\nHost: a\r\nX-Request-Id: r4\r\n\r\n"));
    sim_run(http.loop, milliseconds(20));
    CHECK_INT(http_answers(peer, NULL), 0);
    sim_run(http.loop, milliseconds(200));
    CHECK_INT(http_answers(peer, NULL), 4);
    struct str text = sim_received(peer);
    ptrdiff_t at = 0;
    for (int i = 1; i <= 4; i++) {
        char id[32];
        snprintf(id, sizeof(id), "X-Request-Id: r%d", i);
        ptrdiff_t found = str_find(text, str_c(id));
        CHECK(found > at);
        at = found;
    }
    http_end();
}

TEST(more_than_32_pipelined_requests_leave_room_for_others)
{
    http_begin(
        &(struct sim_options){.seed = 1, .no_shuffle = true, .buffer_bytes = 16384, .buffers = 16},
        NULL);
    struct sim_peer *greedy = http_connect();
    sim_settle(http.loop);
    for (int i = 0; i < 200; i++)
        sim_send(greedy, STR(GET_QUICK));
    loop_turn(http.loop, (struct tick){0});
    CHECK(seen.runs >= HTTP_PIPELINE_TURN_MAX);
    CHECK(seen.runs <= 5 * HTTP_PIPELINE_TURN_MAX);
    sim_settle(http.loop);
    ANSWERS(greedy, 200, 200);
    http_end();
}

TEST(a_request_of_one_byte_a_turn_is_understood)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    struct str text = STR(POST_ECHO "Content-Length: 5\r\n\r\nhello" GET_QUICK);
    for (size_t i = 0; i < text.len; i++)
        say(peer, str_of(text.ptr + i, 1));
    ANSWERS(peer, 2, 200);
    CHECK_STR(str_of(seen.last_body, seen.last_body_len), STR("hello"));
    http_end();
}

TEST(a_chunked_body_may_be_cut_anywhere)
{
    struct str text =
        STR(POST_ECHO "Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n7\r\n, world\r\n0\r\n"
                      "X: y\r\n\r\n" GET_QUICK);
    for (size_t cut = 1; cut < text.len; cut++) {
        http_begin(NULL, NULL);
        struct sim_peer *peer = http_connect();
        say(peer, str_take(text, cut));
        say(peer, str_skip(text, cut));
        ANSWERS(peer, 2, 200);
        CHECK_STR(str_of(seen.last_body, seen.last_body_len), STR("hello, world"));
        http_end();
    }
}

TEST(every_seed_gives_the_same_answers)
{
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct sim_options options = {.seed = seed,
                                      .buffers = 4,
                                      .buffer_bytes = 64,
                                      .recv_max = (uint32_t)(seed % 7),
                                      .send_max = (uint32_t)(seed % 5) * 11,
                                      .late_percent = (uint32_t)(seed % 4) * 20,
                                      .overflow_percent = (uint32_t)(seed % 3) * 25};
        http_begin(&options, NULL);
        enum { PEERS = 6 };
        struct sim_peer *peers[PEERS];
        for (int i = 0; i < PEERS; i++) {
            peers[i] = http_connect();
            sim_send(peers[i],
                     STR(GET_QUICK "GET /slow?ms=3 HTTP/1.1\r\nHost: a\r\n\r\n" POST_ECHO
                                   "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
                                   "GET /big?bytes=3000 HTTP/1.1\r\nHost: a\r\n\r\n" GET_QUICK));
        }
        sim_run(http.loop, seconds(60));
        for (int i = 0; i < PEERS; i++) {
            if (http_answers(peers[i], NULL) != 5)
                printf("seed %llu\n", (unsigned long long)seed);
            ANSWERS(peers[i], 5, 200);
        }
        http_end();
    }
}

TEST(more_than_the_receive_buffers_are_waited_for)
{
    http_begin(&(struct sim_options){.seed = 2, .buffers = 2, .buffer_bytes = 64}, NULL);
    struct sim_peer *peers[20];
    for (int i = 0; i < 20; i++) {
        peers[i] = http_connect();
        sim_send(peers[i], STR(GET_QUICK));
    }
    sim_settle(http.loop);
    for (int i = 0; i < 20; i++)
        ANSWERS(peers[i], 1, 200);
    http_end();
}

/* ---- refusing ---- */

TEST(a_refused_request_gets_its_answer_and_the_end)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    say(peer, STR("GET / HTTP/1.1\nHost: a\r\n\r\n" GET_QUICK));
    ANSWERS(peer, 1, 400);
    CHECK(http_says(peer, "Connection: close\r\n"));
    CHECK(http_says(peer, "\"code\":\"request.bad\""));
    CHECK(sim_closed(peer)); /* half: it may still send */
    say(peer, STR(GET_QUICK));
    CHECK_INT(http_answers(peer, NULL), 1);
    CHECK_INT(http.server->conns_len, 1);
    sim_run(http.loop, seconds(2));
    CHECK_INT(http.server->conns_len, 0);
    http_end();
}

TEST(a_refused_client_that_sends_on_and_on_is_cut_off)
{
    static char junk[65536];
    memset(junk, 'x', sizeof(junk));
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    say(peer, STR(POST_ECHO "Content-Length: 2147483648\r\n\r\n"));
    ANSWERS(peer, 1, 413);
    for (int i = 0; i < 20 && http.server->conns_len; i++)
        say(peer, str_of(junk, sizeof(junk)));
    CHECK_INT(http.server->conns_len, 0);
    CHECK_INT(seen.runs, 0);
    http_end();
}

TEST(two_gib_are_refused_from_their_announcement_alone)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    say(peer, STR(POST_ECHO "Content-Length: 2147483648\r\n\r\n"));
    ANSWERS(peer, 1, 413);
    CHECK(http_says(peer, "Connection: close\r\n"));
    http_end();
}

TEST(a_chunked_body_over_its_cap_is_413)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    say(peer, STR(POST_ECHO "Transfer-Encoding: chunked\r\n\r\n10001\r\n"));
    ANSWERS(peer, 1, 413);
    http_end();
}

TEST(a_body_of_64_kib_is_read)
{
    static char body[65536];
    memset(body, 'x', sizeof(body));
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    sim_send(peer, STR(POST_ECHO "Content-Length: 65536\r\n\r\n"));
    say(peer, str_of(body, sizeof(body)));
    ANSWERS(peer, 1, 201);
    CHECK_INT(seen.last_body_len, 65536);
    http_end();
}

TEST(continue_is_said_only_to_those_whose_body_is_read)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    say(peer, STR(POST_ECHO "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"));
    CHECK_STR(sim_received(peer), STR("HTTP/1.1 100 Continue\r\n\r\n"));
    sim_consume(peer, sim_received(peer).len);
    say(peer, STR("{}"));
    ANSWERS(peer, 1, 201);

    struct sim_peer *large = http_connect();
    say(large, STR(POST_ECHO "Expect: 100-continue\r\nContent-Length: 65537\r\n\r\n"));
    ANSWERS(large, 1, 413);
    CHECK(!http_says(large, "100 Continue"));

    struct sim_peer *lost = http_connect();
    say(lost, STR("POST /nowhere HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: "
                  "2\r\n\r\n"));
    ANSWERS(lost, 1, 404);
    CHECK(http_says(lost, "Connection: close\r\n"));
    http_end();
}

TEST(a_404_with_a_body_keeps_the_connection)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    say(peer, STR("POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}" GET_QUICK));
    ANSWERS(peer, 2, 200);
    http_end();
}

TEST(a_405_names_the_methods)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    say(peer, STR("DELETE /quick HTTP/1.1\r\nHost: a\r\n\r\n"));
    ANSWERS(peer, 1, 405);
    CHECK(http_says(peer, "\r\nAllow: GET, HEAD, OPTIONS\r\n"));
    http_end();
}

TEST(options_are_answered_without_an_endpoint)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    say(peer,
        STR("OPTIONS /quick HTTP/1.1\r\nHost: a\r\n\r\nOPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"));
    ANSWERS(peer, 2, 204);
    CHECK(http_says(peer, "Allow: GET, HEAD, OPTIONS\r\n"));
    CHECK(!http_says(peer, "Content-Length"));
    http_end();
}

TEST(head_has_the_length_and_no_body)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    say(peer, STR("HEAD /quick HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK(http_says(peer, "HTTP/1.1 200 OK"));
    CHECK(http_says(peer, "Content-Length: 18\r\n"));
    CHECK(str_ends(sim_received(peer), STR("\r\n\r\n")));
    http_end();
}

TEST(an_error_of_ours_is_500_and_the_connection_lives)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    say(peer, STR("GET /broken HTTP/1.1\r\nHost: a\r\n\r\n" GET_QUICK));
    ANSWERS(peer, 2, 200);
    CHECK(http_says(peer, "HTTP/1.1 500"));
    http_end();
}

TEST(bytes_behind_a_request_that_closes_are_dropped)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    say(peer, STR("GET /quick HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" GET_QUICK));
    ANSWERS(peer, 1, 200);
    CHECK_INT(seen.runs, 1);
    CHECK(http_says(peer, "Connection: close\r\n"));
    CHECK_INT(http.server->conns_len, 0);
    http_end();
}

TEST(http_1_0_is_told_that_the_connection_stays)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    say(peer, STR("GET /quick HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    ANSWERS(peer, 1, 200);
    CHECK(http_says(peer, "Connection: keep-alive\r\n"));
    say(peer, STR("GET /quick HTTP/1.0\r\n\r\n"));
    ANSWERS(peer, 2, 200);
    CHECK_INT(http.server->conns_len, 0);
    http_end();
}

/* ---- slow and deaf clients ---- */

TEST(an_idle_connection_is_closed_after_its_time)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    say(peer, STR(GET_QUICK));
    sim_run(http.loop, seconds(74));
    CHECK(!sim_closed(peer));
    sim_run(http.loop, seconds(2));
    CHECK(sim_closed(peer));
    CHECK_INT(http_answers(peer, NULL), 1);
    http_end();
}

TEST(a_connection_that_never_says_anything_is_closed)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    sim_run(http.loop, seconds(76));
    CHECK(sim_closed(peer));
    CHECK_INT(sim_received(peer).len, 0);
    http_end();
}

TEST(a_byte_a_second_does_not_prolong_the_head)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    struct str text =
        STR("GET /quick HTTP/1.1\r\nHost: a\r\nX: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n\r\n");
    size_t sent = 0;
    while (sent < text.len && !sim_closed(peer)) {
        sim_send(peer, str_of(text.ptr + sent++, 1));
        sim_run(http.loop, seconds(1));
    }
    CHECK(sent >= 9 && sent <= 12);
    ANSWERS(peer, 1, 408);
    CHECK(http_says(peer, "request.timeout"));
    http_end();
}

TEST(the_heads_time_begins_with_its_first_byte)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    sim_run(http.loop, seconds(60));
    say(peer, STR("GET /quick HTTP/1.1\r\n"));
    sim_run(http.loop, seconds(9));
    say(peer, STR("Host: a\r\n\r\n"));
    ANSWERS(peer, 1, 200);
    http_end();
}

TEST(a_slow_body_is_408)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    sim_send(peer, STR(POST_ECHO "Content-Length: 100\r\n\r\n"));
    for (int i = 0; i < 29; i++) {
        say(peer, STR("x"));
        sim_run(http.loop, seconds(1));
    }
    CHECK_INT(http_answers(peer, NULL), 0);
    sim_run(http.loop, seconds(2));
    ANSWERS(peer, 1, 408);
    CHECK_INT(seen.runs, 0);
    http_end();
}

TEST(a_client_that_never_reads_is_cut_off)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    sim_set_window(peer, 1000);
    say(peer, STR("GET /big?bytes=1000000 HTTP/1.1\r\nHost: a\r\n\r\n"));
    sim_run(http.loop, seconds(29));
    CHECK(!sim_closed(peer));
    sim_run(http.loop, seconds(2));
    CHECK(sim_closed(peer));
    CHECK_INT(http.server->conns_len, 0);
    http_end();
}

TEST(a_slow_reader_that_reads_is_not_cut_off)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    sim_set_window(peer, 0);
    say(peer, STR("GET /big?bytes=1000000 HTTP/1.1\r\nHost: a\r\n\r\n"));
    for (int i = 0; i < 20; i++) {
        sim_set_window(peer, HTTP_SEND_MAX);
        sim_run(http.loop, seconds(20));
    }
    ANSWERS(peer, 1, 200);
    http_end();
}

TEST(a_client_that_does_not_read_gets_no_further_requests_run)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    sim_set_window(peer, 0);
    for (int i = 0; i < 50; i++)
        sim_send(peer, STR("GET /big?bytes=20000 HTTP/1.1\r\nHost: a\r\n\r\n"));
    sim_settle(http.loop);
    CHECK_INT(seen.runs, HTTP_OUTPUT_PENDING_MAX / 20000 + 1);
    sim_set_window(peer, 10000000);
    sim_settle(http.loop);
    ANSWERS(peer, 50, 200);
    http_end();
}

TEST(input_behind_a_request_under_way_is_bounded)
{
    static char junk[1000];
    memset(junk, 'a', sizeof(junk));
    http_begin(&(struct sim_options){.seed = 1, .buffers = 8, .buffer_bytes = 1024}, NULL);
    struct sim_peer *peer = http_connect();
    say(peer, STR("GET /slow?ms=5000 HTTP/1.1\r\nHost: a\r\n\r\n"));
    for (int i = 0; i < 100; i++) {
        sim_send(peer, STR("GET /quick HTTP/1.1\r\nHost: a\r\nX: "));
        sim_send(peer, str_of(junk, sizeof(junk)));
        say(peer, STR("\r\n\r\n"));
    }
    struct conn *conn = container_of(list_first(&http.server->conns), struct conn, link);
    CHECK(conn->sock.paused);
    CHECK(conn->h1.input->len <= HTTP_INPUT_PENDING_MAX + 2 * 1024);
    sim_run(http.loop, seconds(6));
    ANSWERS(peer, 101, 200);
    CHECK(!conn->sock.paused);
    http_end();
}

/* ---- endings ---- */

TEST(a_client_that_closes_its_half_still_gets_its_answers)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    sim_send(peer, STR(GET_SLOW GET_QUICK));
    sim_shutdown(peer);
    sim_run(http.loop, seconds(1));
    ANSWERS(peer, 2, 200);
    CHECK(sim_closed(peer));
    CHECK_INT(http.server->conns_len, 0);
    http_end();
}

TEST(a_reset_cancels_the_request_under_way)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    say(peer, STR("GET /slow?ms=5000 HTTP/1.1\r\nHost: a\r\n\r\n"));
    sim_reset(peer);
    sim_settle(http.loop);
    CHECK_INT(seen.canceled, 1);
    CHECK_INT(http.server->conns_len, 0);
    CHECK_INT(http.server->requests_live, 0);
    http_end();
}

TEST(a_reset_does_not_cancel_what_is_to_finish)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    say(peer, STR("POST /finish?ms=500 HTTP/1.1\r\nHost: a\r\n\r\n"));
    sim_reset(peer);
    sim_settle(http.loop);
    CHECK_INT(http.server->conns_len, 0);
    CHECK_INT(http.server->requests_live, 1);
    sim_run(http.loop, seconds(1));
    CHECK_INT(seen.finished, 1);
    CHECK_INT(seen.canceled, 0);
    CHECK_INT(http.server->requests_live, 0);
    http_end();
}

TEST(a_body_cut_in_the_middle_runs_nothing)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    sim_send(peer, STR(POST_ECHO "Content-Length: 100\r\n\r\n{"));
    sim_shutdown(peer);
    sim_settle(http.loop);
    CHECK_INT(seen.runs, 0);
    CHECK_INT(http.server->conns_len, 0);
    CHECK_INT(http.server->requests_live, 0);
    http_end();
}

TEST(a_reset_at_any_byte_does_no_harm)
{
    struct str text = STR(POST_ECHO "Content-Length: 5\r\n\r\nhello" GET_SLOW GET_QUICK);
    for (size_t cut = 0; cut <= text.len; cut++) {
        http_begin(NULL, NULL);
        struct sim_peer *peer = http_connect();
        say(peer, str_take(text, cut));
        sim_reset(peer);
        sim_run(http.loop, seconds(1));
        CHECK_INT(http.server->conns_len, 0);
        CHECK_INT(http.server->requests_live, 0);
        http_end();
    }
}

TEST(a_request_past_its_deadline_is_503)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    say(peer, STR("GET /slow?ms=60000 HTTP/1.1\r\nHost: a\r\n\r\n"));
    sim_run(http.loop, seconds(11));
    ANSWERS(peer, 1, 503);
    CHECK(http_says(peer, "Retry-After: 1\r\n"));
    CHECK(!sim_closed(peer));
    http_end();
}

TEST(a_request_that_wakes_a_sleeping_loop_has_all_of_its_time)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    say(peer, STR(GET_QUICK));
    sim_send_after(peer, seconds(40), STR("GET /slow?ms=1000 HTTP/1.1\r\nHost: a\r\n\r\n"));
    sim_run(http.loop, seconds(42));
    ANSWERS(peer, 2, 204); /* not 503: its deadline counts from now, not from when the loop slept */
    http_end();
}

TEST(a_head_that_begins_after_a_pause_has_all_of_its_time)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    say(peer, STR(GET_QUICK));
    sim_send_after(peer, seconds(60), STR("GET /quick HTTP/1.1\r\n"));
    sim_run(http.loop, seconds(65));
    CHECK(!sim_closed(peer));
    say(peer, STR("Host: a\r\n\r\n"));
    ANSWERS(peer, 2, 200);
    http_end();
}

/* ---- overload ---- */

TEST(beyond_the_fibers_there_is_an_early_503)
{
    http_begin(NULL, NULL);
    struct sim_peer *peers[80];
    for (int i = 0; i < 80; i++) {
        peers[i] = http_connect();
        sim_send(peers[i], STR("POST /finish?ms=500 HTTP/1.1\r\nHost: a\r\n\r\n"));
    }
    sim_settle(http.loop);
    int refused = 0;
    for (int i = 0; i < 80; i++)
        refused += http_says(peers[i], "HTTP/1.1 503") &&
                   http_says(peers[i], "Retry-After: 1\r\n") &&
                   http_says(peers[i], "server.overloaded");
    CHECK_INT(refused, 80 - 64 * 95 / 100 - 1);
    sim_run(http.loop, seconds(1));
    for (int i = 0; i < 80; i++)
        CHECK_INT(http_answers(peers[i], NULL), 1);
    http_end();
}

TEST(requests_that_waited_give_their_places_back)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    for (int i = 0; i < 200; i++) {
        sim_send(peer, STR("GET /search?ms=5 HTTP/1.1\r\nHost: a\r\n\r\n"));
        sim_run(http.loop, milliseconds(6));
        ANSWERS(peer, i + 1, 204);
    }
    CHECK_INT(http.server->requests_running, 0);
    http_end();
}

TEST(search_is_shed_before_bookings_and_probes_never)
{
    http_begin(NULL, NULL);
    for (int i = 0; i < 50; i++)
        sim_send(http_connect(), STR("GET /slow?ms=500 HTTP/1.1\r\nHost: a\r\n\r\n"));
    sim_settle(http.loop);
    struct sim_peer *search = http_connect(), *booking = http_connect(), *probe = http_connect();
    sim_send(search, STR("GET /search?ms=1 HTTP/1.1\r\nHost: a\r\n\r\n"));
    sim_send(booking, STR("GET /slow?ms=1 HTTP/1.1\r\nHost: a\r\n\r\n"));
    sim_send(probe, STR(GET_QUICK));
    sim_run(http.loop, milliseconds(10));
    ANSWERS(search, 1, 503);
    ANSWERS(booking, 1, 204);
    ANSWERS(probe, 1, 200);
    http_end();
}

TEST(too_many_connections_of_one_address_are_turned_away)
{
    struct http_options options = http_defaults();
    options.conns_per_address_max = 3;
    http_begin(NULL, &options);
    struct sim_peer *peers[4];
    for (int i = 0; i < 4; i++)
        peers[i] = http_connect();
    sim_settle(http.loop);
    CHECK(http_says(peers[3], "HTTP/1.1 503"));
    CHECK(sim_closed(peers[3]) && !sim_closed(peers[2]));
    sim_reset(peers[0]);
    sim_run(http.loop, seconds(3));
    struct sim_peer *next = http_connect();
    say(next, STR(GET_QUICK));
    ANSWERS(next, 1, 200);
    http_end();
}

TEST(out_of_descriptors_accepting_pauses_and_goes_on)
{
    http_begin(&(struct sim_options){.seed = 1, .fds_max = 11}, NULL);
    struct sim_peer *peers[30];
    for (int i = 0; i < 30; i++) {
        peers[i] = http_connect();
        sim_send(peers[i], STR(GET_QUICK));
    }
    sim_run(http.loop, milliseconds(50));
    CHECK_INT(http.server->conns_len, 10);
    uint64_t turns = loop_stats(http.loop)->turns;
    sim_run(http.loop, seconds(2));
    CHECK(loop_stats(http.loop)->turns - turns < 100); /* it does not spin */
    int served = 0;
    for (int i = 0; i < 30; i++)
        served += http_answers(peers[i], NULL);
    CHECK_INT(served, 10);
    for (int i = 0; i < 30; i++)
        if (http_answers(peers[i], NULL))
            sim_reset(peers[i]);
    sim_run(http.loop, seconds(1));
    served = 0;
    for (int i = 0; i < 30; i++)
        served += http_answers(peers[i], NULL);
    CHECK_INT(served, 20);
    http_end();
}

TEST(at_the_cap_of_connections_accepting_pauses_and_goes_on)
{
    struct http_options options = http_defaults();
    options.conns_max = 5;
    http_begin(&(struct sim_options){.seed = 1, .no_shuffle = true}, &options);
    struct sim_peer *peers[12];
    for (int i = 0; i < 12; i++)
        peers[i] = http_connect();
    sim_run(http.loop, seconds(1));
    CHECK(http.server->conns_len >= 5 && http.server->conns_len < 12);
    for (int i = 0; i < 12; i++)
        sim_shutdown(peers[i]);
    sim_run(http.loop, seconds(5));
    for (int i = 0; i < 12; i++)
        CHECK(sim_closed(peers[i]));
    http_end();
}

/* ---- draining ---- */

static bool drained;
static void on_drained(struct http_server *server)
{
    (void)server;
    drained = true;
}

TEST(draining_closes_the_idle_and_finishes_what_is_under_way)
{
    http_begin(NULL, NULL);
    struct sim_peer *idle = http_connect(), *busy = http_connect(), *typing = http_connect();
    sim_send(busy, STR("GET /slow?ms=500 HTTP/1.1\r\nHost: a\r\n\r\n"));
    sim_send(typing, STR("GET /quick HTTP/1.1\r\n"));
    sim_settle(http.loop);
    drained = false;
    http_server_drain(http.server, on_drained);
    sim_settle(http.loop);
    CHECK(sim_closed(idle) && !sim_closed(busy) && !sim_closed(typing) && !drained);
    CHECK(!sim_connect(http.sim, &http.addr));
    say(typing, STR("Host: a\r\n\r\n"));
    ANSWERS(typing, 1, 200);
    CHECK(http_says(typing, "Connection: close\r\n") && sim_closed(typing));
    sim_run(http.loop, seconds(1));
    ANSWERS(busy, 1, 204);
    CHECK(http_says(busy, "Connection: close\r\n") && sim_closed(busy));
    CHECK(drained);
    http_end();
}

TEST(draining_an_idle_server_is_done_at_once)
{
    http_begin(NULL, NULL);
    drained = false;
    http_server_drain(http.server, on_drained);
    CHECK(!drained); /* never from within the call */
    sim_settle(http.loop);
    CHECK(drained);
    http_end();
}

TEST(aborting_cancels_what_is_under_way)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    say(peer, STR("GET /slow?ms=5000 HTTP/1.1\r\nHost: a\r\n\r\n"));
    drained = false;
    http_server_drain(http.server, on_drained);
    http_server_abort(http.server);
    sim_settle(http.loop);
    CHECK_INT(seen.canceled, 1);
    CHECK(drained && sim_closed(peer));
    http_end();
}

/* ---- memory ---- */

TEST(an_idle_connection_is_small_and_owns_nothing)
{
    static_assert(sizeof(struct conn) <= 600, "10,000 idle connections fit into 6 MB");
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    say(peer, STR("GET /qui"));
    struct conn *conn = container_of(list_first(&http.server->conns), struct conn, link);
    CHECK(conn->h1.input);
    say(peer, STR("ck HTTP/1.1\r\nHost: a\r\n\r\n"));
    ANSWERS(peer, 1, 200);
    CHECK(!conn->h1.input && !conn->output && !conn->h1.request);
    CHECK_INT(sim_counts(http.sim).buffers_out, 0);
    CHECK_INT(loop_stats(http.loop)->fibers_live, 0);
    http_end();
}

TEST(a_request_costs_no_allocation_once_warm)
{
    http_begin(NULL, NULL);
    struct sim_peer *peer = http_connect();
    say(peer, STR(GET_QUICK));
    uint64_t before = loop_arenas(http.loop)->mallocs + http.server->output_pool.mallocs +
                      http.server->input_pool.mallocs;
    for (int i = 0; i < 100; i++)
        say(peer, STR(GET_QUICK));
    ANSWERS(peer, 101, 200);
    CHECK_INT(loop_arenas(http.loop)->mallocs + http.server->output_pool.mallocs +
                  http.server->input_pool.mallocs,
              before);
    http_end();
}

TEST(connections_are_taken_from_the_slab_again)
{
    http_begin(NULL, NULL);
    size_t bytes = 0;
    for (int round = 0; round < 50; round++) {
        struct sim_peer *peers[20];
        for (int i = 0; i < 20; i++) {
            peers[i] = http_connect();
            sim_send(peers[i], STR(GET_QUICK));
        }
        sim_settle(http.loop);
        for (int i = 0; i < 20; i++) {
            ANSWERS(peers[i], 1, 200);
            sim_reset(peers[i]);
        }
        sim_settle(http.loop);
        if (round == 0)
            bytes = http.server->slab.bytes;
    }
    CHECK_INT(http.server->slab.bytes, bytes);
    http_end();
}

TEST(request_ids_are_all_different)
{
    char ids[100][REQUEST_ID_LEN];
    http_begin(NULL, NULL);
    for (int i = 0; i < 100; i++) {
        http_server_request_id(http.server, ids[i]);
        for (int j = 0; j < i; j++)
            CHECK(memcmp(ids[i], ids[j], REQUEST_ID_LEN) != 0);
    }
    http_end();
}
