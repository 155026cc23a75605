/* Releases from other threads: two of them hold a future, and a value that holds it; they let go while the loop runs
 * a turn and closes. Nobody uses the future after its end, and nobody is left out of the count.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <assert.h>
#include <pthread.h>

static anyloop_future *future;
static anyloop_value value;

static void *let_go(void *argument)
{
    (void)argument;
    anyloop_future_release_threadsafe(future);
    return NULL;
}

static void *let_value_go(void *argument)
{
    (void)argument;
    anyloop_value_release(&value);
    return NULL;
}

int main(void)
{
    pthread_t threads[2];
    anyloop_loop *loop;
    assert(anyloop_new_event_loop(NULL, &loop) == ANYLOOP_OK);
    assert(anyloop_future_new(loop, &future) == ANYLOOP_OK);
    assert(anyloop_value_future(future, &value) == ANYLOOP_OK);
    pthread_create(&threads[0], NULL, let_go, NULL);
    pthread_create(&threads[1], NULL, let_value_go, NULL);
    anyloop_loop_stop(loop);
    assert(anyloop_loop_run_forever(loop) == ANYLOOP_OK);
    assert(anyloop_loop_close(loop) == ANYLOOP_OK);
    anyloop_loop_release(loop);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
