/* api_sync.c -- sync.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "api.h"
#include "barrier.h"
#include "condition.h"
#include "event.h"
#include "lock.h"
#include "queue.h"
#include "semaphore.h"

/* Of an object: its loop. */
#define LOOP_OF(object) ((object) ? (object)->loop : NULL)

/* `out` and an open loop. */
static anyloop_status check_new(const anyloop_loop *loop, const void *out)
{
    return out ? anyl_api_open(loop) : ANYLOOP_E_INVALID;
}

/* ---- locks */

anyloop_status anyloop_lock_new(anyloop_loop *loop, anyloop_lock **out)
{
    anyloop_status status = check_new(loop, out);
    anyloop_lock *lock = status == ANYLOOP_OK ? anyl_lock_new(loop) : NULL;
    if (lock == NULL)
        return status == ANYLOOP_OK ? ANYLOOP_E_NOMEM : status;
    *out = lock;
    return ANYLOOP_OK;
}

anyloop_future *anyloop_lock_acquire(anyloop_lock *lock)
{
    anyloop_status status = anyl_api_open(LOOP_OF(lock));
    return status == ANYLOOP_OK ? anyl_api_operation(anyl_lock_acquire(lock)) : anyl_failed(status);
}

anyloop_status anyloop_lock_unlock(anyloop_lock *lock)
{
    anyloop_status status = anyl_api_check(LOOP_OF(lock));
    return status == ANYLOOP_OK ? anyl_lock_unlock(lock) : status;
}

int32_t anyloop_lock_locked(const anyloop_lock *lock)
{
    return lock && lock->locked;
}

void anyloop_lock_release(anyloop_lock *lock)
{
    if (lock && anyl_api_may_release(lock->loop))
        anyl_lock_release(lock);
}

/* ---- events */

anyloop_status anyloop_event_new(anyloop_loop *loop, anyloop_event **out)
{
    anyloop_status status = check_new(loop, out);
    anyloop_event *event = status == ANYLOOP_OK ? anyl_event_new(loop) : NULL;
    if (event == NULL)
        return status == ANYLOOP_OK ? ANYLOOP_E_NOMEM : status;
    *out = event;
    return ANYLOOP_OK;
}

anyloop_status anyloop_event_set(anyloop_event *event)
{
    anyloop_status status = anyl_api_check(LOOP_OF(event));
    return status == ANYLOOP_OK ? anyl_event_set(event) : status;
}

anyloop_status anyloop_event_clear(anyloop_event *event)
{
    anyloop_status status = anyl_api_check(LOOP_OF(event));
    if (status == ANYLOOP_OK)
        event->is_set = false;
    return status;
}

int32_t anyloop_event_is_set(const anyloop_event *event)
{
    return event && event->is_set;
}

anyloop_future *anyloop_event_wait(anyloop_event *event)
{
    anyloop_status status = anyl_api_open(LOOP_OF(event));
    return status == ANYLOOP_OK ? anyl_api_operation(anyl_event_wait(event)) : anyl_failed(status);
}

void anyloop_event_release(anyloop_event *event)
{
    if (event && anyl_api_may_release(event->loop))
        anyl_event_release(event);
}

/* ---- conditions */

anyloop_status anyloop_condition_new(anyloop_loop *loop, anyloop_lock *lock, anyloop_condition **out)
{
    anyloop_status status = check_new(loop, out);
    if (status == ANYLOOP_OK && lock && lock->loop != loop)
        status = ANYLOOP_E_OTHER_LOOP;
    anyloop_condition *condition = status == ANYLOOP_OK ? anyl_condition_new(loop, lock) : NULL;
    if (condition == NULL)
        return status == ANYLOOP_OK ? ANYLOOP_E_NOMEM : status;
    *out = condition;
    return ANYLOOP_OK;
}

anyloop_lock *anyloop_condition_lock(const anyloop_condition *condition)
{
    return condition ? condition->lock : NULL;
}

anyloop_future *anyloop_condition_wait(anyloop_condition *condition)
{
    anyloop_status status = anyl_api_open(LOOP_OF(condition));
    return status == ANYLOOP_OK ? anyl_api_operation(anyl_condition_wait(condition)) : anyl_failed(status);
}

