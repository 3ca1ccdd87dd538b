/* A thread that serves: makes its ring, loop, app, server and doors on its own core, so that memory lies where
 * it is used, runs until it is told to stop, and takes all down again in the order in which nothing is missed
 * by what is still there. The main thread and a worker talk in orders (tasks posted to its loop) and a state;
 * nothing else is shared. A door that cannot be opened fails the worker, and with it the process, before the
 * first request. */
#include "server/process/worker.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/log.h"
#include "runtime/base/panic.h"
#include "runtime/io.h"
#include "runtime/tls.h"
#include "server/api/login_of.h"
#include "server/api/work_of.h"
#include "server/routes.h"
#include "server/services.h"

enum {
    RING_ENTRIES = 1024,
    COMPLETIONS_MAX = 512,
    ARENA_BLOCK_BYTES = 8192,
    SLICE_US = 500,
    SPARE_FIBERS = 64, /* for what is not a request */
    ADMIN_BACKLOG = 64,
    LEAVE_TURNS = 10,
    END_TURNS_MAX = 1000, /* pools need a few to let go of their sockets */
};

static void set_state(struct worker *worker, enum worker_state state)
{
    __atomic_store_n(&worker->state, (int)state, __ATOMIC_RELEASE);
}

enum worker_state worker_state(const struct worker *worker)
{
    return (enum worker_state)__atomic_load_n(&worker->state, __ATOMIC_ACQUIRE);
}

/* ---- making ---------------------------------------------------------------------------------- */

static bool make_loop(struct worker *worker)
{
    const struct config *config = worker->process->config;
    const char *why = NULL;
    struct io_options io_options = {.entries = RING_ENTRIES,
                                    .buffers = (uint32_t)config->receive_buffers,
                                    .buffer_bytes = (uint32_t)config->receive_buffer_bytes,
                                    .completions_max = COMPLETIONS_MAX};
    struct io *io = io_uring_new(&io_options, &why);
    if (!io) {
        snprintf(worker->why, sizeof(worker->why), "%s", why);
        return false;
    }
    struct loop_options options = {.fibers_max = (uint32_t)config->max_requests_in_flight +
                                                 SPARE_FIBERS,
                                   .stack_bytes = (uint32_t)config->fiber_stack_bytes,
                                   .arena_block_bytes = ARENA_BLOCK_BYTES,
                                   .slice = microseconds(SLICE_US)};
    worker->loop = loop_new(io, &options);
    return true;
}

static uint32_t share(int64_t whole, uint32_t workers)
{
    assert(whole > 0 && workers > 0);
    return (uint32_t)((whole + workers - 1) / workers);
}

static void read_trusted(struct cidr_list *list, struct str text)
{
    assert(list->len < CIDRS_MAX);
    bool fine = cidr_parse(text, &list->items[list->len++]);
    assert(fine); /* the settings were checked */
}

static void make_server(struct worker *worker)
{
    assert(worker->app && !worker->server);
    const struct config *config = worker->process->config;
    uint32_t workers = worker->process->workers;
    struct http_options options = {
        .app = worker->app,
        .tokens = token_gate_of(worker->app),
        .head_bytes_max = (size_t)config->max_head_bytes,
        .body_bytes_max = (size_t)config->max_body_bytes,
        .stream_bytes_max = (uint64_t)config->max_upload_bytes,
        .stream_timeout = config->stream_timeout,
        .conns_max = share(config->max_connections, workers),
        .conns_per_address_max = share(config->max_connections_per_address, workers),
        .requests_max = (uint32_t)config->max_requests_in_flight,
        .idle_timeout = config->idle_timeout,
        .head_timeout = config->head_timeout,
        .body_timeout = config->body_timeout,
        .write_timeout = config->write_timeout,
        .request_timeout = config->request_timeout,
        .cors = config->cors_allowed_origins,
        .access_log = config->access_log,
    };
    for (size_t i = 0; i < config->trusted_proxies.len; i++)
        read_trusted(&options.trusted, config->trusted_proxies.items[i]);
    worker->server = http_server_new(worker->loop, &worker->app->arena, &options);
}

