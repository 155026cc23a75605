/* api_inspect.c -- inspect.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "api.h"
#include "inspect.h"
#include "job.h"

anyloop_status anyloop_loop_visit_tasks(anyloop_loop *loop, anyloop_visit_fn visitor, void *user_data)
{
    anyloop_status status = visitor ? anyl_api_open(loop) : ANYLOOP_E_INVALID;
    return status == ANYLOOP_OK ? anyl_inspect_visit(loop, visitor, user_data) : status;
}

size_t anyloop_task_get_stack(const anyloop_task *task, anyloop_task_frame *frames, size_t capacity)
{
    if (task == NULL || !anyl_is_task(task) || !anyl_api_here(task->loop) || anyl_future_done(task))
        return 0;
    return frames || capacity == 0
               ? anyl_inspect_stack((const anyl_task *)(const void *)task, frames, capacity)
               : 0;
}

anyloop_status anyloop_loop_format_tree(anyloop_loop *loop, anyloop_write_fn write, void *user_data)
{
    anyloop_status status = write ? anyl_api_open(loop) : ANYLOOP_E_INVALID;
    return status == ANYLOOP_OK ? anyl_inspect_tree(loop, write, user_data) : status;
}

anyloop_status anyloop_loop_set_slow_callback_handler(anyloop_loop *loop, int64_t duration,
                                                      anyloop_slow_callback_fn handler, void *user_data,
                                                      anyloop_drop_fn drop)
{
    anyloop_status status = duration >= 0 ? anyl_api_open(loop) : ANYLOOP_E_INVALID;
    if (status == ANYLOOP_OK)
        anyl_inspect_slow(loop, duration, handler, user_data, drop);
    else if (drop)
        drop(user_data);
    return status;
}

anyloop_status anyloop_loop_get_figures(const anyloop_loop *loop, anyloop_loop_figures *figures)
{
    anyloop_status status = anyl_api_check(loop);
    if (status == ANYLOOP_OK && (figures == NULL || figures->struct_size != sizeof *figures))
        status = ANYLOOP_E_INVALID;
    if (status == ANYLOOP_OK)
        anyl_inspect_figures(loop, figures);
    return status;
}

anyloop_status anyloop_executor_get_figures(anyloop_executor *executor, anyloop_executor_figures *figures)
{
    if (executor == NULL || figures == NULL || figures->struct_size != sizeof *figures)
        return ANYLOOP_E_INVALID;
    return executor->class->figures ? executor->class->figures(executor, figures) : ANYLOOP_E_NOT_SUPPORTED;
}

anyloop_executor *anyloop_loop_default_executor(const anyloop_loop *loop)
{
    return loop && anyl_api_here(loop) ? loop->executor : NULL;
}
