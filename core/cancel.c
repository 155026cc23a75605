/* cancel.c -- a request for cancellation, handed down to what is awaited, without recursion and without memory.
 *
 * A task hands the request to what it awaits; a gather to each child; a plain future takes it. The way down from one
 * gather to the next is a chain of tasks, from `first` to `last`; a gather keeps the chain that led to it, so the
 * objects themselves are the stack.
 *
 * SPDX-License-Identifier: MIT
 */
#include "step.h"

/* ---- reasons */

static void forget_reason(anyl_task *task, uintptr_t *text, uint32_t *size, uint32_t owned)
{
    anyl_owner *owner = anyl_step_has(task, owned) ? (anyl_owner *)*text : NULL;
    anyl_step_clear(task, owned);
    *text = 0;
    *size = 0;
    if (owner)
        anyl_value_release_owner(owner);
}

static void keep_reason(anyl_task *task, uintptr_t *text, uint32_t *size, uint32_t owned, const anyloop_value *reason)
{
    anyl_value_retain(reason); /* first: it may be the one before */
    forget_reason(task, text, size, owned);
    if (reason->owner) {
        task->future.task_flags |= owned;
        *text = (uintptr_t)reason->owner;
    } else if (reason->kind == ANYLOOP_TEXT || reason->kind == ANYLOOP_ERROR) {
        *text = (uintptr_t)reason->bits;
        *size = (uint32_t)reason->size;
    }
}

static anyloop_value reason_error(uintptr_t text, uint32_t size, bool owned)
{
    if (owned)
        return anyl_error_of((anyl_owner *)text, ANYLOOP_E_CANCELLED);
    anyloop_value error = anyl_error_bare(ANYLOOP_E_CANCELLED);
    error.bits = text;
    error.size = size;
    return error;
}

void anyl_step_keep_reason(anyl_task *task, const anyloop_value *reason)
{
    keep_reason(task, &task->reason, &task->reason_size, ANYL_TASK_REASON_OWNED, reason);
}

anyloop_value anyl_task_reason(const anyl_task *task)
{
    return reason_error(task->reason, task->reason_size, anyl_step_has(task, ANYL_TASK_REASON_OWNED));
}

void anyl_sleep_keep_reason(anyl_task *task, const anyloop_value *reason)
{
    anyl_reason *own = &task->sleep_reason;
    *own = (anyl_reason){0, 0};
    keep_reason(task, &own->text, &own->size, ANYL_TASK_SLEEP_REASON_OWNED, reason);
}

void anyl_sleep_forget_reason(anyl_task *task)
{
    if (anyl_step_has(task, ANYL_TASK_SLEEP_REASON_OWNED))
        forget_reason(task, &task->sleep_reason.text, &task->sleep_reason.size, ANYL_TASK_SLEEP_REASON_OWNED);
}

void anyl_sleep_take_reason(anyl_task *task)
{
    anyloop_loop *loop = task->future.loop;
    anyl_step_take_bare_cancellation(task, loop);
    if (anyl_step_has(task, ANYL_TASK_SLEPT_OUT)) {
        anyl_step_clear(task, ANYL_TASK_SLEPT_OUT);
        loop->received = anyl_task_reason(task);
        forget_reason(task, &task->reason, &task->reason_size, ANYL_TASK_REASON_OWNED);
        return;
    }
    bool owned = anyl_step_has(task, ANYL_TASK_SLEEP_REASON_OWNED);
    loop->received = reason_error(task->sleep_reason.text, task->sleep_reason.size, owned);
    anyl_sleep_forget_reason(task);
}

/* ---- one task */

static void must_cancel(anyl_task *task, const anyloop_value *reason)
{
    if (!anyl_step_has(task, ANYL_TASK_SLEPT_OUT) &&
        (reason->kind || task->reason)) /* else there is one to hear first */
        anyl_step_keep_reason(task, reason);
    task->future.task_flags |= ANYL_TASK_MUST_CANCEL;
    if (anyl_step_has(task, ANYL_TASK_PARKED) && !task->future.loop->closing) {
        anyl_step_clear(task, ANYL_TASK_PARKED);
        anyl_loop_ready(task->future.loop, &task->node);
    }
}

