/* sync.h -- locks, events, conditions, semaphores, barriers and queues between the tasks of one loop.
 *
 * asyncio's, in every race: who waits is served in order; a wake-up that its receiver cannot use, because it was
 * cancelled, goes to the next. What may wait is an operation: a coroutine that runs in the awaiting task. `..._release`
 * lets go of the handle, as everywhere; a lock is given back by `anyloop_lock_unlock`, a unit of a semaphore by
 * `anyloop_semaphore_post`.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYLOOP_SYNC_H
#define ANYLOOP_SYNC_H

#include <anyloop/future.h>

ANYLOOP_BEGIN_DECLS

/* Make a lock, open.
 *
 * \param loop  the loop.
 * \param out   the lock.
 * \returns ANYLOOP_OK, ANYLOOP_E_NOMEM, ANYLOOP_E_CLOSED, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \owns    `out` is yours to release.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_lock_new(anyloop_loop *loop, anyloop_lock **out);

/* Acquire a lock. Strictly first come, first served: whoever comes while others wait, waits behind them (S-80).
 *
 * \param lock  the lock.
 * \returns an operation with the result true; failed with ANYLOOP_E_NOMEM, ANYLOOP_E_CLOSED, ANYLOOP_E_THREAD,
 *          ANYLOOP_E_INVALID.
 * \thread  loop
 * \owns    gives the operation.
 * \since   0.1
 */
ANYLOOP_API ANYLOOP_OWNED anyloop_future *anyloop_lock_acquire(anyloop_lock *lock);

/* Release a lock and wake the first who waits. Any task may do it, or none: a lock has no owner.
 *
 * \param lock  the lock.
 * \returns ANYLOOP_OK, ANYLOOP_E_NOT_HELD, ANYLOOP_E_CLOSED, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_lock_unlock(anyloop_lock *lock);

/* Say whether a lock is held.
 *
 * \param lock  the lock.
 * \returns 1 or 0.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API int32_t anyloop_lock_locked(const anyloop_lock *lock);

/* Let go of the handle of a lock. The lock lives until nobody waits for it either.
 *
 * \param lock  May be NULL.
 * \thread  loop
 * \owns    takes `lock`.
 * \since   0.1
 */
ANYLOOP_API void anyloop_lock_release(anyloop_lock *lock);

/* Make an event, not set.
 *
 * \param loop  the loop.
 * \param out   the event.
 * \returns ANYLOOP_OK, ANYLOOP_E_NOMEM, ANYLOOP_E_CLOSED, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \owns    `out` is yours to release.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_event_new(anyloop_loop *loop, anyloop_event **out);

/* Set an event: everybody who waits goes on, also when it is cleared before they run (S-84).
 *
 * \param event  the event.
 * \returns ANYLOOP_OK, ANYLOOP_E_CLOSED when the loop is closed and somebody waited, ANYLOOP_E_THREAD,
 *          ANYLOOP_E_INVALID.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_event_set(anyloop_event *event);

/* Clear an event.
 *
 * \param event  the event.
 * \returns ANYLOOP_OK, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_event_clear(anyloop_event *event);

/* Say whether an event is set.
 *
 * \param event  the event.
 * \returns 1 or 0.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API int32_t anyloop_event_is_set(const anyloop_event *event);

/* Wait until an event is set.
 *
 * \param event  the event.
 * \returns an operation with the result true; failed with ANYLOOP_E_NOMEM, ANYLOOP_E_CLOSED, ANYLOOP_E_THREAD,
 *          ANYLOOP_E_INVALID.
 * \thread  loop
 * \owns    gives the operation.
 * \since   0.1
 */
ANYLOOP_API ANYLOOP_OWNED anyloop_future *anyloop_event_wait(anyloop_event *event);

/* Let go of the handle of an event.
 *
 * \param event  May be NULL.
 * \thread  loop
 * \owns    takes `event`.
 * \since   0.1
 */
ANYLOOP_API void anyloop_event_release(anyloop_event *event);

