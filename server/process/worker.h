/* server/process/worker.h - one serving thread: a ring, a loop, an app, an HTTP server and its doors.
 *
 * The thread that serves does everything from worker_run; the main thread starts it, hands it
 * orders and waits for its end.
 *
 * Threads: worker_start, worker_order and worker_state from the main thread.   Waits: never. */
#pragma once
#include <pthread.h>
#include <semaphore.h>

#include "runtime/loop.h"
#include "server/http/http_server.h"
#include "server/http/listener.h"

struct tls_config;

enum worker_state { WORKER_STARTING, WORKER_SERVING, WORKER_FAILED, WORKER_STOPPED, WORKER_ENDED };
enum worker_order { ORDER_DRAIN, ORDER_ABORT, ORDER_TLS, ORDER_COUNT };

/* Sockets handed in by systemd (sd_listen_fds): they take the place of HTTP_LISTEN. */
struct inherited {
    int fds[8];
    size_t len;
};

enum { WORKER_DOORS_MAX = 12 };

struct worker {
    pthread_t thread;
    struct process *process;
    const struct inherited *inherited;
    uint32_t index;
    int core; /* to be pinned to; -1: none */
    struct loop *loop;
    struct app *app;
    struct http_server *server;
    struct listener doors[WORKER_DOORS_MAX];
    size_t doors_len;
    struct task orders[ORDER_COUNT];
    struct tls_config *tls;      /* at start; a reference of its own */
    struct tls_config *tls_next; /* with ORDER_TLS; handed over */
    sem_t may_end;               /* posted by the main thread when all have stopped */
    int state;                   /* enum worker_state; relaxed atomic */
    char why[256];
};

void worker_start(struct worker *worker);
/* Runs soon on the worker's loop. An order given before may be given again once it was taken. */
void worker_order(struct worker *worker, enum worker_order order);
enum worker_state worker_state(const struct worker *worker);
