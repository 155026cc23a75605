/* Wakers that coalesce: two threads write and wake a task that parks until both have written. Wakes between two
 * messages are one, yet the step after the last of them sees all that was written before each.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

enum { WAKERS = 2 };

static anyloop_loop *loop;
static anyloop_waker *waker;
static atomic_int written[WAKERS];
static int words[WAKERS];

static void *wake(void *argument)
{
    long number = (atomic_int *)argument - written;
    words[number] = 7;
    atomic_store_explicit(&written[number], 1, memory_order_relaxed); /* the wake publishes both */
    anyloop_waker_wake(waker);
    anyloop_waker_release(waker);
    return NULL;
}

static int32_t step(void *frame, anyloop_task *task, uint32_t event)
{
    (void)frame, (void)task;
    assert(event != ANYLOOP_EVENT_CLOSE);
    for (int i = 0; i < WAKERS; i++)
        if (atomic_load_explicit(&written[i], memory_order_relaxed) == 0)
            return ANYLOOP_STEP_PARK;
    return ANYLOOP_STEP_RETURN;
}

int main(void)
{
    pthread_t threads[WAKERS];
    assert(anyloop_new_event_loop(NULL, &loop) == ANYLOOP_OK);
    anyloop_task *task = anyloop_task_create(loop, "sleeper", step, NULL, 0);
    assert(anyloop_task_waker(task, &waker) == ANYLOOP_OK);
    anyloop_waker_retain(waker);
    for (int i = 0; i < WAKERS; i++)
        pthread_create(&threads[i], NULL, wake, &written[i]);
    assert(anyloop_loop_run_until_complete(loop, task) == ANYLOOP_OK);
    anyloop_future_release(task);
    for (int i = 0; i < WAKERS; i++) {
        pthread_join(threads[i], NULL);
        assert(words[i] == 7);
    }
    assert(anyloop_loop_close(loop) == ANYLOOP_OK);
    anyloop_loop_release(loop);
    return 0;
}
