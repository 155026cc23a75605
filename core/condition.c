/* condition.c -- conditions.
 *
 * SPDX-License-Identifier: MIT
 */
#include "condition.h"

#include "waiters.h"

anyloop_condition *anyl_condition_new(anyloop_loop *loop, anyloop_lock *lock)
{
    anyloop_condition *condition = anyl_object_alloc(loop, sizeof *condition);
    if (condition == NULL)
        return NULL;
    if (lock)
        lock->refs++;
    else if ((lock = anyl_lock_new(loop)) == NULL) {
        anyl_object_free(loop, condition, sizeof *condition);
        return NULL;
    }
    condition->loop = loop;
    condition->refs = 1;
    condition->lock = lock;
    anyl_list_init(&condition->waiters);
    return condition;
}

void anyl_condition_release(anyloop_condition *condition)
{
    if (--condition->refs != 0)
        return;
    anyl_lock_release(condition->lock);
    anyl_object_free(condition->loop, condition, sizeof *condition);
}

anyloop_status anyl_condition_notify(anyloop_condition *condition, size_t count)
{
    return condition->lock->locked ? anyl_waiters_release(&condition->waiters, count) : ANYLOOP_E_NOT_HELD;
}

/* ---- one wait */

static void wait_was_cancelled(anyl_condition_wait_state *my, anyl_task *task)
{
    const anyloop_value *reason = anyl_task_seen(task);
    anyl_value_retain(reason);
    anyl_value_release(&my->cancellation);
    my->cancellation = *reason;
    my->cancelled = true;
}

/* It holds the lock again. A cancelled one may have been notified: another is, in its place. */
static int32_t wait_is_over(anyloop_condition *condition, anyl_condition_wait_state *my, anyl_task *task)
{
    my->at = ANYL_WAIT_BEGIN;
    if (!my->cancelled)
        return ANYLOOP_STEP_RETURN;
    anyl_waiters_release(&condition->waiters, 1);
    anyl_task_raise(task, my->cancellation);
    my->cancellation = anyl_value_none();
    my->cancelled = false;
    return ANYLOOP_STEP_CANCELLED;
}

static int32_t wait_once(anyloop_condition *condition, anyl_condition_wait_state *my, anyl_task *task, uint32_t event)
{
    if (my->at == ANYL_WAIT_BEGIN) {
        if (anyl_lock_unlock(condition->lock) == ANYLOOP_E_NOT_HELD)
            return anyl_raise_code(task, ANYLOOP_E_NOT_HELD);
        my->at = ANYL_WAIT_NOTIFIED;
        return anyl_waiters_await(&condition->waiters, &my->waiter, task);
    }
    if (event == ANYLOOP_EVENT_CANCELLED)
        wait_was_cancelled(my, task);
    if (my->at == ANYL_WAIT_NOTIFIED)
        anyl_list_remove(&my->waiter.link);
    else if (anyl_lock_goes_on(condition->lock, &my->acquire, event) == ANYLOOP_STEP_RETURN)
        return wait_is_over(condition, my, task);
    my->at = ANYL_WAIT_ACQUIRES; /* until it has the lock, however often it is cancelled */
    if (anyl_lock_begin(condition->lock, &my->acquire, task) == ANYLOOP_STEP_AWAIT)
        return ANYLOOP_STEP_AWAIT;
    return wait_is_over(condition, my, task);
}

int32_t anyl_condition_wait_step(anyloop_condition *condition, anyl_condition_wait_state *my,
                                 anyloop_predicate_fn predicate, void *user_data, anyl_task *task, uint32_t event)
{
    for (;;) {
        if (my->at == ANYL_WAIT_BEGIN && predicate(user_data))
            return ANYLOOP_STEP_RETURN;
        int32_t answer = wait_once(condition, my, task, event);
        if (answer != ANYLOOP_STEP_RETURN)
            return answer;
    }
}

void anyl_condition_wait_end(anyl_condition_wait_state *my)
{
    anyl_waiter_end(&my->waiter);
    anyl_waiter_end(&my->acquire);
    anyl_value_release(&my->cancellation);
}

/* ---- the operations */

struct condition_frame {
    anyloop_condition *condition;
    anyl_condition_wait_state wait;
    anyloop_predicate_fn predicate; /* NULL: one wait */
    void *user_data;
    anyloop_drop_fn drop;
};

static int32_t condition_step(void *frame, anyloop_task *running, uint32_t event)
{
    struct condition_frame *my = frame;
    anyl_task *task = anyl_task_of(running);
    int32_t answer = my->predicate
                         ? anyl_condition_wait_step(my->condition, &my->wait, my->predicate, my->user_data, task, event)
                         : wait_once(my->condition, &my->wait, task, event);
    return answer == ANYLOOP_STEP_RETURN ? anyl_return_true(task) : answer;
}

static void condition_drop(void *frame)
{
    struct condition_frame *my = frame;
    anyl_condition_wait_end(&my->wait);
    anyl_condition_release(my->condition);
    if (my->drop)
        my->drop(my->user_data);
}

static const anyl_operation condition_operation = {"condition.wait", condition_step, condition_drop,
                                                   sizeof(struct condition_frame)};

anyl_task *anyl_condition_wait_for(anyloop_condition *condition, anyloop_predicate_fn predicate, void *user_data,
                                   anyloop_drop_fn drop)
{
    anyl_task *operation = anyl_operation_new(condition->loop, &condition_operation);
    if (operation == NULL) {
        if (drop)
            drop(user_data);
        return NULL;
    }
    struct condition_frame *my = anyl_task_frame(operation);
    condition->refs++;
    my->condition = condition;
    my->predicate = predicate;
    my->user_data = user_data;
    my->drop = drop;
    return operation;
}

anyl_task *anyl_condition_wait(anyloop_condition *condition)
{
    return anyl_condition_wait_for(condition, NULL, NULL, NULL);
}
