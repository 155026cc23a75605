/* exit.c -- a program that was started and calls exit in one of its tasks: it ends as any other, and what is still waited for
 * keeps it no longer.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <stdio.h>
#include <stdlib.h>

static void echo(anyloop_job *job, const anyloop_value *in)
{
    anyloop_value_retain(in);
    anyloop_job_return(job, in);
}

static void hang(anyloop_job *job, const anyloop_value *in)
{
    (void)job, (void)in;
    for (volatile int forever = 1; forever;)
        ;
}

static const anyloop_job_type jobs[] = {{"echo", echo}, {"hang", hang}, {NULL, NULL}};

struct leaves { anyloop_coro co; };

ANYLOOP_ASYNC(leaves)
{
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(anyloop_run_in_executor(my->co.loop, NULL, echo, ANYLOOP_VALUE(anyloop_int(0))));
    printf("leaves");
    exit(3); /* and the line without an end is printed */
    ANYLOOP_END;
}

struct waits { anyloop_coro co; };

ANYLOOP_ASYNC(waits)
{
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(anyloop_run_in_executor(my->co.loop, NULL, hang, ANYLOOP_VALUE(anyloop_int(0))));
    ANYLOOP_END;
}

static void bye(void)
{
    printf(", and says so");
}

int main(int argc, char **argv)
{
    if (anyloop_worker_main(&argc, argv, jobs))
        return 0;
    anyloop_loop *loop = anyloop_get_event_loop();
    atexit(bye);
    anyloop_start(loop, ANYLOOP_CORO(loop, leaves), NULL, NULL, NULL);
    anyloop_status status = anyloop_start(loop, ANYLOOP_CORO(loop, waits), NULL, NULL, NULL);
    printf("main returns: %s\n", anyloop_status_name(status));
    return 0;
}
