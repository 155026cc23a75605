/* Wake before sleep: a loop runs, two threads post to it, and it must not sleep over what came. Nobody else wakes it,
 * so a wake-up that is lost is a deadlock. What the threads wrote before is seen by their callbacks.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <assert.h>
#include <pthread.h>

enum { POSTERS = 2 };

static anyloop_loop *loop;
static int words[POSTERS], came;

static void hear(void *word)
{
    assert(*(int *)word == 1);
    if (++came == POSTERS)
        anyloop_loop_stop(loop);
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
    pthread_t threads[POSTERS];
    assert(anyloop_new_event_loop(NULL, &loop) == ANYLOOP_OK);
    assert(anyloop_loop_hold(loop) == ANYLOOP_OK);
    for (int i = 0; i < POSTERS; i++) {
        anyloop_loop_retain(loop);
        pthread_create(&threads[i], NULL, post, &words[i]);
    }
    assert(anyloop_loop_run_forever(loop) == ANYLOOP_OK);
    assert(came == POSTERS);
    for (int i = 0; i < POSTERS; i++)
        pthread_join(threads[i], NULL);
    assert(anyloop_loop_close(loop) == ANYLOOP_OK);
    anyloop_loop_release(loop);
    return 0;
}
