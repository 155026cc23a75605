/* A promise against its release: one thread keeps it, another only lets go, and the loop waits. The one who keeps it
 * wins, since it holds a handle; what it wrote before is seen; the future is done once.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <assert.h>
#include <pthread.h>

static anyloop_promise *promises[2]; /* the second is kept by nobody */
static int words;

static void *keep(void *argument)
{
    (void)argument;
    words = 7;
    anyloop_value value = anyloop_int(1);
    assert(anyloop_promise_set_result(promises[0], &value) == ANYLOOP_OK);
    assert(anyloop_promise_set_result(promises[0], &value) == ANYLOOP_E_STATE);
    anyloop_promise_release(promises[0]);
    anyloop_promise_release(promises[1]);
    return NULL;
}

static void *let_go(void *argument)
{
    (void)argument;
    anyloop_promise_release(promises[0]);
    anyloop_promise_release(promises[1]);
    return NULL;
}

int main(void)
{
    pthread_t threads[2];
    anyloop_loop *loop;
    anyloop_future *futures[2];
    assert(anyloop_new_event_loop(NULL, &loop) == ANYLOOP_OK);
    for (int i = 0; i < 2; i++) {
        assert(anyloop_promise_new(loop, &promises[i], &futures[i]) == ANYLOOP_OK);
        anyloop_promise_retain(promises[i]);
    }
    pthread_create(&threads[0], NULL, keep, NULL);
    pthread_create(&threads[1], NULL, let_go, NULL);
    assert(anyloop_loop_run_until_complete(loop, futures[0]) == ANYLOOP_OK);
    assert(anyloop_to_int(anyloop_future_result(futures[0])) == 1 && words == 7);
    assert(anyloop_loop_run_until_complete(loop, futures[1]) == ANYLOOP_E_ABANDONED);
    for (int i = 0; i < 2; i++)
        anyloop_future_release(futures[i]);
    assert(anyloop_loop_close(loop) == ANYLOOP_OK);
    anyloop_loop_release(loop);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
