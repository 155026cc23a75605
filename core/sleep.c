/* sleep.c -- sleeping: a task's own timer, and the coroutine that sets it.
 *
 * As in CPython the timer is set at the await, and when it is due the task becomes ready one turn later.
 *
 * SPDX-License-Identifier: MIT
 */
#include "step.h"

/* The timer has its own place in the ready queue: a cancellation in the turn in which it is due needs the task's. */
static void run_slept(anyl_node *node, anyloop_loop *loop, uint32_t how)
{
    anyl_task *task = ANYL_OWNER_OF(node, anyl_task, timer.node);
    if (how == ANYL_DROP || !anyl_step_has(task, ANYL_TASK_SLEEPS))
        return;
    anyl_step_clear(task, ANYL_TASK_SLEEPS);
    anyl_loop_ready(loop, &task->node);
}

anyloop_status anyl_task_sleep(anyl_task *task, int64_t delay)
{
    anyloop_loop *loop = task->future.loop;
    if (delay > 0) {
        task->timer.node.run = run_slept;
        anyloop_status status = anyl_loop_arm(loop, &task->timer, anyl_deadline(anyl_loop_now(loop), delay));
        if (status != ANYLOOP_OK)
            return status;
    }
    task->future.task_flags |= ANYL_TASK_LIES_DOWN;
    return ANYLOOP_OK;
}

/* When the timer is due already its words are in use: the reason goes with the task's own. */
ANYL_ASIDE void keep_reason_of_sleep(anyl_task *task, const anyloop_value *reason, bool due)
{
    if (due) {
        task->future.task_flags |= ANYL_TASK_SLEPT_OUT;
        anyl_step_keep_reason(task, reason ? reason : &anyl_value_nothing);
    } else {
        anyl_sleep_keep_reason(task, reason);
    }
}

/* With a cancellation. */
ANYL_HOT void wake_up(anyl_task *task, const anyloop_value *reason)
{
    anyloop_loop *loop = task->future.loop;
    bool due = !anyl_timer_armed(&task->timer);
    task->future.task_flags ^= ANYL_TASK_SLEEPS | ANYL_TASK_SLEEP_CANCELLED;
    task->node.run = anyl_step_run_cancelled;
    anyl_loop_ready(loop, &task->node);
    if (ANYL_LIKELY(!due)) {
        anyl_heap_remove(&loop->timers, &task->timer.item);
        task->sleep_reason.text = 0;
    }
    if (ANYL_UNLIKELY(due || reason))
        keep_reason_of_sleep(task, reason, due);
}

void anyl_sleep_begin_cancelled(anyl_task *task)
{
    anyloop_value reason = anyl_task_reason(task);
    anyl_step_clear(task, ANYL_TASK_MUST_CANCEL);
    wake_up(task, reason.bits ? &reason : NULL);
    anyl_value_drop(&reason);
}

void anyl_sleep_forget(anyl_task *task)
{
    anyl_loop_disarm(task->future.loop, &task->timer);
    anyl_step_clear(task, ANYL_TASK_LIES_DOWN);
}

int32_t anyl_sleep_cancel(anyl_task *task, const anyloop_value *reason)
{
    task->cancels++;
    if (task->future.loop->closing) { /* it will not wake any more */
        anyl_step_clear(task, ANYL_TASK_SLEEPS);
        return ANYLOOP_E_CLOSED;
    }
    wake_up(task, reason);
    return 1;
}

/* ---- the coroutine */

static int32_t sleep_step(void *frame, anyloop_task *running, uint32_t event)
{
    const int64_t *delay = frame;
    anyl_task *task = anyl_task_of(running);
    if (event == ANYLOOP_EVENT_START) {
        anyloop_status status = anyl_task_sleep(task, *delay);
        return ANYL_LIKELY(status == ANYLOOP_OK) ? ANYLOOP_STEP_AWAIT : anyl_raise_code(task, status);
    }
    if (event != ANYLOOP_EVENT_CANCELLED)
        return ANYLOOP_STEP_RETURN;
    /* For no reason: that is what the answer alone says. */
    return anyl_task_seen(task)->bits ? anyl_task_reraise(task) : ANYLOOP_STEP_CANCELLED;
}

static const anyl_operation sleep_operation = {"sleep", sleep_step, NULL, sizeof(int64_t)};

anyl_task *anyl_sleep(anyloop_loop *loop, int64_t delay)
{
    return anyl_operation_new_small(loop, &sleep_operation, &delay);
}

bool anyl_sleep_is(const anyl_task *coroutine)
{
    return coroutine->step == sleep_step;
}

bool anyl_sleep_in_task(const anyl_task *task)
{
    return anyl_step_has(task, ANYL_TASK_SLEEPS) && !anyl_sleep_is(task->top);
}

anyloop_status anyl_sleep_in_place(anyl_task *task, anyl_task *sleep)
{
    int64_t delay = *(const int64_t *)anyl_task_frame(sleep);
    anyl_object_free(sleep->future.loop, sleep, sleep->size);
    return anyl_task_sleep(task, delay);
}