static bool open_door(struct worker *worker, int fd, const struct http_listen *listen)
{
    if (fd < 0 || worker->doors_len == WORKER_DOORS_MAX)
        return false;
    listener_begin(&worker->doors[worker->doors_len++], worker->server, fd, listen);
    return true;
}

/* A hand-over is meant, a second process started by mistake is not: to whoever looks for the requests
 * that went astray, this line names the address. */
static void tell_if_shared(const char *name, struct str address, const struct io_addr *addr)
{
    if (!io_addr_is_taken(addr))
        return;
    struct log_line line;
    log_begin(&line, LOG_WARN, "address_shared");
    log_str(&line, "setting", str_c(name));
    log_str(&line, "address", address);
    log_str(&line, "text",
            STR("another process listens there: new connections go to either until it ends"));
    log_end(&line);
}

static bool listen_on(struct worker *worker, const char *name, struct str address, int backlog,
                      const struct http_listen *listen)
{
    struct io_addr addr;
    if (address.len == 0 || str_eq(address, STR("off")))
        return true;
    bool known = io_addr_parse(address, &addr);
    if (known && worker->index == 0) /* the others share with that one */
        tell_if_shared(name, address, &addr);
    int fd = known ? io_listen(loop_io(worker->loop), &addr, backlog) : -EINVAL;
    if (open_door(worker, fd, listen))
        return true;
    if (fd == -EADDRINUSE)
        snprintf(worker->why, sizeof(worker->why),
                 "%s is '%.*s', but another program listens there; stop it or choose another port",
                 name, STR_FMT(address));
    else
        snprintf(worker->why, sizeof(worker->why), "%s is '%.*s', which cannot be listened on: %s",
                 name, STR_FMT(address), strerrordesc_np(-fd));
    return false;
}

/* Every worker accepts from a duplicate of the same socket. */
static bool adopt_inherited(struct worker *worker, const struct http_listen *listen)
{
    for (size_t i = 0; i < worker->inherited->len; i++) {
        int fd = dup(worker->inherited->fds[i]);
        bool fit = fd >= 0 && io_adopt_listener(loop_io(worker->loop), fd) == 0;
        if (!fit || !open_door(worker, fd, listen)) {
            snprintf(worker->why, sizeof(worker->why),
                     "the socket handed in as descriptor %d cannot be used",
                     worker->inherited->fds[i]);
            return false;
        }
    }
    return true;
}

static bool open_doors(struct worker *worker)
{
    const struct config *config = worker->process->config;
    struct arena *arena = &worker->app->arena;
    struct http_listen plain = {.router = router_new(arena, routes, routes_len),
                                .metrics = worker->app->metrics};
    struct http_listen cipher = plain;
    cipher.tls = worker->tls;
    int backlog = (int)config->listen_backlog;
    bool fine = worker->inherited->len
                    ? adopt_inherited(worker, &plain)
                    : listen_on(worker, "HTTP_LISTEN", config->http_listen, backlog, &plain);
    if (!fine)
        return false;
    if (cipher.tls) {
        if (!listen_on(worker, "HTTPS_LISTEN", config->https_listen, backlog, &cipher))
            return false;
        worker->tls = NULL; /* the door has it */
    }
    if (worker->index != 0)
        return true;
    struct http_listen admin = {.router = router_new(arena, admin_routes, admin_routes_len)};
    return listen_on(worker, "ADMIN_LISTEN", config->admin_listen, ADMIN_BACKLOG, &admin);
}

static bool make(struct worker *worker)
{
    if (!make_loop(worker))
        return false;
    worker->app =
        app_new(worker->loop, worker->process, worker->index, worker->why, sizeof(worker->why));
    if (!worker->app)
        return false;
    make_server(worker);
    if (!open_doors(worker))
        return false;
    if (!work_begin(worker->app))
        base_die(__FILE__, __LINE__, "an empty loop refuses a fiber");
    worker->process->servers[worker->index] = worker->server;
    __atomic_store_n(&worker->process->apps[worker->index], worker->app, __ATOMIC_RELEASE);
    return true;
}

/* ---- ending ---------------------------------------------------------------------------------- */

static void drop_tls(struct worker *worker)
{
    for (size_t i = 0; i < worker->doors_len; i++)
        listener_set_tls(&worker->doors[i], NULL);
    tls_config_unref(worker->tls);
}

