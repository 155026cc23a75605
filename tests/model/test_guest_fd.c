/* A guest whose host watches its descriptor: two threads post, and the host turns the loop twice as it likes, then
 * whenever the descriptor is readable. It is never unreadable over what came, and nobody writes to it after it is
 * closed.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <assert.h>
#include <poll.h>
#include <pthread.h>

enum { POSTERS = 2 };

static anyloop_loop *loop;
static int words[POSTERS], came;

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
    pthread_t threads[POSTERS];
    struct pollfd fd = {.events = POLLIN};
    assert(anyloop_new_event_loop(NULL, &loop) == ANYLOOP_OK);
    assert(anyloop_loop_hold(loop) == ANYLOOP_OK);
    for (int i = 0; i < POSTERS; i++) {
        anyloop_loop_retain(loop);
        pthread_create(&threads[i], NULL, post, &words[i]);
    }
    assert(anyloop_loop_fd(loop, &fd.fd) == ANYLOOP_OK);
    for (int turns = 0; came < POSTERS; turns++) {
        anyloop_turn_info info = {.struct_size = sizeof info};
        assert(turns < 2 || poll(&fd, 1, -1) == 1);
        assert(anyloop_loop_turn(loop, 0, NULL, 0, &info) == ANYLOOP_OK);
    }
    assert(anyloop_loop_close(loop) == ANYLOOP_OK);
    anyloop_loop_release(loop);
    for (int i = 0; i < POSTERS; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
