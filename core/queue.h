/* queue.h -- values from task to task: CPython's Queue, LifoQueue and PriorityQueue.
 *
 * Owns:          the items; the queues of those who want to put and to get; those who wait for all to be dealt with.
 * Must not know: what the items are.
 * Threads:       the loop's.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_QUEUE_H
#define ANYL_QUEUE_H

#include "task.h"

#include <anyloop/sync.h>

anyloop_queue *anyl_queue_new(anyloop_loop *loop, size_t maxsize, uint32_t order);
void anyl_queue_release(anyloop_queue *queue);
anyloop_loop *anyl_queue_loop(const anyloop_queue *queue);
size_t anyl_queue_size(const anyloop_queue *queue);
/* Room for `count` items in all, so that putting them cannot fail; of no use to a priority queue. */
bool anyl_queue_reserve(anyloop_queue *queue, size_t count);

/* Takes the item, on failure too. */
anyloop_status anyl_queue_put_nowait(anyloop_queue *queue, anyloop_value item, int64_t priority);
/* On ANYLOOP_E_CLOSED the item was taken out and is in `out`. */
anyloop_status anyl_queue_get_nowait(anyloop_queue *queue, anyloop_value *out);
anyl_task *anyl_queue_put(anyloop_queue *queue, anyloop_value item, int64_t priority);
anyl_task *anyl_queue_get(anyloop_queue *queue);
anyloop_status anyl_queue_task_done(anyloop_queue *queue);
anyl_task *anyl_queue_join(anyloop_queue *queue);
anyloop_status anyl_queue_shutdown(anyloop_queue *queue, bool immediate);

#endif
