/* uv.c -- libuv's part of the workloads.
 *
 * It has no tasks and no call_soon: W9 is an idle handle, a whole turn for each callback. Its timers keep the loop's cached
 * time, as call_at does. Its one thread pool is told its size by the environment, before its first job. W12 is an async
 * handle with a list of our own behind it, since sends that meet become one.
 *
 * SPDX-License-Identifier: MIT
 */
#include "row.h"

#include <uv.h>

#include <pthread.h>
#include <stdlib.h>

static uv_loop_t loop;
static uint64_t left, missing;

static void loop_open(void)
{
    row_check(uv_loop_init(&loop) == 0, "no loop");
}

static void loop_close(void)
{
    uv_run(&loop, UV_RUN_DEFAULT);
    row_check(uv_loop_close(&loop) == 0, "a handle is left open");
}

static void handle_close(void *handle)
{
    uv_close(handle, NULL);
}

/* ---- W8: a timer of 30 s set and cancelled, beside 10000 others */

enum { OTHERS = 10000 };

static void nothing(uv_timer_t *timer)
{
    (void)timer;
}

static uint64_t w8(uint64_t operations, uint64_t size)
{
    (void)size;
    static uv_timer_t others[OTHERS], timer;
    loop_open();
    for (uint64_t i = 0; i < OTHERS; i++) {
        uv_timer_init(&loop, &others[i]);
        uv_timer_start(&others[i], nothing, row_delay(i) / 1000000, 0);
    }
    uv_timer_init(&loop, &timer);
    uint64_t start = row_clock();
    for (uint64_t i = 0; i < operations; i++) {
        uv_timer_start(&timer, nothing, 30000 + i % 1024, 0);
        uv_timer_stop(&timer);
    }
    uint64_t time = row_clock() - start;
    for (size_t i = 0; i < OTHERS; i++)
        handle_close(&others[i]);
    handle_close(&timer);
    loop_close();
    return time;
}

/* ---- W9: an idle handle's turns */

static void tick(uv_idle_t *idle)
{
    if (--left == 0)
        uv_idle_stop(idle);
}

static uint64_t w9(uint64_t operations, uint64_t size)
{
    (void)size;
    uv_idle_t idle;
    loop_open();
    uv_idle_init(&loop, &idle);
    left = operations;
    uv_idle_start(&idle, tick);
    uint64_t start = row_clock();
    uv_run(&loop, UV_RUN_DEFAULT);
    uint64_t time = row_clock() - start;
    handle_close(&idle);
    loop_close();
    return time;
}

/* ---- W11: k jobs in flight, one worker */

static void nop_job(uv_work_t *job)
{
    (void)job;
}

static void short_job(uv_work_t *job)
{
    (void)job;
    row_spin(1000);
}

static void submit_again(uv_work_t *job, int status)
{
    row_check(status == 0, "a job failed");
    missing--;
    if (left) {
        left--;
        uv_queue_work(&loop, job, (uv_work_cb)job->data, submit_again);
    }
}

static uint64_t flight(uint64_t operations, uint64_t in_flight, uv_work_cb job)
{
    uv_work_t *jobs = calloc(in_flight, sizeof *jobs);
    row_check(jobs != NULL, "no memory");
    loop_open();
    missing = operations;
    left = operations > in_flight ? operations - in_flight : 0;
    uint64_t start = row_clock();
    for (uint64_t i = 0; i < in_flight && i < operations; i++) {
        jobs[i].data = (void *)job;
        uv_queue_work(&loop, &jobs[i], job, submit_again);
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    uint64_t time = row_clock() - start;
    row_check(missing == 0, "jobs are missing");
    loop_close();
    free(jobs);
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

/* ---- W12: threads post, the loop's thread runs what was posted */

enum { PRODUCERS = 4 };

typedef struct node {
    struct node *next;
    void (*callback)(void);
} node;

static struct {
    pthread_mutex_t mutex;
    node *first, **end;
    uv_async_t async;
} mail = {.mutex = PTHREAD_MUTEX_INITIALIZER};
static uint64_t each;

static void count(void)
{
    missing--;
}

static void take_mail(uv_async_t *async)
{
    pthread_mutex_lock(&mail.mutex);
    node *posted = mail.first;
    mail.first = NULL;
    mail.end = &mail.first;
    pthread_mutex_unlock(&mail.mutex);
    while (posted) {
        node *next = posted->next;
        posted->callback();
        free(posted);
        posted = next;
    }
    if (missing == 0)
        handle_close(async);
}

static void *produce(void *unused)
{
    for (uint64_t i = 0; i < each; i++) {
        node *posted = malloc(sizeof *posted);
        row_check(posted != NULL, "no memory");
        *posted = (node){NULL, count};
        pthread_mutex_lock(&mail.mutex);
        *mail.end = posted;
        mail.end = &posted->next;
        pthread_mutex_unlock(&mail.mutex);
        uv_async_send(&mail.async);
    }
    return unused;
}

static uint64_t w12(uint64_t operations, uint64_t producers)
{
    pthread_t threads[PRODUCERS];
    row_check(operations % producers == 0, "the same number of posts each");
    loop_open();
    mail.first = NULL;
    mail.end = &mail.first;
    uv_async_init(&loop, &mail.async, take_mail);
    missing = operations;
    each = operations / producers;
    uint64_t start = row_clock();
    for (uint64_t i = 0; i < producers; i++)
        row_check(pthread_create(&threads[i], NULL, produce, NULL) == 0, "no thread");
    uv_run(&loop, UV_RUN_DEFAULT);
    uint64_t time = row_clock() - start;
    for (uint64_t i = 0; i < producers; i++)
        pthread_join(threads[i], NULL);
    loop_close();
    return time;
}

/* ---- W14: a turn that a host asks for, with a timer far away */

static uint64_t w14_timer(uint64_t operations, uint64_t size)
{
    (void)size;
    uv_timer_t far;
    loop_open();
    uv_timer_init(&loop, &far);
    uv_timer_start(&far, nothing, 3600000, 0);
    uint64_t start = row_clock();
    for (uint64_t i = 0; i < operations; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
    uint64_t time = row_clock() - start;
    handle_close(&far);
    loop_close();
    return time;
}

static const struct row rows[] = {
    {"W8 call_at", 2000000, 200000, w8, 0},
    {"W9", 1000000, 100000, w9, 0},
    {"W11 k=16", 200000, 20000, w11, 16},
    {"W11 k=1000", 500000, 50000, w11, 1000},
    {"W11 k=100000", 500000, 100000, w11, 100000},
    {"W11 k=1000,job=1us", 200000, 20000, w11_short, 1000},
    {"W12 post,threads=1", 2000000, 200000, w12, 1},
    {"W12 post,threads=4", 2000000, 200000, w12, 4},
    {"W14 timer", 1000000, 100000, w14_timer, 0},
    {NULL, 0, 0, NULL, 0},
};

int main(int argc, char **argv)
{
    setenv("UV_THREADPOOL_SIZE", "1", 1);
    return row_main(argc, argv, rows);
}
