/* sleeps.c -- three sleeps of 300 ms with a job after each.
 *
 * `sleeps start` leaves the turns to the host; else they are a run's.
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

struct app { anyloop_coro co; int64_t i; uint64_t began; };

ANYLOOP_ASYNC(app)
{
    ANYLOOP_BEGIN;
    for (my->i = 1; my->i <= 3; my->i++) {
        my->began = anyloop_loop_time(my->co.loop);
        ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, ANYLOOP_MS(300)));
        printf("%s\n", anyloop_loop_time(my->co.loop) - my->began < (uint64_t)ANYLOOP_MS(300) ? "early" : "slept");
        ANYLOOP_AWAIT(anyloop_run_in_executor(my->co.loop, NULL, twice, ANYLOOP_VALUE(anyloop_int(my->i))));
        printf("%lld\n", (long long)anyloop_to_int(ANYLOOP_AWAITED));
    }
    ANYLOOP_END;
}

static void stop(void *loop, anyloop_future *future)
{
    (void)future;
    anyloop_loop_stop(loop);
}

int main(int argc, char **argv)
{
    if (anyloop_worker_main(&argc, argv, jobs))
        return 0;
    anyloop_loop *loop = anyloop_get_event_loop();
    if (argc > 1 && strcmp(argv[1], "start") == 0)
        return anyloop_start(loop, ANYLOOP_CORO(loop, app), stop, loop, NULL) != ANYLOOP_OK;
    return anyloop_run(loop, ANYLOOP_CORO(loop, app), NULL) != ANYLOOP_OK;
}