/* What it awaits leads back to itself, and would never wake it: it waits no more. */
static void leave_ring(anyl_task *task)
{
    anyloop_future *awaited = task->awaited;
    if (task->future.loop->closing || !anyl_future_unlisten(awaited, &task->node))
        return;
    task->awaited = NULL;
    task->future.outcome = ANYLOOP_RESULT; /* of what it awaited before, which is gone */
    anyl_loop_ready(task->future.loop, &task->node);
    anyl_future_release(awaited);
}

/* A coroutine that nobody started, a plain future, or one that is done. */
static int32_t cancel_leaf(anyloop_future *future, const anyloop_value *reason)
{
    if (anyl_future_done(future))
        return 0;
    if (anyl_is_coroutine(future) && (future->task_flags & ANYL_TASK_STACKED))
        return ANYLOOP_E_STATE;
    const anyl_future_class *class = anyl_future_class_of(future);
    anyl_value_retain(reason);
    anyloop_status status = anyl_future_set_cancelled(future, *reason);
    if (class->cancelled) {
        anyl_future_retain(future); /* a frame's drop may let go of it */
        class->cancelled(future);
        anyl_future_release(future);
    }
    return status == ANYLOOP_OK ? 1 : status;
}

static void forget_chain(anyl_task *first, const anyl_task *last)
{
    while (first) {
        anyl_step_clear(first, ANYL_TASK_VISITED);
        first = first == last ? NULL : anyl_task_of(first->awaited);
    }
}

/* A cancelling under way. */
struct walk {
    const anyloop_value *reason;
    anyl_fan *fan;           /* whose children are being cancelled */
    anyl_task *first, *last; /* the chain of tasks below it, down to what is looked at */
    bool ring;               /* it led back to where it has been */
};

/* The functions below go one step down and give what is next; NULL: `*accepted` says how the chain ended. */

static anyloop_future *close_ring(struct walk *walk, int32_t *accepted)
{
    walk->ring = true;
    *accepted = 0;
    return NULL;
}

static anyloop_future *enter_task(struct walk *walk, anyl_task *task, int32_t *accepted)
{
    if (task->future.task_flags & ANYL_TASK_VISITED)
        return close_ring(walk, accepted);
    if (anyl_step_has(task, ANYL_TASK_SLEEPS)) {
        *accepted = anyl_sleep_cancel(task, walk->reason);
        return NULL;
    }
    task->cancels++;
    if (task->awaited && !anyl_future_done(task->awaited)) {
        task->future.task_flags |= ANYL_TASK_VISITED;
        if (walk->first == NULL)
            walk->first = task;
        walk->last = task;
        return task->awaited;
    }
    if (ANYL_UNLIKELY(anyl_step_has(task, ANYL_TASK_STRANDED))) {
        anyl_step_clear(task, ANYL_TASK_STRANDED);
        *accepted = ANYLOOP_E_CLOSED;
        return NULL;
    }
    must_cancel(task, walk->reason);
    *accepted = 1;
    return NULL;
}

static anyloop_future *enter_fan(struct walk *walk, anyl_fan *fan, int32_t *accepted)
{
    if (fan->visited)
        return close_ring(walk, accepted);
    fan->visited = true;
    fan->any = false;
    fan->at = 0;
    fan->up = walk->fan;
    fan->first = walk->first;
    fan->last = walk->last;
    walk->fan = fan;
    walk->first = walk->last = NULL;
    return fan->children[0];
}

static anyloop_future *descend(struct walk *walk, anyloop_future *future, int32_t *accepted)
{
    bool done = anyl_future_done(future);
    if (future->loop)
        future->flags &= (uint8_t)~ANYL_FUTURE_UNRETRIEVED;
    if (!done && anyl_is_task(future))
        return enter_task(walk, anyl_task_of(future), accepted);
    if (!done && anyl_future_class_of(future)->fans) /* pending, so it has children */
        return enter_fan(walk, (anyl_fan *)(void *)future, accepted);
    *accepted = cancel_leaf(future, walk->reason);
    return NULL;
}

