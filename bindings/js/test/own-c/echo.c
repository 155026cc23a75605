/* echo.c -- a program of C beside the core: what the cases of own-c.test.mjs ask of it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop_guest.h>

#include <stdio.h>
#include <stdlib.h>

/* Its input, as a job would give it back. */
static void echo_job(anyloop_job *job, const anyloop_value *in)
{
    anyloop_value_retain(in);
    anyloop_job_return(job, in);
}

/* A byte at a time, as a program that does not buffer writes. */
static void print_job(anyloop_job *job, const anyloop_value *in)
{
    size_t size;
    const char *text = anyloop_to_bytes(in, &size);
    (void)job;
    setvbuf(stdout, NULL, _IONBF, 0);
    for (size_t i = 0; i < size; i++)
        putchar(text[i]);
    putchar('\n');
}

static void flush_job(anyloop_job *job, const anyloop_value *in)
{
    (void)job, (void)in;
    fputs("a line\nand a rest", stdout);
    fflush(stdout);
}

static void trap_job(anyloop_job *job, const anyloop_value *in)
{
    (void)job, (void)in;
    __builtin_trap();
}

static void fail_job(anyloop_job *job, const anyloop_value *in)
{
    (void)in;
    anyloop_job_raise(job, ANYLOOP_E_BROKEN, "on purpose");
}

ANYLOOP_JOBS = {{"echo", echo_job}, {"print", print_job}, {"flush", flush_job},
                {"trap", trap_job}, {"fail", fail_job},   {NULL, NULL}};

/* A future that has its input as its result. */
ANYLOOP_EXPORT(echo) anyloop_future *echo(anyloop_loop *loop, const anyloop_value *in)
{
    anyloop_future *future;
    anyloop_status status = anyloop_future_new(loop, &future);
    if (status != ANYLOOP_OK)
        return anyloop_failed(status);
    anyloop_value_retain(in);
    status = anyloop_future_set_result(future, in);
    return future;
}

static void forget(void *pointer)
{
    int *counter = pointer;
    ++*counter;
}

/* How often a pointer was let go of; and a future of that pointer. */
static int forgotten;
ANYLOOP_EXPORT(forgotten_times) int32_t forgotten_times(void)
{
    return forgotten;
}

ANYLOOP_EXPORT(pointer_of) anyloop_future *pointer_of(anyloop_loop *loop, const anyloop_value *in)
{
    anyloop_future *future;
    anyloop_value value;
    anyloop_status status = anyloop_future_new(loop, &future);
    (void)in;
    if (status == ANYLOOP_OK)
        status = anyloop_value_foreign(loop, &forgotten, forget, &value);
    if (status != ANYLOOP_OK)
        return anyloop_failed(status);
    anyloop_future_set_result(future, &value);
    return future;
}

/* Whether its input is that one. */
ANYLOOP_EXPORT(is_pointer) anyloop_future *is_pointer(anyloop_loop *loop, const anyloop_value *in)
{
    const anyloop_value answer = anyloop_bool(in->kind == ANYLOOP_FOREIGN && anyloop_to_pointer(in) == &forgotten);
    anyloop_future *future;
    anyloop_status status = anyloop_future_new(loop, &future);
    if (status != ANYLOOP_OK)
        return anyloop_failed(status);
    anyloop_future_set_result(future, &answer);
    return future;
}

struct later { anyloop_coro co; int64_t ms; int trap; };

ANYLOOP_ASYNC(later)
{
    ANYLOOP_BEGIN;
    ANYLOOP_AWAIT(anyloop_sleep(my->co.loop, ANYLOOP_MS(my->ms)));
    if (my->trap)
        __builtin_trap();
    ANYLOOP_RETURN(anyloop_int(my->ms));
    ANYLOOP_END;
}

/* A coroutine, and a task that traps. */
ANYLOOP_EXPORT(later) anyloop_future *later(anyloop_loop *loop, const anyloop_value *in)
{
    return ANYLOOP_CORO(loop, later, .ms = anyloop_to_int(in));
}

ANYLOOP_EXPORT(trap) anyloop_future *trap(anyloop_loop *loop, const anyloop_value *in)
{
    (void)in;
    return ANYLOOP_TASK(loop, later, .ms = 1, .trap = 1);
}

ANYLOOP_EXPORT(refuse) anyloop_future *refuse(anyloop_loop *loop, const anyloop_value *in)
{
    (void)loop, (void)in;
    return anyloop_failed(ANYLOOP_E_NOT_SUPPORTED);
}

/* Without an anyloop in it. */
ANYLOOP_EXPORT(sum) int32_t sum(const int32_t *numbers, int32_t count)
{
    int32_t all = 0;
    while (count)
        all += numbers[--count];
    return all;
}

/* With so many kB on the stack. */
ANYLOOP_EXPORT(deep) int32_t deep(int32_t kb)
{
    volatile char bytes[1024];
    for (int i = 0; i < 1024; i++)
        bytes[i] = 1;
    return kb > 1 ? deep(kb - 1) + bytes[kb % 1024] : 1;
}

ANYLOOP_EXPORT(leave) void leave(void)
{
    exit(3);
}
