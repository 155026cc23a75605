/* task.c -- making coroutines, operations and tasks, their names, and their end.
 *
 * SPDX-License-Identifier: MIT
 */
#include "step.h"

#include "text.h"

/* ---- the end */

static void free_name(anyl_task *task)
{
    anyl_free(&task->future.loop->slab.allocator, (void *)(uintptr_t)task->name, strlen(task->name) + 1);
}

void anyl_coroutine_end(anyl_task *coroutine)
{
    coroutine->future.task_flags |= ANYL_TASK_ENDED;
    if (ANYL_UNLIKELY(coroutine->future.task_flags & ANYL_TASK_EXTRA) && anyl_task_extra(coroutine)->drop)
        anyl_task_extra(coroutine)->drop(anyl_task_frame(coroutine));
}

static void run_drop(anyl_node *node, anyloop_loop *loop, uint32_t how)
{
    anyl_task *coroutine = ANYL_OWNER_OF(node, anyl_task, node);
    (void)how;
    if (anyl_loop_tell_drop(loop, node, anyl_task_extra(coroutine)->user_data))
        anyl_future_release(&coroutine->future);
}

void anyl_coroutine_abandon(anyl_task *coroutine)
{
    anyl_coroutine_end(coroutine);
    if (coroutine->step)
        return;
    coroutine->node.run = run_drop;
    anyl_future_retain(&coroutine->future);
    anyl_loop_drop_later(coroutine->future.loop, &coroutine->node);
}

static void waiter_destroy(anyloop_future *future)
{
    (void)future; /* its frame's own hold is never released: this does not come */
}

static const anyl_future_class waiter_class = {
    .owner = ANYL_FUTURE_OWNER, .kind = ANYLOOP_KIND_OPERATION, .destroy = waiter_destroy};

/* It was not done when its loop was closed: it still waits, and has what was on its stack. */
static void unwait(anyl_task *task)
{
    anyloop_loop *loop = task->future.loop;
    anyloop_future *awaited = task->awaited;
    if (awaited) {
        if (loop->closed)
            anyl_loop_lock(loop);
        anyl_future_unlisten(awaited, &task->node);
        if (loop->closed)
            anyl_loop_unlock(loop);
        if (awaited->owner.class == &waiter_class.owner)
            anyl_value_release(&awaited->value); /* its frame is dropped already */
        if (!(task->future.task_flags & ANYL_TASK_LOOSE))
            anyl_future_release(awaited);
    }
    while (task->closed) {
        anyl_task *ended = task->closed;
        task->closed = ended->closed;
        ended->closed = NULL;
        anyl_future_release(&ended->future);
    }
}

/* It was never awaited, or never done. False: it stays until its integer is back with the host. */
static bool end_unfinished(anyl_task *task)
{
    anyloop_future *future = &task->future;
    if (!(future->task_flags & ANYL_TASK_ENDED)) {
        anyl_coroutine_abandon(task);
        if (future->refs || task->step == NULL)
            return false;
    }
    if (!anyl_future_done(future))
        unwait(task);
    anyl_context_release(task->context);
    return true;
}

static void task_destroy(anyloop_future *future)
{
    anyl_task *task = anyl_task_of(future);
    bool finished = (future->task_flags & ANYL_TASK_ENDED) && anyl_future_done(future);
    if (ANYL_UNLIKELY(!finished) && !end_unfinished(task))
        return;
    if (ANYL_UNLIKELY(future->task_flags & ANYL_TASK_NAME_OWNED))
        free_name(task);
    if (ANYL_UNLIKELY(future->task_flags & ANYL_TASK_REASON_OWNED))
        anyl_value_release_owner((anyl_owner *)task->reason);
    anyl_object_free(future->loop, task, task->size);
}

static void coroutine_cancelled(anyloop_future *future)
{
    anyl_coroutine_abandon(anyl_task_of(future));
}

static const char *task_name(anyloop_future *future)
{
    return anyl_task_name(anyl_task_of(future));
}

const anyl_future_class anyl_coroutine_class = {.owner = ANYL_FUTURE_OWNER,
                                                .kind = ANYLOOP_KIND_COROUTINE,
                                                .cancelled = coroutine_cancelled,
                                                .destroy = task_destroy};
const anyl_future_class anyl_task_class = {
    .owner = ANYL_FUTURE_OWNER, .kind = ANYLOOP_KIND_TASK, .destroy = task_destroy, .name = task_name};

/* ---- making */

/* `behind` bytes follow the frame. */
static anyl_task *new_coroutine(anyloop_loop *loop, const char *name, anyloop_step_fn step, const void *frame,
                                size_t size, size_t behind)
{
    if (size > UINT32_MAX / 2)
        return NULL;
    size_t whole = ANYL_FRAME_AT + (behind ? ANYL_ALIGNED(size) + behind : size);
    anyl_task *task = anyl_object_alloc(loop, whole);
    if (task == NULL)
        return NULL;
    anyl_step_init(task, loop, name, step, whole, &anyl_coroutine_class, 1, 0);
    if (size && frame)
        memcpy(anyl_task_frame(task), frame, size);
    else if (size)
        memset(anyl_task_frame(task), 0, size);
    return task;
}

anyl_task *anyl_coroutine_new(anyloop_loop *loop, const char *name, anyloop_step_fn step, const void *frame,
                              size_t size)
{
    return new_coroutine(loop, name, step, frame, size, 0);
}

