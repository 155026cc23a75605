/* clock.c -- a test of a timeout that takes no time: a virtual clock jumps as soon as there is nothing else to do.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <stdio.h>

struct patient { anyloop_coro co; };

ANYLOOP_ASYNC(patient)
{
    ANYLOOP_BEGIN;
    ANYLOOP_TRY(anyloop_wait_for(my->co.loop, anyloop_sleep(my->co.loop, ANYLOOP_FOREVER), ANYLOOP_SECONDS(3600)));
    printf("%s after %.0f s\n", anyloop_status_name(anyloop_error_code(ANYLOOP_AWAITED)),
           (double)anyloop_loop_time(my->co.loop) / 1e9);
    ANYLOOP_END;
}

int main(void)
{
    anyloop_loop_options options = {.struct_size = sizeof options, .flags = ANYLOOP_LOOP_VIRTUAL_CLOCK};
    anyloop_loop *loop;
    anyloop_status status = anyloop_new_event_loop(&options, &loop);

    if (status == ANYLOOP_OK) {
        status = anyloop_run(loop, ANYLOOP_CORO(loop, patient), NULL);
        anyloop_loop_release(loop);
    }
    return status != ANYLOOP_OK;
}
