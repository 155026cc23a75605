/* A loop that moves: one thread runs it, another waits until it runs no more and makes it its own. Nothing of the run
 * is left to do then.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

static anyloop_loop *loop;
static atomic_int runs;

static void begin(void *argument)
{
    (void)argument;
    atomic_store_explicit(&runs, 1, memory_order_release);
    anyloop_loop_stop(loop);
}

static void *run(void *argument)
{
    (void)argument;
    assert(anyloop_new_event_loop(NULL, &loop) == ANYLOOP_OK);
    assert(anyloop_loop_call_soon(loop, begin, NULL, NULL, NULL) == ANYLOOP_OK);
    assert(anyloop_loop_run_forever(loop) == ANYLOOP_OK);
    return NULL;
}

int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, run, NULL);
    while (atomic_load_explicit(&runs, memory_order_acquire) == 0)
        sched_yield();
    anyloop_status status;
    while ((status = anyloop_set_event_loop(loop)) == ANYLOOP_E_RUNNING)
        sched_yield();
    assert(status == ANYLOOP_OK);
    anyloop_loop_stop(loop);
    assert(anyloop_loop_run_forever(loop) == ANYLOOP_OK);
    assert(anyloop_loop_close(loop) == ANYLOOP_OK);
    assert(anyloop_set_event_loop(NULL) == ANYLOOP_OK);
    anyloop_loop_release(loop);
    pthread_join(thread, NULL);
    return 0;
}
