/* tasks.c -- what a task costs: W1 spawn and await, W2 many alive at once, W3 yield, W5 gather.
 *
 *     tasks [row [operations]]     one line a row: nanoseconds an operation, the least, the median and the greatest of 7
 *
 * Measure it against a bare queue of step functions in the same minute: an absolute time says little on a shared machine.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define REPEATS 7

static uint64_t now(void)
{
    struct timespec t;
    timespec_get(&t, TIME_UTC);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- W1: a task that returns at once, awaited */

static int32_t nop_step(void *frame, anyloop_task *task, uint32_t event)
{
    (void)frame, (void)task, (void)event;
    return ANYLOOP_STEP_RETURN;
}

struct serial {
    anyloop_coro co;
    uint64_t left;
};

ANYLOOP_ASYNC(serial)
{
    ANYLOOP_BEGIN;
    while (my->left--)
        ANYLOOP_AWAIT(anyloop_task_create(my->co.loop, NULL, nop_step, NULL, 0));
    ANYLOOP_FINALLY;
    ANYLOOP_END;
}

static uint64_t w1(anyloop_loop *loop, uint64_t operations)
{
    anyloop_future *task = ANYLOOP_TASK(loop, serial, .left = operations);
    uint64_t start = now();
    anyloop_loop_run_until_complete(loop, task);
    uint64_t time = now() - start;
    anyloop_future_release(task);
    return time;
}

/* ---- W3: yield */

static int32_t yielder_step(void *frame, anyloop_task *task, uint32_t event)
{
    uint64_t *left = frame;
    (void)task, (void)event;
    return (*left)-- ? ANYLOOP_STEP_YIELD : ANYLOOP_STEP_RETURN;
}

static anyloop_task *yielder(anyloop_loop *loop, uint64_t yields)
{
    return anyloop_task_create(loop, NULL, yielder_step, &yields, sizeof yields);
}

static uint64_t yields(anyloop_loop *loop, uint64_t operations, size_t tasks)
{
    for (size_t i = 0; i < tasks; i++)
        anyloop_future_release(yielder(loop, operations / tasks));
    anyloop_future *all = anyloop_gather_pending(loop, 0);
    uint64_t start = now();
    anyloop_loop_run_until_complete(loop, all);
    uint64_t time = now() - start;
    anyloop_future_release(all);
    return time;
}

static uint64_t w3_2(anyloop_loop *loop, uint64_t operations)
{
    return yields(loop, operations, 2);
}

static uint64_t w3_1000(anyloop_loop *loop, uint64_t operations)
{
    return yields(loop, operations, 1000);
}

/* ---- W2 and W5: children that yield once, gathered */

struct gatherer {
    anyloop_coro co;
    uint64_t rounds;
    size_t count;
    anyloop_future **children;
};

static anyloop_future *gather_children(struct gatherer *my)
{
    for (size_t i = 0; i < my->count; i++)
        my->children[i] = yielder(my->co.loop, 1);
    return anyloop_gather(my->co.loop, my->children, my->count, 0);
}

ANYLOOP_ASYNC(gatherer)
{
    ANYLOOP_BEGIN;
    while (my->rounds--)
        ANYLOOP_AWAIT(gather_children(my));
    ANYLOOP_FINALLY;
    ANYLOOP_END;
}

static uint64_t gathers(anyloop_loop *loop, uint64_t operations, size_t count)
{
    anyloop_future **children = malloc(count * sizeof *children);
    anyloop_future *task =
        ANYLOOP_TASK(loop, gatherer, .rounds = operations / count, .count = count, .children = children);
    uint64_t start = now();
    anyloop_loop_run_until_complete(loop, task);
    uint64_t time = now() - start;
    anyloop_future_release(task);
    free(children);
    return time;
}

static uint64_t w2_1m(anyloop_loop *loop, uint64_t operations)
{
    return gathers(loop, operations, (size_t)operations);
}

static uint64_t w5_1000(anyloop_loop *loop, uint64_t operations)
{
    return gathers(loop, operations, operations < 1000 ? (size_t)operations : 1000);
}

/* ---- the table */

static const struct row {
    const char *name;
    uint64_t operations;
    uint64_t (*run)(anyloop_loop *loop, uint64_t operations);
} rows[] = {
    {"W1", 2000000, w1},           {"W2-1M", 1000000, w2_1m},     {"W3-2", 10000000, w3_2},
    {"W3-1000", 10000000, w3_1000}, {"W5-1000", 2000000, w5_1000},
};

static int by_time(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(const struct row *row, uint64_t operations)
{
    double times[REPEATS];
    for (int i = 0; i < REPEATS; i++) {
        anyloop_loop *loop;
        if (anyloop_new_event_loop(NULL, &loop) != ANYLOOP_OK)
            exit(1);
        times[i] = (double)row->run(loop, operations) / (double)operations;
        anyloop_loop_close(loop);
        anyloop_loop_release(loop);
    }
    qsort(times, REPEATS, sizeof *times, by_time);
    printf("%-8s anyloop  n=%-9llu min %7.1f  med %7.1f  max %7.1f ns\n", row->name, (unsigned long long)operations,
           times[0], times[REPEATS / 2], times[REPEATS - 1]);
}

int main(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (argc < 2 || strcmp(argv[1], rows[i].name) == 0)
            measure(&rows[i], argc > 2 ? strtoull(argv[2], NULL, 10) : rows[i].operations);
    return 0;
}
