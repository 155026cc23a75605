/* guest.c -- what JavaScript cannot be for the core: a function that the core calls; and the ways that are walked most.
 *
 * Owns:          nothing. Generators, callbacks and objects are in JavaScript, each under a number that C carries.
 * Must not know: anything but the public headers and what the package imports.
 *
 * A task's step calls out to JavaScript: on the web that costs less than being handed an event and answering it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "names.h"

#include <stddef.h>
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(NAME_##name)))
#define IMPORT(name) __attribute__((import_module("anyloop"), import_name(#name))) extern

/* None of them throws. */
IMPORT(step)
uint32_t guest_js_step(uint32_t number, anyloop_task *task, uint32_t event, uint32_t outcome, const anyloop_value *said);
IMPORT(call) void guest_js_call(uint32_t number);
IMPORT(hand_back) void guest_js_hand_back(uint32_t number);
IMPORT(drop) void guest_js_drop(uint32_t object);
IMPORT(turn_at) void guest_js_turn_at(void *loop, double deadline, uint32_t call);
IMPORT(unhandled)
void guest_js_unhandled(anyloop_loop *loop, const char *message, const anyloop_value *error, const char *task);
IMPORT(slow) void guest_js_slow(anyloop_loop *loop, anyloop_task *task, double ms);
IMPORT(write) void guest_js_write(const char *text, uint32_t size);
IMPORT(submit) int32_t guest_js_submit(uint32_t pool, anyloop_job *job);
IMPORT(cancel) void guest_js_cancel(uint32_t pool, anyloop_job *job);

static uint32_t number_of(const void *user_data)
{
    return (uint32_t)(uintptr_t)user_data;
}

static void *data_of(uint32_t number)
{
    return (void *)(uintptr_t)number;
}

/* From ms; one that is not finite, or beyond 292 years: for ever. */
static int64_t length(double ms)
{
    double ns = __builtin_rint(ms * 1e6);
    return ns < 9.2e18 ? ns > -9.2e18 ? (int64_t)ns : INT64_MIN : ANYLOOP_FOREVER;
}

static uint64_t instant(double ms)
{
    double ns = __builtin_rint(ms * 1e6);
    return ns < 1.8e19 ? ns > 0 ? (uint64_t)ns : 0 : ANYLOOP_NEVER;
}

/* ---- coroutines */

struct generator { uint32_t number; }; /* 0: JavaScript has it back */

/* What JavaScript answers is an end, a yield, or the future to be awaited: with bit 0 set a reference of its own is to
 * be made, else that is given. */
enum { LAST_ANSWER = 255 };

static int32_t step(void *frame, anyloop_task *task, uint32_t event)
{
    struct generator *my = frame;
    for (;;) {
        uint32_t answer = guest_js_step(my->number, task, event, anyloop_task_outcome(task), anyloop_task_awaited(task));
        if (answer <= LAST_ANSWER) {
            if (answer < ANYLOOP_STEP_AWAIT)
                my->number = 0;
            return (int32_t)answer;
        }
        anyloop_future *awaited = data_of(answer & ~1u);
        if (answer & 1)
            anyloop_future_retain(awaited);
        if (anyloop_task_await(task, awaited, NULL) == ANYLOOP_PENDING)
            return ANYLOOP_STEP_AWAIT;
        event = ANYLOOP_EVENT_RESUMED;
    }
}

static void drop_generator(void *frame)
{
    const struct generator *my = frame;
    if (my->number)
        guest_js_hand_back(my->number);
}

EXPORT(guest_coroutine) anyloop_future *guest_coroutine(anyloop_loop *loop, uint32_t number, const char *name)
{
    const struct generator frame = {number};
    const anyloop_coroutine_options options = {.struct_size = sizeof options,
                                               .name = name,
                                               .step = step,
                                               .frame = &frame,
                                               .frame_size = sizeof frame,
                                               .drop = drop_generator};
    return anyloop_coroutine_create_with(loop, &options);
}

/* ---- callbacks */

static void call(void *user_data)
{
    guest_js_call(number_of(user_data));
}

static void call_done(void *user_data, anyloop_future *future)
{
    (void)future;
    guest_js_call(number_of(user_data));
}

static void hand_back(void *user_data)
{
    guest_js_hand_back(number_of(user_data));
}

EXPORT(guest_call_soon) anyloop_status guest_call_soon(anyloop_loop *loop, uint32_t number, anyloop_handle **out)
{
    return anyloop_loop_call_soon(loop, call, data_of(number), hand_back, out);
}

EXPORT(guest_call_later)
anyloop_status guest_call_later(anyloop_loop *loop, double delay, uint32_t number, anyloop_handle **out)
{
    return anyloop_loop_call_later(loop, length(delay), call, data_of(number), hand_back, out);
}

EXPORT(guest_call_at)
anyloop_status guest_call_at(anyloop_loop *loop, double deadline, uint32_t number, anyloop_handle **out)
{
    return anyloop_loop_call_at(loop, instant(deadline), call, data_of(number), hand_back, out);
}

EXPORT(guest_add_done_callback) anyloop_status guest_add_done_callback(anyloop_future *future, uint32_t number)
{
    return anyloop_future_add_done_callback(future, call_done, data_of(number), hand_back);
}

EXPORT(guest_remove_done_callback) uint32_t guest_remove_done_callback(anyloop_future *future, uint32_t number)
{
    return anyloop_future_remove_done_callback(future, call_done, data_of(number));
}

