/* step.h -- what the files about steps share: a task's flags, entering and leaving a step, the driver.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_STEP_H
#define ANYL_STEP_H

#include "task.h"

static inline void anyl_step_clear(anyl_task *task, uint32_t flags)
{
    task->future.task_flags &= ~flags;
}

static inline bool anyl_step_has(const anyl_task *task, uint32_t flags)
{
    return (task->future.task_flags & flags) != 0;
}

/* Lets go of what it awaited. A drop of users' code in that may not await in its turn. */
void anyl_step_let_go(anyl_task *task, anyloop_future *awaited);

/* What it awaited last, replaced; takes `future`. */
static inline void anyl_step_set_awaited(anyl_task *task, anyloop_future *future)
{
    anyloop_future *before = task->awaited;
    task->awaited = future;
    if (before)
        anyl_step_let_go(task, before);
}

static inline void anyl_step_enter(anyl_task *task, anyloop_loop *loop)
{
    loop->current = &task->future;
    loop->current_context = &task->context;
}

/* Back in the loop. */
static inline void anyl_step_leave(anyloop_loop *loop)
{
    loop->current = NULL;
    loop->current_context = &loop->context;
}

static inline int32_t anyl_step_call(anyl_task *task, anyl_task *top, uint32_t event)
{
    return top->step(anyl_task_frame(top), &task->future, event);
}

/* The node of a task that had no step yet; of one whose sleep was cancelled. */
void anyl_step_run_new(anyl_node *node, anyloop_loop *loop, uint32_t how);
void anyl_step_run_cancelled(anyl_node *node, anyloop_loop *loop, uint32_t how);

/* ---- what a step is told */

/* Replaces what the loop received for the running step; takes `value`. */
static inline void anyl_step_receive(anyloop_loop *loop, const anyloop_value *value)
{
    anyl_owner *before = anyl_value_owner(&loop->received);
    loop->received = *value;
    if (ANYL_UNLIKELY(before != NULL))
        anyl_value_release_owner(before);
}

/* The step is over: what stays there is a code at most. */
static inline void anyl_step_forget_received(anyloop_loop *loop)
{
    if (ANYL_UNLIKELY(loop->received.bits != 0))
        anyl_value_release(&loop->received);
}

/* What it awaited is done, but has no result. */
uint32_t anyl_step_take_failure(anyl_task *task);

/* The outcome of the await that is done, for the step. */
static inline uint32_t anyl_step_take_outcome(anyl_task *task)
{
    if (ANYL_UNLIKELY(task->awaited->state != ANYLOOP_RESULT))
        return anyl_step_take_failure(task);
    return task->future.outcome = ANYLOOP_RESULT;
}

/* What it awaited last is let go of, and nothing is said of it. */
static inline void anyl_step_forget_awaited(anyl_task *task)
{
    if (task->awaited)
        anyl_step_set_awaited(task, NULL);
    task->future.outcome = ANYLOOP_RESULT;
}

/* ---- why it is cancelled */

/* `reason` is borrowed: TEXT, ERROR or NONE. */
void anyl_step_keep_reason(anyl_task *task, const anyloop_value *reason);
/* The same for its sleep, whose timer is disarmed. */
void anyl_sleep_keep_reason(anyl_task *task, const anyloop_value *reason);
void anyl_sleep_forget_reason(anyl_task *task);
/* The task hears of the cancellation: what the step receives. */
void anyl_sleep_take_reason(anyl_task *task);

/* ---- sleeping */

/* Is that coroutine a sleep? */
bool anyl_sleep_is(const anyl_task *coroutine);
/* The task sleeps for it: it is awaited by nobody else, was not started, and goes. As anyl_task_sleep. */
anyloop_status anyl_sleep_in_place(anyl_task *task, anyl_task *sleep);
/* The cancellation that was asked in the step reaches the sleep. */
void anyl_sleep_begin_cancelled(anyl_task *task);
/* The step that lay down has answered: it suspends. */
static inline void anyl_sleep_begin(anyl_task *task)
{
    anyl_step_forget_awaited(task);
    task->future.task_flags ^= ANYL_TASK_LIES_DOWN | ANYL_TASK_SLEEPS;
    if (!anyl_timer_armed(&task->timer)) {
        anyl_step_clear(task, ANYL_TASK_SLEEPS);
        anyl_loop_ready(task->future.loop, &task->node);
    } else if (ANYL_UNLIKELY(anyl_step_has(task, ANYL_TASK_MUST_CANCEL))) {
        anyl_sleep_begin_cancelled(task);
    }
}
/* It does not, after all. */
void anyl_sleep_forget(anyl_task *task);

/* ---- making, without a call, and so without a need to save registers */

#define ANYL_FRAME_AT ANYL_ALIGNED(sizeof(anyl_task))

/* Most frames are a few words; a call of memcpy would cost as much as the rest of the task. */
#define ANYL_FRAME_SMALL (3 * sizeof(uint64_t))

static inline bool anyl_step_small(const void *frame, size_t size)
{
    return size == 0 || (frame && size <= ANYL_FRAME_SMALL && size % sizeof(uint64_t) == 0);
}

