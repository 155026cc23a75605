/* Holds: a loop that waits for nothing but a hold sleeps; the last hold that goes wakes it, and it says that it is
 * stuck.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <assert.h>
#include <pthread.h>

static anyloop_loop *loop;

static void *unhold(void *argument)
{
    (void)argument;
    assert(anyloop_loop_unhold(loop) == ANYLOOP_OK);
    return NULL;
}

static void ignore(void *user_data, uint32_t level, const char *text, size_t size)
{
    (void)user_data, (void)level, (void)text, (void)size;
}

int main(void)
{
    pthread_t threads[2];
    assert(anyloop_new_event_loop(NULL, &loop) == ANYLOOP_OK);
    anyloop_loop_set_log(loop, ignore, NULL);
    for (int i = 0; i < 2; i++) {
        assert(anyloop_loop_hold(loop) == ANYLOOP_OK);
        pthread_create(&threads[i], NULL, unhold, NULL);
    }
    assert(anyloop_loop_run_forever(loop) == ANYLOOP_E_DEADLOCK);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    assert(anyloop_loop_unhold(loop) == ANYLOOP_E_STATE);
    assert(anyloop_loop_close(loop) == ANYLOOP_OK);
    anyloop_loop_release(loop);
    return 0;
}
