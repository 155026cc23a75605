/* await.c -- what a step may do while it runs: await, and say how its coroutine ends.
 *
 * SPDX-License-Identifier: MIT
 */
#include "step.h"

void anyl_step_let_go(anyl_task *task, anyloop_future *awaited)
{
    uint32_t begun = task->future.task_flags & ANYL_TASK_AWAITS;
    task->future.task_flags |= ANYL_TASK_AWAITS;
    anyl_future_release(awaited);
    task->future.task_flags = (task->future.task_flags & ~(uint32_t)ANYL_TASK_AWAITS) | begun;
}

static int32_t await_outcome(anyl_task *task, anyloop_future *future)
{
    anyl_step_set_awaited(task, future);
    anyl_step_take_outcome(task);
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
    if (coroutine->future.refs == 1 && anyl_sleep_is(coroutine)) {
        anyloop_status status = anyl_sleep_in_place(task, coroutine);
        return status == ANYLOOP_OK ? ANYLOOP_PENDING : await_outcome(task, anyl_failed(status));
    }
    coroutine->future.task_flags |= ANYL_TASK_STACKED;
    coroutine->top = task->top;
    task->top = coroutine;
    task->future.task_flags |= ANYL_TASK_PUSHED;
    return ANYLOOP_PENDING;
}

/* Inside a frame's drop, while the loop closes, or after another await of the same step. */
ANYL_ASIDE int32_t refuse_await(anyl_task *task, anyloop_future *future)
{
    release_any(task, future);
    if (anyl_step_has(task->top, ANYL_TASK_ENDED))
        return await_outcome(task, anyl_failed(ANYLOOP_E_STATE));
    if (!anyl_step_has(task, ANYL_TASK_CLOSING))
        return ANYLOOP_PENDING; /* a second await before the answer of the first: that one stands */
    task->future.outcome = ANYLOOP_CLOSED;
    return ANYLOOP_READY;
}

/* Itself or another loop's, which is told on the next turn, as CPython does; or a constant. */
ANYL_ASIDE int32_t await_other(anyl_task *task, anyloop_future *future)
{
    if (future->loop == NULL)
        return await_outcome(task, future);
    anyloop_status code = future == &task->future ? ANYLOOP_E_SELF_AWAIT : ANYLOOP_E_OTHER_LOOP;
    release_any(task, future);
    anyl_step_set_awaited(task, anyl_failed(code));
    task->future.task_flags |= ANYL_TASK_AWAITS;
    return ANYLOOP_PENDING;
}

int32_t anyl_task_await(anyl_task *task, anyloop_future *future, const char *where)
{
    anyl_task *top = task->top;
    uint32_t begun = ANYL_TASK_CLOSING | ANYL_TASK_AWAITS | ANYL_TASK_PUSHED | ANYL_TASK_LIES_DOWN;
    if (ANYL_UNLIKELY(anyl_step_has(top, ANYL_TASK_ENDED) || anyl_step_has(task, begun)))
        return refuse_await(task, future);
    top->where = where;
    if (anyl_is_coroutine(future))
        return await_coroutine(task, anyl_task_of(future));
    if (ANYL_UNLIKELY(future->loop != task->future.loop || future == &task->future))
        return await_other(task, future);
    if (anyl_future_done(future))
        return await_outcome(task, future);
    anyl_step_set_awaited(task, future);
    task->future.task_flags |= ANYL_TASK_AWAITS;
    return ANYLOOP_PENDING;
}

/* Takes the value. */
static void set_end(anyl_task *task, const anyloop_value *value, bool raised)
{
    anyl_task *running = anyl_step_has(task, ANYL_TASK_PUSHED) ? task->top->top : task->top;
    anyl_owner *before = anyl_value_owner(&running->future.value);
    running->future.value = *value;
    anyl_step_clear(running, ANYL_TASK_RAISED);
    if (raised)
        running->future.task_flags |= ANYL_TASK_RAISED;
    if (before)
        anyl_value_release_owner(before);
}

void anyl_task_return(anyl_task *task, anyloop_value value)
{
    set_end(task, &value, false);
}

void anyl_task_raise(anyl_task *task, anyloop_value error)
{
    set_end(task, &error, true);
}

int32_t anyl_return_none(anyl_task *task)
{
    return anyl_end_as(task, ANYLOOP_RESULT, &anyl_value_nothing);
}

int32_t anyl_return_true(anyl_task *task)
{
    static const anyloop_value yes = {.kind = ANYLOOP_BOOL, .bits = true};
    return anyl_end_as(task, ANYLOOP_RESULT, &yes);
}

int32_t anyl_raise_code(anyl_task *task, anyloop_status code)
{
    return anyl_end_as(task, ANYLOOP_FAILED, &anyl_failed(code)->value);
}

int32_t anyl_end_as(anyl_task *task, uint32_t outcome, const anyloop_value *value)
{
    anyl_value_retain(value);
    set_end(task, value, outcome != ANYLOOP_RESULT);
    return outcome == ANYLOOP_RESULT      ? ANYLOOP_STEP_RETURN
           : outcome == ANYLOOP_CANCELLED ? ANYLOOP_STEP_CANCELLED
                                          : ANYLOOP_STEP_RAISE;
}

int32_t anyl_task_reraise(anyl_task *task)
{
    if (task->future.outcome == ANYLOOP_RESULT) /* there is nothing to raise */
        return anyl_raise_code(task, ANYLOOP_E_INVALID);
    return anyl_pass_on(task);
}

int32_t anyl_pass_on(anyl_task *task)
{
    if (task->future.outcome == ANYLOOP_CLOSED)
        return anyl_raise_code(task, ANYLOOP_E_CLOSED);
    return anyl_end_as(task, task->future.outcome, anyl_task_seen(task));
}
