/* barrier.c -- barriers.
 *
 * SPDX-License-Identifier: MIT
 */
#include "barrier.h"

#include "condition.h"

struct anyloop_barrier {
    anyloop_loop *loop;
    uint32_t refs; /* the handle, and operations */
    uint32_t parties, count;
    enum { FILLING, DRAINING, RESETTING, BROKEN } state;
    anyloop_condition *condition;
};

anyloop_barrier *anyl_barrier_new(anyloop_loop *loop, uint32_t parties)
{
    anyloop_barrier *barrier = anyl_object_alloc(loop, sizeof *barrier);
    anyloop_condition *condition = barrier ? anyl_condition_new(loop, NULL) : NULL;
    if (condition == NULL) {
        if (barrier)
            anyl_object_free(loop, barrier, sizeof *barrier);
        return NULL;
    }
    *barrier = (anyloop_barrier){.loop = loop, .refs = 1, .parties = parties, .state = FILLING, .condition = condition};
    return barrier;
}

void anyl_barrier_release(anyloop_barrier *barrier)
{
    if (--barrier->refs != 0)
        return;
    anyl_condition_release(barrier->condition);
    anyl_object_free(barrier->loop, barrier, sizeof *barrier);
}

anyloop_loop *anyl_barrier_loop(const anyloop_barrier *barrier)
{
    return barrier->loop;
}

uint32_t anyl_barrier_n_waiting(const anyloop_barrier *barrier)
{
    return barrier->state == FILLING ? barrier->count : 0;
}

bool anyl_barrier_broken(const anyloop_barrier *barrier)
{
    return barrier->state == BROKEN;
}

static void notify_all(anyloop_barrier *barrier)
{
    anyl_condition_notify(barrier->condition, SIZE_MAX);
}

static int32_t barrier_admits(void *user_data)
{
    const anyloop_barrier *barrier = user_data;
    return barrier->state != DRAINING && barrier->state != RESETTING;
}

static int32_t barrier_filled(void *user_data)
{
    return ((const anyloop_barrier *)user_data)->state != FILLING;
}

/* ---- waiting */

struct barrier_frame {
    anyloop_barrier *barrier;
    enum { AT_LOCK, AT_BLOCK, AT_FILLING } at;
    uint32_t index;
    anyl_waiter lock;
    anyl_condition_wait_state wait;
};

/* With the lock in hand: `answer`, and what it raises is set. */
static int32_t leave_barrier(struct barrier_frame *my, int32_t answer)
{
    anyloop_barrier *barrier = my->barrier;
    if (my->at == AT_FILLING && --barrier->count == 0) {
        if (barrier->state == RESETTING || barrier->state == DRAINING)
            barrier->state = FILLING;
        notify_all(barrier);
    }
    anyl_lock_unlock(barrier->condition->lock);
    return answer;
}

static int32_t barrier_step(void *frame, anyloop_task *running, uint32_t event)
{
    struct barrier_frame *my = frame;
    anyl_task *task = anyl_task_of(running);
    anyloop_barrier *barrier = my->barrier;
    anyloop_condition *condition = barrier->condition;
    int32_t answer;
    if (my->at == AT_LOCK) {
        answer = event == ANYLOOP_EVENT_START ? anyl_lock_begin(condition->lock, &my->lock, task)
                                              : anyl_lock_goes_on(condition->lock, &my->lock, event);
        if (answer != ANYLOOP_STEP_RETURN)
            return answer == ANYLOOP_STEP_CANCELLED ? anyl_task_reraise(task) : answer;
        my->at = AT_BLOCK;
    }
    if (my->at == AT_BLOCK) {
        answer = anyl_condition_wait_step(condition, &my->wait, barrier_admits, barrier, task, event);
        if (answer != ANYLOOP_STEP_RETURN)
            return answer == ANYLOOP_STEP_AWAIT ? answer : leave_barrier(my, answer);
        if (barrier->state == BROKEN)
            return leave_barrier(my, anyl_raise_code(task, ANYLOOP_E_BROKEN));
        my->at = AT_FILLING;
        my->index = barrier->count++;
        if (my->index + 1 == barrier->parties) {
            barrier->state = DRAINING;
            notify_all(barrier);
            return leave_barrier(my, anyl_return(task, anyl_value_int(my->index)));
        }
    }
    answer = anyl_condition_wait_step(condition, &my->wait, barrier_filled, barrier, task, event);
    if (answer == ANYLOOP_STEP_AWAIT)
        return answer;
    if (answer == ANYLOOP_STEP_RETURN)
        answer = barrier->state == DRAINING ? anyl_return(task, anyl_value_int(my->index))
                                            : anyl_raise_code(task, ANYLOOP_E_BROKEN);
    return leave_barrier(my, answer);
}

static void barrier_drop(void *frame)
{
    struct barrier_frame *my = frame;
    anyl_waiter_end(&my->lock);
    anyl_condition_wait_end(&my->wait);
    anyl_barrier_release(my->barrier);
}

static const anyl_operation barrier_operation = {"barrier.wait", barrier_step, barrier_drop,
                                                 sizeof(struct barrier_frame)};

anyl_task *anyl_barrier_wait(anyloop_barrier *barrier)
{
    anyl_task *operation = anyl_operation_new(barrier->loop, &barrier_operation);
    if (operation == NULL)
        return NULL;
    barrier->refs++;
    ((struct barrier_frame *)anyl_task_frame(operation))->barrier = barrier;
    return operation;
}

/* ---- reset and abort */

struct change_frame {
    anyloop_barrier *barrier;
    bool aborts;
    anyl_waiter lock;
};

static int32_t change_step(void *frame, anyloop_task *running, uint32_t event)
{
    struct change_frame *my = frame;
    anyl_task *task = anyl_task_of(running);
    anyloop_barrier *barrier = my->barrier;
    anyloop_lock *lock = barrier->condition->lock;
    int32_t answer = event == ANYLOOP_EVENT_START ? anyl_lock_begin(lock, &my->lock, task)
                                                  : anyl_lock_goes_on(lock, &my->lock, event);
    if (answer != ANYLOOP_STEP_RETURN)
        return answer == ANYLOOP_STEP_CANCELLED ? anyl_task_reraise(task) : answer;
    barrier->state = my->aborts ? BROKEN : barrier->count > 0 ? RESETTING : FILLING;
    notify_all(barrier);
    anyl_lock_unlock(lock);
    return anyl_return_none(task);
}

static void change_drop(void *frame)
{
    struct change_frame *my = frame;
    anyl_waiter_end(&my->lock);
    anyl_barrier_release(my->barrier);
}

static const anyl_operation change_operation = {"barrier.change", change_step, change_drop,
                                                sizeof(struct change_frame)};

static anyl_task *change(anyloop_barrier *barrier, bool aborts)
{
    anyl_task *operation = anyl_operation_new(barrier->loop, &change_operation);
    if (operation == NULL)
        return NULL;
    struct change_frame *my = anyl_task_frame(operation);
    barrier->refs++;
    my->barrier = barrier;
    my->aborts = aborts;
    return operation;
}

anyl_task *anyl_barrier_reset(anyloop_barrier *barrier)
{
    return change(barrier, false);
}

anyl_task *anyl_barrier_abort(anyloop_barrier *barrier)
{
    return change(barrier, true);
}
