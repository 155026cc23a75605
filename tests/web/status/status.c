/* status.c -- a program that was started and then ran its loop to the end: its status is what main returns.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <stdio.h>

struct app { anyloop_coro co; };

ANYLOOP_ASYNC(app)
{
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, ANYLOOP_MS(10)));
    ANYLOOP_END;
}

static void stop(void *loop, anyloop_future *future)
{
    (void)future;
    anyloop_loop_stop(loop);
}

int main(void)
{
    anyloop_loop *loop = anyloop_get_event_loop();
    anyloop_start(loop, ANYLOOP_CORO(loop, app), stop, loop, NULL);
    printf("run: %s\n", anyloop_status_name(anyloop_loop_run_forever(loop)));
    printf("close: %s", anyloop_status_name(anyloop_loop_close(loop)));
    return 3; /* and the line without an end is printed */
}
