/* lock.h -- mutual exclusion between tasks: CPython's Lock.
 *
 * Owns:          the queue of those who wait.
 * Must not know: who holds it.
 * Threads:       the loop's.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_LOCK_H
#define ANYL_LOCK_H

#include "task.h"

#include <anyloop/sync.h>

struct anyloop_lock {
    anyloop_loop *loop;
    uint32_t refs; /* handles, conditions, operations */
    bool locked;
    anyl_list waiters;
};

anyloop_lock *anyl_lock_new(anyloop_loop *loop);
void anyl_lock_release(anyloop_lock *lock);
anyl_task *anyl_lock_acquire(anyloop_lock *lock);
anyloop_status anyl_lock_unlock(anyloop_lock *lock);

/* Acquiring as a part of another operation's step: ANYLOOP_STEP_RETURN when it is held, ANYLOOP_STEP_AWAIT; and
 * after the await ANYLOOP_STEP_CANCELLED when it is not to be had, by a cancellation that the task saw. */
int32_t anyl_lock_begin(anyloop_lock *lock, anyl_waiter *waiter, anyl_task *task);
int32_t anyl_lock_goes_on(anyloop_lock *lock, anyl_waiter *waiter, uint32_t event);

#endif
