/* threads.c -- results that come from other threads: a promise, a waker, a pool of one's own.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <threads.h>
#include <time.h>

/* A thread that anyloop knows nothing of. */
static void *deliver(void *argument)
{
    anyloop_promise *promise = argument;
    anyloop_value answer = anyloop_int(42);
    anyloop_promise_set_result(promise, &answer);
    anyloop_promise_release(promise);
    return NULL;
}

static anyloop_future *ask(anyloop_loop *loop)
{
    anyloop_promise *promise;
    anyloop_future *future;
    pthread_t thread;
    anyloop_status status = anyloop_promise_new(loop, &promise, &future);

    if (status != ANYLOOP_OK)
        return anyloop_failed(status);
    if (pthread_create(&thread, NULL, deliver, promise) == 0)
        pthread_detach(thread);
    else
        anyloop_promise_release(promise); /* nobody will keep it: the future fails with ANYLOOP_E_ABANDONED */
    return future;
}

/* Something that counts and wakes, once a coroutine has said whom. */
struct sensor { atomic_int value; anyloop_waker *waker; };

static void *measure(void *argument)
{
    struct sensor *sensor = argument;
    for (int i = 0; i < 1000; i++) {
        atomic_fetch_add(&sensor->value, 1);
        anyloop_waker_wake(sensor->waker);
    }
    return NULL;
}

struct watch { anyloop_coro co; struct sensor sensor; pthread_t thread; int running; };

ANYLOOP_ASYNC(watch)
{
    ANYLOOP_BEGIN;
    if (anyloop_task_waker(my->co.task, &my->sensor.waker) != ANYLOOP_OK)
        ANYLOOP_RAISE(ANYLOOP_E_NOMEM, "no waker");
    my->running = pthread_create(&my->thread, NULL, measure, &my->sensor) == 0;
    if (!my->running)
        ANYLOOP_RAISE(ANYLOOP_E_OS, "no thread");
    while (atomic_load(&my->sensor.value) < 1000)
        ANYLOOP_PARK; /* a wake that comes before the park is not lost */
    printf("sensor: %d\n", atomic_load(&my->sensor.value));
    ANYLOOP_FINALLY;
    if (my->running)
        pthread_join(my->thread, NULL);
    anyloop_waker_release(my->sensor.waker);
    ANYLOOP_END;
}

/* A job that can be stopped. */
static void grind(anyloop_job *job, const anyloop_value *in)
{
    (void)in;
    while (!anyloop_job_stopping(job))
        thrd_sleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

struct app { anyloop_coro co; anyloop_executor *pool; };

ANYLOOP_ASYNC(app)
{
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(ask(my->co.loop));
    printf("promise: %lld\n", (long long)anyloop_to_int(ANYLOOP_AWAITED));

    ANYLOOP_AWAIT(ANYLOOP_CORO(my->co.loop, watch));

    if (anyloop_thread_pool_new(&(anyloop_thread_pool_options){.struct_size = sizeof(anyloop_thread_pool_options),
                                                               .max_workers = 2,
                                                               .name = "grinder"},
                                &my->pool) != ANYLOOP_OK)
        ANYLOOP_RAISE(ANYLOOP_E_NOMEM, "no pool");
    ANYLOOP_TRY(anyloop_wait_for(my->co.loop, anyloop_run_in_executor(my->co.loop, my->pool, grind, NULL),
                                 ANYLOOP_MS(20)));
    printf("job: %s\n", anyloop_status_name(anyloop_error_code(ANYLOOP_AWAITED)));
    ANYLOOP_FINALLY;
    if (my->pool)
        anyloop_executor_shutdown(my->pool, 0, ANYLOOP_FOREVER); /* short: its only job has been asked to stop */
    anyloop_executor_release(my->pool);
    ANYLOOP_END;
}

int main(void)
{
    anyloop_loop *loop = anyloop_get_event_loop();
    return anyloop_run(loop, ANYLOOP_CORO(loop, app), NULL) != ANYLOOP_OK;
}
