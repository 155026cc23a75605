/* loops.c -- loops that are made, used and closed leave nothing behind.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

static int64_t blocks, bytes; /* that the loops hold */

static void *count_allocate(void *user_data, size_t size)
{
    (void)user_data;
    void *pointer = malloc(size);
    if (pointer) {
        blocks++;
        bytes += (int64_t)size;
    }
    return pointer;
}

static void count_release(void *user_data, void *pointer, size_t size)
{
    (void)user_data;
    free(pointer);
    blocks--;
    bytes -= (int64_t)size;
}

static const anyloop_allocator counting = {count_allocate, count_release, NULL};

static void twice(anyloop_job *job, const anyloop_value *in)
{
    const anyloop_value result = anyloop_int(anyloop_to_int(in) * 2);
    anyloop_job_return(job, &result);
}

static const anyloop_job_type jobs[] = {{"twice", twice}, {NULL, NULL}};

struct sleeper { anyloop_coro co; };

ANYLOOP_ASYNC(sleeper)
{
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, ANYLOOP_SECONDS(3600)));
    ANYLOOP_END;
}

struct app { anyloop_coro co; int works; };

ANYLOOP_ASYNC(app)
{
    ANYLOOP_BEGIN;
    ANYLOOP_SPAWN(my->co.loop, sleeper);
    ANYLOOP_AWAIT(ANYLOOP_GATHER(my->co.loop, anyloop_sleep(my->co.loop, 0), anyloop_sleep(my->co.loop, 0)));
    if (my->works)
        ANYLOOP_AWAIT(anyloop_run_in_executor(my->co.loop, NULL, twice, ANYLOOP_VALUE(anyloop_int(21))));
    ANYLOOP_END;
}

static void never(void *user_data, anyloop_future *future)
{
    (void)user_data, (void)future;
    exit(1);
}

/* One that was run to its end; with `started` its host is to turn it too when it is closed. A sleeper is left. */
static int live(int works, int started)
{
    const anyloop_loop_options options = {.struct_size = sizeof options, .allocator = &counting};
    anyloop_loop *loop;
    if (anyloop_new_event_loop(&options, &loop) != ANYLOOP_OK)
        return 1;
    anyloop_future *future = ANYLOOP_TASK(loop, app, .works = works);
    int bad = anyloop_loop_run_until_complete(loop, future) != ANYLOOP_OK;
    anyloop_future_release(future);
    if (started)
        bad += anyloop_start(loop, ANYLOOP_CORO(loop, sleeper), never, NULL, NULL) != ANYLOOP_OK;
    bad += anyloop_loop_close(loop) != ANYLOOP_OK;
    anyloop_loop_release(loop);
    return bad;
}

static void lives(const char *what, int count, int works)
{
    live(works, 1); /* what is made once */
    const int64_t blocks_before = blocks, bytes_before = bytes;
    const long before = (long)mallinfo().uordblks; /* an int, or a size_t */
    int bad = 0;
    for (int i = 0; i < count; i++)
        bad += live(works, i % 2);
    printf("%d %s: %d failures; %lld blocks, %lld bytes more; %ld of the program's\n", count, what, bad,
           (long long)(blocks - blocks_before), (long long)(bytes - bytes_before), (long)mallinfo().uordblks - before);
}

int main(int argc, char **argv)
{
    if (anyloop_worker_main(&argc, argv, jobs))
        return 0;
    lives("loops", 10000, 0);
    lives("loops with workers", 20, 1);
    return blocks != 0;
}
