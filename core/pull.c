/* pull.c -- steps that the host runs: asking for them, its answers; and first steps that come before everything else.
 *
 * SPDX-License-Identifier: MIT
 */
#include "step.h"

/* ---- asking */

void anyl_step_ask(anyl_task *task, uint32_t event)
{
    anyloop_loop *loop = task->future.loop;
    loop->asked = &task->future;
    loop->asked_event = event;
    loop->asked_user_data = anyl_task_extra(task->top)->user_data;
    loop->asked_told = false;
    anyl_loop_block(loop);
    if (loop->events_count == 0)
        anyl_task_tell_asked(loop);
    else
        anyl_step_leave(loop); /* the events before it are none of this task's */
}

void anyl_task_tell_asked(anyloop_loop *loop)
{
    if (loop->asked == NULL || loop->asked_told || !anyl_loop_can_tell(loop))
        return;
    anyl_step_enter(anyl_task_of(loop->asked), loop);
    loop->asked_told = true;
    anyl_loop_tell(loop, ANYLOOP_TURN_STEP, loop->asked_user_data, loop->asked, loop->asked_event);
}

/* ---- eager starts */

/* What the host was at when an eager task was made. */
struct interrupted {
    struct interrupted *outer;
    anyloop_task *task; /* the eager one */
    anyloop_task *current, *asked;
    anyloop_context **context;
    uint32_t asked_event;
    uint64_t asked_user_data;
    bool asked_told;
    anyloop_value received;
};

/* An eager task takes its place among the others after its first step. */
static void settle_eager(anyl_task *task)
{
    if (!anyl_future_done(&task->future)) {
        anyl_step_begun(task);
        anyl_list_remove(&task->link);
        anyl_list_append(&task->future.loop->tasks, &task->link);
    }
    anyl_future_release(&task->future);
}

/* The first step of `task` comes before what the host is at. False: no memory. */
static bool interrupt(anyl_task *task)
{
    anyloop_loop *loop = task->future.loop;
    struct interrupted *record = anyl_object_alloc(loop, sizeof *record);
    if (record == NULL)
        return false;
    *record = (struct interrupted){.outer = loop->interrupted_step,
                                   .task = &task->future,
                                   .current = loop->current,
                                   .asked = loop->asked,
                                   .context = loop->current_context,
                                   .asked_event = loop->asked_event,
                                   .asked_user_data = loop->asked_user_data,
                                   .asked_told = loop->asked_told,
                                   .received = loop->received};
    loop->received = anyl_value_none();
    loop->interrupted_step = record;
    loop->asked = NULL;
    anyl_step_enter(task, loop);
    anyl_future_retain(&task->future);
    return true;
}

/* Back to what the host was at. */
static void resume_interrupted(anyl_task *task)
{
    anyloop_loop *loop = task->future.loop;
    struct interrupted *record = loop->interrupted_step;
    loop->interrupted_step = record->outer;
    loop->current = record->current;
    loop->current_context = record->context;
    loop->asked = record->asked;
    loop->asked_event = record->asked_event;
    loop->asked_user_data = record->asked_user_data;
    loop->asked_told = record->asked_told;
    anyl_step_receive(loop, &record->received);
    anyl_object_free(loop, record, sizeof *record);
    settle_eager(task);
}

/* The host runs the first step, as far as it is the host's. */
static void start_in_host(anyl_task *task)
{
    anyloop_loop *loop = task->future.loop;
    if (!interrupt(task)) {
        anyl_loop_ready(loop, &task->node);
    } else if (task->step == NULL) {
        task->future.task_flags |= ANYL_TASK_STARTED;
        loop->asked = &task->future;
        loop->asked_told = true; /* by its making */
    } else {
        loop->turning = true;
        bool over = anyl_step_drive(task, ANYLOOP_EVENT_START);
        loop->turning = false;
        if (over)
            resume_interrupted(task);
    }
}

/* As `drive`, inside a step or callback in C: the host cannot be asked, what is pulled comes on the next turn. */
static void start_inside(anyl_task *task)
{
    anyloop_loop *loop = task->future.loop;
    anyloop_task *current = loop->current;
    anyloop_context **context = loop->current_context;
    anyloop_value received = loop->received;
    uint32_t event = ANYLOOP_EVENT_START;
    loop->received = anyl_value_none();
    anyl_future_retain(&task->future);
    anyl_step_enter(task, loop);
    do {
        if (task->top->step == NULL) {
            anyl_loop_ready(loop, &task->node);
            break;
        }
        task->top->future.task_flags |= ANYL_TASK_STARTED;
    } while (!anyl_step_act(task, anyl_step_call(task, task->top, event), &event));
    loop->current = current;
    loop->current_context = context;
    anyl_step_receive(loop, &received);
    settle_eager(task);
}

void anyl_task_start_eager(anyl_task *coroutine, anyloop_context *context)
{
    anyloop_loop *loop = coroutine->future.loop;
    anyl_step_become_task(coroutine, context);
    if (loop->turning && coroutine->step)
        start_inside(coroutine);
    else if (!loop->turning && loop->events_out)
        start_in_host(coroutine);
    else
        anyl_loop_ready(loop, &coroutine->node);
}

/* ---- answers */

bool anyl_task_stepped(anyl_task *task, int32_t answer)
{
    anyloop_loop *loop = task->future.loop;
    uint32_t event;
    if (loop->asked != &task->future || !loop->asked_told)
        return false;
    loop->asked = NULL;
    loop->asked_told = false;
    bool turning = loop->turning;
    loop->turning = true; /* users' code in it is inside a turn */
    if (anyl_step_has(task, ANYL_TASK_CLOSING)) {
        anyl_task_close_on(task);
        loop->turning = turning;
        return true;
    }
    struct interrupted *record = loop->interrupted_step;
    bool eager = record && record->task == &task->future; /* it has a hold of its own then */
    bool over = anyl_step_act(task, answer, &event) || anyl_step_drive(task, event);
    loop->turning = turning;
    if (over && eager)
        resume_interrupted(task);
    else if (over)
        anyl_step_leave(loop);
    if (over && !eager)
        anyl_step_forget_received(loop);
    return true;
}

void anyl_task_withdraw_asked(anyloop_loop *loop)
{
    while (loop->interrupted_step) {
        resume_interrupted(anyl_task_of(loop->interrupted_step->task));
    }
    anyl_step_forget_received(loop);
    if (loop->asked == NULL)
        return;
    if (!loop->asked_told && loop->asked_event == ANYLOOP_EVENT_START)
        anyl_step_clear(anyl_task_of(loop->asked)->top, ANYL_TASK_STARTED);
    loop->asked = NULL;
    loop->asked_told = false;
    anyl_step_leave(loop);
}
