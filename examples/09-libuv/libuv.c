/* libuv.c -- anyloop in a libuv program: one uv_poll_t on its descriptor is all.
 *
 * The descriptor knows anyloop's deadlines too, to the nanosecond; a uv_timer_t has milliseconds, and may be early.
 *
 * SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE /* uv.h, in strict C11 */
#include <anyloop.h>

#include <stdio.h>
#include <uv.h>

struct host { uv_poll_t poll; uv_timer_t timer; anyloop_loop *loop; anyloop_queue *queue; int64_t ticks; };

/* ---- libuv's side */

static void turn(uv_poll_t *poll, int status, int events)
{
    struct host *host = poll->data;
    anyloop_turn_info info = {.struct_size = sizeof info};
    (void)events;
    /* Over its budget the descriptor stays readable, and libuv comes back when its others have had their turn. */
    if (status != 0 || anyloop_loop_turn(host->loop, ANYLOOP_MS(4), NULL, 0, &info) != ANYLOOP_OK)
        uv_stop(poll->loop);
}

static void tick(uv_timer_t *timer)
{
    struct host *host = timer->data;
    printf("libuv: tick %lld\n", (long long)++host->ticks);
    anyloop_queue_put_nowait(host->queue, ANYLOOP_VALUE(anyloop_int(host->ticks)), 0); /* outside a turn */
}

/* ---- anyloop's side */

struct reader { anyloop_coro co; struct host *host; int64_t tick; };

ANYLOOP_ASYNC(reader)
{
    ANYLOOP_BEGIN;
    while (my->tick < 3) {
        ANYLOOP_AWAIT(anyloop_queue_get(my->host->queue));
        my->tick = anyloop_to_int(ANYLOOP_AWAITED);
        ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, ANYLOOP_MS(2)));
        printf("anyloop: has slept on tick %lld\n", (long long)my->tick);
        if (my->tick < 3)
            uv_timer_start(&my->host->timer, tick, 10, 0);
    }
    ANYLOOP_END;
}

static void finished(void *user_data, anyloop_future *future)
{
    struct host *host = user_data;
    (void)future;
    uv_close((uv_handle_t *)&host->poll, NULL);
    uv_close((uv_handle_t *)&host->timer, NULL);
}

int main(void)
{
    uv_loop_t *main_loop = uv_default_loop();
    struct host host = {.loop = anyloop_get_event_loop()};
    int32_t fd;

    if (anyloop_loop_fd(host.loop, &fd) != ANYLOOP_OK || uv_poll_init(main_loop, &host.poll, fd) != 0 ||
        uv_timer_init(main_loop, &host.timer) != 0 ||
        anyloop_queue_new(host.loop, 0, ANYLOOP_QUEUE_FIFO, &host.queue) != ANYLOOP_OK ||
        anyloop_start(host.loop, ANYLOOP_CORO(host.loop, reader, .host = &host), finished, &host, NULL) != ANYLOOP_OK)
        return 1;
    host.poll.data = host.timer.data = &host;
    uv_poll_start(&host.poll, UV_READABLE, turn);
    uv_timer_start(&host.timer, tick, 10, 0);
    uv_run(main_loop, UV_RUN_DEFAULT); /* until no handle is left: finished() closes them */

    anyloop_queue_release(host.queue);
    anyloop_loop_close(host.loop);
    return uv_loop_close(main_loop) != 0;
}
