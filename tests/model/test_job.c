/* A job's cancellation against its start, on an executor that hands each job to another thread. Whichever is first
 * decides whether the function runs: never after a cancellation that the thread knows of; never again when the loop
 * has its outcome. What it was given and what it made are dropped once.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

static anyloop_job *submitted;
static pthread_t worker;
static atomic_int cancelled, in_dropped, out_dropped;
static int ran, words, knew;

static void drop(void *counter)
{
    assert(atomic_fetch_add((atomic_int *)counter, 1) == 0);
}

static void work(anyloop_job *job, const anyloop_value *in)
{
    anyloop_value out;
    assert(!knew);
    assert(anyloop_to_pointer(in) == &in_dropped && in_dropped == 0);
    ran++;
    words = 7;
    assert(anyloop_value_foreign(NULL, &out_dropped, drop, &out) == ANYLOOP_OK);
    anyloop_job_return(job, &out);
}

static void *run(void *job)
{
    knew = atomic_load_explicit(&cancelled, memory_order_acquire);
    anyloop_job_run(job);
    return NULL;
}

static anyloop_status submit(void *user_data, anyloop_job *job)
{
    (void)user_data;
    submitted = job;
    pthread_create(&worker, NULL, run, job);
    return ANYLOOP_OK;
}

int main(void)
{
    const anyloop_executor_methods methods = {.struct_size = sizeof methods, .submit = submit};
    anyloop_loop *loop;
    anyloop_executor *executor;
    anyloop_value in;
    assert(anyloop_new_event_loop(NULL, &loop) == ANYLOOP_OK);
    assert(anyloop_executor_new(&methods, NULL, NULL, &executor) == ANYLOOP_OK);
    assert(anyloop_value_foreign(NULL, &in_dropped, drop, &in) == ANYLOOP_OK);
    anyloop_future *future = anyloop_run_in_executor(loop, executor, work, &in);
    anyloop_executor_release(executor);
    anyloop_loop_stop(loop);
    assert(anyloop_loop_run_forever(loop) == ANYLOOP_OK); /* its outcome may come */
    int32_t accepted = anyloop_future_cancel(future, NULL);
    atomic_store_explicit(&cancelled, 1, memory_order_release);
    if (accepted)
        assert(anyloop_future_state(future) == ANYLOOP_CANCELLED);
    else
        assert(words == 7 && anyloop_to_pointer(anyloop_future_result(future)) == &out_dropped && out_dropped == 0);
    anyloop_future_release(future);
    assert(anyloop_loop_close(loop) == ANYLOOP_OK);
    anyloop_loop_release(loop);
    pthread_join(worker, NULL);
    assert(ran || accepted);
    assert(in_dropped == 1 && out_dropped == ran);
    return 0;
}
