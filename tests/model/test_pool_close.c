/* The loop's own pool against the close of the loop, which does not wait: a job that runs goes on without the loop,
 * one that waits is cancelled, and the pool's thread frees what is left.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <assert.h>
#include <stdatomic.h>

static atomic_int in_dropped, out_dropped;
static int ran;

static void drop(void *counter)
{
    assert(atomic_fetch_add((atomic_int *)counter, 1) == 0);
}

static void work(anyloop_job *job, const anyloop_value *in)
{
    anyloop_value out;
    assert(anyloop_to_pointer(in) == &in_dropped && in_dropped == 0);
    assert(ran++ == 0);
    assert(anyloop_value_foreign(NULL, &out_dropped, drop, &out) == ANYLOOP_OK);
    anyloop_job_return(job, &out);
}

int main(void)
{
    const anyloop_loop_options options = {.struct_size = sizeof options, .close_timeout = -1};
    anyloop_loop *loop;
    anyloop_value in;
    assert(anyloop_new_event_loop(&options, &loop) == ANYLOOP_OK);
    assert(anyloop_value_foreign(loop, &in_dropped, drop, &in) == ANYLOOP_OK);
    anyloop_future_release(anyloop_run_in_executor(loop, NULL, work, &in));
    anyloop_status status = anyloop_loop_close(loop);
    assert(status == ANYLOOP_OK || status == ANYLOOP_E_TIMED_OUT);
    if (status == ANYLOOP_OK) /* no job runs; what it made may still be on its way home */
        assert(in_dropped == 1 && out_dropped <= ran);
    anyloop_loop_release(loop);
    return 0;
}
