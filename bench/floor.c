/* floor.c -- the least that the workloads of anyloop.c could cost on one thread: a queue of step functions, cells from a
 * free list, an array heap of timers, and nothing that a program could use.
 *
 * No errors, no cancellation but where it is what is measured, no counts, no callbacks, no contexts, no order beyond
 * first in, first out. Each row has the shape of its namesake: the same tasks, the same passes through the queue.
 *
 * SPDX-License-Identifier: MIT
 */
#include "row.h"

#include <stddef.h>
#include <stdlib.h>

#define STEP static __attribute__((noinline))

/* ---- cells of one cache line */

enum { CELL = 64, CELLS = 1024 };

typedef struct cell {
    struct cell *next;
} cell;

static cell *cells;

static __attribute__((noinline)) void more_cells(void)
{
    char *slab = aligned_alloc(CELL, (size_t)CELL * CELLS);
    row_check(slab != NULL, "no memory");
    for (int i = 0; i < CELLS; i++) {
        cell *each = (cell *)(void *)(slab + i * CELL);
        each->next = cells;
        cells = each;
    }
}

static inline void *cell_new(void)
{
    if (__builtin_expect(cells == NULL, 0))
        more_cells();
    cell *taken = cells;
    cells = taken->next;
    return taken;
}

static inline void cell_free(void *given)
{
    cell *back = given;
    back->next = cells;
    cells = back;
}

/* ---- tasks and their queue */

enum { WAITS = 0, YIELDS = 1, ENDS = 2 };

typedef struct task {
    struct task *next;
    int (*step)(struct task *task);
    struct task *waiter; /* is ready when this one ends */
    void *shared;
    uint64_t count; /* the step's own */
    uint32_t state; /* the step's own, 0 at first */
    uint32_t place; /* in the heap of timers, from 1 on */
} task;

_Static_assert(sizeof(task) <= CELL, "a task is a cell");

static task *ready, **ready_end = &ready;

static inline void push(task *pushed)
{
    pushed->next = NULL;
    *ready_end = pushed;
    ready_end = &pushed->next;
}

static inline task *spawn(int (*step)(task *), void *shared, uint64_t count)
{
    task *spawned = cell_new();
    spawned->step = step;
    spawned->waiter = NULL;
    spawned->shared = shared;
    spawned->count = count;
    spawned->state = 0;
    push(spawned);
    return spawned;
}

static inline void step_first(void)
{
    task *first = ready;
    ready = first->next;
    if (ready == NULL)
        ready_end = &ready;
    int answer = first->step(first);
    if (answer == ENDS) {
        if (first->waiter)
            push(first->waiter);
        cell_free(first);
    } else if (answer == YIELDS) {
        push(first);
    }
}

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

