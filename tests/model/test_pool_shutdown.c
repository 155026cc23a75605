/* A pool against its shutdown, which does not wait, and the loop's close after it: what runs goes on, what waited is
 * cancelled, no two jobs run at once on one worker, and the pool's thread frees what is left.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <assert.h>
#include <stdatomic.h>

enum { JOBS = 2 };

static atomic_int dropped[JOBS], running;
static int ran[JOBS];

static void drop(void *counter)
{
    assert(atomic_fetch_add((atomic_int *)counter, 1) == 0);
}

static void work(anyloop_job *job, const anyloop_value *in)
{
    long number = (atomic_int *)anyloop_to_pointer(in) - dropped;
    assert(atomic_fetch_add(&running, 1) == 0);
    assert(ran[number]++ == 0);
    anyloop_job_raise(job, ANYLOOP_E_USER, "late");
    atomic_fetch_sub(&running, 1);
}

int main(void)
{
    const anyloop_thread_pool_options workers = {.struct_size = sizeof workers, .max_workers = 1};
    const anyloop_loop_options options = {.struct_size = sizeof options, .close_timeout = -1};
    anyloop_loop *loop;
    anyloop_executor *pool;
    assert(anyloop_new_event_loop(&options, &loop) == ANYLOOP_OK);
    assert(anyloop_thread_pool_new(&workers, &pool) == ANYLOOP_OK);
    for (int i = 0; i < JOBS; i++) {
        anyloop_value in;
        assert(anyloop_value_foreign(loop, &dropped[i], drop, &in) == ANYLOOP_OK);
        anyloop_future_release(anyloop_run_in_executor(loop, pool, work, &in));
    }
    anyloop_status status = anyloop_executor_shutdown(pool, ANYLOOP_CANCEL_QUEUED, 0);
    assert(status == ANYLOOP_OK || status == ANYLOOP_E_TIMED_OUT);
    anyloop_executor_release(pool);
    assert(anyloop_loop_close(loop) == ANYLOOP_OK);
    anyloop_loop_release(loop);
    return 0;
}
