/* run_task.c -- what a task's node does when its place in the ready queue comes.
 *
 * The usual step is that of a coroutine in C which nobody cancels and which yields, awaits something pending, sleeps, or
 * ends. It goes a short way, on which there is nothing that step.c does not do; all else goes there. A step that suspends
 * keeps but the loop on the stack: what else it needs it finds there, and the other ways on are functions of their own.
 *
 * SPDX-License-Identifier: MIT
 */
#include "step.h"

#include "watch.h"

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
        anyl_step_go_on(task, loop, ANYLOOP_STEP_RETURN);
}

ANYL_APART void end_cancelled(anyl_task *task, anyloop_loop *loop)
{
    if (!ends_plainly(task)) {
        anyl_step_go_on(task, loop, ANYLOOP_STEP_CANCELLED);
        return;
    }
    if (task->future.value.kind == ANYLOOP_NONE && task->future.value.owner == 0)
        task->future.value = anyl_error_bare(ANYLOOP_E_CANCELLED);
    else
        anyl_step_end_by(task, ANYLOOP_STEP_CANCELLED);
    task->future.flags |= ANYL_FUTURE_REASON_ONCE;
    end_plainly(task, loop, ANYLOOP_CANCELLED);
}

ANYL_APART void forget_awaited(anyl_task *task, anyloop_loop *loop)
{
    anyloop_future *awaited = task->awaited;
    task->awaited = NULL;
    if (ANYL_LIKELY(awaited->plain))
        anyl_future_release_quickly(awaited, loop);
    else
        anyl_step_let_go(task, awaited);
}

ANYL_APART void lie_down(anyl_task *task, anyloop_loop *loop)
{
    anyl_sleep_begin(task);
    anyl_step_leave(loop);
}

ANYL_HOT void step_shortly(anyl_task *task, anyl_task *top, anyloop_loop *loop, uint32_t event)
{
    anyl_step_enter(task, loop);
    int32_t answer = anyl_step_call(task, top, event);
    task = anyl_task_of(loop->current);
    uint32_t flags = task->future.task_flags;
    if (answer == ANYLOOP_STEP_YIELD && (flags & SPECIAL) == 0) {
        if (ANYL_UNLIKELY(task->awaited != NULL)) {
            forget_awaited(task, loop);
            task = anyl_task_of(loop->current);
        }
        anyl_nodes_push(&loop->ready, &task->node);
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
            anyl_step_go_on(task, loop, answer);
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
    step_shortly(task, task->top, loop, outcome == ANYLOOP_CANCELLED ? ANYLOOP_EVENT_CANCELLED : ANYLOOP_EVENT_RESUMED);
}

static void run_task(anyl_node *node, anyloop_loop *loop, uint32_t how)
{
    anyl_task *task = ANYL_OWNER_OF(node, anyl_task, node), *top = task->top;
    (void)how; /* the nodes of a closing loop's tasks are drop_task's */
    if (ANYL_UNLIKELY(!ANYL_SHORT_WAYS || top->step == NULL || anyl_step_has(task, ANYL_TASK_MUST_CANCEL))) {
        anyl_step_in_full(task, loop);
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
    uint32_t special = ANYL_TASK_MUST_CANCEL | ANYL_TASK_SLEPT_OUT;
    if (ANYL_UNLIKELY(!ANYL_SHORT_WAYS || task->top->step == NULL || anyl_step_has(task, special) ||
                      task->sleep_reason.text)) {
        anyl_step_in_full(task, loop);
        return;
    }
    anyl_step_take_bare_cancellation(task, loop);
    step_shortly(task, task->top, loop, ANYLOOP_EVENT_CANCELLED);
}

void anyl_step_run_new(anyl_node *node, anyloop_loop *loop, uint32_t how)
{
    anyl_task *task = ANYL_OWNER_OF(node, anyl_task, node);
    (void)how;
    node->run = run_task;
    if (ANYL_UNLIKELY(!ANYL_SHORT_WAYS || task->step == NULL || anyl_step_has(task, ANYL_TASK_MUST_CANCEL))) {
        anyl_step_in_full(task, loop);
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
