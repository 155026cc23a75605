/* api_task.c -- task.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "api.h"
#include "life.h"
#include "step.h"

/* ---- making */

anyloop_future *anyloop_coroutine_create(anyloop_loop *loop, const char *name, anyloop_step_fn step, const void *frame,
                                         size_t size)
{
    anyloop_status status = step ? anyl_api_open(loop) : ANYLOOP_E_INVALID;
    if (status != ANYLOOP_OK)
        return anyl_failed(status);
    return anyl_api_operation(anyl_coroutine_new(loop, name, step, frame, size));
}

ANYL_ASIDE anyloop_task *new_task(anyloop_loop *loop, const char *name, anyloop_step_fn step, const void *frame,
                                  size_t size)
{
    anyloop_status status = step ? anyl_api_open(loop) : ANYLOOP_E_INVALID;
    if (status != ANYLOOP_OK)
        return anyl_failed(status);
    return anyl_api_operation(anyl_task_new(loop, name, step, frame, size));
}

anyloop_task *anyloop_task_create(anyloop_loop *loop, const char *name, anyloop_step_fn step, const void *frame,
                                  size_t size)
{
    anyl_task *task = NULL;
    if (ANYL_LIKELY(step && loop && anyl_api_here(loop)))
        task = anyl_step_new_task_quickly(loop, name, step, frame, size);
    return ANYL_LIKELY(task != NULL) ? &task->future : new_task(loop, name, step, frame, size);
}

/* Frames that a refusal drops lie where the caller has them. */
static anyloop_future *refuse_frame(const anyloop_coroutine_options *options, anyloop_status status)
{
    if (options && options->drop)
        options->drop((void *)(uintptr_t)options->frame);
    return anyl_failed(status);
}

anyloop_future *anyloop_coroutine_create_with(anyloop_loop *loop, const anyloop_coroutine_options *options)
{
    if (options == NULL || options->struct_size != sizeof *options)
        return anyl_failed(ANYLOOP_E_INVALID);
    anyloop_status status = anyl_api_open(loop);
    if (status == ANYLOOP_OK && (options->reserved || options->frame_size > SIZE_MAX))
        status = ANYLOOP_E_INVALID;
    if (status != ANYLOOP_OK)
        return refuse_frame(options, status);
    const anyloop_allocator *allocator = &loop->slab.allocator;
    const char *name = options->name ? anyl_alloc_text(allocator, options->name) : NULL;
    anyl_task *coroutine = NULL;
    if (name || options->name == NULL)
        coroutine = anyl_coroutine_new_with(loop, name, options->step, options->frame, (size_t)options->frame_size,
                                            (anyl_extra){.drop = options->drop, .user_data = options->user_data});
    if (coroutine) {
        if (name)
            coroutine->future.task_flags |= ANYL_TASK_NAME_OWNED;
        return &coroutine->future;
    }
    if (name)
        anyl_free(allocator, (void *)(uintptr_t)name, strlen(name) + 1);
    return refuse_frame(options, ANYLOOP_E_NOMEM);
}

static anyloop_status check_options(const anyloop_task_options *options)
{
    bool fine = options == NULL ||
                (options->struct_size == sizeof *options && (options->flags & ~(uint32_t)ANYLOOP_TASK_EAGER) == 0);
    return fine ? ANYLOOP_OK : ANYLOOP_E_INVALID;
}

anyloop_status anyl_api_prepare_task(const anyloop_loop *loop, anyloop_future *coroutine,
                                     const anyloop_task_options *options)
{
    anyloop_status status = coroutine ? anyl_api_open(loop) : ANYLOOP_E_INVALID;
    if (status == ANYLOOP_OK)
        status = check_options(options);
    if (status == ANYLOOP_OK && coroutine->loop == NULL)
        status = anyl_error_code(&coroutine->value); /* what could not be made cannot be run either */
    if (status == ANYLOOP_OK && coroutine->loop != loop)
        status = ANYLOOP_E_OTHER_LOOP;
    if (status == ANYLOOP_OK && !anyl_is_coroutine(coroutine) && !anyl_is_task(coroutine))
        status = ANYLOOP_E_TYPE;
    if (status == ANYLOOP_OK && anyl_is_coroutine(coroutine) &&
        ((coroutine->task_flags & ANYL_TASK_STACKED) || anyl_future_done(coroutine)))
        status = ANYLOOP_E_STATE;
    if (status != ANYLOOP_OK || options == NULL || options->name == NULL || anyl_is_task(coroutine))
        return status;
    const char *name = anyl_alloc_text(&loop->slab.allocator, options->name);
    if (name == NULL)
        return ANYLOOP_E_NOMEM;
    anyl_task_set_name(anyl_task_of(coroutine), name);
    return ANYLOOP_OK;
}

void anyl_api_start_task(anyl_task *coroutine, const anyloop_task_options *options)
{
    anyloop_context *context = options && options->context ? options->context
                                                           : anyl_loop_context(coroutine->future.loop);
    if (options == NULL || (options->flags & ANYLOOP_TASK_EAGER) == 0) {
        anyl_task_start(coroutine, context);
        return;
    }
    anyloop_loop *loop = coroutine->future.loop;
    anyl_life_retain(loop); /* the first step may let go of the loop */
    anyl_task_start_eager(coroutine, context);
    anyl_life_release(loop);
}

