/* step.c -- driving a task: run the top of its await stack, act on the answer, until it suspends or ends.
 *
 * The order of things is CPython's Task.__step: what is decided when the step begins, what when it has ended, and what
 * must_cancel overrides at each of the two.
 *
 * SPDX-License-Identifier: MIT
 */
#include "step.h"

#include "watch.h"

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

ANYL_ASIDE void forget_context(anyl_task *task)
{
    anyloop_context *context = task->context;
    task->context = NULL;
    anyl_context_release(context);
}

static void end_task(anyl_task *task, uint32_t state)
{
    anyloop_loop *loop = task->future.loop;
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
    if (task->context)
        forget_context(task);
    anyl_future_end(&task->future, state);
    if (state == ANYLOOP_CANCELLED &&
        !anyl_step_has(task, ANYL_TASK_EXTRA | ANYL_TASK_NAME_OWNED | ANYL_TASK_REASON_OWNED))
        anyl_future_set_plain(&task->future, task->size);
    anyl_step_leave(loop);
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
    if (anyl_cancel(task->awaited, anyl_task_reason(task)) > 0)
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

uint32_t anyl_step_take_failure(anyl_task *task)
{
    const anyloop_value *value;
    task->future.outcome = (uint8_t)anyl_future_outcome(task->awaited, &value);
    if (value != &task->awaited->value) { /* its reason was told to somebody else */
        anyl_step_receive(task->future.loop, *value);
        anyl_step_set_awaited(task, NULL);
    }
    return task->future.outcome;
}

/* The reason was the sleep's, and is the task's no more. */
ANYL_HOT void take_sleep_cancelled(anyl_task *task)
{
    anyl_step_clear(task, ANYL_TASK_SLEEP_CANCELLED);
    if (task->reason) {
        anyl_step_receive(task->future.loop, anyl_task_reason(task));
        anyl_step_forget_reason(task);
    } else {
        task->future.loop->received = anyl_error_bare(ANYLOOP_E_CANCELLED); /* nothing was left there */
    }
    task->future.outcome = ANYLOOP_CANCELLED;
}

/* What the step is told, when no cancellation was asked for. */
static uint32_t begin_plainly(anyl_task *task)
{
    if (task->awaited)
        return anyl_step_take_outcome(task) == ANYLOOP_CANCELLED ? ANYLOOP_EVENT_CANCELLED : ANYLOOP_EVENT_RESUMED;
    if (anyl_step_has(task, ANYL_TASK_SLEEP_CANCELLED)) {
        take_sleep_cancelled(task);
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
        anyl_step_receive(task->future.loop, anyl_task_reason(task));
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

/* A step in full. */
ANYL_ASIDE void run_task_fully(anyl_task *task, anyloop_loop *loop)
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

/* The rest of a step whose answer was neither to yield nor to await something pending. */
ANYL_ASIDE void run_on(anyl_task *task, anyloop_loop *loop, int32_t answer)
{
    uint32_t event;
    if (anyl_step_act(task, answer, &event) || anyl_step_drive(task, event))
        anyl_step_leave(loop);
}

/* ---- the short way: nothing here that the functions above do not do
 *
 * A step that suspends keeps but the loop on the stack: what else it needs it finds there, and the rest of the ways go
 * on in functions of their own. */

enum {
    /* What keeps a step off the short way: begun in it, or asked for. */
    SPECIAL = ANYL_TASK_AWAITS | ANYL_TASK_PUSHED | ANYL_TASK_LIES_DOWN | ANYL_TASK_MUST_CANCEL | ANYL_TASK_RAISED,
    /* And its end. */
    SPECIAL_END = SPECIAL | ANYL_TASK_EXTRA | ANYL_TASK_NAME_OWNED | ANYL_TASK_REASON_OWNED
};

/* Its value is there; it awaits nothing, has no context, and needs no more than its memory. */
ANYL_HOT void end_plainly(anyl_task *task, anyloop_loop *loop, uint8_t state)
{
    anyl_node *last = task->future.last;
    task->future.task_flags |= ANYL_TASK_ENDED;
    task->future.state = state;
    anyl_list_unlink(&task->link);
    anyl_future_set_plain(&task->future, task->size);
    if (last) {
        task->future.last = NULL;
        if (!(state == ANYLOOP_RESULT && anyl_watch_counts(last)))
            anyl_nodes_push_all(&loop->ready, last);
    }
    anyl_step_leave(loop);
    anyl_future_count_down(&task->future, loop); /* the loop's own hold */
}

static inline bool ends_plainly(const anyl_task *task)
{
    uintptr_t held = (uintptr_t)task->awaited | (uintptr_t)task->context;
    return task->top == task && held == 0 && (task->future.flags & ANYL_FUTURE_USER_CALLBACKS) == 0;
}

ANYL_APART void end_shortly(anyl_task *task, anyloop_loop *loop)
{
    if (ANYL_LIKELY(ends_plainly(task)))
        end_plainly(task, loop, ANYLOOP_RESULT);
    else
        run_on(task, loop, ANYLOOP_STEP_RETURN);
}

ANYL_APART void end_cancelled(anyl_task *task, anyloop_loop *loop)
{
    if (!ends_plainly(task)) {
        run_on(task, loop, ANYLOOP_STEP_CANCELLED);
        return;
    }
    if (task->future.value.kind == ANYLOOP_NONE) { /* and all the rest is zero */
        task->future.value.kind = ANYLOOP_ERROR;
        task->future.value.flags = (uint32_t)ANYLOOP_E_CANCELLED;
    } else {
        end_by(task, ANYLOOP_STEP_CANCELLED);
    }
    task->future.flags |= ANYL_FUTURE_REASON_ONCE;
    end_plainly(task, loop, ANYLOOP_CANCELLED);
}

ANYL_APART void forget_awaited(anyl_task *task, anyloop_loop *loop)
{
    anyloop_future *awaited = task->awaited;
    task->awaited = NULL;
    anyl_future_release_quickly(awaited, loop);
}

static void lie_down(anyl_task *task, anyloop_loop *loop)
{
    anyl_step_leave(loop);
    anyl_sleep_begin(task);
}

ANYL_HOT void step_shortly(anyl_task *task, anyl_task *top, anyloop_loop *loop, uint32_t event)
{
    anyl_step_enter(task, loop);
    int32_t answer = anyl_step_call(task, top, event);
    task = anyl_task_of(loop->current);
    uint32_t flags = task->future.task_flags;
    if (answer == ANYLOOP_STEP_YIELD && (flags & SPECIAL) == 0) {
        anyl_nodes_push(&loop->ready, &task->node);
        if (ANYL_UNLIKELY(task->awaited != NULL))
            forget_awaited(task, loop);
    } else if (answer == ANYLOOP_STEP_AWAIT && (flags & SPECIAL) == ANYL_TASK_AWAITS) {
        task->future.task_flags = flags & ~(uint32_t)ANYL_TASK_AWAITS;
        anyl_future_listen(task->awaited, loop, &task->node);
    } else {
        if (answer == ANYLOOP_STEP_RETURN && (flags & SPECIAL_END) == 0)
            end_shortly(task, loop);
        else if (answer == ANYLOOP_STEP_AWAIT && (flags & SPECIAL) == ANYL_TASK_LIES_DOWN)
            lie_down(task, loop);
        else if (answer == ANYLOOP_STEP_CANCELLED && (flags & SPECIAL_END & ~(uint32_t)ANYL_TASK_RAISED) == 0)
            end_cancelled(task, loop);
        else
            run_on(task, loop, answer);
        return;
    }
    anyl_step_leave(loop);
}

/* What it awaited failed, or was cancelled. */
ANYL_APART void run_failed(anyl_task *task, anyloop_loop *loop)
{
    const anyloop_future *awaited = task->awaited;
    uint32_t outcome = ANYLOOP_CANCELLED; /* for no reason, there is nothing to take */
    if (awaited->state == ANYLOOP_CANCELLED && awaited->value.bits == 0 && awaited->value.owner == 0)
        task->future.outcome = ANYLOOP_CANCELLED;
    else
        outcome = anyl_step_take_failure(task);
    step_shortly(task, task->top, loop,
                 outcome == ANYLOOP_CANCELLED ? ANYLOOP_EVENT_CANCELLED : ANYLOOP_EVENT_RESUMED);
}

static void run_task(anyl_node *node, anyloop_loop *loop, uint32_t how)
{
    anyl_task *task = ANYL_OWNER_OF(node, anyl_task, node), *top = task->top;
    (void)how; /* the nodes of a closing loop's tasks are drop_task's */
    if (ANYL_UNLIKELY(top->step == NULL || anyl_step_has(task, ANYL_TASK_MUST_CANCEL))) {
        run_task_fully(task, loop);
        return;
    }
    if (ANYL_UNLIKELY(task->awaited && task->awaited->state != ANYLOOP_RESULT)) {
        run_failed(task, loop);
        return;
    }
    task->future.outcome = ANYLOOP_RESULT;
    step_shortly(task, top, loop, ANYLOOP_EVENT_RESUMED);
}

void anyl_step_run_cancelled(anyl_node *node, anyloop_loop *loop, uint32_t how)
{
    anyl_task *task = ANYL_OWNER_OF(node, anyl_task, node);
    (void)how;
    node->run = run_task;
    if (ANYL_UNLIKELY(task->top->step == NULL || anyl_step_has(task, ANYL_TASK_MUST_CANCEL))) {
        run_task_fully(task, loop);
        return;
    }
    bool reason = task->reason != 0;
    take_sleep_cancelled(task);
    step_shortly(task, task->top, loop, ANYLOOP_EVENT_CANCELLED);
    if (ANYL_UNLIKELY(reason))
        anyl_step_forget_received(loop);
}

void anyl_step_run_new(anyl_node *node, anyloop_loop *loop, uint32_t how)
{
    anyl_task *task = ANYL_OWNER_OF(node, anyl_task, node);
    (void)how;
    node->run = run_task;
    if (ANYL_UNLIKELY(task->step == NULL || anyl_step_has(task, ANYL_TASK_MUST_CANCEL))) {
        run_task_fully(task, loop);
        return;
    }
    task->future.task_flags |= ANYL_TASK_STARTED;
    step_shortly(task, task, loop, ANYLOOP_EVENT_START);
}

void anyl_step_begun(anyl_task *task)
{
    if (task->node.run == anyl_step_run_new)
        task->node.run = run_task;
}

static void drop_task(anyl_node *node, anyloop_loop *loop, uint32_t how)
{
    anyl_task *task = ANYL_OWNER_OF(node, anyl_task, node);
    (void)loop, (void)how;
    if (!anyl_step_has(task, ANYL_TASK_LOOSE))
        return;
    if (anyl_cancel_strands(task->awaited))
        task->future.task_flags |= ANYL_TASK_STRANDED;
    task->awaited = NULL; /* it is going */
}

void anyl_task_run_no_more(anyloop_loop *loop)
{
    for (anyl_list *link = loop->tasks.next; link != &loop->tasks; link = link->next)
        ANYL_OWNER_OF(link, anyl_task, link)->node.run = drop_task;
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
    bool is = node->run == run_task || node->run == anyl_step_run_new || node->run == anyl_step_run_cancelled ||
              node->run == run_woken;
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
