/* floor.h -- a queue of step functions, cells from a free list, an array heap of timers, and nothing that a program could
 * use: no errors, no cancellation, no reference counts, no contexts, no reports.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef BENCH_FLOOR_H
#define BENCH_FLOOR_H

#include "row.h"

#include <stddef.h>
#include <stdlib.h>

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

static inline void heap_up(uint32_t at, entry placed)
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

static inline void heap_down(uint32_t at, entry placed)
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

static inline void heap_insert(task *timer, uint64_t due)
{
    if (heap_count == heap_room) {
        heap_room = heap_room ? 2 * heap_room : 1024;
        heap = realloc(heap, heap_room * sizeof *heap);
        row_check(heap != NULL, "no memory");
    }
    heap_up(heap_count++, (entry){due, timer});
}

static inline void heap_delete(task *timer)
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

#endif
