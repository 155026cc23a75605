/* A guest of a libuv loop: by a uv_poll_t on the descriptor, and by a uv_async_t and a uv_timer_t.
 *
 * SPDX-License-Identifier: MIT
 */
#include "host.h"

#include <uv.h>

typedef struct uv {
    uv_loop_t loop;
    uv_timer_t timer; /* the host's own */
    uv_poll_t poll;
    uv_async_t woken;
    uv_timer_t deadline;
} uv;

static void begin_uv(guest *self)
{
    uv *host = self->host = calloc(1, sizeof *host);
    assert_non_null(host);
    assert_int_equal(uv_loop_init(&host->loop), 0);
    assert_int_equal(uv_timer_init(&host->loop, &host->timer), 0);
    host->timer.data = self;
}

static void run_uv(guest *self)
{
    uv_run(&((uv *)self->host)->loop, UV_RUN_DEFAULT);
}

static void leave_uv(guest *self)
{
    uv_stop(&((uv *)self->host)->loop);
}

static void do_later(uv_timer_t *timer)
{
    guest *self = timer->data;
    self->later(self);
}

static void after_ms(guest *self, int ms)
{
    uv_timer_start(&((uv *)self->host)->timer, do_later, (uint64_t)ms, 0);
}

static void close_handle(uv_handle_t *handle, void *nothing)
{
    (void)nothing;
    uv_close(handle, NULL);
}

static void end_uv(guest *self)
{
    uv *host = self->host;
    uv_walk(&host->loop, close_handle, NULL);
    uv_run(&host->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&host->loop), 0);
    free(host);
}

/* ---- by the descriptor */

#ifndef ANYLOOP_POLLER_POLL

static void turn_now(uv_poll_t *poll, int status, int events)
{
    (void)events;
    assert_int_equal(status, 0);
    take_turn(poll->data);
}

static void begin_descriptor(guest *self)
{
    int32_t fd;
    begin_uv(self);
    uv *host = self->host;
    assert_ok(anyloop_loop_fd(self->loop, &fd));
    assert_int_equal(uv_poll_init(&host->loop, &host->poll, fd), 0);
    host->poll.data = self;
    assert_int_equal(uv_poll_start(&host->poll, UV_READABLE, turn_now), 0);
}

/* The loop is closed, and so is the descriptor that libuv polls: it is stopped before libuv looks at it again. */
static void end_descriptor(guest *self)
{
    uv_poll_stop(&((uv *)self->host)->poll);
    end_uv(self);
}

#endif

/* ---- by wakes */

static void wake(void *pointer)
{
    uv_async_send(pointer);
}

static void turn_on_deadline(uv_timer_t *timer);

static void turn_and_set_timer(guest *self)
{
    uv *host = self->host;
    take_turn(self);
    int ms = sleep_ms(self);
    uv_update_time(&host->loop);
    if (ms < 0)
        uv_timer_stop(&host->deadline);
    else /* libuv counts in whole ms and may be early by one; a turn that comes early only gives the deadline again */
        uv_timer_start(&host->deadline, turn_on_deadline, (uint64_t)ms, 0);
}

static void turn_on_deadline(uv_timer_t *timer)
{
    turn_and_set_timer(timer->data);
}

static void turn_on_wake(uv_async_t *woken)
{
    turn_and_set_timer(woken->data);
}

static void begin_wake(guest *self)
{
    begin_uv(self);
    uv *host = self->host;
    assert_int_equal(uv_async_init(&host->loop, &host->woken, turn_on_wake), 0);
    assert_int_equal(uv_timer_init(&host->loop, &host->deadline), 0);
    host->woken.data = host->deadline.data = self;
    assert_ok(anyloop_loop_set_host(self->loop, wake, &host->woken, NULL));
    wake(&host->woken); /* the first turn */
}

int main(int argc, char **argv)
{
    static const way ways[] = {
#ifndef ANYLOOP_POLLER_POLL
        {"libuv-descriptor", begin_descriptor, run_uv, leave_uv, after_ms, end_descriptor},
#endif
        {"libuv-wake", begin_wake, run_uv, leave_uv, after_ms, end_uv},
    };
    return host_main(argc, argv, ways, LENGTH(ways));
}
