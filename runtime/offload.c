/* A job lies on its fiber's stack and travels: queue -> thread -> loop_post -> wait_done. A thread
 * lets go of it with loop_post: the fiber may be gone the moment after. */
#include "runtime/offload.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { STACK_BYTES = 1024 * 1024 }; /* name look-ups and image decoders are deep */

struct job {
    struct list_link link;
    void (*fn)(void *arg);
    void *arg;
    struct loop *loop;
    struct task finish;
    struct wait wait;
};

struct offload_pool {
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct list queue;
    uint32_t queued, queue_max;
    bool stopping;
    uint32_t threads_len;
    pthread_t threads[];
};

/* NULL: the pool is stopping, and nothing is queued any more. */
static struct job *job_take(struct offload_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    while (list_empty(&pool->queue) && !pool->stopping)
        pthread_cond_wait(&pool->work, &pool->lock);
    struct list_link *link = list_take_first(&pool->queue);
    pool->queued -= link != NULL;
    pthread_mutex_unlock(&pool->lock);
    return link ? container_of(link, struct job, link) : NULL;
}

static void *thread_main(void *arg)
{
    struct job *job;
    while ((job = job_take(arg))) {
        job->fn(job->arg);
        loop_post(job->loop, &job->finish);
    }
    return NULL;
}

static void job_finish(struct task *task)
{
    wait_done(&container_of(task, struct job, finish)->wait, OK);
}

struct offload_pool *offload_pool_new(uint32_t threads, uint32_t queue_max)
{
    assert(threads > 0);
    struct offload_pool *pool = calloc(1, sizeof(*pool) + threads * sizeof(pthread_t));
    if (!pool)
        base_die(__FILE__, __LINE__, "out of memory");
    pool->queue_max = queue_max;
    pool->threads_len = threads;
    list_init(&pool->queue);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work, NULL);

    sigset_t all, before; /* signals are for the main thread */
    pthread_attr_t attr;
    sigfillset(&all);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (uint32_t i = 0; i < threads; i++) {
        char name[16];
        if (pthread_create(&pool->threads[i], &attr, thread_main, pool) != 0)
            base_die(__FILE__, __LINE__, "cannot start a thread of the offload pool");
        snprintf(name, sizeof(name), "offload-%u", i % 1000);
        pthread_setname_np(pool->threads[i], name);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    return pool;
}

void offload_pool_free(struct offload_pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->stopping = true;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    for (uint32_t i = 0; i < pool->threads_len; i++)
        pthread_join(pool->threads[i], NULL);
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

static bool job_queue(struct offload_pool *pool, struct job *job)
{
    pthread_mutex_lock(&pool->lock);
    bool taken = pool->queued < pool->queue_max && !pool->stopping;
    if (taken) {
        list_push_back(&pool->queue, &job->link);
        pool->queued++;
        pthread_cond_signal(&pool->work);
    }
    pthread_mutex_unlock(&pool->lock);
    return taken;
}

uint32_t offload_queued(struct offload_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    uint32_t queued = pool->queued;
    pthread_mutex_unlock(&pool->lock);
    return queued;
}

enum err offload(struct ctx *c, struct offload_pool *pool, void (*fn)(void *arg), void *arg)
{
    struct job job = {.fn = fn, .arg = arg, .loop = loop_current(), .finish.run = job_finish};
    if (c->canceled)
        return ERR_CANCELED;
    if (c->deadline.ns <= loop_now(job.loop).ns || !job_queue(pool, &job))
        return ERR_UNAVAILABLE;
    return wait_park(c, &job.wait); /* no `cancel`: the thread uses `arg` until it is done */
}
