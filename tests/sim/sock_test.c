/* Sockets on the simulated io under many seeds: short reads, late and reordered completions,
 * overflows, exhaustion. Every run ends with nothing pending and every buffer back. */
#include "runtime/sock.h"

#include <errno.h>
#include <stdlib.h>

#include "runtime/io_sim.h"
#include "tests/test.h"

enum { SEEDS = 200 };

struct echo {
    struct sock sock;
    char out[65536];
    size_t out_len, sent_len;
    bool eof, ended;
    int error;
    struct echo *next;
};

static struct loop *loop;
static struct io_sim *sim;
static struct io_op accept_op;
static struct echo *echoes;
static int listen_fd, accept_error;
static struct io_addr addr;

static void echo_flush(struct echo *echo)
{
    if (!echo->ended && !sock_sending(&echo->sock) && echo->sent_len < echo->out_len)
        sock_send(&echo->sock, echo->out + echo->sent_len, echo->out_len - echo->sent_len);
    else if (echo->eof && !echo->sock.closing && !sock_sending(&echo->sock))
        sock_end(&echo->sock);
}
static void echo_received(struct sock *sock, struct str bytes)
{
    struct echo *echo = container_of(sock, struct echo, sock);
    memcpy(echo->out + echo->out_len, bytes.ptr, bytes.len);
    echo->out_len += bytes.len;
    echo_flush(echo);
}
static void echo_finished(struct sock *sock, int error)
{
    struct echo *echo = container_of(sock, struct echo, sock);
    echo->eof = true;
    echo->error = error;
    echo_flush(echo);
}
static void echo_sent(struct sock *sock, int error)
{
    struct echo *echo = container_of(sock, struct echo, sock);
    echo->sent_len = echo->out_len;
    if (error)
        echo->eof = true;
    echo->sent_len = error ? echo->out_len : (size_t)(sock->send_ptr - echo->out);
    echo_flush(echo);
}
static void echo_ended(struct sock *sock)
{
    container_of(sock, struct echo, sock)->ended = true;
}
static const struct sock_events echo_events = {echo_received, echo_finished, echo_sent, echo_ended};

static void accepted(struct io_op *op, int32_t res, uint32_t flags)
{
    if (res >= 0) {
        struct echo *echo = calloc(1, sizeof(*echo));
        echo->next = echoes;
        echoes = echo;
        sock_begin(&echo->sock, loop, res, &echo_events);
    } else {
        accept_error = res;
    }
    if (!(flags & IO_MORE) && res >= 0)
        io_accept(loop_io(loop), op, listen_fd);
}

static void begin(const struct sim_options *options)
{
    struct loop_options lo = {.fibers_max = 16,
                              .stack_bytes = 65536,
                              .arena_block_bytes = 4096,
                              .slice = milliseconds(1)};
    loop = loop_new(io_sim_new(options), &lo);
    sim = io_sim_of(loop_io(loop));
    io_addr_parse(STR("127.0.0.1:80"), &addr);
    listen_fd = io_listen(loop_io(loop), &addr, 128);
    accept_op = (struct io_op){.done = accepted};
    accept_error = 0;
    echoes = NULL;
    io_accept(loop_io(loop), &accept_op, listen_fd);
}
static void end(void)
{
    while (echoes) {
        struct echo *echo = echoes;
        echoes = echo->next;
        free(echo);
    }
    loop_free(loop);
}

TEST(echo_survives_every_seed)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct sim_options options = {.seed = seed,
                                      .buffers = 4,
                                      .buffer_bytes = 64,
                                      .recv_max = (uint32_t)(seed % 7),
                                      .send_max = (uint32_t)(seed % 5) * 3,
                                      .late_percent = (uint32_t)(seed % 4) * 20,
                                      .overflow_percent = (uint32_t)(seed % 3) * 25};
        begin(&options);
        enum { PEERS = 12 };
        struct sim_peer *peers[PEERS];
        char text[1000];
        for (size_t i = 0; i < sizeof(text); i++)
            text[i] = (char)('a' + i % 26);
        for (int i = 0; i < PEERS; i++) {
            peers[i] = sim_connect(sim, &addr);
            CHECK(peers[i]);
            sim_send(peers[i], str_of(text, 500));
        }
        sim_run(loop, milliseconds(20));
        for (int i = 0; i < PEERS; i++) {
            sim_send(peers[i], str_of(text + 500, 500));
            sim_shutdown(peers[i]);
        }
        sim_run(loop, seconds(30));
        for (int i = 0; i < PEERS; i++) {
            if (!str_eq(sim_received(peers[i]), str_of(text, sizeof(text))))
                printf("seed %llu peer %d\n", (unsigned long long)seed, i);
            CHECK(str_eq(sim_received(peers[i]), str_of(text, sizeof(text))));
            CHECK(sim_closed(peers[i]));
        }
        CHECK_INT(sim_counts(sim).fds_open, 1);
        CHECK_INT(sim_counts(sim).buffers_out, 0);
        CHECK_INT(sim_counts(sim).ops_pending, 1); /* the accept */
        end();
    }
}