ANYL_HOT void anyl_step_copy_word(char *to, const char *from, size_t at)
{
    memcpy(to + at * sizeof(uint64_t), from + at * sizeof(uint64_t), sizeof(uint64_t));
}

ANYL_HOT void anyl_step_copy_frame(anyl_task *task, const void *frame, size_t size)
{
    char *to = (char *)task + ANYL_FRAME_AT;
    if (size == 0)
        return;
    anyl_step_copy_word(to, frame, 0);
    if (size >= 2 * sizeof(uint64_t))
        anyl_step_copy_word(to, frame, 1);
    if (size == 3 * sizeof(uint64_t))
        anyl_step_copy_word(to, frame, 2);
}

/* A coroutine that nobody awaits, or, with `holds` of 2, one that the loop holds as a task. */
ANYL_HOT void anyl_step_init(anyl_task *task, anyloop_loop *loop, const char *name, anyloop_step_fn step, size_t whole,
                             const anyl_future_class *class, uint32_t holds, uint32_t flags)
{
    anyl_future_init_held(&task->future, loop, class, holds, flags);
    task->top = task;
    task->step = step;
    task->name = name;
    task->size = (uint32_t)whole;
    task->number = 0;
    task->awaited = NULL;
    task->where = NULL;
    task->context = NULL;
    task->reason = 0;
    task->reason_size = task->cancels = 0;
    task->closed = NULL;
    task->timer.item.place = 0;
}

/* Without a call, for a small frame. NULL: it is to be made the long way. */
ANYL_HOT anyl_task *anyl_step_new_quickly(anyloop_loop *loop, const char *name, anyloop_step_fn step, const void *frame,
                                          size_t size, const anyl_future_class *class, uint32_t holds, uint32_t flags)
{
    if (ANYL_UNLIKELY(!anyl_step_small(frame, size)))
        return NULL;
    anyl_task *task = anyl_object_alloc_quickly(loop, ANYL_FRAME_AT + size);
    if (ANYL_UNLIKELY(task == NULL))
        return NULL;
    anyl_step_init(task, loop, name, step, ANYL_FRAME_AT + size, class, holds, flags);
    anyl_step_copy_frame(task, frame, size);
    return task;
}

/* Among the tasks that the loop holds. */
ANYL_HOT void anyl_step_join(anyl_task *task, anyloop_loop *loop, anyloop_context *context)
{
    task->node.run = anyl_step_run_new;
    anyl_list_append(&loop->tasks, &task->link);
    task->context = anyl_context_retain(context);
}

/* A task like those of anyl_task_new. NULL: it is to be made by that. */
ANYL_HOT anyl_task *anyl_step_new_task_quickly(anyloop_loop *loop, const char *name, anyloop_step_fn step,
                                               const void *frame, size_t size)
{
    anyl_task *task = anyl_step_new_quickly(loop, name, step, frame, size, &anyl_task_class, 2, ANYL_TASK_STACKED);
    if (ANYL_UNLIKELY(task == NULL))
        return NULL;
    if (name == NULL)
        task->number = ++loop->task_number;
    anyl_step_join(task, loop, anyl_loop_context(loop));
    anyl_nodes_push(&loop->ready, &task->node);
    return task;
}

/* ---- driving */

/* A step, with all that may be special about it. */
ANYL_COLD void anyl_step_in_full(anyl_task *task, anyloop_loop *loop);
/* The rest of one that gave this answer. */
ANYL_COLD void anyl_step_go_on(anyl_task *task, anyloop_loop *loop, int32_t answer);
/* How a coroutine ended by its answer: sets its value and gives its state. */
uint32_t anyl_step_end_by(anyl_task *coroutine, int32_t answer);
/* The task hears that its sleep was cancelled, for no reason. */
ANYL_HOT void anyl_step_take_bare_cancellation(anyl_task *task, anyloop_loop *loop)
{
    anyl_step_clear(task, ANYL_TASK_SLEEP_CANCELLED);
    task->future.outcome = ANYLOOP_CANCELLED;
    loop->received.kind = ANYLOOP_ERROR; /* all the rest is zero between steps */
    loop->received.flags = (uint32_t)ANYLOOP_E_CANCELLED;
}

/* Act on an answer of the top. True: the task suspended or ended, and may be gone. False: step it with `*event`. */
bool anyl_step_act(anyl_task *task, int32_t answer, uint32_t *event);
/* Step until the task suspends or ends; then it may be gone. False: the host was asked. */
bool anyl_step_drive(anyl_task *task, uint32_t event);
/* The host is to run the top's step. */
void anyl_step_ask(anyl_task *task, uint32_t event);
/* The coroutine becomes a task that is not scheduled; its node runs the first step. */
void anyl_step_become_task(anyl_task *coroutine, anyloop_context *context);
/* The task whose step `node` is; NULL: it is something else. */
anyl_task *anyl_step_task_of(anyl_node *node);
/* The first step was made elsewhere. */
void anyl_step_begun(anyl_task *task);

#endif
