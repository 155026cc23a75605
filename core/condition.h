/* condition.h -- waiting for a change under a lock: CPython's Condition.
 *
 * Owns:          the queue of those who wait to be notified; its lock, with others.
 * Threads:       the loop's.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_CONDITION_H
#define ANYL_CONDITION_H

#include "lock.h"

struct anyloop_condition {
    anyloop_loop *loop;
    uint32_t refs; /* the handle, barriers, operations */
    anyloop_lock *lock;
    anyl_list waiters;
};

/* Retains the lock; NULL: makes one. NULL: no memory. */
anyloop_condition *anyl_condition_new(anyloop_loop *loop, anyloop_lock *lock);
void anyl_condition_release(anyloop_condition *condition);
anyloop_status anyl_condition_notify(anyloop_condition *condition, size_t count);
anyl_task *anyl_condition_wait(anyloop_condition *condition);
/* Takes user_data, on failure too. */
anyl_task *anyl_condition_wait_for(anyloop_condition *condition, anyloop_predicate_fn predicate, void *user_data,
                                   anyloop_drop_fn drop);

/* Waiting as a part of another operation's step. Begin with `at` 0; call again with each event while the answer is
 * ANYLOOP_STEP_AWAIT. ANYLOOP_STEP_RETURN: the predicate holds, and so does the lock. ANYLOOP_STEP_RAISE,
 * ANYLOOP_STEP_CANCELLED: what the task raises is set. */
typedef struct anyl_condition_wait_state {
    anyl_waiter waiter;
    anyl_waiter acquire;
    enum { ANYL_WAIT_BEGIN, ANYL_WAIT_NOTIFIED, ANYL_WAIT_ACQUIRES } at;
    bool cancelled;
    anyloop_value cancellation;
} anyl_condition_wait_state;

int32_t anyl_condition_wait_step(anyloop_condition *condition, anyl_condition_wait_state *my,
                                 anyloop_predicate_fn predicate, void *user_data, anyl_task *task, uint32_t event);
void anyl_condition_wait_end(anyl_condition_wait_state *my);

#endif
