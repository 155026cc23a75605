/* compose.h -- waiting for many, for a time, for part of them; asyncio's combinators.
 *
 * Operations are coroutines, as in asyncio: `wait`, `wait_for`, a timeout and a group run inside the awaiting task, so
 * that their second half has that task's place in the ready queue. Given to gather or to a run function each becomes a
 * task. Only `gather`, `gather_pending` and `shield` begin at once.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYLOOP_COMPOSE_H
#define ANYLOOP_COMPOSE_H

#include <anyloop/task.h>

ANYLOOP_BEGIN_DECLS

/* Sleep, from the moment of the await. 0 or less is one bare yield.
 *
 * \param loop   the loop.
 * \param delay  ns; ANYLOOP_FOREVER: until cancelled.
 * \returns an operation with the result NONE; failed with ANYLOOP_E_NOMEM, ANYLOOP_E_CLOSED, ANYLOOP_E_THREAD,
 *          ANYLOOP_E_INVALID.
 * \thread  loop
 * \owns    gives the operation.
 * \since   0.1
 */
ANYLOOP_API ANYLOOP_OWNED anyloop_future *anyloop_sleep(anyloop_loop *loop, int64_t delay);

enum {
    /* gather: errors and cancellations of the children are items of the result */
    ANYLOOP_RETURN_EXCEPTIONS = 1
};

/* Wait for all of `futures`; coroutines become tasks now. The result is a LIST in their order. The first error is the
 * gather's, at once; the others go on, and their errors count as looked at (S-33). A cancelled child is an error with
 * the code ANYLOOP_E_CANCELLED; as an item of the result its reason is empty. Cancelling the gather cancels the
 * children; it stays pending until they are done (S-35). One future given twice is waited for once. Of none the result
 * is there at once.
 *
 * \param loop     the loop.
 * \param futures  taken. May be NULL when `count` is 0.
 * \param count    items.
 * \param flags    0 or ANYLOOP_RETURN_EXCEPTIONS.
 * \returns a future; failed with ANYLOOP_E_NOMEM, ANYLOOP_E_CLOSED, ANYLOOP_E_OTHER_LOOP, ANYLOOP_E_STATE (a coroutine
 *          that was awaited already), ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \owns    takes `futures`, on failure too; the array stays yours; gives the future.
 * \since   0.1
 */
ANYLOOP_API ANYLOOP_OWNED anyloop_future *anyloop_gather(anyloop_loop *loop, anyloop_future *const *futures,
                                                        size_t count, uint32_t flags);

/* Gather every task that is not done, but the current one.
 *
 * \param loop   the loop.
 * \param flags  0 or ANYLOOP_RETURN_EXCEPTIONS.
 * \returns a future; failed with ANYLOOP_E_NOMEM, ANYLOOP_E_CLOSED, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \owns    gives the future.
 * \since   0.1
 */
ANYLOOP_API ANYLOOP_OWNED anyloop_future *anyloop_gather_pending(anyloop_loop *loop, uint32_t flags);

/* When a wait is over. */
enum { ANYLOOP_FIRST_COMPLETED = 1, ANYLOOP_FIRST_EXCEPTION = 2, ANYLOOP_ALL_COMPLETED = 3 };

/* Wait until some of `futures` are done or the timeout is over. Cancels nothing, raises no timeout. The result is a
 * LIST of two LISTs of FUTUREs: done and pending, each in the order given.
 *
 * \param loop         the loop.
 * \param futures      taken; no coroutines.
 * \param count        items, at least 1; one given twice counts once.
 * \param return_when  ANYLOOP_FIRST_COMPLETED, ANYLOOP_FIRST_EXCEPTION (cancelled ones do not count) or
 *                     ANYLOOP_ALL_COMPLETED.
 * \param timeout      ns from the await; ANYLOOP_FOREVER: none.
 * \returns an operation; failed with ANYLOOP_E_INVALID, ANYLOOP_E_TYPE for a coroutine, ANYLOOP_E_STATE for one that
 *          was awaited already, ANYLOOP_E_NOMEM, ANYLOOP_E_CLOSED, ANYLOOP_E_OTHER_LOOP, ANYLOOP_E_THREAD.
 * \thread  loop
 * \owns    takes `futures`, on failure too; the array stays yours; gives the operation.
 * \since   0.1
 */
ANYLOOP_API ANYLOOP_OWNED anyloop_future *anyloop_wait(anyloop_loop *loop, anyloop_future *const *futures, size_t count,
                                                      uint32_t return_when, int64_t timeout);

