/* step.c -- driving a task: run the top of its await stack, act on the answer, until it suspends or ends.
 *
 * The order of things is CPython's Task.__step: what is decided when the step begins, what when it has ended, and what
 * must_cancel overrides at each of the two.
 *
 * SPDX-License-Identifier: MIT
 */
#include "step.h"

/* How a coroutine ended by its answer: sets its value and gives its state. */
static uint32_t end_by(anyl_task *coroutine, int32_t answer)
{
    anyloop_value *value = &coroutine->future.value;
    bool raised = anyl_step_has(coroutine, ANYL_TASK_RAISED);
    if (ANYL_LIKELY(answer == ANYLOOP_STEP_RETURN)) {
        if (raised)
            anyl_value_release(value);
        return ANYLOOP_RESULT;
    }
    if (answer == ANYLOOP_STEP_RAISE && !raised) {
        anyl_value_release(value);
        *value = anyl_error_bare(ANYLOOP_E_INVALID);
    }
    if (answer == ANYLOOP_STEP_RAISE && anyl_error_code(value) != ANYLOOP_E_CANCELLED)
        return ANYLOOP_FAILED;
    if (anyl_error_code(value) != ANYLOOP_E_CANCELLED) {
        anyl_value_release(value);
        *value = anyl_error_bare(ANYLOOP_E_CANCELLED);
    }
    return ANYLOOP_CANCELLED;
}

static void end_task(anyl_task *task, uint32_t state)
{
    anyloop_loop *loop = task->future.loop;
    if (ANYL_UNLIKELY(state == ANYLOOP_CANCELLED)) {
        task->future.flags |= ANYL_FUTURE_REASON_ONCE;
    } else if (ANYL_UNLIKELY(anyl_step_has(task, ANYL_TASK_MUST_CANCEL)) && state == ANYLOOP_RESULT) {
        /* cancelled right before it returned */
        anyl_value_release(&task->future.value);
        task->future.value = task->reason;
        task->reason = anyl_value_none();
        state = ANYLOOP_CANCELLED;
    }
    anyl_step_clear(task, ANYL_TASK_MUST_CANCEL);
    anyl_list_unlink(&task->link);
    anyl_step_set_awaited(task, NULL);
    task->seen = &anyl_value_nothing;
    anyloop_context *context = task->context;
    task->context = NULL;
    anyl_context_release(context);
    anyl_future_end(&task->future, state);
    anyl_step_leave(loop);
    if (--task->future.refs == 0) /* the loop's own hold */
        anyl_future_reap(&task->future);
}

/* The top, which is not the task itself, has ended: what is below goes on. Gives the event for it. */
static uint32_t pop(anyl_task *task, uint32_t state)
{
    anyl_task *ended = task->top;
    task->top = ended->below;
    ended->future.state = (uint8_t)state;
    anyl_step_set_awaited(task, &ended->future);
    task->seen = &ended->future.value;
    task->outcome = state;
    return state == ANYLOOP_CANCELLED ? ANYLOOP_EVENT_CANCELLED : ANYLOOP_EVENT_RESUMED;
}

/* Nothing is awaited any more. */
static inline void forget_awaited(anyl_task *task)
{
    if (task->awaited)
        anyl_step_set_awaited(task, NULL);
    task->outcome = ANYLOOP_RESULT;
    task->seen = &anyl_value_nothing;
}

