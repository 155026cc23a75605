/* slow.c -- steps and callbacks that keep the loop for long.
 *
 * SPDX-License-Identifier: MIT
 */
#include "inspect.h"
#include "step.h"

static void log_slow(anyloop_loop *loop, const anyloop_slow_callback *slow)
{
    char line[512];
    anyl_text text = anyl_text_in(line, sizeof line);
    anyl_text_add(&text, slow->name ? "slow: task " : "slow: a callback");
    anyl_text_add(&text, slow->name ? slow->name : "");
    anyl_text_add(&text, " ran for ");
    anyl_inspect_add_time(&text, (uint64_t)slow->duration);
    if (slow->from) {
        anyl_text_add(&text, " from ");
        anyl_text_add(&text, slow->from);
    }
    if (slow->to) {
        anyl_text_add(&text, " to ");
        anyl_text_add(&text, slow->to);
    }
    anyl_loop_log(loop, ANYLOOP_LOG_WARNING, line);
}

/* The innermost place of the user's own on its stack. */
static const char *place_of(const anyl_task *task)
{
    for (const anyl_task *coroutine = task->top; coroutine; coroutine = anyl_task_below(task, coroutine))
        if (coroutine->where)
            return coroutine->where;
    return NULL;
}

static void tell_slow(anyloop_loop *loop, anyl_task *task, uint64_t duration, const char *from)
{
    char name[ANYL_TASK_NAME_ROOM];
    const anyloop_slow_callback slow = {
        .struct_size = sizeof slow,
        .task = task ? &task->future : NULL,
        .name = task ? anyl_task_name_in(task, name) : NULL,
        .duration = duration > INT64_MAX ? INT64_MAX : (int64_t)duration,
        .from = from,
        .to = task && !anyl_future_done(&task->future) ? place_of(task) : NULL,
    };
    if (loop->slow_handler)
        loop->slow_handler(loop->slow_data, loop, &slow);
    else
        log_slow(loop, &slow);
}

/* Time that a virtual clock would not see. The task is held: it may end in this step. */
static void run_timed(anyl_node *node, anyloop_loop *loop)
{
    anyl_task *task = anyl_step_task_of(node);
    const char *from = task ? place_of(task) : NULL;
    if (task)
        anyl_future_retain(&task->future);
    uint64_t begun = loop->now();
    node->run(node, loop, ANYL_RUN);
    uint64_t duration = loop->now() - begun;
    if (duration >= (uint64_t)loop->slow_duration) /* that of none is the longest */
        tell_slow(loop, task, duration, from);
    if (task)
        anyl_future_release(&task->future);
}

void anyl_inspect_slow(anyloop_loop *loop, int64_t duration, anyloop_slow_callback_fn handler, void *user_data,
                       anyloop_drop_fn drop)
{
    anyloop_drop_fn drop_before = loop->slow_drop;
    void *data_before = loop->slow_data;
    loop->slow_duration = duration;
    loop->slow_handler = handler;
    loop->slow_data = user_data;
    loop->slow_drop = drop;
    loop->run_timed = duration == INT64_MAX ? NULL : run_timed;
    loop->attention = true;
    if (drop_before)
        drop_before(data_before);
}
