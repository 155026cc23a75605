/* port.h -- all that the core needs of a system.
 *
 * Every pointer is not NULL; sizes and times are ns or bytes; a function that can fail gives a status. A port has all
 * of these functions, or is honest: anyl_port_threads says that there are none, and thread_start ANYLOOP_E_NOT_SUPPORTED.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_PORT_H
#define ANYL_PORT_H

#include "../alloc.h"

#include <anyloop/value.h>

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

/* Are there any? */
bool anyl_port_threads(void);
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

/* ---- a system whose own event loop has the thread */

/* May a run wait here? A page's may not, unless the program can be suspended. */
bool anyl_port_can_block(void);
/* Call `call` with `data` from that event loop, once, not before the deadline; a later call for the same data takes the
 * place of an earlier one, UINT64_MAX takes it back. False: there is no such event loop. */
bool anyl_port_turn_at(void *data, uint64_t deadline, void (*call)(void *data));
/* How long a run may go on before it must wait, if only for an instant, so that such a system lives. 0: for ever. */
uint64_t anyl_port_stretch(void);
#define ANYL_PORT_STRETCH UINT64_C(8000000) /* where there is one: half of a frame at 60 Hz */

/* ---- workers: other copies of this program, each with a memory of its own, that serve jobs */

typedef enum anyl_news {
    ANYL_WORKER_READY,    /* it serves */
    ANYL_WORKER_RETURNED, /* a job's outcome */
    ANYL_WORKER_RAISED,
    ANYL_WORKER_SKIPPED,  /* the job was not begun: it was recalled */
    ANYL_WORKER_DIED      /* and was ended; the body is a text that says of what */
} anyl_news;

/* One worker as a pool has it. The news come on the thread that started it, while that waits or from its event loop;
 * those of jobs in the order of their sending. */
typedef struct anyl_worker {
    void (*heard)(struct anyl_worker *worker, anyl_news news, uint32_t ticket, const void *head, size_t head_size,
                  anyloop_value body, uint64_t ran); /* takes the body; `ran`: ns */
    uint32_t number; /* the port's; 0: it is not started */
} anyl_worker;

/* How many a pool has if nobody says; 0: this system has none, or this is one. */
uint32_t anyl_port_workers(void);
/* One that cannot be started dies: it is heard of later. */
void anyl_port_worker_start(anyl_worker *worker, const char *name);
/* To one that is ready. `job` is a text that stays. */
void anyl_port_worker_send(anyl_worker *worker, uint32_t ticket, const char *job, const void *head, size_t head_size,
                           const void *body, size_t body_size);
/* May it be sent jobs ahead of the one that runs? Only where they can be recalled. */
bool anyl_port_worker_ahead(const anyl_worker *worker);
/* What it has not begun it skips from here on, until it is sent something again. All that it did before is heard
 * before this returns. */
void anyl_port_worker_recall(anyl_worker *worker);
/* At once, whatever it does; nothing more is heard of it. */
void anyl_port_worker_end(anyl_worker *worker);
/* Does anything run there? Such a worker keeps the process alive. */
void anyl_port_worker_busy(anyl_worker *worker, bool busy);
/* Until news have come or the deadline; ANYLOOP_E_WOULD_BLOCK. */
anyloop_status anyl_port_workers_wait(uint64_t deadline);

/* In a worker: `find` tells which job a name means, -1: none; `run` runs it, and ends with anyl_port_reply. False:
 * this is no worker. */
bool anyl_port_serve(int32_t (*find)(const char *name, size_t size),
                     void (*run)(int32_t job, const void *head, size_t head_size, anyloop_value body));
void anyl_port_reply(anyl_news news, const void *head, size_t head_size, const void *body, size_t body_size);

/* ---- words */

void anyl_port_log(void *user_data, uint32_t level, const char *text, size_t size);

#endif
