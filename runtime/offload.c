/* A job lies on its fiber's stack and travels: queue -> thread -> loop_post -> wait_done. A thread
 * lets go of it with loop_post: the fiber may be gone the moment after.
 *
 * There was one queue for all: pictures that were being judged kept its threads, and a photo that
 * somebody wanted to see waited behind them. Threads that help the other class out while their own has
 * nothing to do would bring that back: the one that helps is the one that is missing a moment later. */
#include "runtime/offload.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    STACK_BYTES = 1024 * 1024, /* name look-ups and image decoders are deep */
    THREAD_NAME_BYTES = 16     /* the kernel's */
};

struct job {
    struct list_link link;
    void (*fn)(void *arg);
    void *arg;
    struct loop *loop;
    struct task finish;
    struct wait wait;
};

/* The threads of one class. */
struct crew {
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct list queue;
    struct offload_stats stats;
    struct offload_options options;
    bool stopping;
    pthread_t *threads;
};

struct offload_pool {
    struct crew crews[OFFLOAD_CLASSES];
};

const char *offload_class_name(enum offload_class class)
{
    static const char *const names[OFFLOAD_CLASSES] = {
        [OFFLOAD_IO] = "io",
        [OFFLOAD_HEAVY] = "heavy",
    };
    return names[class];
}

/* ---- threads -------------------------------------------------------------------------------- */

/* After `done` of the last one. NULL: the crew is stopping, and nothing is queued any more. */
static struct job *job_take(struct crew *crew, bool done)
{
    pthread_mutex_lock(&crew->lock);
    crew->stats.running -= done;
    while (list_empty(&crew->queue) && !crew->stopping)
        pthread_cond_wait(&crew->work, &crew->lock);
    struct list_link *link = list_take_first(&crew->queue);
    crew->stats.queued -= link != NULL;
    crew->stats.running += link != NULL;
    assert(crew->stats.running <= crew->options.threads);
    pthread_mutex_unlock(&crew->lock);
    return link ? container_of(link, struct job, link) : NULL;
}

static void *thread_main(void *arg)
{
    bool done = false;
    for (struct job *job; (job = job_take(arg, done)); done = true) {
        job->fn(job->arg);
        loop_post(job->loop, &job->finish);
    }
    return NULL;
}

static void job_finish(struct task *task)
{
    wait_done(&container_of(task, struct job, finish)->wait, OK);
}

static void crew_start(struct crew *crew, enum offload_class class, const pthread_attr_t *attr)
{
    for (uint32_t i = 0; i < crew->options.threads; i++) {
        char name[THREAD_NAME_BYTES];
        if (pthread_create(&crew->threads[i], attr, thread_main, crew) != 0)
            base_die(__FILE__, __LINE__, "cannot start a thread of the offload pool");
        snprintf(name, sizeof(name), "%s-%u", offload_class_name(class), i % 1000);
        pthread_setname_np(crew->threads[i], name);
    }
}

static void crew_init(struct crew *crew, const struct offload_options *options)
{
    assert(options->threads > 0);
    crew->options = *options;
    crew->threads = calloc(options->threads, sizeof(pthread_t));
    if (!crew->threads)
        base_die(__FILE__, __LINE__, "out of memory");
    list_init(&crew->queue);
    pthread_mutex_init(&crew->lock, NULL);
    pthread_cond_init(&crew->work, NULL);
}

static void crew_end(struct crew *crew)
{
    pthread_mutex_lock(&crew->lock);
    crew->stopping = true;
    pthread_cond_broadcast(&crew->work);
    pthread_mutex_unlock(&crew->lock);
    for (uint32_t i = 0; i < crew->options.threads; i++)
        pthread_join(crew->threads[i], NULL);
    assert(list_empty(&crew->queue) && crew->stats.running == 0);
    pthread_cond_destroy(&crew->work);
    pthread_mutex_destroy(&crew->lock);
    free(crew->threads);
}

struct offload_pool *offload_pool_new(const struct offload_options options[OFFLOAD_CLASSES])
{
    struct offload_pool *pool = calloc(1, sizeof(*pool));
    if (!pool)
        base_die(__FILE__, __LINE__, "out of memory");
    sigset_t all, before; /* signals are for the main thread */
    pthread_attr_t attr;
    sigfillset(&all);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (int i = 0; i < OFFLOAD_CLASSES; i++) {
        crew_init(&pool->crews[i], &options[i]);
        crew_start(&pool->crews[i], (enum offload_class)i, &attr);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    return pool;
}

void offload_pool_free(struct offload_pool *pool)
{
    if (!pool)
        return;
    for (int i = 0; i < OFFLOAD_CLASSES; i++)
        crew_end(&pool->crews[i]);
    free(pool);
}

struct offload_stats offload_stats(struct offload_pool *pool, enum offload_class class)
{
    struct crew *crew = &pool->crews[class];
    pthread_mutex_lock(&crew->lock);
    struct offload_stats stats = crew->stats;
    pthread_mutex_unlock(&crew->lock);
    return stats;
}

/* ---- jobs ----------------------------------------------------------------------------------- */

static bool job_queue(struct crew *crew, struct job *job)
{
    pthread_mutex_lock(&crew->lock);
    bool taken = crew->stats.queued < crew->options.queue_max && !crew->stopping;
    if (taken) {
        list_push_back(&crew->queue, &job->link);
        crew->stats.queued++;
        pthread_cond_signal(&crew->work);
    } else {
        crew->stats.refused++;
    }
    pthread_mutex_unlock(&crew->lock);
    return taken;
}

/* False: it was not queued. Without `cancel` in its wait: the thread uses `arg` until it is done. */
static bool job_run(struct ctx *c, struct crew *crew, void (*fn)(void *arg), void *arg)
{
    struct job job = {.fn = fn, .arg = arg, .loop = loop_current(), .finish.run = job_finish};
    if (!job_queue(crew, &job))
        return false;
    enum err err = wait_park(c, &job.wait);
    assert(err == OK);
    return true;
}

enum err offload(struct ctx *c, struct offload_pool *pool, enum offload_class class,
                 void (*fn)(void *arg), void *arg)
{
    if (c->canceled)
        return ERR_CANCELED;
    if (c->deadline.ns <= loop_now(loop_current()).ns)
        return ERR_UNAVAILABLE;
    return job_run(c, &pool->crews[class], fn, arg) ? OK : ERR_UNAVAILABLE;
}

void offload_surely(struct ctx *c, struct offload_pool *pool, enum offload_class class,
                    void (*fn)(void *arg), void *arg)
{
    if (!job_run(c, &pool->crews[class], fn, arg))
        fn(arg);
}
