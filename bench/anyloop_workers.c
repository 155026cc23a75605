/* anyloop_workers.c -- jobs in a pool of one worker that is another copy of this program, through the public interface.
 *
 * Each row has the shape of its namesake in pool/pool.mjs. README.md says what an operation of each row is.
 *
 * SPDX-License-Identifier: MIT
 */
#include "row.h"

#include <anyloop.h>

#include <stdlib.h>
#include <string.h>

static anyloop_loop *loop;
static anyloop_executor *pool;

/* ---- the job */

static void echo(anyloop_job *job, const anyloop_value *in)
{
    anyloop_value_retain(in);
    anyloop_job_return(job, in);
}

static const anyloop_job_type jobs[] = {{"echo", echo}, {NULL, NULL}};

/* ---- its callers: a job's bytes begin with its number */

static anyloop_future *submit(uint64_t number, size_t size)
{
    static unsigned char bytes[65536];
    anyloop_value in;
    memcpy(bytes, &number, sizeof number);
    row_check(anyloop_value_bytes(loop, bytes, size, &in) == ANYLOOP_OK, "no bytes");
    return anyloop_run_in_executor(loop, pool, echo, &in);
}

static void check(const anyloop_value *result, uint64_t number, size_t size)
{
    row_check(result->kind == ANYLOOP_BYTES && result->size == size, "a job failed");
    row_check(memcmp((const void *)(uintptr_t)result->bits, &number, sizeof number) == 0, "another job's bytes");
}

static uint64_t run(anyloop_future *future)
{
    uint64_t start = row_clock();
    anyloop_status status = anyloop_loop_run_until_complete(loop, future);
    uint64_t time = row_clock() - start;
    row_check(status == ANYLOOP_OK, anyloop_status_name(status));
    anyloop_future_release(future);
    return time;
}

/* ---- W16: there and back, one after the other */

struct traveller {
    uint64_t left;
    size_t size;
};

static int32_t traveller_step(void *frame, anyloop_task *task, uint32_t event)
{
    struct traveller *my = frame;
    if (event != ANYLOOP_EVENT_START) {
        check(anyloop_task_awaited(task), my->left, my->size);
        my->left--;
    }
    if (my->left == 0)
        return ANYLOOP_STEP_RETURN;
    int32_t state = anyloop_task_await(task, submit(my->left, my->size), NULL);
    row_check(state == ANYLOOP_PENDING, "no job");
    return ANYLOOP_STEP_AWAIT;
}

static uint64_t round_trips(uint64_t operations, uint64_t size)
{
    struct traveller traveller = {operations, (size_t)size};
    return run(anyloop_task_create(loop, NULL, traveller_step, &traveller, sizeof traveller));
}

/* ---- W17: a thousand at once, gathered */

enum { BURST = 1000 };

static int32_t burst_step(void *frame, anyloop_task *task, uint32_t event)
{
    struct traveller *my = frame;
    if (event != ANYLOOP_EVENT_START) {
        size_t count;
        const anyloop_value *items = anyloop_to_list(anyloop_task_awaited(task), &count);
        row_check(count == BURST, "no results");
        for (uint64_t i = 0; i < count; i++)
            check(&items[i], i, my->size);
        my->left -= BURST;
    }
    if (my->left == 0)
        return ANYLOOP_STEP_RETURN;
    anyloop_future *burst[BURST];
    for (uint64_t i = 0; i < BURST; i++)
        burst[i] = submit(i, my->size);
    int32_t state = anyloop_task_await(task, anyloop_gather(loop, burst, BURST, 0), NULL);
    row_check(state == ANYLOOP_PENDING, "no burst");
    return ANYLOOP_STEP_AWAIT;
}

static uint64_t bursts(uint64_t operations, uint64_t size)
{
    row_check(operations % BURST == 0, "whole bursts only");
    struct traveller traveller = {operations, (size_t)size};
    return run(anyloop_task_create(loop, NULL, burst_step, &traveller, sizeof traveller));
}

static const struct row rows[] = {
    {"W16 bytes=16", 20000, 5000, round_trips, 16},
    {"W16 bytes=65536", 5000, 1000, round_trips, 65536},
    {"W17 bytes=16", 100000, 20000, bursts, 16},
    {NULL, 0, 0, NULL, 0},
};

int main(int argc, char **argv)
{
    if (anyloop_worker_main(&argc, argv, jobs))
        return 0;
    anyloop_worker_pool_options options = {.struct_size = sizeof options, .max_workers = 1};
    row_check(anyloop_new_event_loop(NULL, &loop) == ANYLOOP_OK, "no loop");
    row_check(anyloop_worker_pool_new(&options, &pool) == ANYLOOP_OK, "no pool");
    int status = row_main(argc, argv, rows);
    row_check(anyloop_executor_shutdown(pool, 0, ANYLOOP_FOREVER) == ANYLOOP_OK, "the pool goes on");
    anyloop_executor_release(pool);
    row_check(anyloop_loop_close(loop) == ANYLOOP_OK, "the loop does not close");
    anyloop_loop_release(loop);
    return status;
}
