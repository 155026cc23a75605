/* hosts.c -- a host without descriptors: it sleeps until a wake or a deadline, then turns the loop.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <pthread.h>
#include <stdio.h>
#include <threads.h>
#include <time.h>

struct host { pthread_mutex_t lock; pthread_cond_t woken; int wakes; int running; };

/* Any thread may call this, also in the middle of something: it only leaves a note. */
static void wake(void *user_data)
{
    struct host *host = user_data;
    pthread_mutex_lock(&host->lock);
    host->wakes++;
    pthread_cond_signal(&host->woken);
    pthread_mutex_unlock(&host->lock);
}

/* The host's own sleep: until the note, or for at most `delay`. */
static void wait_for_wake(struct host *host, uint64_t delay)
{
    struct timespec until;
    timespec_get(&until, TIME_UTC);
    delay += (uint64_t)until.tv_nsec;
    until.tv_sec += (time_t)(delay / 1000000000);
    until.tv_nsec = (long)(delay % 1000000000);
    pthread_mutex_lock(&host->lock);
    while (host->wakes == 0 && pthread_cond_timedwait(&host->woken, &host->lock, &until) == 0)
        continue;
    host->wakes = 0;
    pthread_mutex_unlock(&host->lock);
}

static void blocking(anyloop_job *job, const anyloop_value *in)
{
    (void)job, (void)in;
    thrd_sleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
}

struct program { anyloop_coro co; };

ANYLOOP_ASYNC(program)
{
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, ANYLOOP_MS(10)));
    puts("a deadline came");
    ANYLOOP_AWAIT(anyloop_run_in_executor(my->co.loop, NULL, blocking, NULL));
    puts("a wake came");
    ANYLOOP_END;
}

static void finished(void *user_data, anyloop_future *future)
{
    struct host *host = user_data;
    (void)future;
    host->running = 0;
}

int main(void)
{
    anyloop_loop *loop = anyloop_get_event_loop();
    anyloop_turn_info info = {.struct_size = sizeof info};
    struct host host = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 1};

    if (anyloop_loop_set_host(loop, wake, &host, NULL) != ANYLOOP_OK ||
        anyloop_start(loop, ANYLOOP_CORO(loop, program), finished, &host, NULL) != ANYLOOP_OK)
        return 1;

    /* A turn may take 4 ms, say because a frame must be drawn: what is left goes on in the next turn. */
    while (anyloop_loop_turn(loop, ANYLOOP_MS(4), NULL, 0, &info) == ANYLOOP_OK && host.running) {
        uint64_t now = anyloop_loop_time(loop), hour = ANYLOOP_SECONDS(3600);
        uint64_t delay = info.next_deadline > now ? info.next_deadline - now : 0;
        wait_for_wake(&host, delay < hour ? delay : hour);
    }

    anyloop_loop_close(loop);
    return host.running;
}
