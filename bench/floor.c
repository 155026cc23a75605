/* floor.c -- the least that the workloads of anyloop.c could cost on one thread.
 *
 * Each row has the shape of its namesake: the same tasks, the same passes through the queue, the same results read. What
 * floor.h lacks, a row does without.
 *
 * SPDX-License-Identifier: MIT
 */
#include "floor.h"

#include "row.h"

#include <stdlib.h>

/* Called by its address, as every step is. */
#define STEP static __attribute__((noinline))

/* The time until nothing is ready. */
static uint64_t run(void)
{
    uint64_t start = row_clock();
    while (ready)
        step_first();
    return row_clock() - start;
}

/* ---- W1: a task that returns at once, awaited */

STEP int nop_step(task *self)
{
    (void)self;
    return ENDS;
}

STEP int serial_step(task *self)
{
    if (self->count == 0)
        return ENDS;
    self->count--;
    spawn(nop_step, NULL, 0)->waiter = self;
    return WAITS;
}

static uint64_t w1(uint64_t operations, uint64_t size)
{
    (void)size;
    spawn(serial_step, NULL, operations);
    return run();
}

/* ---- W2: tasks that yield once and end, all alive together; the last of a batch wakes the parent
 * ---- W3: yield */

struct group {
    task *parent;
    uint64_t alive, size;
};

STEP int member_step(task *self)
{
    if (self->count--)
        return YIELDS;
    struct group *group = self->shared;
    if (--group->alive == 0 && group->parent)
        push(group->parent);
    return ENDS;
}

static void fill(struct group *group, uint64_t yields)
{
    group->alive = group->size;
    for (uint64_t i = 0; i < group->size; i++)
        spawn(member_step, group, yields);
}

STEP int batches_step(task *self)
{
    struct group *group = self->shared;
    if (self->count == 0)
        return ENDS;
    self->count -= group->size;
    group->parent = self;
    fill(group, 1);
    return WAITS;
}

static uint64_t w2(uint64_t operations, uint64_t size)
{
    struct group group = {.size = size};
    row_check(operations % size == 0, "whole batches only");
    spawn(batches_step, &group, operations);
    return run();
}

static uint64_t w3(uint64_t operations, uint64_t tasks)
{
    struct group group = {.size = tasks};
    fill(&group, operations / tasks);
    return run();
}

/* ---- W4: one task makes a future and awaits it, the other resolves it */

typedef struct future {
    task *waiter;
    int64_t value;
} future;

struct exchange {
    future *wanted, *awaited;
    uint64_t left;
    int64_t number, sum;
    int over;
};

STEP int resolver_step(task *self)
{
    struct exchange *exchange = self->shared;
    future *wanted = exchange->wanted;
    if (wanted) {
        exchange->wanted = NULL;
        wanted->value = ++exchange->number;
        push(wanted->waiter);
    }
    return exchange->over ? ENDS : YIELDS;
}

STEP int asker_step(task *self)
{
    struct exchange *exchange = self->shared;
    if (exchange->awaited) {
        exchange->sum += exchange->awaited->value;
        cell_free(exchange->awaited);
    }
    if (exchange->left == 0) {
        exchange->over = 1;
        return ENDS;
    }
    exchange->left--;
    exchange->wanted = exchange->awaited = cell_new();
    exchange->wanted->waiter = self;
    return WAITS;
}

static uint64_t w4(uint64_t operations, uint64_t size)
{
    (void)size;
    struct exchange exchange = {.left = operations};
    spawn(asker_step, &exchange, 0);
    spawn(resolver_step, &exchange, 0);
    uint64_t time = run();
    row_check((uint64_t)exchange.sum == operations * (operations + 1) / 2, "another sum");
    return time;
}

/* ---- W5: gather of children that yield once; their results are read in order */

enum { FAILED = -1 };

struct gather {
    task *parent;
    uint64_t left, size, alive;
    int raises, begun;
    int64_t *results;
};

STEP int child_step(task *self)
{
    struct gather *gather = self->shared;
    if (self->state++ == 0)
        return YIELDS;
    gather->results[self->count] = (int64_t)self->count;
    if (--gather->alive == 0)
        push(gather->parent);
    return ENDS;
}

STEP int raising_step(task *self)
{
    struct gather *gather = self->shared;
    if (self->state++ == 0)
        return YIELDS;
    gather->results[self->count] = FAILED;
    if (--gather->alive == 0)
        push(gather->parent);
    return ENDS;
}

static void read_in_order(const struct gather *gather)
{
    uint64_t results = gather->raises ? gather->size - 1 : gather->size, right = 0;
    for (uint64_t i = 0; i < results; i++)
        right += gather->results[i] == (int64_t)i;
    row_check(right == results, "results out of order");
    row_check(!gather->raises || gather->results[results] == FAILED, "no error");
}

STEP int gatherer_step(task *self)
{
    struct gather *gather = self->shared;
    if (gather->begun)
        read_in_order(gather);
    gather->begun = 1;
    if (gather->left == 0)
        return ENDS;
    gather->left -= gather->size;
    gather->parent = self;
    gather->alive = gather->size;
    for (uint64_t i = 0; i < gather->size; i++)
        spawn(gather->raises && i == gather->size - 1 ? raising_step : child_step, gather, i);
    return WAITS;
}

