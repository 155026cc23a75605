/* pool.c -- jobs that end in another order than they began; two of them cost their workers, and nothing else.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <stdio.h>
#include <stdlib.h>

enum { WORKERS = 3, JOBS = 40, TRAPS = 7, EXITS = 23 };

static void square(anyloop_job *job, const anyloop_value *in)
{
    const int64_t number = anyloop_to_int(in);
    const anyloop_value result = anyloop_int(number * number);
    if (number == TRAPS)
        __builtin_trap();
    if (number == EXITS)
        exit(3);
    for (volatile int64_t spins = (JOBS - number) % 4 * 1000000; spins;)
        spins--;
    anyloop_job_return(job, &result);
}

static const anyloop_job_type jobs[] = {{"square", square}, {NULL, NULL}};

int main(int argc, char **argv)
{
    if (anyloop_worker_main(&argc, argv, jobs))
        return 0;
    anyloop_loop *loop = anyloop_get_event_loop();
    const anyloop_worker_pool_options options = {.struct_size = sizeof options, .max_workers = WORKERS};
    anyloop_executor *pool;
    anyloop_future *futures[JOBS];
    size_t count = 0;
    if (anyloop_worker_pool_new(&options, &pool) != ANYLOOP_OK)
        return 1;
    for (int i = 0; i < JOBS; i++)
        futures[i] = anyloop_run_in_executor(loop, pool, square, ANYLOOP_VALUE(anyloop_int(i)));
    anyloop_future *all = anyloop_gather(loop, futures, JOBS, ANYLOOP_RETURN_EXCEPTIONS);
    anyloop_status status = anyloop_loop_run_until_complete(loop, all);
    const anyloop_value *items = anyloop_to_list(anyloop_future_result(all), &count);
    printf("%s, %zu results\n", anyloop_status_name(status), count);
    for (size_t i = 0; i < count; i++) {
        anyloop_status code = anyloop_error_code(&items[i]);
        if (code != ANYLOOP_OK)
            printf("%zu: %s\n", i, anyloop_status_name(code));
        else
            printf("%zu: %lld\n", i, (long long)anyloop_to_int(&items[i]));
    }
    anyloop_future_release(all);
    printf("shutdown: %s\n", anyloop_status_name(anyloop_executor_shutdown(pool, 0, ANYLOOP_FOREVER)));
    anyloop_executor_release(pool);
    printf("close: %s\n", anyloop_status_name(anyloop_loop_close(loop)));
    return 0;
}