/* Wait for `future`, but not longer than `timeout`: then it is cancelled and waited for, and the error is
 * ANYLOOP_E_TIMED_OUT. Its own result or error wins if it has one all the same (S-42). A coroutine runs inside the
 * awaiting task, without a task of its own; with a timeout of 0 or less it is never started (S-40).
 *
 * \param loop     the loop.
 * \param future   taken.
 * \param timeout  ns from the await; ANYLOOP_FOREVER: none.
 * \returns an operation with the future's result; failed with ANYLOOP_E_NOMEM, ANYLOOP_E_CLOSED, ANYLOOP_E_OTHER_LOOP,
 *          ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \owns    takes `future`; gives the operation.
 * \since   0.1
 */
ANYLOOP_API ANYLOOP_OWNED anyloop_future *anyloop_wait_for(anyloop_loop *loop, anyloop_future *future, int64_t timeout);

/* Stand before `future` so that cancelling what is given back does not reach it. A done one is given back itself.
 *
 * \param loop    the loop.
 * \param future  taken; a coroutine becomes a task.
 * \returns a future; failed with ANYLOOP_E_NOMEM, ANYLOOP_E_CLOSED, ANYLOOP_E_OTHER_LOOP, ANYLOOP_E_STATE (a coroutine
 *          that was awaited already), ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \owns    takes `future`; gives the future.
 * \since   0.1
 */
ANYLOOP_API ANYLOOP_OWNED anyloop_future *anyloop_shield(anyloop_loop *loop, anyloop_future *future);

/* Run `body` inside the awaiting task under a time limit: when it is over the task is cancelled, and that cancellation
 * leaves as ANYLOOP_E_TIMED_OUT (S-44).
 *
 * \param loop   the loop.
 * \param delay  ns from now; ANYLOOP_FOREVER: none. 0 or less fires with the ready callbacks of the next turn.
 * \param body   taken: a coroutine, or anything to await.
 * \returns an operation with the body's result; failed with ANYLOOP_E_NOMEM, ANYLOOP_E_CLOSED, ANYLOOP_E_OTHER_LOOP,
 *          ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \owns    takes `body`; gives the operation.
 * \since   0.1
 */
ANYLOOP_API ANYLOOP_OWNED anyloop_future *anyloop_timeout(anyloop_loop *loop, int64_t delay, anyloop_future *body);

/* Make a time limit that can be moved: asyncio's timeout_at object.
 *
 * \param loop      the loop.
 * \param deadline  ns on the loop's clock; ANYLOOP_NEVER: none.
 * \param out       the scope.
 * \returns ANYLOOP_OK, ANYLOOP_E_NOMEM, ANYLOOP_E_CLOSED, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \owns    `out` is yours to release.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_timeout_scope_new(anyloop_loop *loop, uint64_t deadline,
                                                     anyloop_timeout_scope **out);

/* Run `body` inside the awaiting task under a scope, which can be used once.
 *
 * \param scope  retained until the operation is over.
 * \param body   taken: a coroutine, or anything to await.
 * \returns an operation with the body's result; awaiting it with a scope that was used is ANYLOOP_E_STATE; failed with
 *          ANYLOOP_E_NOMEM, ANYLOOP_E_CLOSED, ANYLOOP_E_OTHER_LOOP, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \owns    takes `body`; gives the operation.
 * \since   0.1
 */
ANYLOOP_API ANYLOOP_OWNED anyloop_future *anyloop_timeout_scope_run(anyloop_timeout_scope *scope, anyloop_future *body);

/* Move the deadline of a scope that is in use.
 *
 * \param scope     the scope.
 * \param deadline  ns on the loop's clock; ANYLOOP_NEVER takes it off. Now or earlier fires on the next turn.
 * \returns ANYLOOP_OK, ANYLOOP_E_STATE before its use, once it has expired or was left, ANYLOOP_E_NOMEM,
 *          ANYLOOP_E_CLOSED, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_timeout_scope_reschedule(anyloop_timeout_scope *scope, uint64_t deadline);

/* Give the deadline of a scope, also afterwards.
 *
 * \param scope  the scope.
 * \returns ns on the loop's clock; ANYLOOP_NEVER without one.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API uint64_t anyloop_timeout_scope_when(const anyloop_timeout_scope *scope);

/* Say whether a scope has expired, whatever became of it.
 *
 * \param scope  the scope.
 * \returns 1 or 0.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API int32_t anyloop_timeout_scope_expired(const anyloop_timeout_scope *scope);

/* Let go of a scope.
 *
 * \param scope  May be NULL.
 * \thread  loop
 * \owns    takes `scope`.
 * \since   0.1
 */
