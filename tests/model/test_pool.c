/* The thread pool with one worker: two jobs, of which the loop cancels one while it may wait, run or be on its way
 * home, and awaits the other; then the pool is shut down and let go. A job runs at most once, what was not cancelled
 * runs, no thread sleeps over a job, and the last to leave frees the pool.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <assert.h>
#include <stdatomic.h>

enum { JOBS = 2 };

static atomic_int dropped[JOBS];
static int ran[JOBS];

static void drop(void *counter)
{
    assert(atomic_fetch_add((atomic_int *)counter, 1) == 0);
}

static void work(anyloop_job *job, const anyloop_value *in)
{
    long number = (atomic_int *)anyloop_to_pointer(in) - dropped;
    anyloop_value out = anyloop_int(number);
    assert(ran[number]++ == 0);
    anyloop_job_return(job, &out);
}

int main(void)
{
    const anyloop_thread_pool_options options = {.struct_size = sizeof options, .max_workers = 1};
    anyloop_loop *loop;
    anyloop_executor *pool;
    anyloop_future *futures[JOBS];
    assert(anyloop_new_event_loop(NULL, &loop) == ANYLOOP_OK);
    assert(anyloop_thread_pool_new(&options, &pool) == ANYLOOP_OK);
    for (int i = 0; i < JOBS; i++) {
        anyloop_value in;
        assert(anyloop_value_foreign(NULL, &dropped[i], drop, &in) == ANYLOOP_OK);
        futures[i] = anyloop_run_in_executor(loop, pool, work, &in);
    }
    assert(anyloop_future_cancel(futures[0], NULL) == 1);
    assert(anyloop_loop_run_until_complete(loop, futures[1]) == ANYLOOP_OK);
    assert(anyloop_to_int(anyloop_future_result(futures[1])) == 1 && ran[1] == 1);
    for (int i = 0; i < JOBS; i++)
        anyloop_future_release(futures[i]);
    assert(anyloop_executor_shutdown(pool, 0, ANYLOOP_FOREVER) == ANYLOOP_OK);
    assert(ran[0] <= 1 && dropped[0] == 1 && dropped[1] == 1);
    anyloop_executor_release(pool);
    assert(anyloop_loop_close(loop) == ANYLOOP_OK);
    anyloop_loop_release(loop);
    return 0;
}
