/* pool.c -- the thread pool.
 *
 * SPDX-License-Identifier: MIT
 */
#include "pool.h"

#include "port/port.h"
#include "text.h"

#define POOL_STACK_SIZE ((size_t)512 * 1024)
#define POOL_MOST_WORKERS 32u
#define POOL_MORE_THAN_PROCESSORS 4u /* a thread that blocks leaves its processor to others */
#define POOL_NAME_SIZE 64u

typedef struct anyl_pool {
    anyloop_executor executor;
    anyl_mutex mutex;
    anyl_condition work, gone;
    anyl_list queue, joiners;
    uint64_t queued, running, most; /* most: of both together */
    anyl_pool_counts counts;
    uint32_t max_workers, threads, started;
    uint32_t idle, wakes; /* wakes: of the idle ones, how many were told and have not looked yet */
    bool ending;          /* no more jobs; a thread that finds none ends */
    bool released;        /* nobody holds it: the last thread frees it */
    uint32_t forks;
    size_t stack_size;
    anyloop_allocator allocator;
    char name[POOL_NAME_SIZE];
} anyl_pool;

static anyl_pool *pool_of(anyloop_executor *executor)
{
    return ANYL_OWNER_OF(executor, anyl_pool, executor);
}

static bool pool_forked(const anyl_pool *pool)
{
    return pool->forks != anyl_port_forks();
}

static void pool_free(anyl_pool *pool)
{
    anyloop_allocator allocator = pool->allocator;
    anyl_port_condition_deinit(&pool->work);
    anyl_port_condition_deinit(&pool->gone);
    anyl_port_mutex_deinit(&pool->mutex);
    anyl_free(&allocator, pool, sizeof *pool);
}

/* ---- a thread; the mutex is held where nothing else is said */

/* Being shut down it leaves what is queued to who cancels it: a job that it asked to stop may end before that. */
static bool pool_hurries(const anyl_pool *pool)
{
    return atomic_load_explicit(&pool->executor.hurries, memory_order_acquire);
}

static anyloop_job *pool_take(anyl_pool *pool)
{
    if (anyl_list_empty(&pool->queue))
        return NULL;
    anyloop_job *job = ANYL_OWNER_OF(pool->queue.next, anyloop_job, link);
    anyl_list_remove(&job->link);
    pool->queued--;
    return job;
}

static void pool_rest(anyl_pool *pool)
{
    while (pool->wakes == 0 && !pool->ending)
        anyl_port_condition_wait(&pool->work, &pool->mutex);
    pool->idle--;
    if (pool->wakes)
        pool->wakes--;
}

/* By the last thread. Without the mutex: keeping a promise may call a host's wake, and that may want the pool. */
static void pool_tell_joiners(anyl_pool *pool)
{
    while (!anyl_list_empty(&pool->joiners)) {
        anyl_joiner *joiner = ANYL_OWNER_OF(pool->joiners.next, anyl_joiner, link);
        anyloop_promise *promise = joiner->promise; /* the joiner itself may go meanwhile */
        anyl_list_remove(&joiner->link);
        anyl_promise_retain(promise);
        anyl_port_mutex_unlock(&pool->mutex);
        anyl_promise_keep(promise, ANYLOOP_RESULT, anyl_value_none());
        anyl_promise_release(promise);
        anyl_port_mutex_lock(&pool->mutex);
    }
}

static void pool_work(anyl_pool *pool)
{
    uint64_t waited = 0;
    anyloop_job *over = NULL; /* it was called, and is to be sent home */
    for (;;) {
        anyloop_job *job = pool_hurries(pool) ? NULL : pool_take(pool);
        if (job)
            pool->running++;
        else
            pool->idle++;
        anyl_port_mutex_unlock(&pool->mutex);
        if (over)
            anyl_job_finish(over);
        if (job) {
            waited = anyl_port_now() - job->waits_since;
            anyl_job_call(job);
        }
        over = job;
        anyl_port_mutex_lock(&pool->mutex);
        if (job) {
            pool->running--;
            anyl_pool_count_done(&pool->counts, waited);
            continue;
        }
        pool_rest(pool);
        if (pool->ending && (anyl_list_empty(&pool->queue) || pool_hurries(pool)))
            return;
    }
}