static uint64_t gathers(uint64_t operations, uint64_t size, int raises)
{
    struct gather gather = {.left = operations, .size = size, .raises = raises};
    row_check(operations % size == 0, "whole gathers only");
    gather.results = malloc(size * sizeof *gather.results);
    row_check(gather.results != NULL, "no memory");
    spawn(gatherer_step, &gather, 0);
    uint64_t time = run();
    free(gather.results);
    return time;
}

static uint64_t w5(uint64_t operations, uint64_t size)
{
    return gathers(operations, size, 0);
}

static uint64_t w5_raises(uint64_t operations, uint64_t size)
{
    return gathers(operations, size, 1);
}

/* ---- W6: a task that sleeps for an hour is let park, cancelled, awaited */

#define HOUR 3600000000000u

STEP int sleeper_step(task *self)
{
    if (self->state)
        return ENDS; /* cancelled */
    self->state = 1;
    heap_insert(self, row_clock() + HOUR);
    return WAITS;
}

STEP int canceller_step(task *self)
{
    task *sleeper = self->shared;
    if (sleeper) {
        self->shared = NULL;
        heap_delete(sleeper);
        push(sleeper);
        sleeper->waiter = self;
        return WAITS;
    }
    if (self->count == 0)
        return ENDS;
    self->count--;
    self->shared = spawn(sleeper_step, NULL, 0);
    return YIELDS;
}

static uint64_t w6(uint64_t operations, uint64_t size)
{
    (void)size;
    spawn(canceller_step, NULL, operations);
    return run();
}

/* ---- W8: a timer of 30 s set and cancelled, beside 10000 others that are due in 1 to 61 s */

enum { OTHERS = 10000 };

static inline uint64_t churn(uint64_t operations, int reads_clock)
{
    static task others[OTHERS], timer;
    uint64_t now = row_clock();
    for (uint64_t i = 0; i < OTHERS; i++)
        heap_insert(&others[i], now + row_delay(i));
    uint64_t start = row_clock();
    for (uint64_t i = 0; i < operations; i++) {
        heap_insert(&timer, (reads_clock ? row_clock() : now) + 30000000000 + i % 1024 * 1000000);
        heap_delete(&timer);
    }
    uint64_t time = row_clock() - start;
    heap_count = 0;
    return time;
}

static uint64_t w8_at(uint64_t operations, uint64_t size)
{
    (void)size;
    return churn(operations, 0);
}

static uint64_t w8_later(uint64_t operations, uint64_t size)
{
    (void)size;
    return churn(operations, 1);
}

/* ---- W9: a callback that posts the next */

STEP int chain(task *self)
{
    if (self->count > 1)
        spawn(chain, NULL, self->count - 1);
    return ENDS;
}

static uint64_t w9(uint64_t operations, uint64_t size)
{
    (void)size;
    spawn(chain, NULL, operations);
    return run();
}

/* ---- W14: a turn that a host asks for: is anything ready, is a timer due? */

static __attribute__((noinline)) void turn(void)
{
    while (ready)
        step_first();
    while (heap_count && heap[0].due <= row_clock()) {
        task *timer = heap[0].task;
        heap_delete(timer);
        push(timer);
    }
}

static uint64_t w14(uint64_t operations, uint64_t due)
{
    uint64_t start = row_clock();
    for (uint64_t i = 0; i < operations; i++) {
        if (due)
            spawn(nop_step, NULL, 0);
        turn();
    }
    return row_clock() - start;
}

static uint64_t w14_timer(uint64_t operations, uint64_t size)
{
    (void)size;
    task timer;
    heap_insert(&timer, row_clock() + HOUR);
    uint64_t time = w14(operations, 0);
    heap_delete(&timer);
    return time;
}

static const struct row rows[] = {
    {"W1", 10000000, 1000000, w1, 0},
    {"W2 k=1000", 10000000, 1000000, w2, 1000},
    {"W2 k=100000", 5000000, 500000, w2, 100000},
    {"W2 k=1000000", 2000000, 1000000, w2, 1000000},
    {"W3 k=2", 20000000, 1000000, w3, 2},
    {"W3 k=1000", 20000000, 1000000, w3, 1000},
    {"W4", 10000000, 1000000, w4, 0},
    {"W5 n=10", 10000000, 1000000, w5, 10},
    {"W5 n=1000", 10000000, 1000000, w5, 1000},
    {"W5 n=100000", 5000000, 500000, w5, 100000},
    {"W5 n=1000,raises", 10000000, 1000000, w5_raises, 1000},
    {"W6", 5000000, 500000, w6, 0},
    {"W8 call_at", 20000000, 2000000, w8_at, 0},
    {"W8 call_later", 10000000, 1000000, w8_later, 0},
    {"W9", 20000000, 2000000, w9, 0},
    {"W14 nothing", 20000000, 2000000, w14, 0},
    {"W14 timer", 10000000, 1000000, w14_timer, 0},
    {"W14 due", 10000000, 1000000, w14, 1},
    {NULL, 0, 0, NULL, 0},
};

int main(int argc, char **argv)
{
    return row_main(argc, argv, rows);
}