/* Make a condition.
 *
 * \param loop  the loop.
 * \param lock  retained: the lock to use. May be NULL: one of its own.
 * \param out   the condition.
 * \returns ANYLOOP_OK, ANYLOOP_E_NOMEM, ANYLOOP_E_CLOSED, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID, ANYLOOP_E_OTHER_LOOP.
 * \thread  loop
 * \owns    `out` is yours to release.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_condition_new(anyloop_loop *loop, anyloop_lock *lock, anyloop_condition **out);

/* Give the lock of a condition: acquire, release and ask it.
 *
 * \param condition  the condition.
 * \returns the lock, borrowed from the condition.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API anyloop_lock *anyloop_condition_lock(const anyloop_condition *condition);

/* Release the lock, wait to be notified, acquire it again. Comes back only with the lock held, cancelled too; a
 * cancelled one notifies another, so a wait may return without cause: look again (S-83).
 *
 * \param condition  the condition.
 * \returns an operation with the result true; it fails with ANYLOOP_E_NOT_HELD when the lock is not held at the await;
 *          failed with ANYLOOP_E_NOMEM, ANYLOOP_E_CLOSED, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \owns    gives the operation.
 * \since   0.1
 */
ANYLOOP_API ANYLOOP_OWNED anyloop_future *anyloop_condition_wait(anyloop_condition *condition);

/* Says whether to go on: 1, or 0 to wait for the next notification. Must not await. */
typedef int32_t (*anyloop_predicate_fn)(void *user_data);

/* Wait until `predicate` holds: it is asked before the first wait and after each.
 *
 * \param condition  the condition.
 * \param predicate  asked inside the task's steps.
 * \param user_data  handed to `predicate`. May be NULL.
 * \param drop       frees `user_data`, once, when the operation is over. May be NULL.
 * \returns as `anyloop_condition_wait`; after a failure `drop` has run.
 * \thread  loop
 * \owns    `user_data`, through `drop`; gives the operation.
 * \since   0.1
 */
ANYLOOP_API ANYLOOP_OWNED anyloop_future *anyloop_condition_wait_for(anyloop_condition *condition,
                                                                    anyloop_predicate_fn predicate, void *user_data,
                                                                    anyloop_drop_fn drop);

/* Wake up to `count` who wait. They go on one by one, as they get the lock.
 *
 * \param condition  the condition.
 * \param count      tasks; SIZE_MAX: all.
 * \returns ANYLOOP_OK, ANYLOOP_E_NOT_HELD when nobody holds the lock, ANYLOOP_E_CLOSED, ANYLOOP_E_THREAD,
 *          ANYLOOP_E_INVALID.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_condition_notify(anyloop_condition *condition, size_t count);

/* Let go of the handle of a condition.
 *
 * \param condition  May be NULL.
 * \thread  loop
 * \owns    takes `condition`.
 * \since   0.1
 */
ANYLOOP_API void anyloop_condition_release(anyloop_condition *condition);

enum {
    /* releasing above the value at the start is an error */
    ANYLOOP_SEMAPHORE_BOUNDED = 1
};

/* Make a semaphore.
 *
 * \param loop   the loop.
 * \param value  units at the start.
 * \param flags  0 or ANYLOOP_SEMAPHORE_BOUNDED.
 * \param out    the semaphore.
 * \returns ANYLOOP_OK, ANYLOOP_E_NOMEM, ANYLOOP_E_CLOSED, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \owns    `out` is yours to release.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_semaphore_new(anyloop_loop *loop, uint32_t value, uint32_t flags,
                                                 anyloop_semaphore **out);

/* Take one unit, first come, first served.
 *
 * \param semaphore  the semaphore.
 * \returns an operation with the result true; failed with ANYLOOP_E_NOMEM, ANYLOOP_E_CLOSED, ANYLOOP_E_THREAD,
 *          ANYLOOP_E_INVALID.
 * \thread  loop
 * \owns    gives the operation.
 * \since   0.1
 */
ANYLOOP_API ANYLOOP_OWNED anyloop_future *anyloop_semaphore_acquire(anyloop_semaphore *semaphore);

