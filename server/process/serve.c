/* The main thread starts the workers and then only waits for signals, one at a time:
 *
 *   SIGTERM, SIGINT   drain: every worker finishes what is under way; past DRAIN_TIMEOUT_SECONDS
 *                     what is left is cancelled. A second one leaves at once.
 *   SIGHUP            certificates are read again; a file that cannot be used changes nothing.
 *
 * Signals are blocked before any thread starts, so that none of them is interrupted. */
#include "server/process/serve.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/log.h"
#include "runtime/base/panic.h"
#include "runtime/base/tz.h"
#include "runtime/offload.h"
#include "runtime/tls.h"
#include "server/app.h"
#include "server/process/worker.h"
#include "storage/media_store.h"
#include "storage/migrate.h"

enum {
    LISTEN_FDS_START = 3, /* sd_listen_fds(3) */
    ABORT_GRACE_MS = 3000,
    LOOK_MS = 10,
};

struct serving {
    const struct config *config;
    struct process process;
    struct worker *workers;
    uint32_t started;
    struct inherited inherited;
    struct tls_config *tls;
    sigset_t signals;
    char *why;
    size_t why_len;
};

/* ---- before the workers ---------------------------------------------------------------------- */

static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static bool check_schema(const struct serving *s)
{
    struct migration missing;
    if (!migrate_missing(&SCHEMA, s->config->database_url.ptr, &missing, s->why, s->why_len))
        return false;
    if (migration_is_none(&missing))
        return true;
    if (missing.made)
        snprintf(s->why, s->why_len, "the database has no schema yet; run: mawid migrate");
    else
        snprintf(
            s->why, s->why_len,
            "the database lacks %d change%s and %d function%s of this program; run: mawid migrate",
            missing.changes, missing.changes == 1 ? "" : "s", missing.functions,
            missing.functions == 1 ? "" : "s");
    return false;
}

static struct tls_config *load_tls(const struct config *config, char *why, size_t why_len)
{
    char detail[256];
    struct tls_config *tls =
        tls_config_new(config->tls_cert_file.ptr, config->tls_key_file.ptr, detail, sizeof(detail));
    if (!tls)
        snprintf(why, why_len, "TLS_CERT_FILE or TLS_KEY_FILE cannot be used: %s", detail);
    return tls;
}

static bool has_https(const struct config *config)
{
    return config->https_listen.len && !str_eq(config->https_listen, STR("off"));
}

/* Sockets of a systemd unit are ours when LISTEN_PID is this process. */
static void find_inherited(struct serving *s)
{
    const char *pid = secure_getenv("LISTEN_PID"), *fds = secure_getenv("LISTEN_FDS");
    uint64_t pid_number, count;
    if (!pid || !fds || !str_to_uint64(str_c(pid), &pid_number) ||
        pid_number != (uint64_t)getpid() || !str_to_uint64(str_c(fds), &count))
        return;
    for (uint64_t i = 0; i < count && i < ARRAY_LEN(s->inherited.fds); i++)
        s->inherited.fds[s->inherited.len++] = LISTEN_FDS_START + (int)i;
}

static uint32_t worker_count(const struct config *config, const cpu_set_t *cores)
{
    uint32_t wanted = (uint32_t)config->workers;
    if (!wanted)
        wanted = (uint32_t)CPU_COUNT(cores);
    assert(CPU_COUNT(cores) > 0 && config->workers <= WORKERS_MAX);
    return MIN(MAX(wanted, 1u), (uint32_t)WORKERS_MAX);
}

/* The n-th core that this process may use; -1 when workers share cores anyway. */
static int core_of(const cpu_set_t *cores, uint32_t n)
{
    if (n >= (uint32_t)CPU_COUNT(cores))
        return -1;
    for (unsigned core = 0; core < CPU_SETSIZE; core++)
        if (CPU_ISSET(core, cores) && n-- == 0)
            return (int)core;
    return -1;
}

/* ---- starting -------------------------------------------------------------------------------- */