TEST(reset_is_reported_once_and_the_descriptor_closed)
{
    struct sim_options options = {.seed = 3};
    begin(&options);
    struct sim_peer *peer = sim_connect(sim, &addr);
    sim_settle(loop);
    sim_reset(peer);
    sim_settle(loop);
    CHECK(echoes && echoes->error != 0 && echoes->ended);
    CHECK_INT(sim_counts(sim).fds_open, 1);
    end();
}

TEST(paused_sock_receives_nothing_more_until_resumed)
{
    struct sim_options options = {.seed = 5, .recv_max = 1};
    begin(&options);
    struct sim_peer *peer = sim_connect(sim, &addr);
    sim_settle(loop);
    sock_pause(&echoes->sock);
    sim_settle(loop);
    sim_send(peer, STR("hello"));
    sim_run(loop, seconds(1));
    CHECK_INT(echoes->out_len, 0);
    sock_resume(&echoes->sock);
    sock_pause(&echoes->sock);
    sock_resume(&echoes->sock);
    sim_settle(loop);
    CHECK_STR(sim_received(peer), STR("hello"));
    end();
}

TEST(a_peer_that_takes_nothing_holds_the_send_until_ended)
{
    struct sim_options options = {.seed = 6};
    begin(&options);
    struct sim_peer *peer = sim_connect(sim, &addr);
    sim_set_window(peer, 2);
    sim_send(peer, STR("hello"));
    sim_run(loop, seconds(60));
    CHECK_STR(sim_received(peer), STR("he"));
    CHECK(sock_sending(&echoes->sock));
    sock_end(&echoes->sock);
    CHECK(!echoes->ended); /* never from within the call, and not before the send let go */
    sim_settle(loop);
    CHECK(echoes->ended);
    CHECK_INT(sim_counts(sim).ops_pending, 1);
    end();
}

TEST(accept_reports_that_descriptors_ran_out)
{
    struct sim_options options = {.seed = 8, .fds_max = 2};
    begin(&options);
    CHECK(sim_connect(sim, &addr));
    CHECK(sim_connect(sim, &addr));
    sim_settle(loop);
    CHECK(accept_error == -EMFILE);
    CHECK(!accept_op.pending);
    end();
}

static struct ctx ctx;
static enum err connect_result;
static int connected_fd;
static void connector(void *arg)
{
    connect_result = sock_connect(&ctx, loop, arg, &connected_fd);
}

TEST(connect_reaches_a_listener_and_reports_a_refusal)
{
    struct sim_options options = {.seed = 9};
    begin(&options);
    struct arena arena;
    arena_begin(&arena, loop_arenas(loop));
    ctx_init(&ctx, &arena, loop_clock(loop));
    struct io_addr there;
    io_addr_parse(STR("127.0.0.1:6379"), &there);
    CHECK(fiber_start(loop, connector, &there));
    sim_settle(loop);
    CHECK_INT(connect_result, ERR_UNAVAILABLE);
    CHECK_INT(sim_counts(sim).fds_open, 1);
    sim_listen(sim, &there);
    CHECK(fiber_start(loop, connector, &there));
    sim_settle(loop);
    CHECK_INT(connect_result, OK);
    CHECK(sim_accept(sim, &there));
    arena_end(&arena);
    end();
}

TEST(reused_descriptors_never_get_the_old_connections_completions)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct sim_options options = {.seed = seed,
                                      .buffers = 8,
                                      .buffer_bytes = 32,
                                      .late_percent = 40,
                                      .overflow_percent = 20,
                                      .fds_max = 6};
        begin(&options);
        for (int round = 0; round < 30; round++) {
            struct sim_peer *peer = sim_connect(sim, &addr);
            CHECK(peer);
            char text[40];
            int len = snprintf(text, sizeof(text), "round %d of seed %d, whole", round, (int)seed);
            sim_send(peer, str_of(text, (size_t)len));
            if (round % 3 == 0) {
                sim_run(loop, microseconds((int64_t)(seed % 9) * 300));
                sim_reset(peer); /* its descriptor is free for the next round at once */
                sim_settle(loop);
                continue;
            }
            sim_shutdown(peer);
            sim_run(loop, milliseconds(seed % 2 ? 40 : 0));
            sim_run(loop, milliseconds(40));
            CHECK_STR(sim_received(peer), str_of(text, (size_t)len));
        }
        sim_run(loop, seconds(1));
        CHECK_INT(sim_counts(sim).fds_open, 1);
        CHECK_INT(sim_counts(sim).buffers_out, 0);
        end();
    }
}
