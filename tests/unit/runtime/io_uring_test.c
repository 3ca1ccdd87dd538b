/* The real ring under a real kernel: what the simulated one cannot prove. The client side is plain
 * blocking sockets on a second thread. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/sock.h"
#include "tests/test.h"

struct echo {
    struct sock sock;
    char *out;
    size_t out_len, out_cap, sent_len;
    bool eof;
};

static struct loop *loop;
static struct io_op accept_op;
static int listen_fd, live, accepts, accept_errors;
static uint16_t port;

static void echo_go_on(struct echo *echo)
{
    if (sock_sending(&echo->sock) || echo->sock.closing)
        return;
    if (echo->sent_len < echo->out_len)
        sock_send(&echo->sock, echo->out + echo->sent_len, echo->out_len - echo->sent_len);
    else if (echo->eof)
        sock_end(&echo->sock);
}
static void echo_received(struct sock *sock, struct str bytes)
{
    struct echo *echo = container_of(sock, struct echo, sock);
    /* A send under way reads from `out`: it must not move. The tests stay under the cap. */
    assert(echo->out_len + bytes.len <= echo->out_cap);
    memcpy(echo->out + echo->out_len, bytes.ptr, bytes.len);
    echo->out_len += bytes.len;
    echo_go_on(echo);
}
static void echo_finished(struct sock *sock, int error)
{
    struct echo *echo = container_of(sock, struct echo, sock);
    echo->eof = true;
    if (error)
        echo->sent_len = echo->out_len;
    echo_go_on(echo);
}
static void echo_sent(struct sock *sock, int error)
{
    struct echo *echo = container_of(sock, struct echo, sock);
    if (error)
        echo->eof = true;
    echo->sent_len = error ? echo->out_len : (size_t)(sock->send_ptr - echo->out);
    echo_go_on(echo);
}
static void echo_ended(struct sock *sock)
{
    struct echo *echo = container_of(sock, struct echo, sock);
    free(echo->out);
    free(echo);
    live--;
}
static const struct sock_events echo_events = {echo_received, echo_finished, echo_sent, echo_ended};
static const struct sock_events *events; /* of the connections of this test */

static void accepted(struct io_op *op, int32_t res, uint32_t flags)
{
    if (res >= 0) {
        struct echo *echo = calloc(1, sizeof(*echo));
        echo->out_cap = 1 << 20;
        echo->out = malloc(echo->out_cap);
        live++;
        accepts++;
        sock_begin(&echo->sock, loop, res, events);
    } else {
        accept_errors++;
    }
    if (!(flags & IO_MORE) && res >= 0)
        io_accept(loop_io(loop), op, listen_fd);
}

static void begin(const struct io_options *options)
{
    const char *why = NULL;
    struct io *io = io_uring_new(options, &why);
    if (!io)
        base_die(__FILE__, __LINE__, why);
    struct loop_options lo = {.fibers_max = 64,
                              .stack_bytes = 65536,
                              .arena_block_bytes = 4096,
                              .slice = milliseconds(1)};
    loop = loop_new(io, &lo);
    struct io_addr addr;
    io_addr_parse(STR("127.0.0.1:0"), &addr);
    listen_fd = io_listen(io, &addr, 4096);
    struct sockaddr_in bound;
    socklen_t len = sizeof(bound);
    getsockname(listen_fd, (struct sockaddr *)&bound, &len);
    port = ntohs(bound.sin_port);
    accept_op = (struct io_op){.done = accepted};
    live = accepts = accept_errors = 0;
    events = &echo_events;
    io_accept(io, &accept_op, listen_fd);
}
static void end(void)
{
    close(listen_fd);
    loop_free(loop);
}

static int dial(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
        base_die(__FILE__, __LINE__, "connect");
    return fd;
}

struct client {
    int conns, bytes;
    bool ok;
};