static void pause_ms(int64_t ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    sigset_t none;
    sigemptyset(&none);
    assert(ms > 0);
    sigtimedwait(&none, NULL, &t);
}

static void start_worker(struct serving *s, uint32_t index, const cpu_set_t *cores)
{
    struct worker *worker = &s->workers[index];
    assert(index == s->started); /* one after the other */
    worker->process = &s->process;
    worker->inherited = &s->inherited;
    worker->index = index;
    bool pinned = s->config->pin_workers && s->process.workers <= (uint32_t)CPU_COUNT(cores);
    worker->core = pinned ? core_of(cores, index) : -1;
    worker->tls = s->tls ? tls_config_ref(s->tls) : NULL;
    worker_start(worker);
    s->started++;
    while (worker_state(worker) == WORKER_STARTING)
        pause_ms(LOOK_MS);
}

/* One after the other: of two that cannot start, one says why. */
static bool start_workers(struct serving *s)
{
    cpu_set_t cores;
    if (sched_getaffinity(0, sizeof(cores), &cores) != 0) {
        CPU_ZERO(&cores);
        CPU_SET(0, &cores);
    }
    s->process.workers = worker_count(s->config, &cores);
    s->workers = calloc(s->process.workers, sizeof(*s->workers));
    if (!s->workers)
        base_die(__FILE__, __LINE__, "out of memory");
    for (uint32_t i = 0; i < s->process.workers; i++) {
        start_worker(s, i, &cores);
        if (worker_state(&s->workers[i]) == WORKER_FAILED) {
            snprintf(s->why, s->why_len, "%s", s->workers[i].why);
            return false;
        }
    }
    return true;
}

static void start_log(const struct config *config)
{
    struct log_options options = {.format = (enum log_format)config->log_format,
                                  .level = (enum log_level)config->log_level,
                                  .mask_phones = config_is_production(config)};
    log_start(&options);
}

static void say_listening(const struct serving *s)
{
    struct log_line line;
    log_begin(&line, LOG_INFO, "listening");
    log_str(&line, "http", s->inherited.len ? STR("inherited") : s->config->http_listen);
    if (has_https(s->config))
        log_str(&line, "https", s->config->https_listen);
    log_str(&line, "admin", s->config->admin_listen);
    log_int(&line, "workers", s->process.workers);
    log_end(&line);
}

/* ---- serving --------------------------------------------------------------------------------- */

static void reload_certificates(struct serving *s)
{
    char why[512];
    if (!has_https(s->config))
        return;
    struct tls_config *next = load_tls(s->config, why, sizeof(why));
    if (!next) {
        log_event(LOG_ERROR, "certificates_kept", "%s", why);
        return;
    }
    for (uint32_t i = 0; i < s->started; i++) {
        struct worker *worker = &s->workers[i];
        struct tls_config *untaken =
            __atomic_exchange_n(&worker->tls_next, tls_config_ref(next), __ATOMIC_ACQ_REL);
        /* The order for that one is still on its way and will bring this one. */
        if (untaken)
            tls_config_unref(untaken);
        else
            worker_order(worker, ORDER_TLS);
    }
    tls_config_unref(s->tls);
    s->tls = next;
    log_event(LOG_INFO, "certificates_reloaded", "%s", s->config->tls_cert_file.ptr);
}

static void order_all(struct serving *s, enum worker_order order)
{
    for (uint32_t i = 0; i < s->started; i++)
        if (worker_state(&s->workers[i]) == WORKER_SERVING)
            worker_order(&s->workers[i], order);
}

static bool all_stopped(const struct serving *s)
{
    for (uint32_t i = 0; i < s->started; i++)
        if (worker_state(&s->workers[i]) == WORKER_SERVING)
            return false;
    return true;
}