/* The cancellation that was asked in the step reaches what is awaited, unless that is done. */
static void cancel_awaited(anyl_task *task)
{
    if (anyl_future_done(task->awaited))
        return;
    anyl_value_retain(&task->reason);
    if (anyl_cancel(task->awaited, task->reason) > 0)
        anyl_step_clear(task, ANYL_TASK_MUST_CANCEL);
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
        task->top = pushed->below;
        pushed->below = NULL;
        anyl_coroutine_abandon(pushed);
        anyl_future_release(&pushed->future);
    }
    anyl_step_clear(task, ANYL_TASK_AWAITS | ANYL_TASK_PUSHED);
    forget_awaited(task);
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
        forget_awaited(task);
        *event = ANYLOOP_EVENT_START;
        return false;
    } else if (answer == ANYLOOP_STEP_YIELD) {
        forget_begun_await(task);
        anyl_loop_ready(task->future.loop, &task->node);
    } else if (answer == ANYLOOP_STEP_PARK) {
        forget_begun_await(task);
        park(task);
    } else {
        forget_begun_await(task);
        if (ANYL_UNLIKELY(answer < ANYLOOP_STEP_RETURN || answer > ANYLOOP_STEP_CANCELLED))
            answer = refuse_answer(task);
        anyl_task *top = task->top;
        anyl_coroutine_end(top);
        uint32_t state = end_by(top, answer);
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

/* What the step is told, when no cancellation was asked for. */
static inline uint32_t begin_plainly(anyl_task *task)
{
    if (task->awaited) {
        task->outcome = anyl_future_outcome(task->awaited, &task->seen);
        return task->outcome == ANYLOOP_CANCELLED ? ANYLOOP_EVENT_CANCELLED : ANYLOOP_EVENT_RESUMED;
    }
    return anyl_step_has(task->top, ANYL_TASK_STARTED) ? ANYLOOP_EVENT_RESUMED : ANYLOOP_EVENT_START;
}

/* The same in every case. False: the top was to be started, and is cancelled instead. */
static bool begin(anyl_task *task, uint32_t *event)
{
    *event = begin_plainly(task);
    if (!anyl_step_has(task, ANYL_TASK_MUST_CANCEL))
        return true;
    anyl_step_clear(task, ANYL_TASK_MUST_CANCEL);
    if (task->outcome != ANYLOOP_CANCELLED) {
        anyl_value_release(&task->received);
        task->received = task->reason;
        task->reason = anyl_value_none();
        task->outcome = ANYLOOP_CANCELLED;
        task->seen = &task->received;
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

/* A step in full. */
ANYL_ASIDE void run_task_fully(anyl_task *task, anyloop_loop *loop)
{
    if (task->top->step == NULL && (!anyl_loop_can_tell(loop) || loop->events_count)) {
        anyl_loop_again(loop, &task->node);
        return;
    }
    anyl_step_enter(task, loop);
    if (take_step(task))
        anyl_step_leave(loop);
}

/* The rest of a step whose answer was neither to yield nor to await something pending. */
ANYL_ASIDE void run_on(anyl_task *task, anyloop_loop *loop, int32_t answer)
{
    uint32_t event;
    if (anyl_step_act(task, answer, &event) || anyl_step_drive(task, event))
        anyl_step_leave(loop);
}

static inline uint32_t special_flags(const anyl_task *task)
{
    return task->future.task_flags &
           (ANYL_TASK_AWAITS | ANYL_TASK_PUSHED | ANYL_TASK_MUST_CANCEL | ANYL_TASK_RAISED);
}

/* The short way through a step of a coroutine in C: nothing here that `take_step`, `drive` and `act` do not do. */
ANYL_HOT void step_shortly(anyl_task *task, anyl_task *top, anyloop_loop *loop, uint32_t event)
{
    anyl_step_enter(task, loop);
    int32_t answer = anyl_step_call(task, top, event);
    if (answer == ANYLOOP_STEP_YIELD && special_flags(task) == 0) {
        forget_awaited(task);
        anyl_loop_ready(loop, &task->node);
    } else if (answer == ANYLOOP_STEP_AWAIT && special_flags(task) == ANYL_TASK_AWAITS) {
        anyl_step_clear(task, ANYL_TASK_AWAITS);
        anyl_future_listen(task->awaited, loop, &task->node);
    } else if (answer == ANYLOOP_STEP_RETURN && special_flags(task) == 0 && task->top == task) {
        anyl_coroutine_end(task);
        end_task(task, ANYLOOP_RESULT);
        return;
    } else {
        run_on(task, loop, answer);
        return;
    }
    anyl_step_leave(loop);
}

static void run_task(anyl_node *node, anyloop_loop *loop, uint32_t how)
{
    anyl_task *task = ANYL_OWNER_OF(node, anyl_task, node), *top = task->top;
    if (ANYL_UNLIKELY(how == ANYL_DROP)) {
        if (anyl_step_has(task, ANYL_TASK_LOOSE))
            task->awaited = NULL; /* what it awaited is going */
        return;                   /* the loop is closing: its tasks are unwound one by one */
    }
    if (ANYL_UNLIKELY(top->step == NULL || anyl_step_has(task, ANYL_TASK_MUST_CANCEL))) {
        run_task_fully(task, loop);
        return;
    }
    uint32_t event = ANYLOOP_EVENT_RESUMED;
    if (task->awaited && (task->outcome = anyl_future_outcome(task->awaited, &task->seen)) == ANYLOOP_CANCELLED)
        event = ANYLOOP_EVENT_CANCELLED;
    step_shortly(task, top, loop, event);
}

/* The first time. */
static void run_new_task(anyl_node *node, anyloop_loop *loop, uint32_t how)
{
    anyl_task *task = ANYL_OWNER_OF(node, anyl_task, node);
    node->run = run_task;
    if (ANYL_UNLIKELY(how == ANYL_DROP))
        return;
    if (ANYL_UNLIKELY(task->step == NULL || anyl_step_has(task, ANYL_TASK_MUST_CANCEL))) {
        run_task_fully(task, loop);
        return;
    }
    task->future.task_flags |= ANYL_TASK_STARTED;
    step_shortly(task, task, loop, ANYLOOP_EVENT_START);
}

/* ---- starting */

ANYL_HOT void become_task(anyl_task *coroutine, anyloop_context *context)
{
    anyloop_loop *loop = coroutine->future.loop;
    anyl_future_set_class(&coroutine->future, &anyl_task_class);
    coroutine->future.task_flags |= ANYL_TASK_STACKED;
    bool unnamed = (coroutine->future.task_flags & (ANYL_TASK_OPERATION | ANYL_TASK_NAME_OWNED)) == ANYL_TASK_OPERATION;
    coroutine->future.number = coroutine->name && !unnamed ? 0 : ++loop->task_number;
    coroutine->node.run = run_new_task;
    coroutine->context = anyl_context_retain(context);
    anyl_list_append(&loop->tasks, &coroutine->link);
    coroutine->future.refs++; /* the loop holds its tasks */
}

void anyl_step_become_task(anyl_task *coroutine, anyloop_context *context)
{
    become_task(coroutine, context);
}

void anyl_task_start(anyl_task *coroutine, anyloop_context *context)
{
    become_task(coroutine, context);
    anyl_loop_ready(coroutine->future.loop, &coroutine->node);
}

void anyl_step_begun(anyl_task *task)
{
    task->node.run = run_task;
}

/* Other wakers' wakes since then were for this step too. */
static void run_woken(anyl_node *node, anyloop_loop *loop, uint32_t how)
{
    anyl_step_clear(ANYL_OWNER_OF(node, anyl_task, node), ANYL_TASK_WOKEN);
    node->run = run_task;
    run_task(node, loop, how);
}

anyl_task *anyl_step_task_of(anyl_node *node)
{
    bool is = node->run == run_task || node->run == run_new_task || node->run == run_woken;
    return is ? ANYL_OWNER_OF(node, anyl_task, node) : NULL;
}

void anyl_task_wake(anyl_task *task)
{
    if (anyl_future_done(&task->future) || task->future.loop->closing)
        return;
    if (anyl_step_has(task, ANYL_TASK_PARKED)) {
        anyl_step_clear(task, ANYL_TASK_PARKED);
        task->node.run = run_woken;
        anyl_loop_ready(task->future.loop, &task->node);
    } else {
        task->future.task_flags |= ANYL_TASK_WOKEN;
    }
}
