/* port.h -- all that the core needs of a system.
 *
 * Every pointer is not NULL; sizes and times are ns or bytes; a function that can fail gives a status. A port has all
 * of these functions, or is honest: ANYLOOP_E_NOT_SUPPORTED from thread_start says that there are no threads.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_PORT_H
#define ANYL_PORT_H

#include "../alloc.h"

/* ---- clock */

uint64_t anyl_port_now(void); /* monotonic, never 0 */

/* ---- threads */

/* Room for the system's own; init may not fail, they hold no resource of the system. */
typedef struct anyl_mutex {
    _Alignas(16) unsigned char room[64];
} anyl_mutex;
typedef struct anyl_condition {
    _Alignas(16) unsigned char room[64];
} anyl_condition;

void anyl_port_mutex_init(anyl_mutex *mutex);
void anyl_port_mutex_deinit(anyl_mutex *mutex);
void anyl_port_mutex_lock(anyl_mutex *mutex);
void anyl_port_mutex_unlock(anyl_mutex *mutex);

void anyl_port_condition_init(anyl_condition *condition);
void anyl_port_condition_deinit(anyl_condition *condition);
void anyl_port_condition_signal(anyl_condition *condition);
void anyl_port_condition_broadcast(anyl_condition *condition);
void anyl_port_condition_wait(anyl_condition *condition, anyl_mutex *mutex);
/* False when the deadline of anyl_port_now's clock has passed; UINT64_MAX: none. */
bool anyl_port_condition_wait_until(anyl_condition *condition, anyl_mutex *mutex, uint64_t deadline);

/* A detached thread with all signals blocked but those of its own faults. `name` is cut to what the system takes. */
anyloop_status anyl_port_thread_start(void (*run)(void *argument), void *argument, const char *name, size_t stack_size);
/* A number that no other living thread has; a forked child has another one than the thread that forked. */
uintptr_t anyl_port_thread_self(void);
void anyl_port_yield(void);
uint32_t anyl_port_processors(void);

/* One pointer for each thread; `at_exit` hears of what is still there when the thread ends. */
void *anyl_port_thread_slot(void);
anyloop_status anyl_port_thread_slot_set(void *pointer, void (*at_exit)(void *pointer));
/* Another one, which nobody hears of. */
void *anyl_port_running(void);
/* `forked` hears of a fork in this thread, in the child, while the pointer is there. */
void anyl_port_running_set(void *pointer, void (*forked)(void *pointer));

/* How often this process was forked from the one that first asked. */
uint32_t anyl_port_forks(void);

/* ---- sleeping */

typedef struct anyl_poller anyl_poller;

anyloop_status anyl_poller_new(const anyloop_allocator *allocator, anyl_poller **out);
/* No wake may be under way. */
void anyl_poller_free(anyl_poller *poller);
/* Until a wake or the deadline (UINT64_MAX: none), or for no reason; forgets the wakes that ended it. */
anyloop_status anyl_poller_wait(anyl_poller *poller, uint64_t deadline);
/* Any thread. A wake that comes before the wait is not lost. */
void anyl_poller_wake(anyl_poller *poller);
/* Forget wakes that came. */
void anyl_poller_clear(anyl_poller *poller);
/* One descriptor that is readable when a wake came or an armed deadline has passed. */
anyloop_status anyl_poller_fd(anyl_poller *poller, int32_t *out);
/* For who watches that descriptor: 0 is at once, UINT64_MAX never. */
void anyl_poller_arm(anyl_poller *poller, uint64_t deadline);

/* ---- words */

void anyl_port_log(void *user_data, uint32_t level, const char *text, size_t size);

#endif
