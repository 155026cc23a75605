/* unwind.c -- a task's end by its loop's close: the close event to each of its coroutines.
 *
 * SPDX-License-Identifier: MIT
 */
#include "step.h"

/* Tasks may await each other in a circle, through gathers too: after the close none of them holds the next. What goes
 * first tells who waits for it, by the ANYL_DROP of the node in its ring. */
static void loosen(anyl_task *task)
{
    anyloop_future *awaited = task->awaited;
    if (awaited == NULL)
        return;
    if (anyl_future_done(awaited)) { /* a done gather still holds its children */
        anyl_step_set_awaited(task, NULL);
        return;
    }
    if (!anyl_is_task(awaited) && !anyl_future_class_of(awaited)->loose)
        return;
    task->future.task_flags |= ANYL_TASK_LOOSE;
    anyl_future_release(awaited);
}

/* From the top down to the task itself. What ended stays: other futures' rings may still lead into its frame. */
bool anyl_task_close_on(anyl_task *task)
{
    anyloop_loop *loop = task->future.loop;
    for (;;) {
        anyl_task *top = task->top;
        bool runs = anyl_step_has(top, ANYL_TASK_STARTED) && !anyl_step_has(top, ANYL_TASK_OPERATION);
        task->future.outcome = ANYLOOP_CLOSED;
        if (runs && top->step == NULL && !loop->deaf && !anyl_step_has(top, ANYL_TASK_CLOSE_TOLD)) {
            top->future.task_flags |= ANYL_TASK_CLOSE_TOLD;
            anyl_step_ask(task, ANYLOOP_EVENT_CLOSE);
            return false;
        }
        if (runs && top->step)
            top->step(anyl_task_frame(top), &task->future, ANYLOOP_EVENT_CLOSE);
        if (runs)
            anyl_coroutine_end(top);
        else if (!anyl_step_has(top, ANYL_TASK_OPERATION))
            anyl_coroutine_abandon(top); /* but an operation's frame goes with it: others wait in the same queues */
        if (top == task)
            break;
        task->top = top->top;
        top->closed = task->closed;
        task->closed = top;
    }
    anyl_step_leave(loop);
    loosen(task);
    anyl_list_remove(&task->link);
    anyl_future_release(&task->future);
    return true;
}

bool anyl_task_close(anyl_task *task)
{
    anyloop_loop *loop = task->future.loop;
    if (!anyl_step_has(task, ANYL_TASK_CLOSING)) {
        anyl_sleep_forget_reason(task);
        task->closed = NULL;
    }
    task->future.task_flags |= ANYL_TASK_CLOSING;
    anyl_step_clear(task, ANYL_TASK_PARKED);
    anyl_step_enter(task, loop);
    return anyl_task_close_on(task);
}