/* ---- turns */

static void wake(void *loop)
{
    guest_js_turn_at(loop, 0, 0);
}

/* The page's or Node's own loop turns this one. */
EXPORT(guest_host) anyloop_status guest_host(anyloop_loop *loop)
{
    return anyloop_loop_set_host(loop, wake, loop, NULL);
}

/* What turns came to: the deadline is in ms, infinite for never. */
struct turn {
    double deadline;
    uint32_t stopped, deadlock, interrupted;
    uint32_t pause; /* JavaScript sets it while they run: no further one */
};

/* One turn, or `many`: until nothing is ready, or it is stopped, interrupted, or to pause. Nothing is pulled. */
EXPORT(guest_turn) anyloop_status guest_turn(anyloop_loop *loop, uint32_t many, struct turn *out)
{
    anyloop_turn_info info = {.struct_size = sizeof info};
    anyloop_status status;
    out->pause = !many;
    do
        status = anyloop_loop_turn(loop, 0, NULL, 0, &info);
    while (status == ANYLOOP_OK && info.next_deadline == 0 && !info.stopped && !info.status && !out->pause);
    out->deadline = info.next_deadline == ANYLOOP_NEVER ? __builtin_inf() : (double)info.next_deadline / 1e6;
    out->stopped = info.stopped;
    out->deadlock = info.deadlock;
    out->interrupted = info.interrupted;
    return status;
}

EXPORT(guest_wait) anyloop_status guest_wait(anyloop_loop *loop, double deadline)
{
    return anyloop_loop_wait(loop, instant(deadline));
}

EXPORT(guest_time) double guest_time(const anyloop_loop *loop)
{
    return (double)anyloop_loop_time(loop) / 1e6;
}

EXPORT(guest_sleep) anyloop_future *guest_sleep(anyloop_loop *loop, double ms)
{
    return anyloop_sleep(loop, length(ms));
}

/* ---- values, errors, words */

static void drop(void *object)
{
    guest_js_drop(number_of(object));
}

/* A JavaScript object as a value: `object` is its place in a table, which is given back by `drop`. */
EXPORT(guest_value) anyloop_status guest_value(uint32_t object, anyloop_value *out)
{
    return anyloop_value_foreign(NULL, data_of(object), drop, out);
}

static anyloop_status handle(void *user_data, anyloop_loop *loop, const anyloop_exception *exception)
{
    (void)user_data;
    const char *task = exception->future ? anyloop_task_name(exception->future) : NULL;
    guest_js_unhandled(loop, exception->message, exception->error, task);
    return ANYLOOP_OK;
}

EXPORT(guest_handle_exceptions) anyloop_status guest_handle_exceptions(anyloop_loop *loop)
{
    return anyloop_loop_set_exception_handler(loop, handle, NULL, NULL);
}

static void tell_slow(void *user_data, anyloop_loop *loop, const anyloop_slow_callback *slow)
{
    (void)user_data;
    guest_js_slow(loop, slow->task, (double)slow->duration / 1e6);
}

EXPORT(guest_handle_slow_callbacks) anyloop_status guest_handle_slow_callbacks(anyloop_loop *loop, double ms)
{
    return anyloop_loop_set_slow_callback_handler(loop, length(ms), tell_slow, NULL, NULL);
}

static void write(void *user_data, const char *text, size_t size)
{
    (void)user_data;
    guest_js_write(text, (uint32_t)size);
}

EXPORT(guest_format_tree) anyloop_status guest_format_tree(anyloop_loop *loop)
{
    return anyloop_loop_format_tree(loop, write, NULL);
}

size_t malloc_usable_size(void *memory);

/* Every malloc and free of the module comes here: the linker is told to. */
void *__real_malloc(size_t size);
void __real_free(void *memory);

static uint32_t bytes;

__attribute__((export_name("malloc"))) void *__wrap_malloc(size_t size)
{
    void *memory = __real_malloc(size);
    bytes += (uint32_t)malloc_usable_size(memory);
    return memory;
}

__attribute__((export_name("free"))) void __wrap_free(void *memory)
{
    bytes -= (uint32_t)malloc_usable_size(memory);
    __real_free(memory);
}

/* Bytes of memory that are in use. */
EXPORT(guest_bytes) uint32_t guest_bytes(void)
{
    return bytes;
}

/* ---- executors */

static anyloop_status pool_submit(void *pool, anyloop_job *job)
{
    return guest_js_submit(number_of(pool), job);
}

static void pool_cancel(void *pool, anyloop_job *job)
{
    guest_js_cancel(number_of(pool), job);
}

/* A pool of JavaScript's as an executor. */
EXPORT(guest_executor) anyloop_status guest_executor(uint32_t pool, anyloop_executor **out)
{
    const anyloop_executor_methods methods = {.struct_size = sizeof methods, .submit = pool_submit, .cancel = pool_cancel};
    return anyloop_executor_new(&methods, data_of(pool), drop, out);
}

/* What is in the worker is told by the job's input; no function of C runs. */
static void nothing(anyloop_job *job, const anyloop_value *in)
{
    (void)job, (void)in;
}

EXPORT(guest_run) anyloop_future *guest_run(anyloop_loop *loop, anyloop_executor *executor, const anyloop_value *in)
{
    return anyloop_run_in_executor(loop, executor, nothing, in);
}
