/* future.h -- something that will have a result.
 *
 * A future is pending, then done, once: with a result, an error or a cancellation. Done callbacks are scheduled at that
 * moment, in the order of their adding, and run on the next turn; nothing runs inside the completing call. An operation
 * always gives a future, never NULL: what could not be done is a future that has failed already.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYLOOP_FUTURE_H
#define ANYLOOP_FUTURE_H

#include <anyloop/value.h>

ANYLOOP_BEGIN_DECLS

/* States of a future. ANYLOOP_CLOSED is the outcome of an await only. */
enum { ANYLOOP_PENDING = 0, ANYLOOP_RESULT = 1, ANYLOOP_FAILED = 2, ANYLOOP_CANCELLED = 3, ANYLOOP_CLOSED = 4 };

enum {
    ANYLOOP_KIND_FUTURE = 0,    /* bare: anybody completes it */
    ANYLOOP_KIND_TASK = 1,      /* completed by its coroutine */
    ANYLOOP_KIND_COROUTINE = 2, /* not started: awaited, it runs inside the awaiting task */
    ANYLOOP_KIND_OPERATION = 3  /* completed by anyloop: a sleep, a job, a promise's future, a constant */
};

/* Make a bare future.
 *
 * \param loop  the loop, may be closed.
 * \param out   the future.
 * \returns ANYLOOP_OK, ANYLOOP_E_NOMEM, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \owns    `out` is yours to release.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_future_new(anyloop_loop *loop, anyloop_future **out);

/* Give a future that has failed with `code`: one constant object for each code; retaining, releasing and cancelling it
 * does nothing.
 *
 * \param code  one of status.h's; any other is told as ANYLOOP_E_INVALID.
 * \returns the future.
 * \thread  any
 * \owns    gives the future, a constant: letting it go does nothing.
 * \since   0.1
 */
ANYLOOP_API ANYLOOP_OWNED anyloop_future *anyloop_failed(anyloop_status code);

/* Make a task of a coroutine; give anything else back as it is.
 *
 * \param loop    the loop.
 * \param future  taken.
 * \returns a task or future; failed with ANYLOOP_E_CLOSED, ANYLOOP_E_OTHER_LOOP, ANYLOOP_E_NOMEM, ANYLOOP_E_STATE (a
 *          coroutine that was awaited already), ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \owns    takes `future`; gives the task or future.
 * \since   0.1
 */
ANYLOOP_API ANYLOOP_OWNED anyloop_future *anyloop_ensure_future(anyloop_loop *loop, anyloop_future *future);

/* Complete a bare future with a result.
 *
 * \param future  the future; a gather's or a shield's too.
 * \param value   taken, on failure too. May be NULL: NONE.
 * \returns ANYLOOP_OK; ANYLOOP_E_STATE when it is done already; ANYLOOP_E_TYPE for a task, coroutine or operation;
 *          ANYLOOP_E_CLOSED when the loop is closed and somebody waited: the future is done, nobody hears of it;
 *          ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \owns    takes `value`.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_future_set_result(anyloop_future *future, const anyloop_value *value);

/* Complete a bare future with an error.
 *
 * \param future  the future; a gather's or a shield's too.
 * \param error   an ERROR value, taken, on failure too.
 * \returns as `anyloop_future_set_result`; ANYLOOP_E_TYPE also for a value that is no error.
 * \thread  loop
 * \owns    takes `error`.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_future_set_error(anyloop_future *future, const anyloop_value *error);

/* Ask for a cancellation. A bare future is cancelled at once. A task is asked: what it awaits is cancelled, down to the
 * one that waits for a future, and it sees the cancellation at its await; it may clean up or refuse. A gather passes
 * the request to its children. A coroutine that was not started ends cancelled. Allocates nothing.
 *
 * \param future  the future.
 * \param reason  a TEXT or ERROR value, taken, on failure too. May be NULL: none. A text that is counted is a whole one
 *                that the library made: a part of one, or one in memory of your own, copy with `anyloop_value_text`.
 * \returns 1 when the request was accepted, 0 when it is done already; ANYLOOP_E_STATE for a coroutine that runs inside
 *          a task; ANYLOOP_E_CLOSED when the loop is closed and somebody waited; ANYLOOP_E_TYPE for any other reason,
 *          ANYLOOP_E_INVALID for a part of a text; ANYLOOP_E_THREAD.
 * \thread  loop
 * \owns    takes `reason`.
 * \since   0.1
 */
