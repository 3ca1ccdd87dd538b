/* tests/unit/runtime/real_loop.h - a real ring, fibers on it, and child processes to talk to: for the
 * tests of the drivers that own descriptors of their own (libpq, curl). */
#pragma once
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/loop.h"
#include "tests/test.h"

struct real {
    struct loop *loop;
    int live; /* fibers that have not returned */
};

static inline struct real real_begin(void)
{
    const char *why = "";
    struct io *io = io_uring_new(
        &(struct io_options){
            .entries = 256, .buffers = 16, .buffer_bytes = 4096, .completions_max = 256},
        &why);
    if (!io)
        base_die(__FILE__, __LINE__, why);
    struct loop_options options = {.fibers_max = 4096,
                                   .stack_bytes = 64 * 1024,
                                   .arena_block_bytes = 16 * 1024,
                                   .slice = microseconds(500)};
    return (struct real){.loop = loop_new(io, &options)};
}

static inline void real_end(struct real *r)
{
    assert(r->live == 0);
    loop_free(r->loop);
}

static inline uint64_t real_now_ms(void)
{
    return clock_system.mono(&clock_system).ns / 1000000;
}

/* Turns the loop for so long at most; false when `done` (if any) never came true. */
static inline bool real_turn_until(struct real *r, const bool *done, int64_t ms_max)
{
    struct tick stop = tick_add(clock_system.mono(&clock_system), milliseconds(ms_max));
    while (clock_system.mono(&clock_system).ns < stop.ns) {
        if (done && *done)
            return true;
        loop_turn(r->loop, stop);
    }
    return !done || *done;
}

/* Until all fibers have returned. */
static inline bool real_finish(struct real *r, int64_t ms_max)
{
    struct tick stop = tick_add(clock_system.mono(&clock_system), milliseconds(ms_max));
    while (r->live > 0 && clock_system.mono(&clock_system).ns < stop.ns)
        loop_turn(r->loop, stop);
    return r->live == 0;
}

/* One fiber with a ctx of its own; what it allocates goes when it returns. */
struct job {
    struct real *real;
    void (*run)(struct ctx *c, void *arg);
    void *arg;
    struct ctx *c; /* while it runs */
};

static inline void job_main(void *arg)
{
    struct job *job = arg;
    struct arena arena;
    struct ctx c;
    arena_begin(&arena, loop_arenas(job->real->loop));
    ctx_init(&c, &arena, loop_clock(job->real->loop));
    job->c = &c;
    job->run(&c, job->arg);
    job->c = NULL;
    arena_end(&arena);
    job->real->live--;
}

/* `job` must live until its fiber has returned. */
static inline void job_start(struct real *r, struct job *job, void (*run)(struct ctx *c, void *arg),
                             void *arg)
{
    *job = (struct job){.real = r, .run = run, .arg = arg};
    r->live++;
    if (!fiber_start(r->loop, job_main, job))
        base_die(__FILE__, __LINE__, "no fiber left");
}

/* ---- the checkout, and child processes -------------------------------------------------------- */

/* The checkout: MAWID_ROOT, or the first directory above this program that has tools/. */
static inline const char *checkout(void)
{
    static char path[900];
    const char *given = getenv("MAWID_ROOT");
    if (given)
        return given;
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);
    while (len > 1) {
        char probe[1024];
        path[len] = '\0';
        snprintf(probe, sizeof(probe), "%s/tools/private-servers", path);
        if (access(probe, X_OK) == 0)
            return path;
        while (len > 1 && path[--len] != '/')
            ;
    }
    base_die(__FILE__, __LINE__, "set MAWID_ROOT to the checkout");
}

/* Starts argv with its standard output in *out (if asked for). */
static inline pid_t child_start(const char *const argv[], int *out)
{
    int pipe_fds[2];
    if (pipe2(pipe_fds, O_CLOEXEC) != 0)
        base_die(__FILE__, __LINE__, "no pipe");
    pid_t pid = fork();
    if (pid == 0) {
        dup2(out ? pipe_fds[1] : STDERR_FILENO, STDOUT_FILENO);
        execv(argv[0], (char *const *)argv);
        _exit(127);
    }
    close(pipe_fds[1]);
    if (out)
        *out = pipe_fds[0];
    else
        close(pipe_fds[0]);
    return pid;
}

/* Runs argv to its end; its standard output (cut to size) in `out`. False: it failed. */
static inline bool child_run(const char *const argv[], char *out, size_t out_len)
{
    int fd, status = 0;
    pid_t pid = child_start(argv, &fd);
    size_t len = 0;
    char rest[256];
    for (ssize_t n = 1; n > 0;) {
        bool room = out && len + 1 < out_len;
        n = read(fd, room ? out + len : rest, room ? out_len - len - 1 : sizeof(rest));
        len += room && n > 0 ? (size_t)n : 0;
    }
    if (out)
        out[len] = '\0';
    close(fd);
    waitpid(pid, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
