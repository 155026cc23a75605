/* A promise against the close of its loop: two threads keep it, the loop closes meanwhile, and the handles outlive
 * it. One keeper at most is told that it won; each value is dropped once; the last side frees what both shared.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

enum { KEEPERS = 2 };

static anyloop_loop *loop;
static anyloop_promise *promise;
static atomic_int dropped[KEEPERS];
static anyloop_status status[KEEPERS];

static void drop(void *counter)
{
    assert(atomic_fetch_add((atomic_int *)counter, 1) == 0);
}

static void *keep(void *counter)
{
    long number = (atomic_int *)counter - dropped;
    anyloop_value value;
    assert(anyloop_value_foreign(NULL, counter, drop, &value) == ANYLOOP_OK);
    status[number] = anyloop_promise_set_result(promise, &value);
    anyloop_promise_release(promise);
    return NULL;
}

int main(void)
{
    pthread_t threads[KEEPERS];
    anyloop_future *future;
    assert(anyloop_new_event_loop(NULL, &loop) == ANYLOOP_OK);
    assert(anyloop_promise_new(loop, &promise, &future) == ANYLOOP_OK);
    anyloop_promise_retain(promise);
    for (int i = 0; i < KEEPERS; i++)
        pthread_create(&threads[i], NULL, keep, &dropped[i]);
    anyloop_future_release(future);
    assert(anyloop_loop_close(loop) == ANYLOOP_OK);
    anyloop_loop_release(loop);
    for (int i = 0; i < KEEPERS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < KEEPERS; i++) {
        assert(dropped[i] == 1);
        assert(status[i] == ANYLOOP_OK || status[i] == ANYLOOP_E_STATE || status[i] == ANYLOOP_E_CLOSED);
        assert(status[i] != ANYLOOP_E_STATE || status[1 - i] != ANYLOOP_E_STATE);
    }
    assert(status[0] != ANYLOOP_OK || status[1] != ANYLOOP_OK);
    return 0;
}
