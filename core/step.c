/* step.c -- driving a task: run the top of its await stack, act on the answer, until it suspends or ends.
 *
 * The order of things is CPython's Task.__step: what is decided when the step begins, what when it has ended, and what
 * must_cancel overrides at each of the two.
 *
 * SPDX-License-Identifier: MIT
 */
#include "step.h"

uint32_t anyl_step_end_by(anyl_task *coroutine, int32_t answer)
{
    anyloop_value *value = &coroutine->future.value;
    bool raised = anyl_step_has(coroutine, ANYL_TASK_RAISED);
    if (ANYL_LIKELY(answer == ANYLOOP_STEP_RETURN)) {
        if (raised)
            anyl_value_release(value);
        return ANYLOOP_RESULT;
    }
    if (answer == ANYLOOP_STEP_RAISE && !raised)
        anyl_error_put(value, ANYLOOP_E_INVALID);
    if (answer == ANYLOOP_STEP_RAISE && anyl_error_code(value) != ANYLOOP_E_CANCELLED)
        return ANYLOOP_FAILED;
    if (anyl_error_code(value) != ANYLOOP_E_CANCELLED)
        anyl_error_put(value, ANYLOOP_E_CANCELLED);
    return ANYLOOP_CANCELLED;
}

ANYL_ASIDE void forget_context(anyl_task *task)
{
    anyloop_context *context = task->context;
    task->context = NULL;
    anyl_context_release(context);
}

static void end_task(anyl_task *task, uint32_t state)
{
    anyloop_loop *loop = task->future.loop;
    anyl_step_leave(loop); /* users' code that is dropped now is in no task */
    if (ANYL_UNLIKELY(state == ANYLOOP_CANCELLED)) {
        task->future.flags |= ANYL_FUTURE_REASON_ONCE;
    } else if (ANYL_UNLIKELY(anyl_step_has(task, ANYL_TASK_MUST_CANCEL)) && state == ANYLOOP_RESULT) {
        /* cancelled right before it returned */
        anyl_value_release(&task->future.value);
        task->future.value = anyl_task_reason(task);
        state = ANYLOOP_CANCELLED;
    }
    anyl_step_clear(task, ANYL_TASK_MUST_CANCEL);
    anyl_list_unlink(&task->link);
    anyl_step_set_awaited(task, NULL);
    anyl_future_end(&task->future, state);
    if (task->context)
        forget_context(task);
    if (state == ANYLOOP_CANCELLED &&
        !anyl_step_has(task, ANYL_TASK_EXTRA | ANYL_TASK_NAME_OWNED | ANYL_TASK_REASON_OWNED))
        anyl_future_set_plain(&task->future, task->size);
    anyl_future_count_down(&task->future, loop); /* the loop's own hold */
}

/* The top, which is not the task itself, has ended: what is below goes on. Gives the event for it. */
static uint32_t pop(anyl_task *task, uint32_t state)
{
    anyl_task *ended = task->top;
    task->top = ended->top;
    ended->future.state = (uint8_t)state;
    anyl_step_set_awaited(task, &ended->future);
    task->future.outcome = (uint8_t)state;
    return state == ANYLOOP_CANCELLED ? ANYLOOP_EVENT_CANCELLED : ANYLOOP_EVENT_RESUMED;
}

/* The cancellation that was asked in the step reaches what is awaited, unless that is done. */
static void cancel_awaited(anyl_task *task)
{
    if (anyl_future_done(task->awaited))
        return;
    anyloop_value reason = anyl_task_reason(task);
    if (anyl_cancel(task->awaited, &reason) > 0)
        anyl_step_clear(task, ANYL_TASK_MUST_CANCEL);
    anyl_value_drop(&reason);
}

static void park(anyl_task *task)
{
    if (anyl_step_has(task, ANYL_TASK_WOKEN | ANYL_TASK_MUST_CANCEL))
        anyl_loop_ready(task->future.loop, &task->node);
    else
        task->future.task_flags |= ANYL_TASK_PARKED;
    task->top->where = NULL; /* that was its last await */
    anyl_step_clear(task, ANYL_TASK_WOKEN);
}

static int32_t refuse_answer(anyl_task *task)
{
    static const char words[] = "a step gave an answer that is none";
    anyl_task_raise(task, (anyloop_value){.kind = ANYLOOP_ERROR,
                                          .flags = (uint32_t)ANYLOOP_E_INVALID,
                                          .bits = (uintptr_t)words,
                                          .size = sizeof words - 1});
    return ANYLOOP_STEP_RAISE;
}

/* The step began an await and then answered something else: it does not wait for that, and a coroutine that it
 * pushed never starts. */
static void forget_begun_await(anyl_task *task)
{
    if (anyl_step_has(task, ANYL_TASK_PUSHED)) {
        anyl_task *pushed = task->top;
        task->top = pushed->top;
        pushed->top = pushed;
        anyl_coroutine_abandon(pushed);
        anyl_future_release(&pushed->future);
    }
    if (anyl_step_has(task, ANYL_TASK_LIES_DOWN))
        anyl_sleep_forget(task);
    anyl_step_clear(task, ANYL_TASK_AWAITS | ANYL_TASK_PUSHED);
    anyl_step_forget_awaited(task);
}