static void pool_thread(void *argument)
{
    anyl_pool *pool = argument;
    anyl_port_mutex_lock(&pool->mutex);
    pool_work(pool);
    bool last = false;
    if (pool->threads == 1)
        pool_tell_joiners(pool);
    if (--pool->threads == 0) {
        anyl_port_condition_broadcast(&pool->gone);
        last = pool->released;
    }
    anyl_port_mutex_unlock(&pool->mutex);
    if (last)
        pool_free(pool);
}

/* Under the mutex, which keeps the count of threads true: that a submit waits for another's start is rare and short. */
static anyloop_status pool_start_thread(anyl_pool *pool)
{
    char name[POOL_NAME_SIZE + 24];
    anyl_text text = anyl_text_in(name, sizeof name);
    anyl_text_add(&text, pool->name);
    anyl_text_add(&text, "-");
    anyl_text_number(&text, pool->started + 1);
    anyloop_status status = anyl_port_thread_start(pool_thread, pool, name, pool->stack_size);
    if (status == ANYLOOP_OK) {
        pool->threads++;
        pool->started++;
    }
    return pool->threads ? ANYLOOP_OK : status; /* with fewer threads than wished it is slower, no more */
}

/* ---- as an executor */

static anyloop_status pool_submit(anyloop_executor *executor, anyloop_job *job, bool patient)
{
    anyl_pool *pool = pool_of(executor);
    anyloop_status status = ANYLOOP_OK;
    bool wake = false;
    if (pool_forked(pool))
        return ANYLOOP_E_SHUTDOWN;
    job->waits_since = anyl_port_now();
    anyl_port_mutex_lock(&pool->mutex);
    if (pool->ending)
        status = ANYLOOP_E_SHUTDOWN;
    else if (!patient && pool->queued + pool->running >= pool->most)
        status = ANYLOOP_E_FULL;
    else if (pool->idle > pool->wakes)
        wake = true;
    else if (pool->threads < pool->max_workers)
        status = pool_start_thread(pool);
    if (status == ANYLOOP_OK) {
        anyl_list_append(&pool->queue, &job->link);
        anyl_pool_count_queued(&pool->counts, ++pool->queued);
        pool->wakes += wake;
    }
    anyl_port_mutex_unlock(&pool->mutex);
    if (wake)
        anyl_port_condition_signal(&pool->work);
    return status;
}

static void pool_cancel(anyloop_executor *executor, anyloop_job *job)
{
    anyl_pool *pool = pool_of(executor);
    if (pool_forked(pool))
        return;
    anyl_port_mutex_lock(&pool->mutex);
    bool waited = !anyl_list_empty(&job->link);
    if (waited) {
        anyl_list_remove(&job->link);
        pool->queued--;
        pool->counts.cancelled++;
    }
    anyl_port_mutex_unlock(&pool->mutex);
    if (waited)
        anyl_job_finish(job);
}

/* One by one: at any time a job is in the queue or somebody's. */
static void pool_cancel_queued(anyl_pool *pool)
{
    anyloop_job *job;
    while ((job = pool_take(pool)) != NULL) {
        pool->counts.cancelled++;
        anyl_port_mutex_unlock(&pool->mutex);
        anyl_job_end_code(job, ANYLOOP_E_CANCELLED);
        anyl_job_finish(job);
        anyl_port_mutex_lock(&pool->mutex);
    }
}

static anyloop_status pool_shutdown(anyloop_executor *executor, uint32_t flags, int64_t timeout)
{
    anyl_pool *pool = pool_of(executor);
    if (pool_forked(pool))
        return ANYLOOP_OK;
    uint64_t deadline = anyl_deadline(anyl_port_now(), timeout);
    anyl_port_mutex_lock(&pool->mutex);
    pool->ending = true;
    anyl_port_condition_broadcast(&pool->work);
    if (flags & ANYLOOP_CANCEL_QUEUED)
        pool_cancel_queued(pool);
    while (pool->threads && anyl_port_condition_wait_until(&pool->gone, &pool->mutex, deadline))
        ;
    anyloop_status status = pool->threads ? ANYLOOP_E_TIMED_OUT : ANYLOOP_OK;
    anyl_port_mutex_unlock(&pool->mutex);
    return status;
}