ANYLOOP_API int32_t anyloop_future_cancel(anyloop_future *future, const anyloop_value *reason);

/* Give the state: ANYLOOP_PENDING, ANYLOOP_RESULT, ANYLOOP_FAILED or ANYLOOP_CANCELLED.
 *
 * \param future  the future.
 * \returns the state.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API uint32_t anyloop_future_state(const anyloop_future *future);

/* Give the kind: ANYLOOP_KIND_...
 *
 * \param future  the future.
 * \returns the kind.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API uint32_t anyloop_future_kind(const anyloop_future *future);

/* Give the result.
 *
 * \param future  the future.
 * \returns the value, borrowed from the future; NULL in every state but ANYLOOP_RESULT.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API const anyloop_value *anyloop_future_result(const anyloop_future *future);

/* Give the error, and count it as looked at. A cancelled future's error has the code ANYLOOP_E_CANCELLED and the reason
 * as its text; a task tells its reason only to the first who awaits it or asks here (S-2A).
 *
 * \param future  the future.
 * \returns an ERROR value, borrowed from the future; NULL when it is pending or has a result.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API const anyloop_value *anyloop_future_error(anyloop_future *future);

/* Give the code of the error without counting it as looked at.
 *
 * \param future  the future.
 * \returns the code, ANYLOOP_E_CANCELLED for a cancelled one, ANYLOOP_OK otherwise.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_future_error_code(const anyloop_future *future);

/* Give the loop of a future.
 *
 * \param future  the future.
 * \returns the loop, borrowed; NULL for a constant one.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API anyloop_loop *anyloop_future_loop(const anyloop_future *future);

/* Call `done` when the future is done; when it is done already, on the next turn. A coroutine becomes a task first.
 * The same callback added twice runs twice.
 *
 * \param future     the future. A constant one uses this thread's loop.
 * \param done       May be NULL: pulled (host.h).
 * \param user_data  handed to `done`. May be NULL.
 * \param drop       frees `user_data`, once: after `done`, or instead of it. May be NULL.
 * \returns ANYLOOP_OK, ANYLOOP_E_NOMEM, ANYLOOP_E_CLOSED (when the loop is closed and the future is done or a
 *          coroutine: nothing can be scheduled), ANYLOOP_E_STATE (a coroutine that was awaited already; a constant on a
 *          thread without a loop), ANYLOOP_E_THREAD, ANYLOOP_E_INVALID; after an error `drop` has run.
 * \thread  loop
 * \owns    `user_data`, through `drop`; the future is not kept alive by its callbacks.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_future_add_done_callback(anyloop_future *future, anyloop_done_fn done,
                                                            void *user_data, anyloop_drop_fn drop);

/* Remove every done callback with this function and user_data. Their drops run on the next turn. One that is scheduled
 * already runs all the same.
 *
 * \param future     the future.
 * \param done       May be NULL: pulled ones.
 * \param user_data  as it was added.
 * \returns how many were removed.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API uint32_t anyloop_future_remove_done_callback(anyloop_future *future, anyloop_done_fn done,
                                                         void *user_data);

/* Hold a future once more.
 *
 * \param future  the future.
 * \returns `future`.
 * \thread  loop
 * \owns    gives one reference more.
 * \since   0.1
 */
ANYLOOP_API anyloop_future *anyloop_future_retain(anyloop_future *future);

/* Let go of a future. A task goes on: the loop holds it until it is done. An error that nobody looked at is reported to
 * the loop's exception handler when the last reference goes. Called on another thread it does what
 * `anyloop_future_release_threadsafe` does.
 *
 * \param future  May be NULL.
 * \thread  loop
 * \owns    takes `future`.
 * \since   0.1
 */
ANYLOOP_API void anyloop_future_release(anyloop_future *future);

/* Let go of a future from any thread, a finalizer's for instance. Allocates nothing; costs a message to the loop. One
 * at a time for each reference that you own.
 *
 * \param future  May be NULL.
 * \thread  any
 * \owns    takes `future`.
 * \since   0.1
 */
ANYLOOP_API void anyloop_future_release_threadsafe(anyloop_future *future);

ANYLOOP_END_DECLS
#endif
