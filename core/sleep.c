/* sleep.c -- sleep.
 *
 * SPDX-License-Identifier: MIT
 */
#include "sleep.h"

#include "handle.h"

struct sleep_frame {
    anyl_waiter waiter;
    anyloop_handle *timer;
    int64_t delay;
};

static void sleep_over(void *frame)
{
    struct sleep_frame *my = frame;
    anyl_waiter_release(&my->waiter);
}

static int32_t sleep_step(void *frame, anyloop_task *running, uint32_t event)
{
    struct sleep_frame *my = frame;
    anyl_task *task = anyl_task_of(running);
    anyloop_loop *loop = running->loop;
    if (event != ANYLOOP_EVENT_START)
        return event == ANYLOOP_EVENT_CANCELLED ? anyl_task_reraise(task) : anyl_return(task, anyl_value_none());
    if (my->delay <= 0)
        return ANYLOOP_STEP_YIELD;
    if (anyl_call_at(loop, anyl_deadline(anyl_loop_now(loop), my->delay), sleep_over, my, &my->timer) != ANYLOOP_OK)
        return anyl_raise(task, anyl_error_bare(ANYLOOP_E_NOMEM));
    anyl_waiter_arm(&my->waiter, loop);
    return anyl_waiter_await(&my->waiter, task);
}

static void sleep_drop(void *frame)
{
    struct sleep_frame *my = frame;
    anyl_handle_end(&my->timer);
    anyl_waiter_end(&my->waiter);
}

static const anyl_operation sleep_operation = {"sleep", sleep_step, sleep_drop, sizeof(struct sleep_frame)};

anyl_task *anyl_sleep(anyloop_loop *loop, int64_t delay)
{
    anyl_task *operation = anyl_operation_new(loop, &sleep_operation);
    if (operation)
        ((struct sleep_frame *)anyl_task_frame(operation))->delay = delay;
    return operation;
}