/* Give one unit back: to the first who waits, at once (S-82).
 *
 * \param semaphore  the semaphore.
 * \returns ANYLOOP_OK, ANYLOOP_E_STATE for a bounded one at its bound, ANYLOOP_E_CLOSED, ANYLOOP_E_THREAD,
 *          ANYLOOP_E_INVALID.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_semaphore_post(anyloop_semaphore *semaphore);

/* Say whether acquiring would wait.
 *
 * \param semaphore  the semaphore.
 * \returns 1 or 0.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API int32_t anyloop_semaphore_locked(const anyloop_semaphore *semaphore);

/* Let go of the handle of a semaphore.
 *
 * \param semaphore  May be NULL.
 * \thread  loop
 * \owns    takes `semaphore`.
 * \since   0.1
 */
ANYLOOP_API void anyloop_semaphore_release(anyloop_semaphore *semaphore);

/* Make a barrier for `parties` tasks.
 *
 * \param loop     the loop.
 * \param parties  at least 1.
 * \param out      the barrier.
 * \returns ANYLOOP_OK, ANYLOOP_E_NOMEM, ANYLOOP_E_CLOSED, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \owns    `out` is yours to release.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_barrier_new(anyloop_loop *loop, uint32_t parties, anyloop_barrier **out);

/* Wait until all parties are there. The result is an INT: how many were inside before.
 *
 * \param barrier  the barrier.
 * \returns an operation; it fails with ANYLOOP_E_BROKEN when the barrier is reset or aborted; failed with
 *          ANYLOOP_E_NOMEM, ANYLOOP_E_CLOSED, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \owns    gives the operation.
 * \since   0.1
 */
ANYLOOP_API ANYLOOP_OWNED anyloop_future *anyloop_barrier_wait(anyloop_barrier *barrier);

/* Empty a barrier: those inside get ANYLOOP_E_BROKEN, and it can be used again.
 *
 * \param barrier  the barrier.
 * \returns an operation with the result NONE; failed with ANYLOOP_E_NOMEM, ANYLOOP_E_CLOSED, ANYLOOP_E_THREAD,
 *          ANYLOOP_E_INVALID.
 * \thread  loop
 * \owns    gives the operation.
 * \since   0.1
 */
ANYLOOP_API ANYLOOP_OWNED anyloop_future *anyloop_barrier_reset(anyloop_barrier *barrier);

/* Break a barrier for ever: those inside and all who come get ANYLOOP_E_BROKEN.
 *
 * \param barrier  the barrier.
 * \returns an operation with the result NONE; failed with ANYLOOP_E_NOMEM, ANYLOOP_E_CLOSED, ANYLOOP_E_THREAD,
 *          ANYLOOP_E_INVALID.
 * \thread  loop
 * \owns    gives the operation.
 * \since   0.1
 */
ANYLOOP_API ANYLOOP_OWNED anyloop_future *anyloop_barrier_abort(anyloop_barrier *barrier);

/* Give the number of tasks that wait: 0 unless the barrier is filling.
 *
 * \param barrier  the barrier.
 * \returns the number.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API uint32_t anyloop_barrier_n_waiting(const anyloop_barrier *barrier);

/* Say whether a barrier was aborted.
 *
 * \param barrier  the barrier.
 * \returns 1 or 0.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API int32_t anyloop_barrier_broken(const anyloop_barrier *barrier);

/* Let go of the handle of a barrier.
 *
 * \param barrier  May be NULL.
 * \thread  loop
 * \owns    takes `barrier`.
 * \since   0.1
 */
ANYLOOP_API void anyloop_barrier_release(anyloop_barrier *barrier);

/* In which order a queue gives its items. */
enum { ANYLOOP_QUEUE_FIFO = 0, ANYLOOP_QUEUE_LIFO = 1, ANYLOOP_QUEUE_PRIORITY = 2 };

/* Make a queue of values.
 *
 * \param loop     the loop.
 * \param maxsize  items; 0: no limit.
 * \param order    ANYLOOP_QUEUE_FIFO, ANYLOOP_QUEUE_LIFO or ANYLOOP_QUEUE_PRIORITY: the least priority leaves first,
 *                 among equals the one that came in first.
 * \param out      the queue.
 * \returns ANYLOOP_OK, ANYLOOP_E_NOMEM, ANYLOOP_E_CLOSED, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \owns    `out` is yours to release.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_queue_new(anyloop_loop *loop, size_t maxsize, uint32_t order, anyloop_queue **out);

/* Put an item in, waiting for a place if there is none.
 *
 * \param queue     the queue.
 * \param item      taken, on failure too. May be NULL: NONE.
 * \param priority  of a priority queue; others ignore it.
 * \returns an operation with the result NONE; it fails with ANYLOOP_E_SHUTDOWN, ANYLOOP_E_NOMEM; failed with
 *          ANYLOOP_E_NOMEM, ANYLOOP_E_CLOSED, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \owns    takes `item`; gives the operation.
 * \since   0.1
 */
