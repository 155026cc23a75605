/* A user's program: a task that awaits a job.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <stdio.h>

static void seven(anyloop_job *job, const anyloop_value *in)
{
    (void)in;
    anyloop_value value = anyloop_int(7);
    anyloop_job_return(job, &value);
}

struct user {
    anyloop_coro co;
};

ANYLOOP_ASYNC(user)
{
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, ANYLOOP_MS(1)));
    ANYLOOP_AWAIT(anyloop_run_in_executor(my->co.loop, NULL, seven, NULL));
    ANYLOOP_RETURN(*ANYLOOP_AWAITED);
    ANYLOOP_END;
}

static const anyloop_job_type jobs[] = {{"seven", seven}, {NULL, NULL}};

int main(int argc, char **argv)
{
    if (anyloop_worker_main(&argc, argv, jobs))
        return 0;
    if (anyloop_abi_check(ANYLOOP_VERSION) != ANYLOOP_OK)
        return 1;
    anyloop_loop *loop = anyloop_get_event_loop();
    anyloop_value result;
    if (anyloop_run(loop, ANYLOOP_CORO(loop, user), &result) != ANYLOOP_OK)
        return 1;
    printf("%d\n", (int)result.bits);
    return 0;
}
