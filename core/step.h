/* step.h -- what the files about steps share: a task's flags, entering and leaving a step, the driver.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_STEP_H
#define ANYL_STEP_H

#include "task.h"

static inline void anyl_step_clear(anyl_task *task, uint32_t flags)
{
    task->future.task_flags &= (uint16_t)~flags;
}

static inline bool anyl_step_has(const anyl_task *task, uint32_t flags)
{
    return (task->future.task_flags & flags) != 0;
}

/* What it awaited last, replaced; takes `future`. */
static inline void anyl_step_set_awaited(anyl_task *task, anyloop_future *future)
{
    anyloop_future *before = task->awaited;
    task->awaited = future;
    if (before)
        anyl_future_release(before);
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
