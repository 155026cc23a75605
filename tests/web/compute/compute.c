/* compute.c -- computes for so many ms in a pool of one worker: `compute MS`, by default 200.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <emscripten/emscripten.h>
#include <stdio.h>
#include <stdlib.h>

enum { PIECE = 20 }; /* ms */

/* For PIECE ms. */
static void compute(anyloop_job *job, const anyloop_value *in)
{
    volatile uint32_t state = 1;
    for (const double end = emscripten_get_now() + (double)PIECE; emscripten_get_now() < end;)
        for (int i = 0; i < 10000; i++)
            state = state * 1664525 + 1013904223;
    anyloop_value_retain(in);
    anyloop_job_return(job, in);
}

static const anyloop_job_type jobs[] = {{"compute", compute}, {NULL, NULL}};

static int64_t arrived, disorder;

static void arrive(void *user_data, anyloop_future *future)
{
    (void)user_data;
    const anyloop_value *result = anyloop_future_result(future);
    disorder += result == NULL || anyloop_to_int(result) != arrived;
    arrived++;
}

int main(int argc, char **argv)
{
    if (anyloop_worker_main(&argc, argv, jobs))
        return 0;
    const int count = (argc > 1 ? atoi(argv[1]) : 200) / PIECE;
    anyloop_loop *loop = anyloop_get_event_loop();
    const anyloop_worker_pool_options options = {.struct_size = sizeof options, .max_workers = 1};
    anyloop_executor *pool;
    if (anyloop_worker_pool_new(&options, &pool) != ANYLOOP_OK)
        return 1;
    anyloop_future *last = NULL;
    for (int i = 0; i < count; i++) {
        anyloop_future_release(last);
        last = anyloop_run_in_executor(loop, pool, compute, ANYLOOP_VALUE(anyloop_int(i)));
        anyloop_future_add_done_callback(last, arrive, NULL, NULL);
    }
    anyloop_status status = last ? anyloop_loop_run_until_complete(loop, last) : ANYLOOP_OK;
    anyloop_future_release(last);
    printf("%s: %lld results, %lld out of order\n", anyloop_status_name(status), (long long)arrived,
           (long long)disorder);
    anyloop_executor_shutdown(pool, 0, ANYLOOP_FOREVER);
    anyloop_executor_release(pool);
    return anyloop_loop_close(loop) != ANYLOOP_OK;
}