/* Everything that is still open ends; what was begun on the loop gets the turns it needs. */
static void unmake(struct worker *worker)
{
    __atomic_store_n(&worker->process->apps[worker->index], NULL, __ATOMIC_RELEASE);
    if (worker->server && worker->doors_len)
        listeners_close(worker->server);
    drop_tls(worker);
    if (!worker->loop)
        return;
    for (int i = 0; i < 8; i++)
        loop_turn(worker->loop, (struct tick){0});
    assert(!worker->server || worker->server->conns_len == 0);
    http_server_free(worker->server);
    if (worker->app)
        app_end(worker->app);
    /* A closed socket is given back with the ring's last word on it, which no fiber waits for. */
    for (int i = 0; i < LEAVE_TURNS || (i < END_TURNS_MAX && loop_stats(worker->loop)->fibers_live);
         i++)
        loop_turn(worker->loop, tick_add(loop_now(worker->loop), milliseconds(1)));
    app_free(worker->app);
    loop_free(worker->loop);
}

static void on_all_drained(void *arg)
{
    loop_stop(arg);
}

static void on_drained(struct http_server *server)
{
    assert(server->conns_len == 0 && server->requests_live == 0);
    work_when_drained(server->options.app, on_all_drained, server->loop);
}

/* ---- orders ---------------------------------------------------------------------------------- */

static struct worker *worker_of(struct task *task, enum worker_order order)
{
    return container_of(task - order, struct worker, orders);
}

static void on_drain(struct task *task)
{
    struct worker *worker = worker_of(task, ORDER_DRAIN);
    work_drain(worker->app);
    http_server_drain(worker->server, on_drained);
}

static void on_abort(struct task *task)
{
    struct worker *worker = worker_of(task, ORDER_ABORT);
    work_abort(worker->app);
    http_server_abort(worker->server);
}

static void on_tls(struct task *task)
{
    struct worker *worker = worker_of(task, ORDER_TLS);
    struct tls_config *next = __atomic_exchange_n(&worker->tls_next, NULL, __ATOMIC_ACQ_REL);
    assert(next); /* the order brought one */
    for (size_t i = 0; next && i < worker->doors_len; i++)
        if (worker->doors[i].listen.tls)
            listener_set_tls(&worker->doors[i], tls_config_ref(next));
    tls_config_unref(next);
}

void worker_order(struct worker *worker, enum worker_order order)
{
    assert(order < ORDER_COUNT && worker->loop);
    loop_post(worker->loop, &worker->orders[order]);
}

/* ---- the thread ------------------------------------------------------------------------------ */

static void pin(const struct worker *worker)
{
    assert(worker->core < CPU_SETSIZE);
    if (worker->core < 0)
        return;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((unsigned)worker->core, &set);
    if (pthread_setaffinity_np(pthread_self(), sizeof(set), &set) != 0)
        log_event(LOG_WARN, "worker_not_pinned", "core %d", worker->core);
}

static void *worker_main(void *arg)
{
    struct worker *worker = arg;
    char name[16];
    snprintf(name, sizeof(name), "mawid-%u", worker->index);
    pthread_setname_np(pthread_self(), name);
    panic_thread_begin();
    pin(worker);
    bool fine = make(worker);
    if (fine) {
        set_state(worker, WORKER_SERVING);
        loop_run(worker->loop);
        /* /metrics of one worker reads all of them: none goes before all have stopped. */
        set_state(worker, WORKER_STOPPED);
        while (sem_wait(&worker->may_end) != 0)
            continue;
    }
    unmake(worker);
    set_state(worker, fine ? WORKER_ENDED : WORKER_FAILED);
    return NULL;
}

void worker_start(struct worker *worker)
{
    assert(worker->process && worker->inherited && !worker->loop);
    assert(worker->index < worker->process->workers);
    worker->orders[ORDER_DRAIN].run = on_drain;
    worker->orders[ORDER_ABORT].run = on_abort;
    worker->orders[ORDER_TLS].run = on_tls;
    sem_init(&worker->may_end, 0, 0);
    set_state(worker, WORKER_STARTING);
    if (pthread_create(&worker->thread, NULL, worker_main, worker) != 0)
        base_die(__FILE__, __LINE__, "no thread for a worker");
}
