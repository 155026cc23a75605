/* wait.c -- two operations that wait for others to be done without awaiting them.
 *
 * SPDX-License-Identifier: MIT
 */
#include "wait.h"

#include "handle.h"

/* What both are, first in their frames. */
struct waiting {
    anyl_waiter waiter;
    anyl_watch *watch;
};

static void release_waiting(void *owner, anyloop_future *future)
{
    struct waiting *my = owner;
    (void)future;
    anyl_waiter_release(&my->waiter);
}

/* CPython's `finally`. */
static void end_waiting(struct waiting *my)
{
    if (my->watch)
        anyl_watch_end(my->watch);
    my->watch = NULL;
    anyl_waiter_end(&my->waiter);
}

static void waiting_each(const void *frame, bool waits, anyl_each_fn tell, void *to)
{
    const struct waiting *my = frame;
    if (waits && my->watch)
        anyl_watch_each(my->watch, tell, to);
}

/* ---- wait */

struct wait_frame {
    struct waiting waiting;
    anyloop_handle *timer;
    size_t left;
    uint32_t return_when;
    int64_t timeout;
    anyloop_value result, done, pending;
};

static void wait_heard(void *owner, anyloop_future *future)
{
    struct wait_frame *my = owner;
    my->left--;
    bool raised = my->return_when == ANYLOOP_FIRST_EXCEPTION && future->state == ANYLOOP_FAILED;
    if (raised)
        anyl_future_error(future); /* counts as looked at */
    if (my->left != 0 && my->return_when != ANYLOOP_FIRST_COMPLETED && !raised)
        return;
    anyl_handle_end(&my->timer);
    anyl_waiter_release(&my->waiting.waiter);
}

static void wait_timed_out(void *frame)
{
    struct wait_frame *my = frame;
    anyl_waiter_release(&my->waiting.waiter);
}

static anyloop_value wait_result(struct wait_frame *my)
{
    anyl_watch *watch = my->waiting.watch;
    for (size_t i = 0; i < watch->count; i++) {
        anyloop_future *future = watch->items[i].future;
        const anyloop_value value = anyl_future_value(future);
        anyl_value_list_push(anyl_future_done(future) ? &my->done : &my->pending, &value);
    }
    anyl_value_list_push(&my->result, &my->done);
    anyl_value_list_push(&my->result, &my->pending);
    anyloop_value result = my->result;
    my->result = my->done = my->pending = anyl_value_none();
    return result;
}

static int32_t wait_step(void *frame, anyloop_task *running, uint32_t event)
{
    struct wait_frame *my = frame;
    anyl_task *task = anyl_task_of(running);
    anyl_watch *watch = my->waiting.watch;
    anyloop_loop *loop = running->loop;
    if (event == ANYLOOP_EVENT_START) {
        if (my->timeout != ANYLOOP_FOREVER && anyl_call_at(loop, anyl_deadline(anyl_loop_now(loop), my->timeout),
                                                           wait_timed_out, my, &my->timer) != ANYLOOP_OK)
            return anyl_raise_code(task, ANYLOOP_E_NOMEM);
        anyl_waiter_arm(&my->waiting.waiter, loop);
        my->left = watch->count;
        for (size_t i = 0; i < watch->count; i++)
            anyl_watch_listen(watch, &watch->items[i]);
        return anyl_waiter_await(&my->waiting.waiter, task);
    }
    anyl_handle_end(&my->timer);
    if (event == ANYLOOP_EVENT_CANCELLED)
        return anyl_task_reraise(task);
    return anyl_return(task, wait_result(my));
}

static void wait_drop(void *frame)
{
    struct wait_frame *my = frame;
    anyl_handle_end(&my->timer);
    end_waiting(&my->waiting);
    anyl_value_release(&my->result);
    anyl_value_release(&my->done);
    anyl_value_release(&my->pending);
}

static const anyl_operation wait_operation = {"wait", wait_step, wait_drop, sizeof(struct wait_frame)};

anyl_task *anyl_wait(anyloop_loop *loop, anyloop_future *const *futures, size_t count, uint32_t return_when,
                     int64_t timeout)
{
    const anyloop_allocator *allocator = &loop->slab.allocator;
    anyl_task *operation = anyl_operation_new(loop, &wait_operation);
    struct wait_frame *my = operation ? anyl_task_frame(operation) : NULL;
    if (my == NULL || (my->waiting.watch = anyl_watch_new(loop, count, wait_heard, my)) == NULL ||
        anyl_value_list(allocator, 2, &my->result) != ANYLOOP_OK ||
        anyl_value_list(allocator, count, &my->done) != ANYLOOP_OK ||
        anyl_value_list(allocator, count, &my->pending) != ANYLOOP_OK) {
        for (size_t i = 0; i < count; i++)
            anyl_future_release(futures[i]);
        if (operation)
            anyl_future_release(&operation->future);
        return NULL;
    }
    anyl_task_extra(operation)->each = waiting_each;
    anyl_watch_until_close(my->waiting.watch);
    my->return_when = return_when;
    my->timeout = timeout;
    anyl_watch *watch = my->waiting.watch;
    for (size_t i = 0; i < count; i++) {
        if (anyl_watch_mark(futures[i]))
            anyl_watch_add(watch, futures[i]);
        else
            anyl_future_release(futures[i]);
    }
    for (size_t i = 0; i < watch->count; i++)
        anyl_watch_unmark(watch->items[i].future);
    return operation;
}

/* ---- wait no longer */

static int32_t no_longer_step(void *frame, anyloop_task *running, uint32_t event)
{
    struct waiting *my = frame;
    anyl_task *task = anyl_task_of(running);
    anyl_watched *item = &my->watch->items[0];
    if (event == ANYLOOP_EVENT_START) {
        anyl_waiter_arm(&my->waiter, running->loop);
        anyl_watch_listen(my->watch, item);
        anyl_cancel(item->future, &anyl_value_nothing);
        return anyl_waiter_await(&my->waiter, task);
    }
    if (event == ANYLOOP_EVENT_CANCELLED)
        return anyl_task_reraise(task);
    const anyloop_value *value;
    uint32_t outcome = anyl_future_outcome(item->future, &value);
    if (outcome == ANYLOOP_CANCELLED)
        return anyl_raise_code(task, ANYLOOP_E_TIMED_OUT);
    return anyl_end_as(task, outcome, value);
}

static void no_longer_drop(void *frame)
{
    end_waiting(frame);
}

static const anyl_operation no_longer_operation = {"wait_for", no_longer_step, no_longer_drop, sizeof(struct waiting)};

anyl_task *anyl_wait_no_longer(anyloop_loop *loop, anyloop_future *future)
{
    anyl_task *operation = anyl_operation_new(loop, &no_longer_operation);
    struct waiting *my = operation ? anyl_task_frame(operation) : NULL;
    if (my == NULL || (my->watch = anyl_watch_new(loop, 1, release_waiting, my)) == NULL) {
        anyl_future_release(future);
        if (operation)
            anyl_future_release(&operation->future);
        return NULL;
    }
    anyl_task_extra(operation)->each = waiting_each;
    anyl_watch_until_close(my->watch);
    anyl_watch_add(my->watch, future);
    return operation;
}
