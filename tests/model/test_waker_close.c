/* Wakers against the close: two threads wake and cancel a task whose loop closes meanwhile. Nobody touches what went
 * with the loop, and nothing is left.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <assert.h>
#include <pthread.h>

static anyloop_waker *waker;
static int steps, dropped;

static void *wake(void *argument)
{
    (void)argument;
    anyloop_waker_wake(waker);
    anyloop_waker_release(waker);
    return NULL;
}

static void *cancel(void *argument)
{
    (void)argument;
    anyloop_waker_cancel(waker);
    anyloop_waker_wake(waker);
    anyloop_waker_release(waker);
    return NULL;
}

static int32_t step(void *frame, anyloop_task *task, uint32_t event)
{
    (void)frame, (void)task;
    steps++;
    assert(dropped == 0);
    return event == ANYLOOP_EVENT_CANCELLED ? ANYLOOP_STEP_CANCELLED : ANYLOOP_STEP_PARK;
}

static void drop(void *frame)
{
    (void)frame;
    dropped++;
}

int main(void)
{
    pthread_t threads[2];
    anyloop_loop *loop;
    assert(anyloop_new_event_loop(NULL, &loop) == ANYLOOP_OK);
    const anyloop_coroutine_options options = {.struct_size = sizeof options, .step = step, .drop = drop};
    anyloop_task *task = anyloop_create_task(loop, anyloop_coroutine_create_with(loop, &options), NULL);
    assert(anyloop_task_waker(task, &waker) == ANYLOOP_OK);
    anyloop_waker_retain(waker);
    pthread_create(&threads[0], NULL, wake, NULL);
    pthread_create(&threads[1], NULL, cancel, NULL);
    anyloop_loop_stop(loop);
    assert(anyloop_loop_run_forever(loop) == ANYLOOP_OK);
    anyloop_loop_stop(loop);
    assert(anyloop_loop_run_forever(loop) == ANYLOOP_OK);
    anyloop_future_release(task);
    assert(anyloop_loop_close(loop) == ANYLOOP_OK);
    anyloop_loop_release(loop);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    assert(dropped == 1);
    return 0;
}
