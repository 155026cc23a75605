/* workers.c -- workers of JavaScript, and what is said to them.
 *
 * SPDX-License-Identifier: MIT
 */
#include "host.h"

#include "../../value.h"
#include "../flag/flag.h"

#include <stdlib.h>

/* ---- messages */

typedef struct wasm_record {
    uint64_t words[2];
} wasm_record;

static wasm_record wasm_small_head; /* most heads are no more */
static void *wasm_large_head;
static anyloop_value wasm_next_body;

ANYL_EXPORT(anyl_wasm_head) void *anyl_wasm_head(uint32_t size)
{
    free(wasm_large_head);
    wasm_large_head = size > sizeof wasm_small_head ? malloc(size) : NULL;
    return size > sizeof wasm_small_head ? wasm_large_head : &wasm_small_head;
}

ANYL_EXPORT(anyl_wasm_body) void *anyl_wasm_body(uint32_t size)
{
    if (anyl_value_copy(&anyl_alloc_default, ANYLOOP_BYTES, NULL, size, &wasm_next_body) != ANYLOOP_OK)
        return NULL;
    return (void *)(uintptr_t)wasm_next_body.bits;
}

/* What was written, to its reader: while that runs the next message may come. */
static void *wasm_take_head(void **large)
{
    *large = wasm_large_head;
    wasm_large_head = NULL;
    return *large ? *large : &wasm_small_head;
}

static anyloop_value wasm_take_body(void)
{
    anyloop_value body = wasm_next_body;
    wasm_next_body = (anyloop_value){0};
    return body;
}

/* ---- workers */

uint32_t anyl_port_workers(void)
{
    return anyl_host_workers();
}

void anyl_port_worker_start(anyl_worker *worker, const char *name)
{
    worker->number = anyl_host_worker_start(worker, name, (uint32_t)strlen(name));
}

void anyl_port_worker_send(anyl_worker *worker, uint32_t ticket, const char *job, const void *head, size_t head_size,
                           const void *body, size_t body_size)
{
    anyl_host_worker_send(worker->number, ticket, job, head, (uint32_t)head_size, body, (uint32_t)body_size);
}

bool anyl_port_worker_ahead(const anyl_worker *worker)
{
    return anyl_host_worker_ahead(worker->number) != 0;
}

void anyl_port_worker_recall(anyl_worker *worker)
{
    anyl_host_worker_recall(worker->number);
}

void anyl_port_worker_end(anyl_worker *worker)
{
    anyl_host_worker_end(worker->number);
}

void anyl_port_worker_busy(anyl_worker *worker, bool busy)
{
    anyl_host_worker_busy(worker->number, busy);
}

anyloop_status anyl_port_workers_wait(uint64_t deadline)
{
    return anyl_flag_sleep(deadline);
}

ANYL_EXPORT(anyl_wasm_heard)
void anyl_wasm_heard(anyl_worker *worker, uint32_t news, uint32_t ticket, uint32_t head_size, double ran)
{
    wasm_record small = wasm_small_head;
    void *large, *head = wasm_take_head(&large);
    worker->heard(worker, (anyl_news)news, ticket, large ? head : &small, head_size, wasm_take_body(),
                  (uint64_t)(ran * ANYL_HOST_NS_PER_MS));
    free(large);
}

/* ---- in a worker */

static int32_t (*wasm_find)(const char *name, size_t size);
static void (*wasm_run)(int32_t job, const void *head, size_t head_size, anyloop_value body);

bool anyl_port_serve(int32_t (*find)(const char *name, size_t size),
                     void (*run)(int32_t job, const void *head, size_t head_size, anyloop_value body))
{
    wasm_find = find;
    wasm_run = run;
    return anyl_host_serve() != 0;
}

void anyl_port_reply(anyl_news news, const void *head, size_t head_size, const void *body, size_t body_size)
{
    anyl_host_reply((uint32_t)news, head, (uint32_t)head_size, body, (uint32_t)body_size);
}

ANYL_EXPORT(anyl_wasm_find) int32_t anyl_wasm_find(uint32_t size)
{
    void *large, *name = wasm_take_head(&large);
    int32_t job = wasm_find(name, size);
    free(large);
    return job;
}

ANYL_EXPORT(anyl_wasm_serve) void anyl_wasm_serve(int32_t job, uint32_t head_size)
{
    void *large, *head = wasm_take_head(&large);
    wasm_run(job, head, head_size, wasm_take_body());
    free(large);
}
