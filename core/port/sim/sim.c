/* sim.c -- everything that a port has, of nothing.
 *
 * SPDX-License-Identifier: MIT
 */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- clock */

static uint64_t sim_now = 1, sim_short;

uint64_t anyl_port_now(void)
{
    return sim_now;
}

void anyl_sim_advance(uint64_t ns)
{
    sim_now = ns < UINT64_MAX - 1 - sim_now ? sim_now + ns : UINT64_MAX - 1;
}

void anyl_sim_set(uint64_t now)
{
    sim_now = now ? now : 1;
}

void anyl_sim_wait_short(uint64_t ns)
{
    sim_short = ns;
}

static void sim_jump(uint64_t deadline)
{
    if (deadline > sim_now)
        sim_now = deadline;
}

/* ---- threads */

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

bool anyl_port_condition_wait_until(anyl_condition *condition, anyl_mutex *mutex, uint64_t deadline)
{
    if (deadline == UINT64_MAX)
        anyl_port_condition_wait(condition, mutex);
    sim_jump(deadline);
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

static void *sim_slot, *sim_running;

void *anyl_port_thread_slot(void)
{
    return sim_slot;
}

/* The only thread ends with the process, as a main thread that returns: nobody is told. */
anyloop_status anyl_port_thread_slot_set(void *pointer, void (*at_exit)(void *pointer))
{
    (void)at_exit;
    sim_slot = pointer;
    return ANYLOOP_OK;
}

void *anyl_port_running(void)
{
    return sim_running;
}

void anyl_port_running_set(void *pointer, void (*forked)(void *pointer))
{
    (void)forked;
    sim_running = pointer;
}

uint32_t anyl_port_forks(void)
{
    return 0;
}

/* ---- sleeping */

struct anyl_poller {
    bool woken;
    anyloop_allocator allocator;
};

anyloop_status anyl_poller_new(const anyloop_allocator *allocator, anyl_poller **out)
{
    anyl_poller *poller = anyl_alloc(allocator, sizeof *poller);
    if (poller == NULL)
        return ANYLOOP_E_NOMEM;
    poller->woken = false;
    poller->allocator = *allocator;
    *out = poller;
    return ANYLOOP_OK;
}

void anyl_poller_free(anyl_poller *poller)
{
    anyloop_allocator allocator = poller->allocator;
    anyl_free(&allocator, poller, sizeof *poller);
}

/* Short waits go on, so that a loop which asks again gets there. */
static void sim_wait(uint64_t deadline)
{
    sim_jump(sim_now + sim_short < deadline ? deadline - sim_short : deadline);
}

anyloop_status anyl_poller_wait(anyl_poller *poller, uint64_t deadline)
{
    if (!poller->woken) {
        if (deadline == UINT64_MAX)
            return ANYLOOP_E_DEADLOCK; /* who could wake it is not running, and never will */
        sim_wait(deadline);
    }
    poller->woken = false;
    return ANYLOOP_OK;
}

void anyl_poller_wake(anyl_poller *poller)
{
    poller->woken = true;
}

void anyl_poller_clear(anyl_poller *poller)
{
    poller->woken = false;
}

anyloop_status anyl_poller_fd(anyl_poller *poller, int32_t *out)
{
    (void)poller;
    (void)out;
    return ANYLOOP_E_NOT_SUPPORTED;
}

void anyl_poller_arm(anyl_poller *poller, uint64_t deadline)
{
    (void)poller;
    (void)deadline;
}

/* ---- words */

void anyl_port_log(void *user_data, uint32_t level, const char *text, size_t size)
{
    (void)user_data;
    fprintf(stderr, "anyloop: %s: %.*s\n", level == ANYLOOP_LOG_ERROR ? "error" : "warning",
            size < INT32_MAX ? (int)size : INT32_MAX, text);
}
