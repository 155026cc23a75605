/* ends.c -- a program that goes on behind main, in Node: it ends when nothing is left to do, a worker's job neither, and as
 * one that does not go on: with what it asked for at its end, and with all that it printed.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <stdio.h>
#include <stdlib.h>

static void nothing(anyloop_job *job, const anyloop_value *in)
{
    (void)job, (void)in;
}

static const anyloop_job_type jobs[] = {{"nothing", nothing}, {NULL, NULL}};

static void at_end(void)
{
    puts(" the end");
}

static void done(void *loop, anyloop_future *future)
{
    printf("done: %s,", anyloop_status_name(anyloop_future_error_code(future)));
    anyloop_loop_stop(loop);
}

int main(int argc, char **argv)
{
    anyloop_worker_main(&argc, argv, jobs);
    if (anyloop_worker_main(&argc, argv, jobs)) /* said again, as the part of a program might that has a table too */
        return 0;
    anyloop_loop *loop = anyloop_get_event_loop();
    atexit(at_end);
    anyloop_start(loop, anyloop_run_in_executor(loop, NULL, nothing, NULL), done, loop, NULL);
    puts("main returns");
    return 4;
}
