/* The level-triggered set on the real ring, with pipes and socket pairs in place of a library's. */
#include "runtime/foreign.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include "tests/unit/runtime/real_loop.h"

struct watcher {
    struct foreign_fd fd;
    struct real *real;
    int calls;
    size_t read_max; /* bytes taken per call; 0: none */
    size_t got;
    struct watcher *forget; /* forgotten by the first call */
};

static void watcher_ready(struct foreign_fd *fd, uint32_t events)
{
    struct watcher *w = container_of(fd, struct watcher, fd);
    char bytes[4096];
    w->calls++;
    if (w->read_max) {
        ssize_t n = read(fd->fd, bytes, w->read_max);
        w->got += n > 0 ? (size_t)n : 0;
    }
    if (w->forget)
        foreign_forget(&w->forget->fd);
}

static void turn(struct real *r, int times)
{
    for (int i = 0; i < times; i++)
        loop_turn(r->loop, (struct tick){0});
}

static void pair(int fds[2])
{
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0)
        base_die(__FILE__, __LINE__, "no socket pair");
}

TEST(bytes_left_unread_are_told_again)
{
    struct real r = real_begin();
    int fds[2];
    pair(fds);
    struct watcher w = {.fd.ready = watcher_ready, .read_max = 100};
    CHECK(foreign_watch(foreign_of(r.loop), &w.fd, fds[0], EPOLLIN));
    char bytes[1000] = {0};
    CHECK_INT(write(fds[1], bytes, sizeof(bytes)), 1000);
    turn(&r, 40);
    CHECK_INT(w.got, 1000);
    CHECK_INT(w.calls, 10);
    foreign_forget(&w.fd);
    close(fds[0]);
    close(fds[1]);
    real_end(&r);
}

TEST(without_write_interest_an_idle_socket_costs_nothing)
{
    struct real r = real_begin();
    int fds[2];
    pair(fds);
    struct watcher w = {.fd.ready = watcher_ready};
    struct foreign *set = foreign_of(r.loop);
    CHECK(foreign_watch(set, &w.fd, fds[0], EPOLLIN | EPOLLOUT));
    turn(&r, 5);
    CHECK(w.calls > 0);
    CHECK(foreign_watch(set, &w.fd, fds[0], EPOLLIN));
    turn(&r, 5); /* what was under way */
    w.calls = 0;
    uint64_t completions = loop_io(r.loop)->counters.completions;
    turn(&r, 20);
    CHECK_INT(w.calls, 0);
    CHECK_INT(loop_io(r.loop)->counters.completions, completions);
    foreign_forget(&w.fd);
    close(fds[0]);
    close(fds[1]);
    real_end(&r);
}

TEST(an_event_fetched_before_forgetting_is_not_delivered)
{
    struct real r = real_begin();
    int a[2], b[2];
    pair(a);
    pair(b);
    struct watcher first = {.fd.ready = watcher_ready, .read_max = 10};
    struct watcher second = {.fd.ready = watcher_ready, .read_max = 10, .forget = &first};
    first.forget = &second;
    struct foreign *set = foreign_of(r.loop);
    CHECK(foreign_watch(set, &first.fd, a[0], EPOLLIN));
    CHECK(foreign_watch(set, &second.fd, b[0], EPOLLIN));
    CHECK(write(a[1], "x", 1) == 1 && write(b[1], "x", 1) == 1);
    turn(&r, 10);
    CHECK_INT(first.calls + second.calls, 1);
    foreign_forget(&first.fd);
    foreign_forget(&second.fd);
    for (int i = 0; i < 2; i++) {
        close(a[i]);
        close(b[i]);
    }
    real_end(&r);
}

TEST(a_number_given_to_a_new_socket_belongs_to_its_new_watcher)
{
    struct real r = real_begin();
    int a[2], b[2];
    pair(a);
    struct watcher old = {.fd.ready = watcher_ready},
                   new = {.fd.ready = watcher_ready, .read_max = 8};
    struct foreign *set = foreign_of(r.loop);
    CHECK(foreign_watch(set, &old.fd, a[0], EPOLLIN));
    int number = a[0];
    close(a[0]); /* behind our back, as a library does */
    pair(b);
    if (b[0] != number) { /* the other end took it */
        CHECK_INT(b[1], number);
        b[1] = b[0];
        b[0] = number;
    }
    CHECK(foreign_watch(set, &new.fd, number, EPOLLIN));
    foreign_forget(&old.fd); /* late, and without harm */
    CHECK_INT(write(b[1], "hello", 5), 5);
    turn(&r, 10);
    CHECK_INT(old.calls, 0);
    CHECK_INT(new.got, 5);
    foreign_forget(&new.fd);
    close(a[1]);
    close(b[0]);
    close(b[1]);
    real_end(&r);
}

TEST(forgetting_after_the_close_is_fine_and_hang_ups_are_told)
{
    struct real r = real_begin();
    int fds[2];
    pair(fds);
    struct watcher w = {.fd.ready = watcher_ready};
    CHECK(foreign_watch(foreign_of(r.loop), &w.fd, fds[0], EPOLLIN));
    close(fds[1]);
    turn(&r, 4);
    CHECK(w.calls > 0);
    close(fds[0]);
    foreign_forget(&w.fd);
    int calls = w.calls;
    turn(&r, 4);
    CHECK_INT(w.calls, calls);
    real_end(&r);
}

TEST(a_descriptor_that_cannot_be_watched_is_refused)
{
    struct real r = real_begin();
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    struct watcher w = {.fd.ready = watcher_ready};
    CHECK(!foreign_watch(foreign_of(r.loop), &w.fd, file, EPOLLIN)); /* EPERM */
    CHECK(w.fd.set == NULL);
    close(file);
    real_end(&r);
}

static void slow_ready(struct foreign_fd *fd, uint32_t events)
{
    struct watcher *w = container_of(fd, struct watcher, fd);
    w->calls++;
    uint64_t until = clock_system.mono(&clock_system).ns + 1500000;
    while (clock_system.mono(&clock_system).ns < until)
        ;
}

TEST(slow_handlers_share_the_loop_and_none_is_left_out)
{
    enum { SOCKETS = 12 };
    struct real r = real_begin();
    struct watcher w[SOCKETS] = {0};
    int fds[SOCKETS][2];
    for (int i = 0; i < SOCKETS; i++) {
        pair(fds[i]);
        w[i].fd.ready = slow_ready;
        CHECK(foreign_watch(foreign_of(r.loop), &w[i].fd, fds[i][0], EPOLLOUT));
    }
    int worst = 0, before = 0;
    for (int turns = 0; turns < 30; turns++) {
        turn(&r, 1);
        int calls = 0;
        for (int i = 0; i < SOCKETS; i++)
            calls += w[i].calls;
        worst = MAX(worst, calls - before);
        before = calls;
    }
    CHECK(worst <= 4); /* 2 x 1.5 ms are past a slice, and a turn may give two */
    for (int i = 0; i < SOCKETS; i++) {
        CHECK(w[i].calls > 0);
        foreign_forget(&w[i].fd);
        close(fds[i][0]);
        close(fds[i][1]);
    }
    real_end(&r);
}