/* From the end of a chain up to the next child that is to be cancelled; NULL: all are. */
static anyloop_future *ascend(struct walk *walk, int32_t *accepted)
{
    for (;;) {
        forget_chain(walk->first, walk->last);
        walk->ring = walk->ring && *accepted == 0;
        if (*accepted == 0 && walk->last) {
            must_cancel(walk->last, walk->reason);
            if (walk->ring)
                leave_ring(walk->last);
            *accepted = 1;
        }
        anyl_fan *fan = walk->fan;
        if (fan == NULL)
            return NULL;
        walk->first = walk->last = NULL;
        fan->any |= *accepted > 0;
        if (*accepted >= 0 && ++fan->at < fan->count)
            return fan->children[fan->at];
        if (*accepted >= 0)
            *accepted = fan->any;
        fan->requested |= *accepted > 0;
        fan->visited = false;
        walk->first = fan->first;
        walk->last = fan->last;
        walk->fan = fan->up;
    }
}

int32_t anyl_cancel(anyloop_future *future, const anyloop_value *reason)
{
    anyloop_loop *loop = future->loop;
    if (loop == NULL)
        return 0;
    anyl_future_retain(future); /* users' code on the way may let go of it, but not close the loop under the walk */
    loop->cancels++;
    struct walk walk = {.reason = reason};
    int32_t accepted = 0;
    for (anyloop_future *at = future; at;) {
        anyloop_future *next = descend(&walk, at, &accepted);
        at = next ? next : ascend(&walk, &accepted);
    }
    loop->cancels--;
    anyl_future_release(future);
    return accepted;
}

/* ---- after the close */

/* Down a chain of tasks. Gives the gather at its end, if it is pending and new; NULL: `*found` says what became of it. */
static anyl_fan *follow(const anyloop_future *future, bool *found)
{
    const anyloop_future *behind = future; /* at half the pace: in a ring the two meet */
    for (uint32_t steps = 1; !anyl_future_done(future) && anyl_is_task(future); steps++) {
        const anyl_task *task = (const anyl_task *)(const void *)future;
        *found = anyl_step_has(task, ANYL_TASK_SLEEPS | ANYL_TASK_STRANDED);
        future = task->awaited;
        if (*found || future == NULL || future == behind)
            return NULL;
        if (steps % 2 == 0)
            behind = ((const anyl_task *)(const void *)behind)->awaited;
    }
    bool fans = anyl_future_class_of(future)->fans;
    *found = !anyl_future_done(future) && !fans;
    if (anyl_future_done(future) || *found)
        return NULL;
    anyl_fan *fan = (anyl_fan *)(uintptr_t)future;
    return fan->visited ? NULL : fan;
}

static void unvisit(anyl_fan *fan)
{
    for (; fan; fan = fan->up)
        fan->visited = false;
}

/* Each gather once, its way back in the gathers themselves, as when they are cancelled. */
bool anyl_cancel_strands(const anyloop_future *future)
{
    bool found;
    anyl_fan *above = NULL, *seen = NULL, *fan = follow(future, &found);
    while (!found && (fan || above)) {
        if (fan) {
            fan->visited = true;
            fan->at = 0;
            fan->up = above;
            above = fan;
        }
        if (above->at < above->count) {
            fan = follow(above->children[above->at++], &found);
            continue;
        }
        fan = above;
        above = fan->up;
        fan->up = seen;
        seen = fan;
        fan = NULL;
    }
    unvisit(above);
    unvisit(seen);
    return found;
}

uint32_t anyl_task_uncancel(anyl_task *task)
{
    if (task->cancels > 0 && --task->cancels == 0)
        anyl_step_clear(task, ANYL_TASK_MUST_CANCEL);
    return task->cancels;
}