/* Sends on all connections before it reads from any. */
static void *client_run(void *arg)
{
    struct client *client = arg;
    int *fds = calloc((size_t)client->conns, sizeof(int));
    char *text = malloc((size_t)client->bytes), *got = malloc((size_t)client->bytes);
    for (int i = 0; i < client->bytes; i++)
        text[i] = (char)(i * 7);
    client->ok = true;
    for (int i = 0; i < client->conns; i++)
        fds[i] = dial();
    for (int i = 0; i < client->conns; i++)
        client->ok &= write(fds[i], text, (size_t)client->bytes) == client->bytes;
    for (int i = 0; i < client->conns; i++) {
        int n = 0;
        while (n < client->bytes) {
            ssize_t r = read(fds[i], got + n, (size_t)(client->bytes - n));
            if (r <= 0)
                break;
            n += (int)r;
        }
        client->ok &= n == client->bytes && memcmp(text, got, (size_t)n) == 0;
        close(fds[i]);
    }
    free(fds);
    free(text);
    free(got);
    loop_stop(loop);
    return NULL;
}

static bool run_client(int conns, int bytes)
{
    struct client client = {.conns = conns, .bytes = bytes};
    pthread_t thread;
    pthread_create(&thread, NULL, client_run, &client);
    loop_run(loop);
    pthread_join(thread, NULL);
    struct tick stop = tick_add(clock_system.mono(&clock_system), seconds(5));
    while (live && clock_system.mono(&clock_system).ns < stop.ns)
        loop_turn(loop, tick_add(loop_now(loop), milliseconds(10)));
    return client.ok && live == 0;
}

static const struct io_options usual = {
    .entries = 256, .buffers = 256, .buffer_bytes = 4096, .completions_max = 256};

TEST(echo_over_the_real_ring)
{
    begin(&usual);
    CHECK(run_client(64, 10000));
    CHECK_INT(loop_io(loop)->counters.buffers_out, 0);
    end();
}

TEST(two_receive_buffers_serve_two_hundred_connections)
{
    struct io_options tight = usual;
    tight.buffers = 2;
    tight.buffer_bytes = 256;
    begin(&tight);
    CHECK(run_client(200, 5000));
    CHECK_INT(loop_io(loop)->counters.buffers_out, 0);
    end();
}

TEST(completion_queue_overflow_loses_nothing)
{
    struct io_options tight = {
        .entries = 2, .buffers = 512, .buffer_bytes = 64, .completions_max = 1};
    begin(&tight);
    CHECK(run_client(300, 300));
    end();
}

TEST(accept_ends_when_descriptors_run_out_and_can_be_armed_again)
{
    begin(&usual);
    struct rlimit before, low;
    getrlimit(RLIMIT_NOFILE, &before);
    int clients[4];
    for (int i = 0; i < 4; i++)
        clients[i] = socket(AF_INET, SOCK_STREAM, 0);
    int probe = dup(0);
    low = before;
    low.rlim_cur = (rlim_t)probe + 2; /* `probe` itself is freed again: room for three */
    close(probe);
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setrlimit(RLIMIT_NOFILE, &low);
    for (int i = 0; i < 4; i++)
        CHECK_INT(connect(clients[i], (struct sockaddr *)&to, sizeof(to)), 0);
    for (int i = 0; i < 20 && !accept_errors; i++)
        loop_turn(loop, tick_add(loop_now(loop), milliseconds(10)));
    setrlimit(RLIMIT_NOFILE, &before);
    CHECK_INT(accept_errors, 1);
    CHECK(!accept_op.pending);
    io_accept(loop_io(loop), &accept_op, listen_fd);
    for (int i = 0; i < 20 && accepts < 4; i++)
        loop_turn(loop, tick_add(loop_now(loop), milliseconds(10)));
    CHECK_INT(accepts, 4);
    for (int i = 0; i < 4; i++)
        close(clients[i]);
    for (int i = 0; i < 20 && live; i++)
        loop_turn(loop, tick_add(loop_now(loop), milliseconds(10)));
    CHECK_INT(live, 0);
    end();
}

static enum err connect_result;
static void connect_nowhere(void *arg)
{
    struct arena arena;
    struct ctx c;
    arena_begin(&arena, loop_arenas(loop));
    ctx_init(&c, &arena, loop_clock(loop));
    int fd = -1;
    connect_result = sock_connect(&c, loop, arg, &fd);
    arena_end(&arena);
    loop_stop(loop);
}

