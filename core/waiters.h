/* waiters.h -- queues of waiters: who is let go on first, who is passed over.
 *
 * Owns:          nothing: a waiter lies in the frame of the operation that waits.
 * Must not know: for what.
 * Threads:       the loop's.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_WAITERS_H
#define ANYL_WAITERS_H

#include "task.h"

static inline anyl_waiter *anyl_waiters_of(anyl_list *link)
{
    return ANYL_OWNER_OF(link, anyl_waiter, link);
}

/* Does anybody wait who was not cancelled? */
static inline bool anyl_waiters_any(const anyl_list *waiters)
{
    for (anyl_list *link = waiters->next; link != waiters; link = link->next)
        if (anyl_waiters_of(link)->future.state != ANYLOOP_CANCELLED)
            return true;
    return false;
}

/* Let up to `count` of those who still wait go on; they leave the queue by themselves. As in CPython, a closed loop
 * stops this at the first. */
static inline anyloop_status anyl_waiters_release(anyl_list *waiters, size_t count)
{
    for (anyl_list *link = waiters->next; link != waiters && count; link = link->next) {
        anyl_waiter *waiter = anyl_waiters_of(link);
        if (anyl_future_done(&waiter->future))
            continue;
        anyloop_status status = anyl_waiter_release(waiter);
        if (status != ANYLOOP_OK)
            return status;
        count--;
    }
    return ANYLOOP_OK;
}

/* Take waiters out until one still waited; it goes on. */
static inline anyloop_status anyl_waiters_pop(anyl_list *waiters)
{
    while (!anyl_list_empty(waiters)) {
        anyl_waiter *waiter = anyl_waiters_of(waiters->next);
        anyl_list_remove(&waiter->link);
        if (!anyl_future_done(&waiter->future))
            return anyl_waiter_release(waiter);
    }
    return ANYLOOP_OK;
}

/* Wait in the queue: the answer of the step. */
static inline int32_t anyl_waiters_await(anyl_list *waiters, anyl_waiter *waiter, anyl_task *task)
{
    anyl_waiter_arm(waiter, task->future.loop);
    anyl_list_append(waiters, &waiter->link);
    return anyl_waiter_await(waiter, task);
}

#endif
