/* quickstart.c -- the life of an event loop: get it, create tasks, run a blocking function in the executor, run, stop,
 * gather what is pending, close.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <stdio.h>
#include <threads.h>
#include <time.h>

struct hello { anyloop_coro co; };

ANYLOOP_ASYNC(hello)
{
    ANYLOOP_BEGIN;
    puts("Hello!");
    ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, ANYLOOP_SECONDS(1)));
    puts("Goodbye!");
    anyloop_loop_stop(my->co.loop);
    ANYLOOP_END;
}

struct late { anyloop_coro co; };

ANYLOOP_ASYNC(late)
{
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, ANYLOOP_MS(1200)));
    puts("Am I late?");
    ANYLOOP_END;
}

/* Blocks, so it belongs in the executor. */
static void blocking(anyloop_job *job, const anyloop_value *in)
{
    (void)job, (void)in;
    thrd_sleep(&(struct timespec){.tv_nsec = 500000000}, NULL);
    puts("Hello from a thread!");
}

/* What a copy of this program may be asked to do, where jobs run in workers: on the web. */
static const anyloop_job_type jobs[] = {{"blocking", blocking}, {NULL, NULL}};

int main(int argc, char **argv)
{
    if (anyloop_worker_main(&argc, argv, jobs))
        return 0;

    anyloop_loop *loop = anyloop_get_event_loop();

    ANYLOOP_SPAWN(loop, hello);
    ANYLOOP_SPAWN(loop, late);
    anyloop_future *job = anyloop_run_in_executor(loop, NULL, blocking, NULL);

    anyloop_status status = anyloop_loop_run_forever(loop); /* until hello() stops it */

    anyloop_future *pending = anyloop_gather_pending(loop, ANYLOOP_RETURN_EXCEPTIONS);
    if (status == ANYLOOP_OK)
        status = anyloop_loop_run_until_complete(loop, pending);

    anyloop_future_release(pending);
    anyloop_future_release(job);
    anyloop_loop_close(loop);
    if (status != ANYLOOP_OK) {
        fputs(anyloop_status_text(status), stderr);
        fputs("\n", stderr);
    }
    return status != ANYLOOP_OK;
}
