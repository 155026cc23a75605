/* blocks.c -- a run function where it may block, or not; and a start, which it may everywhere.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <stdio.h>

static void say(void *loop, anyloop_future *future)
{
    printf("started: %s\n", anyloop_status_name(anyloop_future_error_code(future)));
    anyloop_loop_stop(loop);
}

int main(void)
{
    anyloop_loop *loop = anyloop_get_event_loop();
    anyloop_future *sleep = anyloop_sleep(loop, ANYLOOP_MS(10));
    anyloop_status status = anyloop_loop_run_until_complete(loop, sleep);
    printf("run: %s: %s\n", anyloop_status_name(status), anyloop_status_text(status));
    if (status == ANYLOOP_OK)
        anyloop_future_release(sleep);
    else
        anyloop_start(loop, sleep, say, loop, NULL); /* it is as it was */
    return 0;
}