static void pool_destroy(anyloop_executor *executor)
{
    anyl_pool *pool = pool_of(executor);
    if (pool_forked(pool))
        return;
    anyl_port_mutex_lock(&pool->mutex);
    pool->ending = pool->released = true;
    anyl_port_condition_broadcast(&pool->work);
    bool last = pool->threads == 0;
    anyl_port_mutex_unlock(&pool->mutex);
    if (last)
        pool_free(pool);
}

static anyloop_status pool_figures(anyloop_executor *executor, anyloop_executor_figures *figures)
{
    anyl_pool *pool = pool_of(executor);
    if (pool_forked(pool))
        return ANYLOOP_E_FORKED;
    anyl_port_mutex_lock(&pool->mutex);
    figures->max_workers = pool->max_workers;
    figures->workers = pool->threads;
    figures->running = (uint32_t)pool->running;
    figures->queued = pool->queued;
    anyl_pool_tell_counts(&pool->counts, figures);
    anyl_port_mutex_unlock(&pool->mutex);
    return ANYLOOP_OK;
}

/* ---- waiting on a loop */

static bool pool_join(anyloop_executor *executor, anyl_joiner *joiner)
{
    anyl_pool *pool = pool_of(executor);
    anyl_list_init(&joiner->link);
    if (pool_forked(pool))
        return false;
    anyl_port_mutex_lock(&pool->mutex);
    bool there = pool->threads != 0;
    if (there)
        anyl_list_append(&pool->joiners, &joiner->link);
    anyl_port_mutex_unlock(&pool->mutex);
    return there;
}

static void pool_join_end(anyloop_executor *executor, anyl_joiner *joiner)
{
    anyl_pool *pool = pool_of(executor);
    if (pool_forked(pool))
        return;
    anyl_port_mutex_lock(&pool->mutex);
    anyl_list_remove(&joiner->link);
    anyl_port_mutex_unlock(&pool->mutex);
}

static bool pool_busy(anyloop_executor *executor)
{
    anyl_pool *pool = pool_of(executor);
    if (pool_forked(pool))
        return false;
    anyl_port_mutex_lock(&pool->mutex);
    bool busy = pool->queued + pool->running != 0;
    anyl_port_mutex_unlock(&pool->mutex);
    return busy;
}

static const anyl_executor_class pool_class = {.submit = pool_submit,
                                               .cancel = pool_cancel,
                                               .shutdown = pool_shutdown,
                                               .destroy = pool_destroy,
                                               .figures = pool_figures,
                                               .join = pool_join,
                                               .join_end = pool_join_end,
                                               .busy = pool_busy};

/* ---- making */

static uint32_t pool_usual_workers(void)
{
    uint32_t processors = anyl_port_processors();
    return processors < POOL_MOST_WORKERS - POOL_MORE_THAN_PROCESSORS ? processors + POOL_MORE_THAN_PROCESSORS
                                                                      : POOL_MOST_WORKERS;
}

anyloop_status anyl_pool_new(const anyloop_allocator *allocator, const anyloop_thread_pool_options *options,
                             anyloop_executor **out)
{
    anyl_pool *pool = anyl_alloc(allocator, sizeof *pool);
    if (pool == NULL)
        return ANYLOOP_E_NOMEM;
    memset(pool, 0, sizeof *pool);
    anyl_executor_init(&pool->executor, &pool_class);
    anyl_port_mutex_init(&pool->mutex);
    anyl_port_condition_init(&pool->work);
    anyl_port_condition_init(&pool->gone);
    anyl_list_init(&pool->queue);
    anyl_list_init(&pool->joiners);
    pool->max_workers = options->max_workers ? options->max_workers : pool_usual_workers();
    pool->most = anyl_pool_places(options->queue_size, pool->max_workers);
    pool->stack_size = options->stack_size == 0          ? POOL_STACK_SIZE
                       : options->stack_size <= SIZE_MAX ? (size_t)options->stack_size
                                                         : SIZE_MAX;
    pool->forks = anyl_port_forks();
    pool->allocator = *allocator;
    anyl_text name = anyl_text_in(pool->name, sizeof pool->name);
    anyl_text_add(&name, options->name ? options->name : "anyloop");
    *out = &pool->executor;
    return ANYLOOP_OK;
}
