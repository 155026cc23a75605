/* rest.c -- in a page a loop that is busy rests for its host now and then. News of a worker may end such a rest; what comes
 * after that is heard as well.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <stdio.h>
#include <time.h>

static int64_t ms(void)
{
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void work(int64_t duration)
{
    for (int64_t end = ms() + duration; ms() < end;)
        ;
}

static void compute(anyloop_job *job, const anyloop_value *in)
{
    work(anyloop_to_int(in));
    anyloop_job_return(job, in);
}

static const anyloop_job_type jobs[] = {{"compute", compute}, {NULL, NULL}};

struct app { anyloop_coro co; anyloop_executor *pool; anyloop_future *slow, *quick; };

static anyloop_future *run(struct app *my, int64_t duration)
{
    const anyloop_value in = anyloop_int(duration);
    return anyloop_run_in_executor(my->co.loop, my->pool, compute, &in);
}

/* No timer is set while the slow one is awaited: what its worker says is all that can go on. */
ANYLOOP_ASYNC(app)
{
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(run(my, 0)); /* the worker has begun */
    my->quick = run(my, 0);
    my->slow = run(my, 300);
    work(100); /* longer than a loop goes without a rest: what the quick one said is there, and ends it at once */
    ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, 0));
    ANYLOOP_AWAIT(my->quick);
    printf("quick: %d\n", (int)anyloop_to_int(ANYLOOP_AWAITED));
    ANYLOOP_AWAIT(my->slow);
    printf("slow: %d\n", (int)anyloop_to_int(ANYLOOP_AWAITED));
    ANYLOOP_END;
}

int main(int argc, char **argv)
{
    const anyloop_worker_pool_options options = {.struct_size = sizeof options, .max_workers = 1};
    anyloop_executor *pool;

    if (anyloop_worker_main(&argc, argv, jobs))
        return 0;
    anyloop_loop *loop = anyloop_get_event_loop();
    if (anyloop_worker_pool_new(&options, &pool) != ANYLOOP_OK)
        return 1;
    printf("run: %s\n", anyloop_status_name(anyloop_run(loop, ANYLOOP_CORO(loop, app, .pool = pool), NULL)));
    anyloop_executor_shutdown(pool, 0, ANYLOOP_FOREVER);
    anyloop_executor_release(pool);
    printf("close: %s\n", anyloop_status_name(anyloop_loop_close(loop)));
    return 0;
}
