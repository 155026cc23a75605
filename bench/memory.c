/* memory.c -- W15: what a parked task costs in memory.
 *
 *     memory             prints the bytes for each
 *
 * Counted is what the loop's allocator has given out: with 100000 tasks parked in a sleep of an hour, less an empty
 * loop's, divided. The figure is exact, and the same on every machine of its word size.
 *
 * SPDX-License-Identifier: MIT
 */
#include "row.h"

#include <anyloop.h>

#include <stdio.h>
#include <stdlib.h>

enum { TASKS = 100000 };

static int64_t given;

static void *allocate(void *user_data, size_t size)
{
    (void)user_data;
    given += (int64_t)size;
    return malloc(size);
}

static void release(void *user_data, void *pointer, size_t size)
{
    (void)user_data;
    given -= (int64_t)size;
    free(pointer);
}

static void turn(anyloop_loop *loop)
{
    anyloop_turn_info info = {.struct_size = sizeof info};
    row_check(anyloop_loop_turn(loop, 0, NULL, 0, &info) == ANYLOOP_OK, "no turn");
}

int main(void)
{
    anyloop_allocator allocator = {allocate, release, NULL};
    anyloop_loop_options options = {.struct_size = sizeof options, .allocator = &allocator};
    anyloop_loop *loop;

    row_check(anyloop_new_event_loop(&options, &loop) == ANYLOOP_OK, "no loop");
    turn(loop);
    int64_t empty = given;
    for (int i = 0; i < TASKS; i++)
        anyloop_future_release(anyloop_create_task(loop, anyloop_sleep(loop, ANYLOOP_SECONDS(3600)), NULL));
    turn(loop); /* each begins its sleep */
    row_check(anyloop_all_tasks(loop, NULL, 0) == TASKS, "tasks are missing");
    double bytes = (double)(given - empty) / (double)TASKS;

    printf("%.1f\n", bytes);
    row_check(anyloop_loop_close(loop) == ANYLOOP_OK, "the loop does not close");
    anyloop_loop_release(loop);
    row_check(given == 0, "memory is not given back");
    return 0;
}
