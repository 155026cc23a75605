/* lock.c -- locks.
 *
 * SPDX-License-Identifier: MIT
 */
#include "lock.h"

#include "waiters.h"

anyloop_lock *anyl_lock_new(anyloop_loop *loop)
{
    anyloop_lock *lock = anyl_object_alloc(loop, sizeof *lock);
    if (lock == NULL)
        return NULL;
    lock->loop = loop;
    lock->refs = 1;
    lock->locked = false;
    anyl_list_init(&lock->waiters);
    return lock;
}

void anyl_lock_release(anyloop_lock *lock)
{
    if (--lock->refs == 0)
        anyl_object_free(lock->loop, lock, sizeof *lock);
}

/* The first of the queue goes on, unless it is about to. */
static anyloop_status lock_wake_first(anyloop_lock *lock)
{
    return anyl_list_empty(&lock->waiters) ? ANYLOOP_OK : anyl_waiter_release(anyl_waiters_of(lock->waiters.next));
}

anyloop_status anyl_lock_unlock(anyloop_lock *lock)
{
    if (!lock->locked)
        return ANYLOOP_E_NOT_HELD;
    lock->locked = false;
    return lock_wake_first(lock);
}

int32_t anyl_lock_begin(anyloop_lock *lock, anyl_waiter *waiter, anyl_task *task)
{
    if (lock->locked || anyl_waiters_any(&lock->waiters))
        return anyl_waiters_await(&lock->waiters, waiter, task);
    lock->locked = true;
    return ANYLOOP_STEP_RETURN;
}

int32_t anyl_lock_goes_on(anyloop_lock *lock, anyl_waiter *waiter, uint32_t event)
{
    anyl_list_remove(&waiter->link);
    if (event == ANYLOOP_EVENT_CANCELLED) {
        if (!lock->locked)
            lock_wake_first(lock); /* it may have been let go on for nothing */
        return ANYLOOP_STEP_CANCELLED;
    }
    lock->locked = true;
    return ANYLOOP_STEP_RETURN;
}

struct lock_frame {
    anyloop_lock *lock;
    anyl_waiter waiter;
};

static int32_t lock_step(void *frame, anyloop_task *running, uint32_t event)
{
    struct lock_frame *my = frame;
    anyl_task *task = anyl_task_of(running);
    int32_t answer = event == ANYLOOP_EVENT_START ? anyl_lock_begin(my->lock, &my->waiter, task)
                                                  : anyl_lock_goes_on(my->lock, &my->waiter, event);
    if (answer == ANYLOOP_STEP_CANCELLED)
        return anyl_task_reraise(task);
    return answer == ANYLOOP_STEP_RETURN ? anyl_return_true(task) : answer;
}

static void lock_drop(void *frame)
{
    struct lock_frame *my = frame;
    anyl_waiter_end(&my->waiter);
    anyl_lock_release(my->lock);
}

static const anyl_operation lock_operation = {"lock.acquire", lock_step, lock_drop, sizeof(struct lock_frame)};

anyl_task *anyl_lock_acquire(anyloop_lock *lock)
{
    anyl_task *operation = anyl_operation_new(lock->loop, &lock_operation);
    if (operation == NULL)
        return NULL;
    lock->refs++;
    ((struct lock_frame *)anyl_task_frame(operation))->lock = lock;
    return operation;
}
