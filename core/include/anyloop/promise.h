/* promise.h -- the two things that other threads may hold: a promise completes a future, a waker wakes a task.
 *
 * Both are any-thread handles and carry their own message: keeping a promise and waking allocate nothing and fail only
 * by being too late. An open promise, and a waker that is held, keep a run from ending as a deadlock. Both may outlive
 * their loop.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYLOOP_PROMISE_H
#define ANYLOOP_PROMISE_H

#include <anyloop/value.h>

ANYLOOP_BEGIN_DECLS

/* Make a promise and the future that it completes.
 *
 * \param loop    the loop.
 * \param out     the promise.
 * \param future  the future.
 * \returns ANYLOOP_OK, ANYLOOP_E_NOMEM, ANYLOOP_E_CLOSED, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \owns    `out` and `future` are yours to release.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_promise_new(anyloop_loop *loop, anyloop_promise **out, anyloop_future **future);

/* Complete the future with a result. Of many that race, one wins.
 *
 * \param promise  the promise.
 * \param value    taken, on failure too. May be NULL: NONE.
 * \returns ANYLOOP_OK for the one that wins: the result arrives unless the future was cancelled or the loop closes
 *          first; ANYLOOP_E_STATE after another; ANYLOOP_E_CLOSED; ANYLOOP_E_TYPE for a value that holds a future;
 *          ANYLOOP_E_INVALID.
 * \thread  any
 * \owns    takes `value`.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_promise_set_result(anyloop_promise *promise, const anyloop_value *value);

/* Complete the future with an error.
 *
 * \param promise  the promise.
 * \param error    an ERROR value, taken, on failure too. Its code may be ANYLOOP_E_CANCELLED: then the future is
 *                 cancelled.
 * \returns as `anyloop_promise_set_result`; ANYLOOP_E_TYPE also for a value that is no error.
 * \thread  any
 * \owns    takes `error`.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_promise_set_error(anyloop_promise *promise, const anyloop_value *error);

/* Hold a promise once more.
 *
 * \param promise  the promise.
 * \returns `promise`.
 * \thread  any
 * \owns    gives one reference more.
 * \since   0.1
 */
ANYLOOP_API anyloop_promise *anyloop_promise_retain(anyloop_promise *promise);

/* Let go of a promise. When nobody is left to keep it the future fails with ANYLOOP_E_ABANDONED.
 *
 * \param promise  May be NULL.
 * \thread  any
 * \owns    takes `promise`.
 * \since   0.1
 */
ANYLOOP_API void anyloop_promise_release(anyloop_promise *promise);

/* Make a waker of a task: what a coroutine hands out before it parks (task.h).
 *
 * \param task  the task.
 * \param out   the waker.
 * \returns ANYLOOP_OK, ANYLOOP_E_NOMEM, ANYLOOP_E_CLOSED, ANYLOOP_E_TYPE when it is no task, ANYLOOP_E_THREAD,
 *          ANYLOOP_E_INVALID.
 * \thread  loop
 * \owns    `out` is yours to release.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_task_waker(anyloop_task *task, anyloop_waker **out);

/* Wake the task if it is parked; if it is not, its next park returns at once. Wakes between two steps are one.
 *
 * \param waker  the waker.
 * \thread  any
 * \since   0.1
 */
ANYLOOP_API void anyloop_waker_wake(anyloop_waker *waker);

/* Cancel the task, as `anyloop_future_cancel` without a reason, on a later turn. Requests between two turns are one.
 *
 * \param waker  the waker.
 * \thread  any
 * \since   0.1
 */
ANYLOOP_API void anyloop_waker_cancel(anyloop_waker *waker);

/* Hold a waker once more.
 *
 * \param waker  the waker.
 * \returns `waker`.
 * \thread  any
 * \owns    gives one reference more.
 * \since   0.1
 */
ANYLOOP_API anyloop_waker *anyloop_waker_retain(anyloop_waker *waker);

/* Let go of a waker.
 *
 * \param waker  May be NULL.
 * \thread  any
 * \owns    takes `waker`.
 * \since   0.1
 */
ANYLOOP_API void anyloop_waker_release(anyloop_waker *waker);

ANYLOOP_END_DECLS
#endif
