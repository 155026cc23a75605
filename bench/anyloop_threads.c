/* anyloop_threads.c -- the workloads of more threads than one, through the public interface.
 *
 * Each has the shape of its namesake in floor_threads.c. README.md says what an operation of each row is.
 *
 * SPDX-License-Identifier: MIT
 */
#include "row.h"

#include <anyloop.h>

#include <pthread.h>

static anyloop_loop *loop;

/* ---- W11: k jobs in flight, one worker; k tasks await one each, and submit the next */

static anyloop_executor *pool;

static struct {
    uint64_t left;         /* jobs to submit */
    uint64_t alive;        /* tasks */
    anyloop_future *empty; /* done with the last of them */
} work;

static void nop_job(anyloop_job *job, const anyloop_value *in)
{
    (void)job, (void)in;
}

static void short_job(anyloop_job *job, const anyloop_value *in)
{
    (void)job, (void)in;
    row_spin(1000);
}

static int32_t customer_step(void *frame, anyloop_task *task, uint32_t event)
{
    anyloop_job_fn job = *(anyloop_job_fn *)frame;
    (void)event;
    row_check(anyloop_task_outcome(task) == ANYLOOP_RESULT, "a job failed");
    if (work.left == 0) {
        if (--work.alive == 0)
            anyloop_future_set_result(work.empty, NULL);
        return ANYLOOP_STEP_RETURN;
    }
    work.left--;
    int32_t state = anyloop_task_await(task, anyloop_run_in_executor(loop, pool, job, NULL), NULL);
    row_check(state == ANYLOOP_PENDING, "no job");
    return ANYLOOP_STEP_AWAIT;
}

static uint64_t flight(uint64_t operations, uint64_t in_flight, anyloop_job_fn job)
{
    work.left = operations;
    work.alive = in_flight;
    row_check(anyloop_future_new(loop, &work.empty) == ANYLOOP_OK, "no future");
    for (uint64_t i = 0; i < in_flight; i++)
        anyloop_future_release(anyloop_task_create(loop, NULL, customer_step, &job, sizeof job));
    uint64_t start = row_clock();
    anyloop_status status = anyloop_loop_run_until_complete(loop, work.empty);
    uint64_t time = row_clock() - start;
    row_check(status == ANYLOOP_OK, anyloop_status_name(status));
    anyloop_future_release(work.empty);
    return time;
}

static uint64_t w11(uint64_t operations, uint64_t size)
{
    return flight(operations, size, nop_job);
}

static uint64_t w11_short(uint64_t operations, uint64_t size)
{
    return flight(operations, size, short_job);
}

/* ---- W12: threads post callbacks, the loop runs them */

enum { PRODUCERS = 4 };

static uint64_t missing, each;

static void count(void *user_data)
{
    (void)user_data;
    if (--missing == 0)
        anyloop_loop_stop(loop);
}

static void *produce(void *unused)
{
    for (uint64_t i = 0; i < each; i++)
        row_check(anyloop_loop_call_soon_threadsafe(loop, count, NULL, NULL) == ANYLOOP_OK, "not posted");
    return unused;
}

static uint64_t w12(uint64_t operations, uint64_t producers)
{
    pthread_t threads[PRODUCERS];
    row_check(operations % producers == 0, "the same number of posts each");
    missing = operations;
    each = operations / producers;
    anyloop_loop_hold(loop);
    uint64_t start = row_clock();
    for (uint64_t i = 0; i < producers; i++)
        row_check(pthread_create(&threads[i], NULL, produce, NULL) == 0, "no thread");
    row_check(anyloop_loop_run_forever(loop) == ANYLOOP_OK, "not stopped");
    uint64_t time = row_clock() - start;
    for (uint64_t i = 0; i < producers; i++)
        pthread_join(threads[i], NULL);
    anyloop_loop_unhold(loop);
    return time;
}

static const struct row rows[] = {
    {"W11 k=16", 500000, 50000, w11, 16},
    {"W11 k=1000", 1000000, 100000, w11, 1000},
    {"W11 k=100000", 1000000, 200000, w11, 100000},
    {"W11 k=1000,job=1us", 200000, 20000, w11_short, 1000},
    {"W12 post,threads=1", 2000000, 200000, w12, 1},
    {"W12 post,threads=4", 2000000, 200000, w12, 4},
    {NULL, 0, 0, NULL, 0},
};

int main(int argc, char **argv)
{
    anyloop_thread_pool_options options = {.struct_size = sizeof options, .max_workers = 1};
    row_check(anyloop_new_event_loop(NULL, &loop) == ANYLOOP_OK, "no loop");
    row_check(anyloop_thread_pool_new(&options, &pool) == ANYLOOP_OK, "no pool");
    int status = row_main(argc, argv, rows);
    row_check(anyloop_executor_shutdown(pool, 0, ANYLOOP_FOREVER) == ANYLOOP_OK, "the pool goes on");
    anyloop_executor_release(pool);
    row_check(anyloop_loop_close(loop) == ANYLOOP_OK, "the loop does not close");
    anyloop_loop_release(loop);
    return status;
}
