/* completions.c -- as_completed.
 *
 * SPDX-License-Identifier: MIT
 */
#include "completions.h"

#include "handle.h"
#include "queue.h"

struct anyloop_completions {
    anyloop_loop *loop;
    uint32_t refs; /* the user's, and one for each operation */
    anyl_watch *watch;
    anyloop_queue *done; /* FUTUREs, and NONE for each that was not done in time */
    anyloop_handle *timer;
    size_t todo; /* not done yet, while there is time */
    size_t left; /* not asked for yet */
};

static void free_completions(anyloop_completions *completions)
{
    anyl_handle_end(&completions->timer);
    if (completions->watch)
        anyl_watch_end(completions->watch);
    if (completions->done)
        anyl_queue_release(completions->done);
    anyl_object_free(completions->loop, completions, sizeof *completions);
}

void anyl_completions_release(anyloop_completions *completions)
{
    if (--completions->refs == 0)
        free_completions(completions);
}

anyloop_loop *anyl_completions_loop(const anyloop_completions *completions)
{
    return completions->loop;
}

size_t anyl_completions_left(const anyloop_completions *completions)
{
    return completions->left;
}

static void completion_heard(void *owner, anyloop_future *future)
{
    anyloop_completions *completions = owner;
    completions->todo--;
    anyl_queue_put_nowait(completions->done, anyl_future_value(future), 0);
    if (completions->todo == 0)
        anyl_handle_end(&completions->timer);
}

static void completions_timed_out(void *user_data)
{
    anyloop_completions *completions = user_data;
    for (; completions->todo; completions->todo--)
        anyl_queue_put_nowait(completions->done, anyl_value_none(), 0);
    anyl_watch_end(completions->watch);
    completions->watch = NULL;
}

/* Everything that can fail, before anything has begun. */
static anyloop_completions *completions_new(anyloop_loop *loop, size_t count, int64_t timeout)
{
    anyloop_completions *completions = anyl_object_alloc(loop, sizeof *completions);
    if (completions == NULL)
        return NULL;
    *completions = (anyloop_completions){.loop = loop, .refs = 1};
    completions->watch = anyl_watch_new(loop, count, completion_heard, completions);
    completions->done = anyl_queue_new(loop, 0, ANYLOOP_QUEUE_FIFO);
    bool timer = count && timeout != ANYLOOP_FOREVER;
    if (completions->watch && completions->done && anyl_queue_reserve(completions->done, count) &&
        (!timer || anyl_call_at(loop, anyl_deadline(anyl_loop_now(loop), timeout), completions_timed_out, completions,
                                &completions->timer) == ANYLOOP_OK))
        return completions;
    free_completions(completions);
    return NULL;
}

anyloop_completions *anyl_completions_new(anyloop_loop *loop, anyloop_future *const *futures, size_t count,
                                          int64_t timeout)
{
    anyloop_completions *completions = completions_new(loop, count, timeout);
    anyl_watch *watch = completions ? completions->watch : NULL;
    for (size_t i = 0; i < count; i++) {
        if (watch && anyl_watch_mark(futures[i])) {
            anyl_ensure_future(loop, futures[i]);
            anyl_watch_add(watch, futures[i]);
        } else {
            anyl_future_release(futures[i]);
        }
    }
    if (completions == NULL)
        return NULL;
    anyl_watch_until_close(watch);
    for (size_t i = 0; i < watch->count; i++) {
        anyl_watch_unmark(watch->items[i].future);
        anyl_watch_listen(watch, &watch->items[i]);
    }
    completions->todo = completions->left = watch->count;
    return completions;
}

/* ---- the next one */

struct next_frame {
    anyloop_completions *completions;
    bool resolve;
};

static int32_t next_step(void *frame, anyloop_task *running, uint32_t event)
{
    struct next_frame *my = frame;
    anyl_task *task = anyl_task_of(running);
    if (event == ANYLOOP_EVENT_START) {
        anyl_task *get = anyl_queue_get(my->completions->done);
        if (get == NULL)
            return anyl_raise_code(task, ANYLOOP_E_NOMEM);
        anyl_task_await(task, &get->future, NULL);
        return ANYLOOP_STEP_AWAIT;
    }
    if (anyl_task_outcome(task) != ANYLOOP_RESULT)
        return anyl_task_reraise(task);
    const anyloop_value *value = anyl_task_seen(task);
    if (value->kind == ANYLOOP_NONE)
        return anyl_raise_code(task, ANYLOOP_E_TIMED_OUT);
    uint32_t outcome = ANYLOOP_RESULT;
    if (my->resolve)
        outcome = anyl_future_outcome((anyloop_future *)(uintptr_t)value->bits, &value);
    return anyl_end_as(task, outcome, value);
}

static void next_drop(void *frame)
{
    anyl_completions_release(((struct next_frame *)frame)->completions);
}

/* Those that are not done. */
static void next_each(const void *frame, bool waits, anyl_each_fn tell, void *to)
{
    const anyloop_completions *completions = ((const struct next_frame *)frame)->completions;
    if (waits && completions->watch)
        anyl_watch_each(completions->watch, tell, to);
}

static const anyl_operation next_operation = {"as_completed", next_step, next_drop, sizeof(struct next_frame)};

anyl_task *anyl_completions_next(anyloop_completions *completions, bool resolve)
{
    anyl_task *operation = anyl_operation_new(completions->loop, &next_operation);
    if (operation == NULL)
        return NULL;
    anyl_task_extra(operation)->each = next_each;
    completions->left--;
    completions->refs++;
    *(struct next_frame *)anyl_task_frame(operation) = (struct next_frame){completions, resolve};
    return operation;
}
