/* cancel.c -- a request for cancellation, handed down to what is awaited, without recursion and without memory.
 *
 * A task hands the request to what it awaits; a gather to each child; a plain future takes it. The way down from one
 * gather to the next is a chain of tasks, from `first` to `last`; a gather keeps the chain that led to it, so the
 * objects themselves are the stack.
 *
 * SPDX-License-Identifier: MIT
 */
#include "task.h"

static void must_cancel(anyl_task *task, const anyloop_value *reason)
{
    anyl_value_retain(reason);
    anyloop_value before = task->reason;
    task->reason = anyl_error_as(reason, ANYLOOP_E_CANCELLED);
    task->future.task_flags |= ANYL_TASK_MUST_CANCEL;
    if ((task->future.task_flags & ANYL_TASK_PARKED) && !task->future.loop->closing) {
        task->future.task_flags &= (uint16_t)~ANYL_TASK_PARKED;
        anyl_loop_ready(task->future.loop, &task->node);
    }
    anyl_value_drop(&before);
}

/* What it awaits leads back to itself, and would never wake it: it waits no more. */
static void leave_ring(anyl_task *task)
{
    anyloop_future *awaited = task->awaited;
    if (task->future.loop->closing || !anyl_future_unlisten(awaited, &task->node))
        return;
    task->awaited = NULL;
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
        first->future.task_flags &= (uint16_t)~ANYL_TASK_VISITED;
        first = first == last ? NULL : anyl_task_of(first->awaited);
    }
}

static int32_t cancel(anyloop_future *future, anyloop_value reason)
{
    anyl_fan *fan = NULL;                     /* whose children are being cancelled */
    anyl_task *first = NULL, *last = NULL;    /* the chain below it, down to `future` */
    int32_t accepted;
    bool ring = false;
    for (;;) {
        bool visited = false;
        if (future->loop)
            future->flags &= (uint8_t)~ANYL_FUTURE_UNRETRIEVED;
        if (anyl_is_task(future) && !anyl_future_done(future)) {
            anyl_task *task = anyl_task_of(future);
            visited = (future->task_flags & ANYL_TASK_VISITED) != 0;
            if (!visited) {
                task->cancels++;
                if (task->awaited && !anyl_future_done(task->awaited)) {
                    future->task_flags |= ANYL_TASK_VISITED;
                    if (first == NULL)
                        first = task;
                    last = task;
                    future = task->awaited;
                    continue;
                }
                must_cancel(task, &reason);
                accepted = 1;
            }
        } else if (anyl_future_class_of(future)->fans && !anyl_future_done(future)) {
            anyl_fan *next = (anyl_fan *)(void *)future;
            visited = next->visited;
            if (!visited && next->count) {
                next->visited = true;
                next->any = false;
                next->at = 0;
                next->up = fan;
                next->first = first;
                next->last = last;
                fan = next;
                first = last = NULL;
                future = fan->children[0];
                continue;
            }
            accepted = 0;
        } else {
            accepted = cancel_leaf(future, &reason);
        }
        if (visited) { /* tasks that await each other */
            accepted = 0;
            ring = true;
        }
        for (;;) {
            forget_chain(first, last);
            ring = ring && accepted == 0;
            if (accepted == 0 && last) {
                must_cancel(last, &reason);
                if (ring)
                    leave_ring(last);
                accepted = 1;
            }
            if (fan == NULL) {
                anyl_value_release(&reason);
                return accepted;
            }
            fan->any |= accepted > 0;
            if (accepted >= 0 && ++fan->at < fan->count)
                break;
            if (accepted >= 0)
                accepted = fan->any;
            fan->requested |= accepted > 0;
            fan->visited = false;
            first = fan->first;
            last = fan->last;
            fan = fan->up;
        }
        future = fan->children[fan->at];
        first = last = NULL;
    }
}

int32_t anyl_cancel(anyloop_future *future, anyloop_value reason)
{
    anyloop_loop *loop = future->loop;
    if (loop == NULL) {
        anyl_value_release(&reason);
        return 0;
    }
    anyl_future_retain(future); /* users' code on the way may let go of it, but not close the loop under the walk */
    loop->cancels++;
    int32_t accepted = cancel(future, reason);
    loop->cancels--;
    anyl_future_release(future);
    return accepted;
}

uint32_t anyl_task_uncancel(anyl_task *task)
{
    if (task->cancels > 0 && --task->cancels == 0)
        task->future.task_flags &= (uint16_t)~ANYL_TASK_MUST_CANCEL;
    return task->cancels;
}
