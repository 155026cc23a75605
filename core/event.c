/* event.c -- events.
 *
 * SPDX-License-Identifier: MIT
 */
#include "event.h"

#include "waiters.h"

anyloop_event *anyl_event_new(anyloop_loop *loop)
{
    anyloop_event *event = anyl_object_alloc(loop, sizeof *event);
    if (event == NULL)
        return NULL;
    event->loop = loop;
    event->refs = 1;
    event->is_set = false;
    anyl_list_init(&event->waiters);
    return event;
}

void anyl_event_release(anyloop_event *event)
{
    if (--event->refs == 0)
        anyl_object_free(event->loop, event, sizeof *event);
}

anyloop_status anyl_event_set(anyloop_event *event)
{
    if (event->is_set)
        return ANYLOOP_OK;
    event->is_set = true;
    return anyl_waiters_release(&event->waiters, SIZE_MAX);
}

struct event_frame {
    anyloop_event *event;
    anyl_waiter waiter;
};

static int32_t event_step(void *frame, anyloop_task *running, uint32_t event)
{
    struct event_frame *my = frame;
    anyl_task *task = anyl_task_of(running);
    if (event == ANYLOOP_EVENT_START && !my->event->is_set)
        return anyl_waiters_await(&my->event->waiters, &my->waiter, task);
    return event == ANYLOOP_EVENT_CANCELLED ? anyl_task_reraise(task) : anyl_return_true(task);
}

static void event_drop(void *frame)
{
    struct event_frame *my = frame;
    anyl_waiter_end(&my->waiter);
    anyl_event_release(my->event);
}

static const anyl_operation event_operation = {"event.wait", event_step, event_drop, sizeof(struct event_frame)};

anyl_task *anyl_event_wait(anyloop_event *event)
{
    anyl_task *operation = anyl_operation_new(event->loop, &event_operation);
    if (operation == NULL)
        return NULL;
    event->refs++;
    ((struct event_frame *)anyl_task_frame(operation))->event = event;
    return operation;
}