anyl_task *anyl_coroutine_new_with(anyloop_loop *loop, const char *name, anyloop_step_fn step, const void *frame,
                                   size_t size, anyl_extra extra)
{
    anyl_task *task = new_coroutine(loop, name, step, frame, size, sizeof extra);
    if (task == NULL)
        return NULL;
    task->future.task_flags = ANYL_TASK_EXTRA;
    *anyl_task_extra(task) = extra;
    return task;
}

anyl_task *anyl_operation_new_small(anyloop_loop *loop, const anyl_operation *operation, const void *frame)
{
    anyl_task *task = anyl_step_new_quickly(loop, operation->name, operation->step, frame, operation->frame_size,
                                  &anyl_coroutine_class, 1, ANYL_TASK_OPERATION);
    if (ANYL_LIKELY(task != NULL))
        return task;
    task = new_coroutine(loop, operation->name, operation->step, frame, operation->frame_size, 0);
    if (task)
        task->future.task_flags |= ANYL_TASK_OPERATION;
    return task;
}

anyl_task *anyl_operation_new(anyloop_loop *loop, const anyl_operation *operation)
{
    anyl_extra extra = {.drop = operation->drop};
    anyl_task *task =
        operation->drop
            ? anyl_coroutine_new_with(loop, operation->name, operation->step, NULL, operation->frame_size, extra)
            : new_coroutine(loop, operation->name, operation->step, NULL, operation->frame_size, 0);
    if (task)
        task->future.task_flags |= ANYL_TASK_OPERATION;
    return task;
}

/* ---- starting */

ANYL_HOT void become_task(anyl_task *coroutine, anyloop_context *context)
{
    anyloop_loop *loop = coroutine->future.loop;
    uint32_t flags = coroutine->future.task_flags;
    if (coroutine->name == NULL || (flags & (ANYL_TASK_OPERATION | ANYL_TASK_NAME_OWNED)) == ANYL_TASK_OPERATION)
        coroutine->number = ++loop->task_number; /* it has no name of its own */
    coroutine->future.task_flags = flags | ANYL_TASK_STACKED;
    anyl_future_set_class(&coroutine->future, &anyl_task_class);
    coroutine->future.refs++;
    anyl_step_join(coroutine, loop, context);
}

void anyl_step_become_task(anyl_task *coroutine, anyloop_context *context)
{
    become_task(coroutine, context);
}

anyloop_task *anyl_task_start(anyl_task *coroutine, anyloop_context *context)
{
    become_task(coroutine, context);
    anyl_loop_ready(coroutine->future.loop, &coroutine->node);
    return &coroutine->future;
}

anyl_task *anyl_task_new(anyloop_loop *loop, const char *name, anyloop_step_fn step, const void *frame, size_t size)
{
    anyl_task *task = new_coroutine(loop, name, step, frame, size, 0);
    if (task)
        anyl_task_start(task, anyl_loop_context(loop));
    return task;
}

anyloop_status anyl_ensure_future(anyloop_loop *loop, anyloop_future *future)
{
    if (!anyl_is_coroutine(future))
        return ANYLOOP_OK;
    if (future->task_flags & ANYL_TASK_STACKED)
        return ANYLOOP_E_STATE;
    if (!anyl_future_done(future))
        anyl_task_start(anyl_task_of(future), anyl_loop_context(loop));
    return ANYLOOP_OK;
}

/* ---- names */

const char *anyl_task_name_in(const anyl_task *task, char buffer[ANYL_TASK_NAME_ROOM])
{
    if (task->number == 0)
        return task->name ? task->name : "";
    anyl_text text = anyl_text_in(buffer, ANYL_TASK_NAME_ROOM);
    anyl_text_add(&text, "Task-");
    anyl_text_number(&text, task->number);
    return buffer;
}

const char *anyl_task_name(anyl_task *task)
{
    char buffer[ANYL_TASK_NAME_ROOM];
    const char *name = anyl_task_name_in(task, buffer);
    if (name != buffer)
        return name;
    name = anyl_alloc_text(&task->future.loop->slab.allocator, buffer);
    if (name == NULL)
        return "Task";
    anyl_task_set_name(task, name);
    return task->name;
}

void anyl_task_set_name(anyl_task *task, const char *name)
{
    if (task->future.task_flags & ANYL_TASK_NAME_OWNED)
        free_name(task);
    task->name = name;
    task->number = 0;
    task->future.task_flags |= ANYL_TASK_NAME_OWNED;
    task->future.plain = 0;
}

/* ---- waiters */

void anyl_waiter_arm(anyl_waiter *waiter, anyloop_loop *loop)
{
    anyloop_future *future = &waiter->future;
    if (future->owner.class == NULL) {
        anyl_future_init(future, loop, &waiter_class);
        anyl_list_init(&waiter->link);
        return;
    }
    future->state = ANYLOOP_PENDING;
    anyl_value_release(&future->value);
}

void anyl_waiter_end(anyl_waiter *waiter)
{
    if (waiter->future.owner.class == NULL)
        return;
    anyl_list_remove(&waiter->link);
    anyl_value_release(&waiter->future.value);
}

int32_t anyl_waiter_await(anyl_waiter *waiter, anyl_task *task)
{
    return anyl_task_await(task, anyl_future_retain(&waiter->future), NULL) == ANYLOOP_PENDING
               ? ANYLOOP_STEP_AWAIT
               : anyl_task_reraise(task);
}

anyloop_status anyl_waiter_release(anyl_waiter *waiter)
{
    return anyl_future_done(&waiter->future) ? ANYLOOP_OK
                                             : anyl_future_set_result(&waiter->future, anyl_value_none());
}
