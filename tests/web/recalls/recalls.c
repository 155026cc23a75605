/* recalls.c -- jobs that were sent ahead and are recalled, for one of them is cancelled: none runs twice, none is lost.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <stdio.h>
#include <stdlib.h>

enum { KNOWN = 60, ROUNDS = 200, JOBS = 12 };

static anyloop_loop *loop;
static anyloop_executor *pool;

/* Statics are the copy's own. */
static void count(anyloop_job *job, const anyloop_value *in)
{
    static int64_t calls;
    (void)in;
    const anyloop_value result = anyloop_int(++calls);
    anyloop_job_return(job, &result);
}

static const anyloop_job_type jobs[] = {{"count", count}, {NULL, NULL}};

static anyloop_future *run(void)
{
    return anyloop_run_in_executor(loop, pool, count, NULL);
}

/* Short ones, and known for it after a while: from then on they are sent ahead. */
static void open_pool(uint32_t workers)
{
    const anyloop_worker_pool_options options = {.struct_size = sizeof options, .max_workers = workers};
    if (anyloop_worker_pool_new(&options, &pool) != ANYLOOP_OK)
        exit(1);
    for (int i = 0; i < KNOWN; i++) {
        anyloop_future *future = run();
        anyloop_loop_run_until_complete(loop, future);
        anyloop_future_release(future);
    }
}

static void close_pool(void)
{
    anyloop_executor_shutdown(pool, 0, ANYLOOP_FOREVER);
    anyloop_executor_release(pool);
}

/* Each worker that served says how often it was called; a count that begins anew is another worker's. */
static void once(void)
{
    int64_t submitted = KNOWN, called = 0, last = 0;
    open_pool(1);
    for (int round = 0; round < ROUNDS; round++) {
        anyloop_future *futures[JOBS];
        for (int i = 0; i < JOBS; i++, submitted++)
            futures[i] = run();
        anyloop_future_cancel(futures[1], NULL);
        for (int i = 0; i < JOBS; i++) {
            if (anyloop_loop_run_until_complete(loop, futures[i]) == ANYLOOP_OK) {
                int64_t calls = anyloop_to_int(anyloop_future_result(futures[i]));
                called += calls < last ? last : 0;
                last = calls;
            }
            anyloop_future_release(futures[i]);
        }
    }
    close_pool();
    printf("jobs ran twice: %s\n", called + last > submitted ? "yes" : "no");
}

/* Cancelled at moments that differ, so that what is recalled is under way at this worker or that, or back in the queue. */
static void none_lost(void)
{
    uint32_t random = 1;
    int lost = 0;
    open_pool(2);
    for (int round = 0; round < ROUNDS && lost == 0; round++) {
        anyloop_future *futures[JOBS];
        for (int i = 0; i < JOBS; i++)
            futures[i] = run();
        for (int i = 0; i < JOBS; i++) {
            random = random * 1664525u + 1013904223u;
            for (volatile uint32_t pause = (random >> 8) % 100000; pause; pause--)
                ;
            if ((random >> 28) % 3 == 0)
                anyloop_future_cancel(futures[i], NULL);
        }
        for (int i = 0; i < JOBS; i++) {
            anyloop_future *limited = anyloop_wait_for(loop, anyloop_future_retain(futures[i]), ANYLOOP_MS(5000));
            lost += anyloop_loop_run_until_complete(loop, limited) == ANYLOOP_E_TIMED_OUT;
            anyloop_future_release(limited);
            anyloop_future_release(futures[i]);
        }
    }
    close_pool();
    printf("jobs lost: %d\n", lost);
}

int main(int argc, char **argv)
{
    if (anyloop_worker_main(&argc, argv, jobs))
        return 0;
    loop = anyloop_get_event_loop();
    once();
    none_lost();
    printf("close: %s\n", anyloop_status_name(anyloop_loop_close(loop)));
    return 0;
}
