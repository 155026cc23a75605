/* After the close any thread may let go of what it holds of the loop: two futures, one of which holds the other, go
 * on two threads at once, and the last of them takes the loop's memory with it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <assert.h>
#include <pthread.h>

static void *let_go(void *future)
{
    anyloop_future_release(future);
    return NULL;
}

int main(void)
{
    pthread_t threads[2];
    anyloop_loop *loop;
    anyloop_future *futures[2];
    anyloop_value value;
    const anyloop_loop_options options = {.struct_size = sizeof options, .flags = ANYLOOP_LOOP_UNPINNED};
    assert(anyloop_new_event_loop(&options, &loop) == ANYLOOP_OK);
    for (int i = 0; i < 2; i++)
        assert(anyloop_future_new(loop, &futures[i]) == ANYLOOP_OK);
    assert(anyloop_value_future(futures[0], &value) == ANYLOOP_OK);
    assert(anyloop_future_set_result(futures[1], &value) == ANYLOOP_OK);
    assert(anyloop_loop_close(loop) == ANYLOOP_OK);
    anyloop_loop_release(loop);
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, let_go, futures[i]);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