ANYL_ASIDE anyloop_task *create_task(anyloop_loop *loop, anyloop_future *coroutine, const anyloop_task_options *options)
{
    anyloop_status status = anyl_api_prepare_task(loop, coroutine, options);
    if (status != ANYLOOP_OK) {
        anyl_api_release(coroutine);
        return anyl_failed(status);
    }
    if (anyl_is_coroutine(coroutine))
        anyl_api_start_task(anyl_task_of(coroutine), options);
    return coroutine;
}

anyloop_task *anyloop_create_task(anyloop_loop *loop, anyloop_future *coroutine, const anyloop_task_options *options)
{
    if (ANYL_LIKELY(options == NULL && coroutine && loop && coroutine->loop == loop && anyl_api_here(loop) &&
                    !loop->closing && anyl_is_coroutine(coroutine) && anyl_task_is_fresh(anyl_task_of(coroutine))))
        return anyl_task_start(anyl_task_of(coroutine), anyl_loop_context(loop));
    return create_task(loop, coroutine, options);
}

/* ---- inside a step */

/* Is `task` a task whose step runs now? */
ANYL_HOT bool steps(const anyloop_task *task)
{
    return task && task->loop && task->loop->current == task && anyl_api_here(task->loop);
}

int32_t anyloop_task_await(anyloop_task *task, anyloop_future *future, const char *where)
{
    if (!steps(task)) {
        anyl_api_release(future);
        return ANYLOOP_READY;
    }
    if (ANYL_LIKELY(future && anyl_task_await_quickly(anyl_task_of(task), future, where)))
        return ANYLOOP_PENDING;
    return anyl_task_await(anyl_task_of(task), future ? future : anyl_failed(ANYLOOP_E_INVALID), where);
}

uint32_t anyloop_task_outcome(const anyloop_task *task)
{
    return steps(task) ? task->outcome : ANYLOOP_FAILED;
}

const anyloop_value *anyloop_task_awaited(const anyloop_task *task)
{
    static const anyloop_value not_running = {.kind = ANYLOOP_ERROR, .flags = (uint32_t)ANYLOOP_E_STATE};
    return steps(task) ? anyl_task_seen((const anyl_task *)(const void *)task) : &not_running;
}

ANYL_ASIDE void set_return(anyloop_task *task, const anyloop_value *value)
{
    anyloop_value taken = anyl_value_take(value);
    if (steps(task))
        anyl_task_return(anyl_task_of(task), taken);
    else
        anyl_value_release(&taken);
}

void anyloop_task_return(anyloop_task *task, const anyloop_value *value)
{
    if (ANYL_LIKELY(value && steps(task) && anyl_task_return_quickly(anyl_task_of(task), value)))
        return;
    set_return(task, value);
}

void anyloop_task_raise(anyloop_task *task, anyloop_status code, const char *text)
{
    if (steps(task))
        anyl_task_raise(anyl_task_of(task),
                        anyl_error_text(&task->loop->slab.allocator, code < 0 ? code : ANYLOOP_E_INVALID, text,
                                        text ? strlen(text) : 0));
}

void anyloop_task_raise_error(anyloop_task *task, const anyloop_value *error)
{
    anyloop_value taken = anyl_value_take(error);
    if (taken.kind != ANYLOOP_ERROR)
        anyl_error_put(&taken, ANYLOOP_E_TYPE);
    if (steps(task))
        anyl_task_raise(anyl_task_of(task), taken);
    else
        anyl_value_release(&taken);
}

void anyloop_task_reraise(anyloop_task *task)
{
    if (steps(task))
        anyl_task_reraise(anyl_task_of(task));
}

/* ---- from anywhere on the thread */

anyloop_loop *anyloop_task_loop(const anyloop_task *task)
{
    return task ? task->loop : NULL;
}

const char *anyloop_task_name(anyloop_task *task)
{
    return task && anyl_is_task(task) && anyl_api_here(task->loop) ? anyl_task_name(anyl_task_of(task)) : NULL;
}

anyloop_status anyloop_task_set_name(anyloop_task *task, const char *name)
{
    if (task == NULL || name == NULL)
        return ANYLOOP_E_INVALID;
    if (!anyl_is_task(task))
        return ANYLOOP_E_TYPE;
    if (!anyl_api_here(task->loop))
        return anyl_api_elsewhere(task->loop);
    const char *copy = anyl_alloc_text(&task->loop->slab.allocator, name);
    if (copy == NULL)
        return ANYLOOP_E_NOMEM;
    anyl_task_set_name(anyl_task_of(task), copy);
    return ANYLOOP_OK;
}

uint32_t anyloop_task_cancelling(const anyloop_task *task)
{
    return task && anyl_is_task(task) ? ((const anyl_task *)(const void *)task)->cancels : 0;
}

uint32_t anyloop_task_uncancel(anyloop_task *task)
{
    return task && anyl_is_task(task) && anyl_api_here(task->loop) ? anyl_task_uncancel(anyl_task_of(task)) : 0;
}
