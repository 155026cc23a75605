/* host.h -- what the core imports from JavaScript, and what it exports to it.
 *
 * wasm/host.js is the other side, and says what each does. Times are ms, as JavaScript has them; a negative one is
 * never. Pointers and sizes are i32: nothing here needs a BigInt.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_WASM_HOST_H
#define ANYL_WASM_HOST_H

#include "../port.h"

#if defined(__EMSCRIPTEN__) && !defined(ANYLOOP_PORT_REACTOR)
/* port/emscripten defines them, most in JavaScript: as EM_JS declares those, which is too late for a call before it in one unit. */
#define ANYL_IMPORT(name) __attribute__((import_module("env"), import_name("anyl_host_" #name))) extern
#define ANYL_IMPORT_IN_C(name) extern
#else
#define ANYL_IMPORT(name) __attribute__((import_module("anyloop"), import_name(#name))) extern
#define ANYL_IMPORT_IN_C(name) ANYL_IMPORT(name)
#endif
#define ANYL_EXPORT(name) __attribute__((used, visibility("default"), export_name(#name)))

#define ANYL_HOST_NS_PER_MS 1e6

static inline double anyl_host_ms(uint64_t ns)
{
    return ns == UINT64_MAX ? -1 : (double)ns / ANYL_HOST_NS_PER_MS;
}

ANYL_IMPORT(now) double anyl_host_now(void);
ANYL_IMPORT(log) void anyl_host_log(uint32_t level, const char *text, uint32_t size);

enum { ANYL_HOST_WAITS = 1, ANYL_HOST_SUSPENDS = 2 };
ANYL_IMPORT(blocking) uint32_t anyl_host_blocking(void);
ANYL_IMPORT(wait) uint32_t anyl_host_wait(double ms); /* 0: nothing could ever end it */
ANYL_IMPORT_IN_C(suspend) void anyl_host_suspend(double ms);
ANYL_IMPORT(rouse) void anyl_host_rouse(void); /* ends a suspension */
ANYL_IMPORT_IN_C(turn_at) void anyl_host_turn_at(void *data, double deadline, void (*call)(void *data));

ANYL_IMPORT(workers) uint32_t anyl_host_workers(void);
ANYL_IMPORT(worker_start) uint32_t anyl_host_worker_start(anyl_worker *worker, const char *name, uint32_t size);
ANYL_IMPORT(worker_send)
void anyl_host_worker_send(uint32_t number, uint32_t ticket, const char *job, const void *head, uint32_t head_size,
                           const void *body, uint32_t body_size);
ANYL_IMPORT(worker_ahead) int32_t anyl_host_worker_ahead(uint32_t number);
ANYL_IMPORT(worker_recall) void anyl_host_worker_recall(uint32_t number);
ANYL_IMPORT(worker_end) void anyl_host_worker_end(uint32_t number);
ANYL_IMPORT(worker_busy) void anyl_host_worker_busy(uint32_t number, int32_t busy);
ANYL_IMPORT(serve) int32_t anyl_host_serve(void);
ANYL_IMPORT(reply)
void anyl_host_reply(uint32_t news, const void *head, uint32_t head_size, const void *body, uint32_t body_size);

/* Room for the next message's head, and for its body, which only a large or textual value has. NULL: no memory. */
void *anyl_wasm_head(uint32_t size);
void *anyl_wasm_body(uint32_t size);
/* Of the worker: what was written there, and it. */
void anyl_wasm_heard(anyl_worker *worker, uint32_t news, uint32_t ticket, uint32_t head_size, double ran);
/* In a worker. A name is written as a head. */
int32_t anyl_wasm_find(uint32_t size);
void anyl_wasm_serve(int32_t job, uint32_t head_size);
void anyl_wasm_turn(void (*call)(void *data), void *data);

#endif
