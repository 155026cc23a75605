/* port.c -- port.h on the model: clock, threads, and the futex that the real poller calls.
 *
 * SPDX-License-Identifier: MIT
 */
#include "model.h"

#include "port/port.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>

#define PC __builtin_return_address(0)

uint64_t anyl_port_now(void)
{
    return model->time;
}

/* ---- mutexes and conditions */

struct mutex {
    uint32_t holder; /* 1 and its number; 0: nobody */
    struct view released;
};

_Static_assert(sizeof(struct mutex) <= sizeof(anyl_mutex), "a mutex fits its room");

static struct mutex *mutex_of(anyl_mutex *room, const void *pc)
{
    model_access(room, 1, ATOMIC_WRITES, pc);
    return (struct mutex *)(void *)room->room;
}

static void lock(struct mutex *mutex)
{
    while (mutex->holder)
        model_block(mutex, UINT64_MAX);
    mutex->holder = model->now + 1;
    view_join(&model_me()->view, &mutex->released);
}

static void unlock(struct mutex *mutex)
{
    if (mutex->holder != model->now + 1)
        model_fail("unlocks a mutex that it does not hold");
    model_show_all(model_me());
    mutex->released = model_me()->view;
    mutex->holder = 0;
    model_tick();
    model_unblock(mutex);
}

void anyl_port_mutex_init(anyl_mutex *room)
{
    memset(room, 0, sizeof *room);
}

void anyl_port_mutex_deinit(anyl_mutex *room)
{
    if (mutex_of(room, PC)->holder)
        model_fail("a mutex goes while it is held");
}

void anyl_port_mutex_lock(anyl_mutex *room)
{
    model_point();
    lock(mutex_of(room, PC));
    model_log("lock", PC, NULL, 0, 0, false);
}

void anyl_port_mutex_unlock(anyl_mutex *room)
{
    model_log("unlock", PC, NULL, 0, 0, false);
    unlock(mutex_of(room, PC));
}

void anyl_port_condition_init(anyl_condition *condition)
{
    memset(condition, 0, sizeof *condition);
}

void anyl_port_condition_deinit(anyl_condition *condition)
{
    model_access(condition, 1, ATOMIC_WRITES, PC);
}

void anyl_port_condition_signal(anyl_condition *condition)
{
    model_point();
    model_access(condition, 1, ATOMIC_WRITES, PC);
    model_log("signal", PC, NULL, model_unblock_one(condition), 0, false);
}

void anyl_port_condition_broadcast(anyl_condition *condition)
{
    model_point();
    model_access(condition, 1, ATOMIC_WRITES, PC);
    model_log("broadcast", PC, NULL, 0, 0, false);
    model_unblock(condition);
}

bool anyl_port_condition_wait_until(anyl_condition *condition, anyl_mutex *room, uint64_t deadline)
{
    struct mutex *mutex = mutex_of(room, PC);
    model_access(condition, 1, ATOMIC_WRITES, PC);
    model_log("wait", PC, NULL, 0, 0, false);
    unlock(mutex);
    bool signalled = model_block(condition, deadline);
    lock(mutex);
    model_log("waited", PC, NULL, signalled, 0, false);
    return signalled;
}

void anyl_port_condition_wait(anyl_condition *condition, anyl_mutex *room)
{
    anyl_port_condition_wait_until(condition, room, UINT64_MAX);
}

/* ---- threads */

/* Until it begins a new thread's argument is in its place of the engine. */
struct start {
    void (*run)(void *argument);
    void *argument;
};

static struct start starts[THREADS];

static void *run_detached(void *argument)
{
    struct start *start = argument;
    start->run(start->argument);
    return NULL;
}

bool anyl_port_threads(void)
{
    return true;
}

anyloop_status anyl_port_thread_start(void (*run)(void *argument), void *argument, const char *name, size_t stack_size)
{
    (void)name, (void)stack_size;
    if (model->count == THREADS)
        model_fail("more than %d threads", THREADS);
    struct start *start = &starts[model->count];
    start->run = run;
    start->argument = argument;
    model_log("thread", PC, NULL, model_spawn(run_detached, start), 0, false);
    return ANYLOOP_OK;
}

uintptr_t anyl_port_thread_self(void)
{
    return (uintptr_t)model_me();
}

bool anyl_port_thread_is(uintptr_t number)
{
    return number == anyl_port_thread_self();
}

void anyl_port_yield(void)
{
    model_yield();
}

uint32_t anyl_port_processors(void)
{
    return 2;
}

void *anyl_port_thread_slot(void)
{
    return model_me()->slot;
}

anyloop_status anyl_port_thread_slot_set(void *pointer, void (*at_exit)(void *pointer))
{
    model_me()->slot = pointer;
    model_me()->at_exit = at_exit;
    return ANYLOOP_OK;
}

void *anyl_port_running(void)
{
    return model_me()->running;
}

void anyl_port_running_set(void *pointer, void (*forked)(void *pointer))
{
    (void)forked;
    model_me()->running = pointer;
}

uint32_t anyl_port_forks(void)
{
    return 0;
}

void anyl_port_log(void *user_data, uint32_t level, const char *text, size_t size)
{
    (void)user_data, (void)level;
    if (model->trace)
        printf("  anyloop: %.*s\n", (int)size, text);
}

/* ---- the kernel */

static long futex_wait(uint32_t *word, uint32_t expected, const struct timespec *at, const void *pc)
{
    bool same = model_newest(word, sizeof *word, pc) == expected;
    model_log(same ? "sleep" : "no sleep", pc, NULL, expected, 0, false);
    if (!same) {
        errno = EAGAIN;
        return -1;
    }
    if (model_block(word, at ? (uint64_t)at->tv_sec * 1000000000u + (uint64_t)at->tv_nsec : UINT64_MAX))
        return 0;
    errno = ETIMEDOUT;
    return -1;
}

static long futex_wake(uint32_t *word, const void *pc)
{
    model_point();
    bool woke = model_unblock_one(word);
    model_log("wake", pc, NULL, woke, 0, false);
    return woke;
}

long __wrap_syscall(long number, ...)
{
    enum { WAIT_UNTIL = 9, WAKE = 1, PRIVATE = 128 };
    va_list arguments;
    va_start(arguments, number);
    uint32_t *word = va_arg(arguments, uint32_t *);
    int operation = va_arg(arguments, int);
    uint32_t value = va_arg(arguments, uint32_t);
    const struct timespec *at = va_arg(arguments, const struct timespec *);
    va_end(arguments);
    if (number == SYS_futex && operation == (WAIT_UNTIL | PRIVATE))
        return futex_wait(word, value, at, PC);
    if (number == SYS_futex && operation == (WAKE | PRIVATE))
        return futex_wake(word, PC);
    model_fail("system call %ld: the model has no such", number);
}
