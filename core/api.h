/* api.h -- the questions that every exported function asks first.
 *
 * The api_*.c files hold every exported symbol: they check arguments, thread and struct size, then make one call down.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_API_H
#define ANYL_API_H

#include "port/port.h"
#include "task.h"

/* Is this the thread that may touch the loop's objects? After the close all are, one at a time. */
ANYL_HOT bool anyl_api_here(const anyloop_loop *loop)
{
    return ANYL_LIKELY(atomic_load_explicit(&loop->thread, memory_order_relaxed) == anyl_port_thread_self()) ||
           loop->unpinned;
}

/* Why this is not that thread: ANYLOOP_E_THREAD, or ANYLOOP_E_FORKED in a child of the loop's process. */
anyloop_status anyl_api_elsewhere(const anyloop_loop *loop);

/* For an object of `loop`: ANYLOOP_OK, ANYLOOP_E_INVALID for NULL, ANYLOOP_E_THREAD, ANYLOOP_E_FORKED. */
ANYL_HOT anyloop_status anyl_api_check(const anyloop_loop *loop)
{
    return loop == NULL ? ANYLOOP_E_INVALID : anyl_api_here(loop) ? ANYLOOP_OK : anyl_api_elsewhere(loop);
}

/* The same, and ANYLOOP_E_CLOSED: for what begins something new. */
ANYL_HOT anyloop_status anyl_api_open(const anyloop_loop *loop)
{
    anyloop_status status = anyl_api_check(loop);
    return status == ANYLOOP_OK && loop->closing ? ANYLOOP_E_CLOSED : status;
}

/* Lets go of a value that was taken. May be NULL. */
static inline void anyl_api_release_value(const anyloop_value *value)
{
    anyloop_value taken = anyl_value_take(value);
    anyl_value_release(&taken);
}

/* What an operation gives: the new coroutine, or the failed future of no memory. */
static inline anyloop_future *anyl_api_operation(anyl_task *operation)
{
    return operation ? &operation->future : anyl_failed(ANYLOOP_E_NOMEM);
}

/* May this thread let go of an object of `loop`? If not, it is said, and the object stays. */
bool anyl_api_may_release(anyloop_loop *loop);

/* May `coroutine` be made a task of `loop`? Gives it its name. One that is a task already may. */
anyloop_status anyl_api_prepare_task(const anyloop_loop *loop, anyloop_future *coroutine,
                                     const anyloop_task_options *options);
/* Starts what was prepared. */
void anyl_api_start_task(anyl_task *coroutine, const anyloop_task_options *options);

/* Lets go of a future that was taken, on whatever thread and of whatever loop it is. */
void anyl_api_release(anyloop_future *future);

#endif