/* False: they have not stopped in time. `*hasty`: a second signal came. */
static bool wait_stopped(struct serving *s, int64_t ms, bool *hasty)
{
    for (int64_t waited = 0; !all_stopped(s); waited += LOOK_MS) {
        struct timespec t = {.tv_nsec = LOOK_MS * 1000000};
        int signal_number = sigtimedwait(&s->signals, NULL, &t);
        *hasty = signal_number == SIGTERM || signal_number == SIGINT;
        if (*hasty || waited >= ms)
            return false;
    }
    return true;
}

/* False: threads are still running and are not to be waited for. */
static bool end_workers(struct serving *s)
{
    bool hasty = false;
    __atomic_store_n(&s->process.draining, true, __ATOMIC_RELAXED);
    order_all(s, ORDER_DRAIN);
    if (!wait_stopped(s, s->config->drain_timeout.us / 1000, &hasty)) {
        if (hasty)
            return false;
        log_event(LOG_WARN, "drain_timeout", "what is still under way is cancelled");
        order_all(s, ORDER_ABORT);
        if (!wait_stopped(s, ABORT_GRACE_MS, &hasty))
            return false;
    }
    assert(all_stopped(s));
    for (uint32_t i = 0; i < s->started; i++)
        sem_post(&s->workers[i].may_end);
    for (uint32_t i = 0; i < s->started; i++)
        pthread_join(s->workers[i].thread, NULL);
    return true;
}

static void wait_for_the_end(struct serving *s)
{
    for (;;) {
        int signal_number = sigwaitinfo(&s->signals, NULL);
        if (signal_number == SIGHUP) {
            reload_certificates(s);
        } else if (signal_number == SIGTERM || signal_number == SIGINT) {
            log_event(LOG_INFO, "draining", "%s", sigabbrev_np(signal_number));
            return;
        }
    }
}

static void block_signals(struct serving *s)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, NULL);
    sigemptyset(&s->signals);
    sigaddset(&s->signals, SIGTERM);
    sigaddset(&s->signals, SIGINT);
    sigaddset(&s->signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &s->signals, NULL);
    panic_catch();
    panic_thread_begin();
}

static bool prepare(struct serving *s)
{
    raise_descriptor_limit();
    find_inherited(s);
    if (has_https(s->config)) {
        s->tls = load_tls(s->config, s->why, s->why_len);
        if (!s->tls)
            return false;
    }
    const struct str media_root = s->config->media_root;
    if (media_root.len && !media_prepare(media_root.ptr, s->why, s->why_len))
        return false;
    return tz_database_load(NULL, s->why, s->why_len) && check_schema(s);
}

static struct offload_pool *start_offload(const struct config *config)
{
    const struct offload_options options[OFFLOAD_CLASSES] = {
        [OFFLOAD_IO] = {.threads = (uint32_t)config->offload_io_threads,
                        .queue_max = (uint32_t)config->offload_io_queue_max},
        [OFFLOAD_HEAVY] = {.threads = (uint32_t)config->offload_heavy_threads,
                           .queue_max = (uint32_t)config->offload_heavy_queue_max},
    };
    return offload_pool_new(options);
}

int serve(const struct config *config, char *why, size_t why_len)
{
    struct serving *s = calloc(1, sizeof(*s));
    if (!s)
        base_die(__FILE__, __LINE__, "out of memory");
    *s = (struct serving){.config = config, .why = why, .why_len = why_len};
    block_signals(s);
    bool fine = prepare(s);
    bool ended = true;
    if (fine) {
        start_log(config);
        s->process.config = config;
        s->process.started = clock_system.wall(&clock_system);
        s->process.offload = start_offload(config);
        fine = start_workers(s);
        if (fine) {
            say_listening(s);
            wait_for_the_end(s);
        }
        ended = end_workers(s);
        if (ended)
            offload_pool_free(s->process.offload);
        log_event(LOG_INFO, "ended", "%s", ended ? "all is done" : "something was left behind");
        log_stop();
    }
    if (!ended)
        return (fine ? 0 : 1) | SERVE_HASTY;
    tz_database_free();
    tls_config_unref(s->tls);
    free(s->workers);
    free(s);
    return fine ? 0 : 1;
}
