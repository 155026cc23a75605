/* thread.c -- what a port without threads has in place of them: nothing to lock, nobody to wait for.
 *
 * Owns:          what the one thread keeps.
 * Must not know: what runs in it, and how time passes: a wait with a deadline is the port's own.
 * Threads:       there is one.
 *
 * SPDX-License-Identifier: MIT
 */
#include "../port.h"

#include <stdlib.h>

/* ---- mutexes and conditions */

void anyl_port_mutex_init(anyl_mutex *mutex)
{
    (void)mutex;
}

void anyl_port_mutex_deinit(anyl_mutex *mutex)
{
    (void)mutex;
}

void anyl_port_mutex_lock(anyl_mutex *mutex)
{
    (void)mutex;
}

void anyl_port_mutex_unlock(anyl_mutex *mutex)
{
    (void)mutex;
}

void anyl_port_condition_init(anyl_condition *condition)
{
    (void)condition;
}

void anyl_port_condition_deinit(anyl_condition *condition)
{
    (void)condition;
}

void anyl_port_condition_signal(anyl_condition *condition)
{
    (void)condition;
}

void anyl_port_condition_broadcast(anyl_condition *condition)
{
    (void)condition;
}

/* Who waits here waits for a thread that cannot exist. A trap shows where; to return would be an endless loop. */
void anyl_port_condition_wait(anyl_condition *condition, anyl_mutex *mutex)
{
    (void)condition;
    (void)mutex;
    abort();
}

/* ---- threads */

bool anyl_port_threads(void)
{
    return false;
}

anyloop_status anyl_port_thread_start(void (*run)(void *argument), void *argument, const char *name, size_t stack_size)
{
    (void)run;
    (void)argument;
    (void)name;
    (void)stack_size;
    return ANYLOOP_E_NOT_SUPPORTED;
}

uintptr_t anyl_port_thread_self(void)
{
    return 1;
}

void anyl_port_yield(void)
{
}

uint32_t anyl_port_processors(void)
{
    return 1;
}

/* ---- what the thread keeps */

static void *single_slot, *single_running;

void *anyl_port_thread_slot(void)
{
    return single_slot;
}

/* The only thread ends with the process, as a main thread that returns: nobody is told. */
anyloop_status anyl_port_thread_slot_set(void *pointer, void (*at_exit)(void *pointer))
{
    (void)at_exit;
    single_slot = pointer;
    return ANYLOOP_OK;
}

void *anyl_port_running(void)
{
    return single_running;
}

void anyl_port_running_set(void *pointer, void (*forked)(void *pointer))
{
    (void)forked;
    single_running = pointer;
}

uint32_t anyl_port_forks(void)
{
    return 0;
}