TEST(connect_to_a_closed_port_is_unavailable)
{
    begin(&usual);
    struct io_addr nowhere;
    io_addr_parse(STR("127.0.0.1:1"), &nowhere);
    connect_result = OK;
    CHECK(fiber_start(loop, connect_nowhere, &nowhere));
    loop_run(loop);
    CHECK_INT(connect_result, ERR_UNAVAILABLE);
    end();
}

static enum err slept;
static void sleeps(void *arg)
{
    struct arena arena;
    struct ctx c;
    arena_begin(&arena, loop_arenas(loop));
    ctx_init(&c, &arena, loop_clock(loop));
    slept = fiber_sleep(&c, *(struct duration *)arg);
    arena_end(&arena);
    loop_stop(loop);
}

TEST(idle_loop_sleeps_until_its_timer_and_makes_few_calls)
{
    begin(&usual);
    struct duration d = milliseconds(30);
    uint64_t enters = loop_io(loop)->counters.enters;
    CHECK(fiber_start(loop, sleeps, &d));
    loop_run(loop);
    CHECK_INT(slept, OK);
    CHECK(loop_io(loop)->counters.enters - enters < 10); /* no spin */
    end();
}

static struct tick sent_at, seen_at;
static void *late_sender_run(void *arg)
{
    int fd = dial();
    usleep(30000); /* the loop sleeps meanwhile */
    __atomic_store_n(&sent_at.ns, clock_system.mono(&clock_system).ns, __ATOMIC_RELEASE);
    *(bool *)arg = write(fd, "x", 1) == 1;
    char got;
    *(bool *)arg &= read(fd, &got, 1) == 1;
    close(fd);
    loop_stop(loop);
    return NULL;
}
static void noting_received(struct sock *sock, struct str bytes)
{
    seen_at = loop_now(loop);
    echo_received(sock, bytes);
}
static const struct sock_events noting_events = {noting_received, echo_finished, echo_sent,
                                                 echo_ended};

TEST(a_completion_sees_the_time_after_the_wait)
{
    begin(&usual);
    events = &noting_events;
    bool ok = false;
    pthread_t thread;
    pthread_create(&thread, NULL, late_sender_run, &ok);
    loop_run(loop);
    pthread_join(thread, NULL);
    CHECK(ok);
    CHECK(seen_at.ns >= sent_at.ns); /* not the time at which the loop fell asleep */
    for (int i = 0; i < 20 && live; i++)
        loop_turn(loop, tick_add(loop_now(loop), milliseconds(10)));
    end();
}

TEST(stale_unix_socket_file_is_replaced_and_a_live_one_is_not)
{
    begin(&usual);
    char text[64];
    snprintf(text, sizeof(text), "unix:///tmp/mawid-test-%d.sock", getpid());
    struct io_addr addr;
    CHECK(io_addr_parse(str_c(text), &addr));
    int first = io_listen(loop_io(loop), &addr, 4);
    CHECK(first >= 0);
    CHECK(io_listen(loop_io(loop), &addr, 4) == -EADDRINUSE);
    close(first);
    int second = io_listen(loop_io(loop), &addr, 4);
    CHECK(second >= 0);
    close(second);
    unlink(text + 7);
    end();
}

TEST(an_adopted_listener_that_was_non_blocking_does_not_spin)
{
    begin(&usual);
    CHECK_INT(fcntl(listen_fd, F_SETFL, fcntl(listen_fd, F_GETFL) | O_NONBLOCK), 0);
    CHECK_INT(loop_io(loop)->backend->adopt_listener(loop_io(loop), listen_fd), 0);
    CHECK(run_client(4, 100));
    CHECK_INT(accept_errors, 0);
    int no_listener = socket(AF_INET, SOCK_STREAM, 0);
    CHECK_INT(loop_io(loop)->backend->adopt_listener(loop_io(loop), no_listener), -EINVAL);
    close(no_listener);
    end();
}

