/* floor_threads.c -- the least that the workloads of anyloop_threads.c could cost: a list between two threads that is
 * pushed with one compare-exchange and taken whole, and a futex for who finds it empty.
 *
 * SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE

#include "row.h"

#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef struct node {
    struct node *next;
    void (*job)(void);
} node;

/* Many push, one takes. */
typedef struct box {
    _Alignas(64) _Atomic(node *) top;
    _Alignas(64) atomic_int asleep; /* the taker is, or is about to be */
} box;

static void futex(atomic_int *at, int operation, int value)
{
    syscall(SYS_futex, at, operation | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0);
}

static void box_wake(box *to)
{
    if (atomic_load(&to->asleep) && atomic_exchange(&to->asleep, 0))
        futex(&to->asleep, FUTEX_WAKE, 1);
}

static void box_push(box *to, node *pushed)
{
    node *top = atomic_load_explicit(&to->top, memory_order_relaxed);
    do
        pushed->next = top;
    while (!atomic_compare_exchange_weak(&to->top, &top, pushed));
}

/* All that was pushed, first come first; waits for it. NULL: woken for another reason. */
static node *box_take(box *from)
{
    node *taken = atomic_exchange(&from->top, NULL), *first = NULL;
    if (taken == NULL) {
        atomic_store(&from->asleep, 1);
        if (atomic_load(&from->top) == NULL)
            futex(&from->asleep, FUTEX_WAIT, 1);
        atomic_store(&from->asleep, 0);
        taken = atomic_exchange(&from->top, NULL);
    }
    while (taken) {
        node *next = taken->next;
        taken->next = first;
        first = taken;
        taken = next;
    }
    return first;
}

static node *nodes_new(uint64_t count)
{
    node *nodes = calloc(count, sizeof *nodes);
    row_check(nodes != NULL, "no memory");
    return nodes;
}

/* ---- W11: k jobs in flight, one worker */

static box jobs, done;
static atomic_int over;

static __attribute__((noinline)) void nop_job(void)
{
}

static void short_job(void)
{
    row_spin(1000);
}

static void *serve(void *unused)
{
    while (!atomic_load_explicit(&over, memory_order_relaxed))
        for (node *job = box_take(&jobs), *next; job; job = next) {
            next = job->next;
            job->job();
            box_push(&done, job);
            box_wake(&done);
        }
    return unused;
}

static uint64_t flight(uint64_t operations, uint64_t in_flight, void (*job)(void))
{
    pthread_t worker;
    uint64_t submitted = 0, completed = 0;
    node *nodes = nodes_new(in_flight);
    atomic_store(&over, 0);
    row_check(pthread_create(&worker, NULL, serve, NULL) == 0, "no thread");
    uint64_t start = row_clock();
    for (; submitted < in_flight; submitted++) {
        nodes[submitted].job = job;
        box_push(&jobs, &nodes[submitted]);
    }
    box_wake(&jobs);
    while (completed < operations) {
        for (node *back = box_take(&done), *next; back; back = next) {
            next = back->next;
            completed++;
            if (submitted < operations) {
                submitted++;
                box_push(&jobs, back);
            }
        }
        box_wake(&jobs);
    }
    uint64_t time = row_clock() - start;
    atomic_store(&over, 1);
    box_wake(&jobs);
    pthread_join(worker, NULL);
    free(nodes);
    return time;
}

static uint64_t w11(uint64_t operations, uint64_t size)
{
    return flight(operations, size, nop_job);
}

static uint64_t w11_short(uint64_t operations, uint64_t size)
{
    return flight(operations, size, short_job);
}

/* ---- W12: threads post, one takes. The nodes lie there already: what they cost is malloc's business. */

enum { PRODUCERS = 4 };

static box mail;
static uint64_t each;

static void *produce(void *nodes)
{
    for (uint64_t i = 0; i < each; i++) {
        box_push(&mail, (node *)nodes + i);
        box_wake(&mail);
    }
    return NULL;
}

static uint64_t w12(uint64_t operations, uint64_t producers)
{
    pthread_t threads[PRODUCERS];
    row_check(operations % producers == 0, "the same number of posts each");
    node *nodes = nodes_new(operations);
    for (uint64_t i = 0; i < operations; i++)
        nodes[i].job = nop_job;
    each = operations / producers;
    uint64_t start = row_clock(), missing = operations;
    for (uint64_t i = 0; i < producers; i++)
        row_check(pthread_create(&threads[i], NULL, produce, nodes + i * each) == 0, "no thread");
    while (missing)
        for (node *posted = box_take(&mail); posted; posted = posted->next) {
            posted->job();
            missing--;
        }
    uint64_t time = row_clock() - start;
    for (uint64_t i = 0; i < producers; i++)
        pthread_join(threads[i], NULL);
    free(nodes);
    return time;
}

static const struct row rows[] = {
    {"W11 k=16", 2000000, 100000, w11, 16},
    {"W11 k=1000", 5000000, 500000, w11, 1000},
    {"W11 k=100000", 5000000, 500000, w11, 100000},
    {"W11 k=1000,job=1us", 200000, 20000, w11_short, 1000},
    {"W12 post,threads=1", 4000000, 400000, w12, 1},
    {"W12 post,threads=4", 4000000, 400000, w12, 4},
    {NULL, 0, 0, NULL, 0},
};

int main(int argc, char **argv)
{
    return row_main(argc, argv, rows);
}
