/* await.c -- what a step may do while it runs: await, and say how its coroutine ends.
 *
 * SPDX-License-Identifier: MIT
 */
#include "step.h"

static int32_t await_outcome(anyl_task *task, anyloop_future *future)
{
    anyl_step_set_awaited(task, future);
    task->outcome = anyl_future_outcome(future, &task->seen);
    return ANYLOOP_READY;
}

/* Lets go of what may be another loop's, on another thread. */
static void release_any(const anyl_task *task, anyloop_future *future)
{
    if (future->loop == NULL || future->loop == task->future.loop)
        anyl_future_release(future);
    else
        anyl_future_release_threadsafe(future);
}

static int32_t await_coroutine(anyl_task *task, anyl_task *coroutine)
{
    if (coroutine->future.loop != task->future.loop) {
        release_any(task, &coroutine->future);
        return await_outcome(task, anyl_failed(ANYLOOP_E_OTHER_LOOP));
    }
    if (anyl_step_has(coroutine, ANYL_TASK_STACKED)) {
        anyl_future_release(&coroutine->future);
        return await_outcome(task, anyl_failed(ANYLOOP_E_STATE));
    }
    if (anyl_future_done(&coroutine->future)) /* cancelled before it was started */
        return await_outcome(task, &coroutine->future);
    coroutine->future.task_flags |= ANYL_TASK_STACKED;
    coroutine->below = task->top;
    task->top = coroutine;
    task->future.task_flags |= ANYL_TASK_PUSHED;
    return ANYLOOP_PENDING;
}

int32_t anyl_task_await(anyl_task *task, anyloop_future *future, const char *where)
{
    anyl_task *top = task->top;
    if (ANYL_UNLIKELY(anyl_step_has(top, ANYL_TASK_ENDED))) { /* inside its frame's drop */
        release_any(task, future);
        return await_outcome(task, anyl_failed(ANYLOOP_E_STATE));
    }
    if (ANYL_UNLIKELY(anyl_step_has(task, ANYL_TASK_CLOSING | ANYL_TASK_AWAITS | ANYL_TASK_PUSHED))) {
        release_any(task, future);
        if (!anyl_step_has(task, ANYL_TASK_CLOSING))
            return ANYLOOP_PENDING; /* a second await before the answer of the first: that one stands */
        task->outcome = ANYLOOP_CLOSED;
        task->seen = &anyl_value_nothing;
        return ANYLOOP_READY;
    }
    top->where = where;
    if (anyl_is_coroutine(future))
        return await_coroutine(task, anyl_task_of(future));
    if (ANYL_UNLIKELY((future->loop && future->loop != task->future.loop) || future == &task->future)) {
        anyloop_status code = future == &task->future ? ANYLOOP_E_SELF_AWAIT : ANYLOOP_E_OTHER_LOOP;
        release_any(task, future);
        future = anyl_failed(code); /* told on the next turn, as CPython does */
    } else if (anyl_future_done(future)) {
        return await_outcome(task, future);
    }
    anyl_step_set_awaited(task, future);
    task->future.task_flags |= ANYL_TASK_AWAITS;
    return ANYLOOP_PENDING;
}

static void set_end(anyl_task *task, anyloop_value value, bool raised)
{
    anyl_task *running = anyl_step_has(task, ANYL_TASK_PUSHED) ? task->top->below : task->top;
    anyloop_value before = running->future.value;
    running->future.value = value;
    anyl_step_clear(running, ANYL_TASK_RAISED);
    if (raised)
        running->future.task_flags |= ANYL_TASK_RAISED;
    anyl_value_release(&before);
}

void anyl_task_return(anyl_task *task, anyloop_value value)
{
    set_end(task, value, false);
}

void anyl_task_raise(anyl_task *task, anyloop_value error)
{
    set_end(task, error, true);
}

int32_t anyl_task_reraise(anyl_task *task)
{
    if (task->outcome == ANYLOOP_CLOSED) {
        anyl_task_raise(task, anyl_error_bare(ANYLOOP_E_CLOSED));
        return ANYLOOP_STEP_RAISE;
    }
    if (ANYL_UNLIKELY(task->outcome == ANYLOOP_RESULT)) { /* there is nothing to raise */
        anyl_task_raise(task, anyl_error_bare(ANYLOOP_E_INVALID));
        return ANYLOOP_STEP_RAISE;
    }
    anyl_value_retain(task->seen);
    anyl_task_raise(task, *task->seen);
    return task->outcome == ANYLOOP_CANCELLED ? ANYLOOP_STEP_CANCELLED : ANYLOOP_STEP_RAISE;
}

int32_t anyl_pass_on(anyl_task *task)
{
    if (task->outcome != ANYLOOP_RESULT)
        return anyl_task_reraise(task);
    anyl_value_retain(task->seen);
    return anyl_return(task, *task->seen);
}