anyloop_future *anyloop_condition_wait_for(anyloop_condition *condition, anyloop_predicate_fn predicate,
                                           void *user_data, anyloop_drop_fn drop)
{
    anyloop_status status = predicate ? anyl_api_open(LOOP_OF(condition)) : ANYLOOP_E_INVALID;
    if (status == ANYLOOP_OK)
        return anyl_api_operation(anyl_condition_wait_for(condition, predicate, user_data, drop));
    if (drop)
        drop(user_data);
    return anyl_failed(status);
}

anyloop_status anyloop_condition_notify(anyloop_condition *condition, size_t count)
{
    anyloop_status status = anyl_api_check(LOOP_OF(condition));
    return status == ANYLOOP_OK ? anyl_condition_notify(condition, count) : status;
}

void anyloop_condition_release(anyloop_condition *condition)
{
    if (condition && anyl_api_may_release(condition->loop))
        anyl_condition_release(condition);
}

/* ---- semaphores */

anyloop_status anyloop_semaphore_new(anyloop_loop *loop, uint32_t value, uint32_t flags, anyloop_semaphore **out)
{
    anyloop_status status = check_new(loop, out);
    if (status == ANYLOOP_OK && (flags & ~(uint32_t)ANYLOOP_SEMAPHORE_BOUNDED))
        status = ANYLOOP_E_INVALID;
    anyloop_semaphore *semaphore = status == ANYLOOP_OK
                                       ? anyl_semaphore_new(loop, value, flags == ANYLOOP_SEMAPHORE_BOUNDED)
                                       : NULL;
    if (semaphore == NULL)
        return status == ANYLOOP_OK ? ANYLOOP_E_NOMEM : status;
    *out = semaphore;
    return ANYLOOP_OK;
}

static const anyloop_loop *semaphore_loop(const anyloop_semaphore *semaphore)
{
    return semaphore ? anyl_semaphore_loop(semaphore) : NULL;
}

anyloop_future *anyloop_semaphore_acquire(anyloop_semaphore *semaphore)
{
    anyloop_status status = anyl_api_open(semaphore_loop(semaphore));
    return status == ANYLOOP_OK ? anyl_api_operation(anyl_semaphore_acquire(semaphore)) : anyl_failed(status);
}

anyloop_status anyloop_semaphore_post(anyloop_semaphore *semaphore)
{
    anyloop_status status = anyl_api_check(semaphore_loop(semaphore));
    return status == ANYLOOP_OK ? anyl_semaphore_post(semaphore) : status;
}

int32_t anyloop_semaphore_locked(const anyloop_semaphore *semaphore)
{
    return semaphore && anyl_semaphore_locked(semaphore);
}

void anyloop_semaphore_release(anyloop_semaphore *semaphore)
{
    if (semaphore && anyl_api_may_release(anyl_semaphore_loop(semaphore)))
        anyl_semaphore_release(semaphore);
}

/* ---- barriers */

anyloop_status anyloop_barrier_new(anyloop_loop *loop, uint32_t parties, anyloop_barrier **out)
{
    anyloop_status status = parties ? check_new(loop, out) : ANYLOOP_E_INVALID;
    anyloop_barrier *barrier = status == ANYLOOP_OK ? anyl_barrier_new(loop, parties) : NULL;
    if (barrier == NULL)
        return status == ANYLOOP_OK ? ANYLOOP_E_NOMEM : status;
    *out = barrier;
    return ANYLOOP_OK;
}

static const anyloop_loop *barrier_loop(const anyloop_barrier *barrier)
{
    return barrier ? anyl_barrier_loop(barrier) : NULL;
}

anyloop_future *anyloop_barrier_wait(anyloop_barrier *barrier)
{
    anyloop_status status = anyl_api_open(barrier_loop(barrier));
    return status == ANYLOOP_OK ? anyl_api_operation(anyl_barrier_wait(barrier)) : anyl_failed(status);
}

anyloop_future *anyloop_barrier_reset(anyloop_barrier *barrier)
{
    anyloop_status status = anyl_api_open(barrier_loop(barrier));
    return status == ANYLOOP_OK ? anyl_api_operation(anyl_barrier_reset(barrier)) : anyl_failed(status);
}

