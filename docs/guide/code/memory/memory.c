/* memory.c -- a loop's memory out of an account with a limit.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

struct account { atomic_size_t used; size_t limit; };

/* Jobs and promises take and give memory on any thread, hence the atomics. malloc's blocks are aligned to 16. */
static void *take(void *user_data, size_t size)
{
    struct account *account = user_data;
    void *pointer = NULL;
    if (atomic_fetch_add(&account->used, size) + size <= account->limit)
        pointer = malloc(size);
    if (pointer == NULL)
        atomic_fetch_sub(&account->used, size);
    return pointer;
}

/* What was taken comes back with its size: an allocator needs no headers. */
static void give_back(void *user_data, void *pointer, size_t size)
{
    struct account *account = user_data;
    atomic_fetch_sub(&account->used, size);
    free(pointer);
}

struct sleeper { anyloop_coro co; };

ANYLOOP_ASYNC(sleeper)
{
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, ANYLOOP_SECONDS(1)));
    ANYLOOP_END;
}

int main(void)
{
    struct account account = {.limit = 100000};
    anyloop_allocator allocator = {take, give_back, &account};
    anyloop_loop_options options = {
        .struct_size = sizeof options, .flags = ANYLOOP_LOOP_VIRTUAL_CLOCK, .allocator = &allocator};
    anyloop_loop *loop;
    anyloop_status status = anyloop_new_event_loop(&options, &loop);
    int tasks = 0;

    while (status == ANYLOOP_OK) { /* more and more tasks, until the account is empty */
        anyloop_task *task = ANYLOOP_TASK(loop, sleeper);
        status = anyloop_future_error_code(task);
        tasks += status == ANYLOOP_OK;
        anyloop_future_release(task);
    }
    printf("%s after %s tasks\n", anyloop_status_name(status), tasks > 100 ? "hundreds of" : "too few");

    anyloop_loop_close(loop);
    anyloop_loop_release(loop);
    printf("%zu bytes left behind\n", atomic_load(&account.used));
    return tasks == 0;
}
