/* A guest between two turns: a thread posts while the host is about to wait for the loop's wake. Either the turn's
 * deadline says "again", or the wake comes.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

static anyloop_loop *loop;
static atomic_int woken;
static int words, came;

static void wake(void *argument)
{
    (void)argument;
    atomic_store(&woken, 1);
}

static void hear(void *word)
{
    assert(*(int *)word == 1);
    came++;
}

static void *post(void *word)
{
    *(int *)word = 1;
    assert(anyloop_loop_call_soon_threadsafe(loop, hear, word, NULL) == ANYLOOP_OK);
    anyloop_loop_release(loop);
    return NULL;
}

int main(void)
{
    pthread_t thread;
    assert(anyloop_new_event_loop(NULL, &loop) == ANYLOOP_OK);
    assert(anyloop_loop_set_host(loop, wake, NULL, NULL) == ANYLOOP_OK);
    assert(anyloop_loop_hold(loop) == ANYLOOP_OK);
    anyloop_loop_retain(loop);
    pthread_create(&thread, NULL, post, &words);
    for (;;) {
        anyloop_turn_info info = {.struct_size = sizeof info};
        atomic_store(&woken, 0);
        assert(anyloop_loop_turn(loop, 0, NULL, 0, &info) == ANYLOOP_OK);
        if (came)
            break;
        while (info.next_deadline != 0 && atomic_load(&woken) == 0)
            sched_yield();
    }
    assert(anyloop_loop_close(loop) == ANYLOOP_OK);
    anyloop_loop_release(loop);
    pthread_join(thread, NULL);
    return 0;
}