bool anyl_step_act(anyl_task *task, int32_t answer, uint32_t *event)
{
    if (ANYL_LIKELY(answer == ANYLOOP_STEP_AWAIT) && ANYL_LIKELY(anyl_step_has(task, ANYL_TASK_AWAITS))) {
        anyl_step_clear(task, ANYL_TASK_AWAITS);
        anyl_future_listen(task->awaited, task->future.loop, &task->node);
        if (ANYL_UNLIKELY(anyl_step_has(task, ANYL_TASK_MUST_CANCEL)))
            cancel_awaited(task);
    } else if (answer == ANYLOOP_STEP_AWAIT && anyl_step_has(task, ANYL_TASK_PUSHED)) {
        anyl_step_clear(task, ANYL_TASK_PUSHED);
        anyl_step_forget_awaited(task);
        *event = ANYLOOP_EVENT_START;
        return false;
    } else if (answer == ANYLOOP_STEP_AWAIT && anyl_step_has(task, ANYL_TASK_LIES_DOWN)) {
        anyl_sleep_begin(task);
    } else if (answer == ANYLOOP_STEP_YIELD) {
        forget_begun_await(task);
        anyl_loop_ready(task->future.loop, &task->node);
    } else if (answer == ANYLOOP_STEP_PARK) {
        forget_begun_await(task);
        park(task);
    } else {
        if (task->awaited || anyl_step_has(task, ANYL_TASK_AWAITS | ANYL_TASK_PUSHED | ANYL_TASK_LIES_DOWN))
            forget_begun_await(task);
        if (ANYL_UNLIKELY(answer < ANYLOOP_STEP_RETURN || answer > ANYLOOP_STEP_CANCELLED))
            answer = refuse_answer(task);
        anyl_task *top = task->top;
        anyl_coroutine_end(top);
        uint32_t state = anyl_step_end_by(top, answer);
        if (top == task) {
            end_task(task, state);
            return true;
        }
        *event = pop(task, state);
        return false;
    }
    return true;
}

bool anyl_step_drive(anyl_task *task, uint32_t event)
{
    for (;;) {
        anyl_task *top = task->top;
        if (event == ANYLOOP_EVENT_START)
            top->future.task_flags |= ANYL_TASK_STARTED;
        if (ANYL_UNLIKELY(top->step == NULL)) {
            anyl_step_ask(task, event);
            return false;
        }
        if (anyl_step_act(task, anyl_step_call(task, top, event), &event))
            return true;
    }
}

uint32_t anyl_step_take_failure(anyl_task *task)
{
    const anyloop_value *value;
    task->future.outcome = (uint8_t)anyl_future_outcome(task->awaited, &value);
    if (value != &task->awaited->value) { /* its reason was told to somebody else */
        anyl_step_receive(task->future.loop, value);
        anyl_step_set_awaited(task, NULL);
    }
    return task->future.outcome;
}

/* What the step is told, when no cancellation was asked for. */
static uint32_t begin_plainly(anyl_task *task)
{
    if (task->awaited)
        return anyl_step_take_outcome(task) == ANYLOOP_CANCELLED ? ANYLOOP_EVENT_CANCELLED : ANYLOOP_EVENT_RESUMED;
    if (anyl_step_has(task, ANYL_TASK_SLEEP_CANCELLED)) {
        anyl_sleep_take_reason(task);
        return ANYLOOP_EVENT_CANCELLED;
    }
    task->future.outcome = ANYLOOP_RESULT;
    return anyl_step_has(task->top, ANYL_TASK_STARTED) ? ANYLOOP_EVENT_RESUMED : ANYLOOP_EVENT_START;
}

/* The same in every case. False: the top was to be started, and is cancelled instead. */
static bool begin(anyl_task *task, uint32_t *event)
{
    *event = begin_plainly(task);
    if (!anyl_step_has(task, ANYL_TASK_MUST_CANCEL))
        return true;
    anyl_step_clear(task, ANYL_TASK_MUST_CANCEL);
    if (task->future.outcome != ANYLOOP_CANCELLED) {
        anyl_step_set_awaited(task, NULL);
        anyloop_value reason = anyl_task_reason(task);
        anyl_step_receive(task->future.loop, &reason);
        task->future.outcome = ANYLOOP_CANCELLED;
    }
    *event = ANYLOOP_EVENT_CANCELLED;
    return anyl_step_has(task->top, ANYL_TASK_STARTED);
}

/* One step, up to the next suspension. False: the host was asked. */
static bool take_step(anyl_task *task)
{
    uint32_t event;
    while (!begin(task, &event)) {
        anyl_task *top = task->top;
        anyl_task_reraise(task);
        anyl_coroutine_abandon(top);
        if (top == task) {
            end_task(task, ANYLOOP_CANCELLED);
            return true;
        }
        pop(task, ANYLOOP_CANCELLED);
    }
    return anyl_step_drive(task, event);
}

void anyl_step_in_full(anyl_task *task, anyloop_loop *loop)
{
    if (task->top->step == NULL && (!anyl_loop_can_tell(loop) || loop->events_count)) {
        anyl_loop_again(loop, &task->node);
        return;
    }
    anyl_step_enter(task, loop);
    if (take_step(task)) {
        anyl_step_leave(loop);
        anyl_step_forget_received(loop);
    }
}

void anyl_step_go_on(anyl_task *task, anyloop_loop *loop, int32_t answer)
{
    uint32_t event;
    if (anyl_step_act(task, answer, &event) || anyl_step_drive(task, event))
        anyl_step_leave(loop);
}
