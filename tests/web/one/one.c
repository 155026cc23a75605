/* one.c -- one job in a pool of one worker, and in a line what came of it.
 *
 * `one LINES` prints so many more after that.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <stdio.h>
#include <stdlib.h>

static void twice(anyloop_job *job, const anyloop_value *in)
{
    const anyloop_value result = anyloop_int(anyloop_to_int(in) * 2);
    anyloop_job_return(job, &result);
}

static const anyloop_job_type jobs[] = {{"twice", twice}, {NULL, NULL}};

int main(int argc, char **argv)
{
    if (anyloop_worker_main(&argc, argv, jobs))
        return 0;
    anyloop_loop *loop = anyloop_get_event_loop();
    const anyloop_worker_pool_options options = {.struct_size = sizeof options, .max_workers = 1};
    anyloop_executor *pool;
    if (anyloop_worker_pool_new(&options, &pool) != ANYLOOP_OK)
        return 1;
    anyloop_future *job = anyloop_run_in_executor(loop, pool, twice, ANYLOOP_VALUE(anyloop_int(21)));
    anyloop_status status = anyloop_loop_run_until_complete(loop, job);
    const anyloop_value *error = anyloop_future_error(job);
    printf("%s: ", anyloop_status_name(status));
    if (error)
        printf("%s\n", anyloop_error_text(error, NULL));
    else
        printf("%lld\n", (long long)anyloop_to_int(anyloop_future_result(job)));
    anyloop_future_release(job);
    printf("shutdown: %s\n", anyloop_status_name(anyloop_executor_shutdown(pool, 0, ANYLOOP_FOREVER)));
    anyloop_executor_release(pool);
    for (int lines = argc > 1 ? atoi(argv[1]) : 0; lines > 0; lines--)
        printf("%d lines are left, and all of them are to arrive in the order in which they were printed\n", lines);
    return anyloop_loop_close(loop) != ANYLOOP_OK;
}
