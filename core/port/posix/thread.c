/* thread.c -- mutexes, conditions, threads and what each of them keeps; forks.
 *
 * Owns:          the library's process-wide state: a key, and the count of forks.
 * Must not know: what runs in its threads.
 * Threads:       any.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* pthread_setname_np, cpu_set_t; before the first system header of the translation unit */
#endif

#include "../port.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define POSIX_NAME_MAX 15u /* bytes of a thread's name that Linux keeps */

/* ---- mutexes and conditions */

_Static_assert(sizeof(pthread_mutex_t) <= sizeof(anyl_mutex) && _Alignof(pthread_mutex_t) <= _Alignof(anyl_mutex),
               "a mutex fits its room");
_Static_assert(sizeof(pthread_cond_t) <= sizeof(anyl_condition) && _Alignof(pthread_cond_t) <= _Alignof(anyl_condition),
               "a condition fits its room");

static pthread_mutex_t *posix_mutex(anyl_mutex *mutex)
{
    return (pthread_mutex_t *)(void *)mutex->room;
}

static pthread_cond_t *posix_condition(anyl_condition *condition)
{
    return (pthread_cond_t *)(void *)condition->room;
}

void anyl_port_mutex_init(anyl_mutex *mutex)
{
    pthread_mutex_init(posix_mutex(mutex), NULL);
}

void anyl_port_mutex_deinit(anyl_mutex *mutex)
{
    pthread_mutex_destroy(posix_mutex(mutex));
}

void anyl_port_mutex_lock(anyl_mutex *mutex)
{
    pthread_mutex_lock(posix_mutex(mutex));
}

void anyl_port_mutex_unlock(anyl_mutex *mutex)
{
    pthread_mutex_unlock(posix_mutex(mutex));
}

void anyl_port_condition_init(anyl_condition *condition)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(posix_condition(condition), &attributes);
    pthread_condattr_destroy(&attributes);
}

void anyl_port_condition_deinit(anyl_condition *condition)
{
    pthread_cond_destroy(posix_condition(condition));
}

void anyl_port_condition_signal(anyl_condition *condition)
{
    pthread_cond_signal(posix_condition(condition));
}

void anyl_port_condition_broadcast(anyl_condition *condition)
{
    pthread_cond_broadcast(posix_condition(condition));
}

void anyl_port_condition_wait(anyl_condition *condition, anyl_mutex *mutex)
{
    pthread_cond_wait(posix_condition(condition), posix_mutex(mutex));
}

bool anyl_port_condition_wait_until(anyl_condition *condition, anyl_mutex *mutex, uint64_t deadline)
{
    if (deadline == UINT64_MAX) {
        anyl_port_condition_wait(condition, mutex);
        return true;
    }
    struct timespec at = {.tv_sec = (time_t)(deadline / 1000000000u), .tv_nsec = (long)(deadline % 1000000000u)};
    return pthread_cond_timedwait(posix_condition(condition), posix_mutex(mutex), &at) != ETIMEDOUT;
}

/* ---- threads */

typedef struct posix_start {
    void (*run)(void *argument);
    void *argument;
    char name[POSIX_NAME_MAX + 1];
} posix_start;

static void *posix_thread_main(void *pointer)
{
    posix_start start = *(posix_start *)pointer;
    free(pointer);
    pthread_setname_np(pthread_self(), start.name);
    start.run(start.argument);
    return NULL;
}

static void posix_cut_name(char out[POSIX_NAME_MAX + 1], const char *name)
{
    size_t size = strnlen(name, POSIX_NAME_MAX + 1);
    if (size > POSIX_NAME_MAX) {
        size = POSIX_NAME_MAX;
        while (size > 0 && ((unsigned char)name[size] & 0xC0u) == 0x80u) /* not within a character of UTF-8 */
            size--;
    }
    memcpy(out, name, size);
    out[size] = '\0';
}

/* The system's own least is more than PTHREAD_STACK_MIN where a CPU has large registers to save. */
static size_t posix_stack_size(size_t wish)
{
    long least = sysconf(_SC_THREAD_STACK_MIN);
    long page = sysconf(_SC_PAGESIZE);
    size_t size = least > 0 && wish < (size_t)least ? (size_t)least : wish;
    return page > 0 ? (size + (size_t)page - 1) / (size_t)page * (size_t)page : size;
}

/* All but those that a thread's own fault raises: blocked, they would end the process past the handlers of sanitizers,
 * crash reporters and language runtimes. */
static void posix_signals_from_others(sigset_t *signals)
{
    static const int own[] = {SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP};
    sigfillset(signals);
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        sigdelset(signals, own[i]);
}

