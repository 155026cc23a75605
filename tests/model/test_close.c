/* Posting against the close: a thread holds a loop, posts to it and lets go of it, while its own thread closes it and
 * lets go too. What was accepted runs or is dropped once, what was refused is dropped once; the waking ends before
 * what it uses does, and the last of both frees the loop.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

static anyloop_loop *loop;
static int ran;
static atomic_int dropped;

static void hear(void *argument)
{
    (void)argument;
    ran++;
}

static void drop(void *argument)
{
    (void)argument;
    assert(atomic_fetch_add(&dropped, 1) == 0);
}

static void *post(void *argument)
{
    (void)argument;
    anyloop_status status = anyloop_loop_call_soon_threadsafe(loop, hear, NULL, drop);
    assert(status == ANYLOOP_OK || status == ANYLOOP_E_CLOSED);
    if (status == ANYLOOP_E_CLOSED)
        assert(dropped == 1 && anyloop_loop_is_closed(loop));
    anyloop_loop_release(loop);
    return NULL;
}

int main(void)
{
    pthread_t thread;
    assert(anyloop_new_event_loop(NULL, &loop) == ANYLOOP_OK);
    anyloop_loop_retain(loop);
    pthread_create(&thread, NULL, post, NULL);
    assert(anyloop_loop_wait(loop, 5) == ANYLOOP_OK); /* asleep, until it is woken or its time comes */
    assert(anyloop_loop_close(loop) == ANYLOOP_OK);
    anyloop_loop_release(loop);
    pthread_join(thread, NULL);
    assert(ran <= 1 && dropped == 1);
    return 0;
}