ANYLOOP_API ANYLOOP_OWNED anyloop_future *anyloop_queue_put(anyloop_queue *queue, const anyloop_value *item,
                                                           int64_t priority);

/* Take an item out, waiting for one if there is none.
 *
 * \param queue  the queue.
 * \returns an operation with the item; it fails with ANYLOOP_E_SHUTDOWN once the queue is shut down and empty; failed
 *          with ANYLOOP_E_NOMEM, ANYLOOP_E_CLOSED, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \owns    gives the operation.
 * \since   0.1
 */
ANYLOOP_API ANYLOOP_OWNED anyloop_future *anyloop_queue_get(anyloop_queue *queue);

/* Put an item in now or not at all.
 *
 * \param queue     the queue.
 * \param item      taken, on failure too. May be NULL: NONE.
 * \param priority  of a priority queue; others ignore it.
 * \returns ANYLOOP_OK, ANYLOOP_E_FULL, ANYLOOP_E_SHUTDOWN, ANYLOOP_E_NOMEM, ANYLOOP_E_CLOSED when the loop is closed
 *          and somebody waited, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \owns    takes `item`.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_queue_put_nowait(anyloop_queue *queue, const anyloop_value *item, int64_t priority);

/* Take an item out now or not at all.
 *
 * \param queue  the queue.
 * \param out    the item.
 * \returns ANYLOOP_OK, ANYLOOP_E_EMPTY, ANYLOOP_E_SHUTDOWN, ANYLOOP_E_CLOSED when the loop is closed and somebody
 *          waited, ANYLOOP_E_THREAD, ANYLOOP_E_INVALID.
 * \thread  loop
 * \owns    `out` is yours to release.
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_queue_get_nowait(anyloop_queue *queue, anyloop_value *out);

/* Say that one item which was taken out is dealt with.
 *
 * \param queue  the queue.
 * \returns ANYLOOP_OK, ANYLOOP_E_STATE when nothing is unfinished, ANYLOOP_E_CLOSED, ANYLOOP_E_THREAD,
 *          ANYLOOP_E_INVALID.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_queue_task_done(anyloop_queue *queue);

/* Wait until every item that was put in is dealt with.
 *
 * \param queue  the queue.
 * \returns an operation with the result NONE; failed with ANYLOOP_E_NOMEM, ANYLOOP_E_CLOSED, ANYLOOP_E_THREAD,
 *          ANYLOOP_E_INVALID.
 * \thread  loop
 * \owns    gives the operation.
 * \since   0.1
 */
ANYLOOP_API ANYLOOP_OWNED anyloop_future *anyloop_queue_join(anyloop_queue *queue);

/* Give the number of items in a queue.
 *
 * \param queue  the queue.
 * \returns the number of items.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API size_t anyloop_queue_qsize(const anyloop_queue *queue);

/* Shut a queue down: puts fail at once, gets when it is empty; everybody who waits wakes up (S-86).
 *
 * \param queue      the queue.
 * \param immediate  1: drop what is in it, and count it as dealt with; 0: let it drain.
 * \returns ANYLOOP_OK, ANYLOOP_E_CLOSED when the loop is closed and somebody waited, ANYLOOP_E_THREAD,
 *          ANYLOOP_E_INVALID.
 * \thread  loop
 * \since   0.1
 */
ANYLOOP_API anyloop_status anyloop_queue_shutdown(anyloop_queue *queue, int32_t immediate);

/* Let go of the handle of a queue.
 *
 * \param queue  May be NULL.
 * \thread  loop
 * \owns    takes `queue`.
 * \since   0.1
 */
ANYLOOP_API void anyloop_queue_release(anyloop_queue *queue);

ANYLOOP_END_DECLS
#endif