ANYLOOP_API void anyloop_timeout_scope_release(anyloop_timeout_scope *scope);

/* Make a task group: asyncio's TaskGroup.
 *
 * \param loop  the loop.
 * \param out   the group.
 * \returns ANYLOOP_OK, ANYLOOP_E_NOMEM, ANYLOOP_E_CLOSED, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \owns    `out` is yours to release.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_group_new(anyloop_loop *loop, anyloop_group **out);

/* Run `body` inside the awaiting task, then wait for all tasks of the group. The first error, a child's or the body's,
 * cancels the others and the body; all errors leave together, as ANYLOOP_E_GROUP with children in the order in which
 * they came in (S-70 to S-77).
 *
 * \param group  retained until the operation is over; can be used once.
 * \param body   taken: a coroutine, or anything to await.
 * \returns an operation with the body's result; awaiting it with a group that was used is ANYLOOP_E_STATE; failed with
 *          ANYLOOP_E_NOMEM, ANYLOOP_E_CLOSED, ANYLOOP_E_OTHER_LOOP, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \owns    takes `body`; gives the operation.
 * \since   0.1
 */
ANYLOOP_API ANYLOOP_OWNED anyloop_future *anyloop_group_run(anyloop_group *group, anyloop_future *body);

/* Make a task that belongs to a group.
 *
 * \param group      the group.
 * \param coroutine  taken.
 * \param options    May be NULL: the defaults.
 * \returns the task; failed with ANYLOOP_E_STATE when the group is not in use, is over or is shutting down,
 *          ANYLOOP_E_TYPE when it is no coroutine, ANYLOOP_E_NOMEM, ANYLOOP_E_CLOSED, ANYLOOP_E_OTHER_LOOP,
 *          ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \owns    takes `coroutine`; gives the task.
 * \since   0.1
 */
ANYLOOP_API ANYLOOP_OWNED anyloop_task *anyloop_group_create_task(anyloop_group *group, anyloop_future *coroutine,
                                                                 const anyloop_task_options *options);

/* Let go of a group.
 *
 * \param group  May be NULL.
 * \thread  loop
 * \owns    takes `group`.
 * \since   0.1
 */
ANYLOOP_API void anyloop_group_release(anyloop_group *group);

/* Begin to iterate over `futures` in the order in which they are done: asyncio's as_completed.
 *
 * \param loop     the loop.
 * \param futures  taken; coroutines become tasks now. May be NULL when `count` is 0.
 * \param count    items; one given twice comes once.
 * \param timeout  ns from now; ANYLOOP_FOREVER: none.
 * \param out      the iteration.
 * \returns ANYLOOP_OK, ANYLOOP_E_NOMEM, ANYLOOP_E_CLOSED, ANYLOOP_E_OTHER_LOOP, ANYLOOP_E_STATE (a coroutine that was
 *          awaited already), ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \owns    takes `futures`, on failure too; `out` is yours to release.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_as_completed(anyloop_loop *loop, anyloop_future *const *futures, size_t count,
                                                int64_t timeout, anyloop_completions **out);

/* Wait for the next one and give its result, or raise its error: asyncio's plain iteration.
 *
 * \param completions  the iteration.
 * \returns an operation; it fails with ANYLOOP_E_TIMED_OUT for each one that was not done in time. Failed with
 *          ANYLOOP_E_END when all were given, ANYLOOP_E_NOMEM, ANYLOOP_E_CLOSED, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \owns    gives the operation.
 * \since   0.1
 */
ANYLOOP_API ANYLOOP_OWNED anyloop_future *anyloop_completions_next(anyloop_completions *completions);

/* Wait for the next one and give it as a FUTURE value, however it ended: asyncio's `async for`.
 *
 * \param completions  the iteration.
 * \returns as `anyloop_completions_next`.
 * \thread  loop
 * \owns    gives the operation.
 * \since   0.1
 */
ANYLOOP_API ANYLOOP_OWNED anyloop_future *anyloop_completions_next_future(anyloop_completions *completions);

/* Let go of an iteration, and of its timeout. The futures go on.
 *
 * \param completions  May be NULL.
 * \thread  loop
 * \owns    takes `completions`.
 * \since   0.1
 */
ANYLOOP_API void anyloop_completions_release(anyloop_completions *completions);

ANYLOOP_END_DECLS
#endif
