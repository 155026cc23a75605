/* task.c -- making coroutines and operations, names, and their end.
 *
 * SPDX-License-Identifier: MIT
 */
#include "task.h"

#include "text.h"

/* ---- the end */

static void free_name(anyl_task *task)
{
    anyl_free(&task->future.loop->slab.allocator, (void *)(uintptr_t)task->name, strlen(task->name) + 1);
}

void anyl_coroutine_end(anyl_task *coroutine)
{
    coroutine->future.task_flags |= ANYL_TASK_ENDED;
    if (coroutine->drop)
        coroutine->drop(anyl_task_frame(coroutine));
}

static void run_drop(anyl_node *node, anyloop_loop *loop, uint32_t how)
{
    anyl_task *coroutine = ANYL_OWNER_OF(node, anyl_task, node);
    (void)how;
    if (anyl_loop_tell_drop(loop, node, coroutine->user_data))
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
    while (task->below) {
        anyl_task *ended = task->below;
        task->below = ended->below;
        ended->below = NULL;
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
    anyl_value_drop(&task->reason);
    anyl_value_drop(&task->received);
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

anyl_task *anyl_coroutine_new(anyloop_loop *loop, anyloop_step_fn step, size_t size)
{
    size_t whole = ANYL_ALIGNED(sizeof(anyl_task)) + size;
    anyl_task *task = size > SIZE_MAX / 2 ? NULL : anyl_object_alloc(loop, whole);
    if (task == NULL)
        return NULL;
    anyl_future_init(&task->future, loop, &anyl_coroutine_class);
    task->awaited = NULL;
    task->seen = &anyl_value_nothing;
    task->top = task;
    task->below = NULL;
    task->step = step;
    task->drop = NULL;
    task->where = NULL;
    task->context = NULL;
    task->name = NULL;
    task->size = whole;
    task->cancels = 0;
    task->outcome = ANYLOOP_RESULT;
    task->reason = anyl_value_none();
    task->received = anyl_value_none();
    return task;
}

anyl_task *anyl_operation_new(anyloop_loop *loop, const anyl_operation *operation)
{
    anyl_task *task = anyl_coroutine_new(loop, operation->step, operation->frame_size);
    if (task == NULL)
        return NULL;
    anyl_coroutine_fill(task, NULL, operation->frame_size);
    task->name = operation->name;
    task->drop = operation->drop;
    task->future.task_flags = ANYL_TASK_OPERATION;
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
    if (task->future.number == 0)
        return task->name ? task->name : "";
    anyl_text text = anyl_text_in(buffer, ANYL_TASK_NAME_ROOM);
    anyl_text_add(&text, "Task-");
    anyl_text_number(&text, task->future.number);
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
    task->future.number = 0;
    task->future.task_flags |= ANYL_TASK_NAME_OWNED;
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