static int posix_thread_create(posix_start *start, size_t stack_size)
{
    pthread_attr_t attributes;
    int error = pthread_attr_init(&attributes);
    if (error)
        return error;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    if (stack_size)
        error = pthread_attr_setstacksize(&attributes, posix_stack_size(stack_size));
    if (error == 0) {
        /* inherited: there is no moment at which the new thread could take a signal */
        sigset_t others, before;
        posix_signals_from_others(&others);
        pthread_sigmask(SIG_SETMASK, &others, &before);
        pthread_t thread;
        error = pthread_create(&thread, &attributes, posix_thread_main, start);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    pthread_attr_destroy(&attributes);
    return error;
}

bool anyl_port_threads(void)
{
    return true;
}

anyloop_status anyl_port_thread_start(void (*run)(void *argument), void *argument, const char *name, size_t stack_size)
{
    /* malloc, as pthread_create itself: a thread belongs to no loop, whose allocator could be asked */
    posix_start *start = malloc(sizeof *start);
    if (start == NULL)
        return ANYLOOP_E_NOMEM;
    start->run = run;
    start->argument = argument;
    posix_cut_name(start->name, name);
    int error = posix_thread_create(start, stack_size);
    if (error == 0)
        return ANYLOOP_OK;
    free(start);
    return error == ENOMEM ? ANYLOOP_E_NOMEM : ANYLOOP_E_OS;
}

void anyl_port_yield(void)
{
    sched_yield();
}

uint32_t anyl_port_processors(void)
{
    cpu_set_t mine;
    if (sched_getaffinity(0, sizeof mine, &mine) == 0)
        return (uint32_t)CPU_COUNT(&mine);
    long online = sysconf(_SC_NPROCESSORS_ONLN); /* more of them than the set can name */
    return online > 0 ? (uint32_t)online : 1;
}

/* ---- what a thread keeps */

/* Read on every call into the library, hence thread-local and not in the key. The key only tells of the end. */
static _Thread_local struct {
    void *running;
    void (*forked)(void *running);
    void *slot;
    void (*at_exit)(void *pointer);
} posix_thread;

static pthread_once_t posix_key_once = PTHREAD_ONCE_INIT;
static pthread_key_t posix_key;
static bool posix_key_made;

#ifdef __has_builtin
#if __has_builtin(__builtin_thread_pointer)
#define POSIX_THREAD_POINTER __builtin_thread_pointer()
#endif
#endif
#ifndef POSIX_THREAD_POINTER
#define POSIX_THREAD_POINTER (&posix_thread)
#endif

/* One more than there were, 0: nobody asked yet. Not static, as an inline function looks at it. */
extern atomic_uint anyl_posix_forks;
atomic_uint anyl_posix_forks;

/* An address of its own serves as well as pthread_self, and costs no call; in a shared library even that of a
 * thread-local variable does. Each fork takes the next byte behind it, so that the threads of a child are none of its
 * parent's, whose memory they have: threads' addresses are much further from each other than forks are deep. */
__attribute__((always_inline)) inline uintptr_t anyl_port_thread_self(void)
{
    return (uintptr_t)POSIX_THREAD_POINTER + atomic_load_explicit(&anyl_posix_forks, memory_order_relaxed);
}

void *anyl_port_running(void)
{
    return posix_thread.running;
}

void anyl_port_running_set(void *pointer, void (*forked)(void *pointer))
{
    posix_thread.running = pointer;
    posix_thread.forked = forked;
}

static void posix_thread_ends(void *pointer)
{
    (void)pointer;
    void *left = posix_thread.slot;
    posix_thread.slot = NULL;
    posix_thread.at_exit(left);
}

static void posix_make_key(void)
{
    posix_key_made = pthread_key_create(&posix_key, posix_thread_ends) == 0;
}

void *anyl_port_thread_slot(void)
{
    return posix_thread.slot;
}

anyloop_status anyl_port_thread_slot_set(void *pointer, void (*at_exit)(void *pointer))
{
    pthread_once(&posix_key_once, posix_make_key);
    if (!posix_key_made)
        return ANYLOOP_E_OS;
    if (pthread_setspecific(posix_key, pointer) != 0)
        return ANYLOOP_E_NOMEM;
    posix_thread.slot = pointer;
    posix_thread.at_exit = at_exit;
    return ANYLOOP_OK;
}

/* ---- forks */

static pthread_once_t posix_forks_once = PTHREAD_ONCE_INIT;
static void posix_forked(void)
{
    atomic_fetch_add_explicit(&anyl_posix_forks, 1, memory_order_relaxed);
    if (posix_thread.running)
        posix_thread.forked(posix_thread.running);
}

static void posix_watch_forks(void)
{
    /* it fails only when a few bytes cannot be had: then forks stay unnoticed */
    pthread_atfork(NULL, NULL, posix_forked);
    atomic_store_explicit(&anyl_posix_forks, 1, memory_order_relaxed);
}

uint32_t anyl_port_forks(void)
{
    uint32_t forks = atomic_load_explicit(&anyl_posix_forks, memory_order_relaxed);
    if (ANYL_UNLIKELY(forks == 0)) {
        pthread_once(&posix_forks_once, posix_watch_forks);
        forks = atomic_load_explicit(&anyl_posix_forks, memory_order_relaxed);
    }
    return forks - 1;
}