static uint64_t w1(uint64_t operations)
{
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

static uint64_t w2_1k(uint64_t operations)
{
    return w2(operations, 1000);
}

static uint64_t w2_100k(uint64_t operations)
{
    return w2(operations, 100000);
}

static uint64_t w2_1m(uint64_t operations)
{
    return w2(operations, 1000000);
}

static uint64_t w3(uint64_t operations, uint64_t tasks)
{
    struct group group = {.size = tasks};
    fill(&group, operations / tasks);
    return run();
}

static uint64_t w3_2(uint64_t operations)
{
    return w3(operations, 2);
}

static uint64_t w3_1000(uint64_t operations)
{
    return w3(operations, 1000);
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

static uint64_t w4(uint64_t operations)
{
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

static uint64_t w5(uint64_t operations, uint64_t size, int raises)
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

static uint64_t w5_10(uint64_t operations)
{
    return w5(operations, 10, 0);
}

static uint64_t w5_1000(uint64_t operations)
{
    return w5(operations, 1000, 0);
}

static uint64_t w5_100k(uint64_t operations)
{
    return w5(operations, 100000, 0);
}

static uint64_t w5_raises(uint64_t operations)
{
    return w5(operations, 1000, 1);
}

/* ---- timers: an array heap, four children to a node, the key beside the pointer */

typedef struct entry {
    uint64_t due;
    task *task;
} entry;

static entry *heap;
static uint32_t heap_count, heap_room;

static inline void heap_put(uint32_t at, entry placed)
{
    heap[at] = placed;
    placed.task->place = at + 1;
}

static void heap_up(uint32_t at, entry placed)
{
    while (at) {
        uint32_t parent = (at - 1) / 4;
        if (heap[parent].due <= placed.due)
            break;
        heap_put(at, heap[parent]);
        at = parent;
    }
    heap_put(at, placed);
}

static void heap_down(uint32_t at, entry placed)
{
    for (;;) {
        uint32_t first = 4 * at + 1, end = first + 4 < heap_count ? first + 4 : heap_count, least = first;
        if (first >= heap_count)
            break;
        for (uint32_t child = first + 1; child < end; child++)
            if (heap[child].due < heap[least].due)
                least = child;
        if (heap[least].due >= placed.due)
            break;
        heap_put(at, heap[least]);
        at = least;
    }
    heap_put(at, placed);
}

static void heap_insert(task *timer, uint64_t due)
{
    if (heap_count == heap_room) {
        heap_room = heap_room ? 2 * heap_room : 1024;
        heap = realloc(heap, heap_room * sizeof *heap);
        row_check(heap != NULL, "no memory");
    }
    heap_up(heap_count++, (entry){due, timer});
}

static void heap_delete(task *timer)
{
    uint32_t at = timer->place - 1;
    entry last = heap[--heap_count];
    if (at == heap_count)
        return;
    if (at && heap[(at - 1) / 4].due > last.due)
        heap_up(at, last);
    else
        heap_down(at, last);
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

static uint64_t w6(uint64_t operations)
{
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

static uint64_t w8_at(uint64_t operations)
{
    return churn(operations, 0);
}

static uint64_t w8_later(uint64_t operations)
{
    return churn(operations, 1);
}

/* ---- W9: a callback that posts the next */

STEP int chain(task *self)
{
    if (self->count > 1)
        spawn(chain, NULL, self->count - 1);
    return ENDS;
}

static uint64_t w9(uint64_t operations)
{
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

static uint64_t turns(uint64_t operations, int due)
{
    uint64_t start = row_clock();
    for (uint64_t i = 0; i < operations; i++) {
        if (due)
            spawn(nop_step, NULL, 0);
        turn();
    }
    return row_clock() - start;
}

static uint64_t w14_nothing(uint64_t operations)
{
    return turns(operations, 0);
}

static uint64_t w14_timer(uint64_t operations)
{
    task timer;
    heap_insert(&timer, row_clock() + HOUR);
    uint64_t time = turns(operations, 0);
    heap_delete(&timer);
    return time;
}

static uint64_t w14_due(uint64_t operations)
{
    return turns(operations, 1);
}

static const struct row rows[] = {
    {"W1", 10000000, 1000000, w1},
    {"W2 k=1000", 10000000, 1000000, w2_1k},
    {"W2 k=100000", 5000000, 500000, w2_100k},
    {"W2 k=1000000", 2000000, 1000000, w2_1m},
    {"W3 k=2", 20000000, 1000000, w3_2},
    {"W3 k=1000", 20000000, 1000000, w3_1000},
    {"W4", 10000000, 1000000, w4},
    {"W5 n=10", 10000000, 1000000, w5_10},
    {"W5 n=1000", 10000000, 1000000, w5_1000},
    {"W5 n=100000", 5000000, 500000, w5_100k},
    {"W5 n=1000,raises", 10000000, 1000000, w5_raises},
    {"W6", 5000000, 500000, w6},
    {"W8 call_at", 20000000, 2000000, w8_at},
    {"W8 call_later", 10000000, 1000000, w8_later},
    {"W9", 20000000, 2000000, w9},
    {"W14 nothing", 20000000, 2000000, w14_nothing},
    {"W14 timer", 10000000, 1000000, w14_timer},
    {"W14 due", 10000000, 1000000, w14_due},
    {NULL, 0, 0, NULL},
};

int main(int argc, char **argv)
{
    return row_main(argc, argv, rows);
}
