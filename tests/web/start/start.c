/* start.c -- a program that starts, returns from main, and goes on: the event loop of its host turns it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <stdio.h>

static void twice(anyloop_job *job, const anyloop_value *in)
{
    const anyloop_value result = anyloop_int(anyloop_to_int(in) * 2);
    anyloop_job_return(job, &result);
}

static const anyloop_job_type jobs[] = {{"twice", twice}, {NULL, NULL}};

struct app { anyloop_coro co; int64_t i; };

ANYLOOP_ASYNC(app)
{
    ANYLOOP_BEGIN;
    for (my->i = 1; my->i <= 3; my->i++) {
        ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, ANYLOOP_MS(20)));
        ANYLOOP_AWAIT(anyloop_run_in_executor(my->co.loop, NULL, twice, ANYLOOP_VALUE(anyloop_int(my->i))));
        printf("%lld\n", (long long)anyloop_to_int(ANYLOOP_AWAITED));
    }
    ANYLOOP_END;
}

static void say_done(void *loop, anyloop_future *future)
{
    printf("done: %s\n", anyloop_status_name(anyloop_future_error_code(future)));
    anyloop_loop_stop(loop); /* else it would be turned whenever something comes */
}

int main(int argc, char **argv)
{
    if (anyloop_worker_main(&argc, argv, jobs))
        return 0;
    anyloop_loop *loop = anyloop_get_event_loop();
    anyloop_status status = anyloop_start(loop, ANYLOOP_CORO(loop, app), say_done, loop, NULL);
    printf("main returns: %s\n", anyloop_status_name(status));
    return status != ANYLOOP_OK;
}