anyloop_future *anyloop_barrier_abort(anyloop_barrier *barrier)
{
    anyloop_status status = anyl_api_open(barrier_loop(barrier));
    return status == ANYLOOP_OK ? anyl_api_operation(anyl_barrier_abort(barrier)) : anyl_failed(status);
}

uint32_t anyloop_barrier_n_waiting(const anyloop_barrier *barrier)
{
    return barrier ? anyl_barrier_n_waiting(barrier) : 0;
}

int32_t anyloop_barrier_broken(const anyloop_barrier *barrier)
{
    return barrier && anyl_barrier_broken(barrier);
}

void anyloop_barrier_release(anyloop_barrier *barrier)
{
    if (barrier && anyl_api_may_release(anyl_barrier_loop(barrier)))
        anyl_barrier_release(barrier);
}

/* ---- queues */

anyloop_status anyloop_queue_new(anyloop_loop *loop, size_t maxsize, uint32_t order, anyloop_queue **out)
{
    anyloop_status status = order <= ANYLOOP_QUEUE_PRIORITY ? check_new(loop, out) : ANYLOOP_E_INVALID;
    anyloop_queue *queue = status == ANYLOOP_OK ? anyl_queue_new(loop, maxsize, order) : NULL;
    if (queue == NULL)
        return status == ANYLOOP_OK ? ANYLOOP_E_NOMEM : status;
    *out = queue;
    return ANYLOOP_OK;
}

static const anyloop_loop *queue_loop(const anyloop_queue *queue)
{
    return queue ? anyl_queue_loop(queue) : NULL;
}

anyloop_future *anyloop_queue_put(anyloop_queue *queue, const anyloop_value *item, int64_t priority)
{
    anyloop_status status = anyl_api_open(queue_loop(queue));
    if (status == ANYLOOP_OK)
        return anyl_api_operation(anyl_queue_put(queue, anyl_value_take(item), priority));
    anyl_api_release_value(item);
    return anyl_failed(status);
}

anyloop_future *anyloop_queue_get(anyloop_queue *queue)
{
    anyloop_status status = anyl_api_open(queue_loop(queue));
    return status == ANYLOOP_OK ? anyl_api_operation(anyl_queue_get(queue)) : anyl_failed(status);
}

anyloop_status anyloop_queue_put_nowait(anyloop_queue *queue, const anyloop_value *item, int64_t priority)
{
    anyloop_status status = anyl_api_check(queue_loop(queue));
    if (status == ANYLOOP_OK)
        return anyl_queue_put_nowait(queue, anyl_value_take(item), priority);
    anyl_api_release_value(item);
    return status;
}

anyloop_status anyloop_queue_get_nowait(anyloop_queue *queue, anyloop_value *out)
{
    anyloop_value item = anyl_value_none();
    anyloop_status status = out ? anyl_api_check(queue_loop(queue)) : ANYLOOP_E_INVALID;
    if (status == ANYLOOP_OK)
        status = anyl_queue_get_nowait(queue, &item);
    if (status == ANYLOOP_OK)
        *out = item;
    else
        anyl_value_release(&item);
    return status;
}

anyloop_status anyloop_queue_task_done(anyloop_queue *queue)
{
    anyloop_status status = anyl_api_check(queue_loop(queue));
    return status == ANYLOOP_OK ? anyl_queue_task_done(queue) : status;
}

anyloop_future *anyloop_queue_join(anyloop_queue *queue)
{
    anyloop_status status = anyl_api_open(queue_loop(queue));
    return status == ANYLOOP_OK ? anyl_api_operation(anyl_queue_join(queue)) : anyl_failed(status);
}

size_t anyloop_queue_qsize(const anyloop_queue *queue)
{
    return queue ? anyl_queue_size(queue) : 0;
}

anyloop_status anyloop_queue_shutdown(anyloop_queue *queue, int32_t immediate)
{
    anyloop_status status = anyl_api_check(queue_loop(queue));
    return status == ANYLOOP_OK ? anyl_queue_shutdown(queue, immediate != 0) : status;
}

void anyloop_queue_release(anyloop_queue *queue)
{
    if (queue && anyl_api_may_release(anyl_queue_loop(queue)))
        anyl_queue_release(queue);
}
