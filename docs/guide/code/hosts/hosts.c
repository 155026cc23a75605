/* hosts.c -- a host without descriptors: it sleeps until a wake or a deadline, then turns the loop.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <stdio.h>
#include <threads.h>
#include <time.h>

struct host { mtx_t lock; cnd_t woken; int wakes; int running; };

/* Any thread may call this, also in the middle of something: it only leaves a note. */
static void wake(void *user_data)
{
    struct host *host = user_data;
    mtx_lock(&host->lock);
    host->wakes++;
    cnd_signal(&host->woken);
    mtx_unlock(&host->lock);
}

/* The host's own sleep: until the note, or for at most `delay`. */
static void wait_for_wake(struct host *host, uint64_t delay)
{
    struct timespec until;
    timespec_get(&until, TIME_UTC);
    delay += (uint64_t)until.tv_nsec;
    until.tv_sec += (time_t)(delay / 1000000000);
    until.tv_nsec = (long)(delay % 1000000000);
    mtx_lock(&host->lock);
    while (host->wakes == 0 && cnd_timedwait(&host->woken, &host->lock, &until) == thrd_success)
        continue;
    host->wakes = 0;
    mtx_unlock(&host->lock);
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
    struct host host = {.running = 1};

    if (mtx_init(&host.lock, mtx_plain) != thrd_success || cnd_init(&host.woken) != thrd_success)
        return 1;
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
    cnd_destroy(&host.woken);
    mtx_destroy(&host.lock);
    return host.running;
}