TEST(addresses_parse_and_print)
{
    struct io_addr addr;
    char host[IO_ADDR_TEXT_MAX];
    CHECK(io_addr_parse(STR("[::1]:8080"), &addr));
    CHECK_STR(str_of(host, io_addr_format_host(&addr, host)), STR("::1"));
    CHECK(io_addr_parse(STR("[::ffff:10.1.2.3]:1"), &addr));
    CHECK_STR(str_of(host, io_addr_format_host(&addr, host)), STR("10.1.2.3"));
    CHECK(!io_addr_parse(STR("127.0.0.1"), &addr));
    CHECK(!io_addr_parse(STR("127.0.0.1:70000"), &addr));
    CHECK(!io_addr_parse(STR("localhost:80"), &addr));
    CHECK(!io_addr_parse(STR(":80"), &addr));
    CHECK(!io_addr_parse(STR(""), &addr));
    CHECK(!io_addr_parse(STR("unix://"), &addr));
}

/* Sends a long stream while the other side pauses and resumes: the cancel and the data race. */
static void *streamer_run(void *arg)
{
    struct client *client = arg;
    int fd = dial();
    char chunk[1000], got[1000];
    memset(chunk, 'x', sizeof(chunk));
    client->ok = true;
    for (int i = 0; i < client->bytes / 1000; i++)
        client->ok &= write(fd, chunk, sizeof(chunk)) == (ssize_t)sizeof(chunk);
    shutdown(fd, SHUT_WR);
    int n = 0;
    ssize_t r;
    while ((r = read(fd, got, sizeof(got))) > 0)
        n += (int)r;
    client->ok &= n == client->bytes;
    close(fd);
    loop_stop(loop);
    return NULL;
}

static struct sock *pausing;
static int pauses;
static void pausing_received(struct sock *sock, struct str bytes)
{
    echo_received(sock, bytes);
    sock_pause(sock);
    if (pauses++ % 2)
        sock_resume(sock);
    pausing = sock;
}
static void pausing_ended(struct sock *sock)
{
    pausing = NULL;
    echo_ended(sock);
}
static const struct sock_events pausing_events = {pausing_received, echo_finished, echo_sent,
                                                  pausing_ended};

TEST(pausing_and_resuming_under_a_stream_loses_nothing)
{
    begin(&usual);
    events = &pausing_events;
    pausing = NULL;
    pauses = 0;
    struct client client = {.bytes = 900000};
    pthread_t thread;
    pthread_create(&thread, NULL, streamer_run, &client);
    while (!accepts || live) {
        loop_turn(loop, tick_add(loop_now(loop), milliseconds(1)));
        if (pausing && pausing->paused && !pausing->closing)
            sock_resume(pausing);
    }
    loop_run(loop); /* until the client saw the end of the stream */
    pthread_join(thread, NULL);
    CHECK(client.ok);
    CHECK(pauses > 3);
    end();
}

TEST(a_forked_child_does_not_disturb_the_ring)
{
    begin(&usual);
    pid_t child = fork();
    if (child == 0)
        _exit(0); /* its copies of the rings are not mapped, its descriptors close */
    CHECK(child > 0);
    int status;
    CHECK_INT(waitpid(child, &status, 0), child);
    CHECK_INT(status, 0);
    CHECK(run_client(16, 3000));
    end();
}

/* A sandbox that refuses io_uring_setup, as common container profiles do. */
static int refused_setup(int error)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = ARRAY_LEN(filter), .filter = filter};
    const char *why = "";
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, 2, &program))
        return 2;
    if (io_uring_new(&usual, &why))
        return 3;
    return strstr(why, "seccomp") || strstr(why, "sandbox") ? 0 : 4;
}

TEST(a_sandbox_that_refuses_the_ring_gets_one_clear_line)
{
    static const int errors[] = {EPERM, ENOSYS};
    for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
        pid_t child = fork();
        if (child == 0)
            _exit(refused_setup(errors[i]));
        int status;
        CHECK_INT(waitpid(child, &status, 0), child);
        CHECK_INT(WEXITSTATUS(status), 0);
    }
}
