/* wait.h -- waiting for some of many futures: CPython's wait; and its cancel-and-wait, for a
 * wait_for that has no time.
 *
 * Owns:          a watch, its timer, the lists that will be the result.
 * Must not know: what the futures are.
 * Threads:       the loop's.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_WAIT_H
#define ANYL_WAIT_H

#include "task.h"
#include "watch.h"

#include <anyloop/compose.h>

/* Takes the futures, which are at least one, of `loop`, and no coroutines, on failure too. NULL: no memory. */
anyl_task *anyl_wait(anyloop_loop *loop, anyloop_future *const *futures, size_t count, uint32_t return_when,
                     int64_t timeout);
/* Cancels the future, which is taken, and waits until it is done: ends as that did, with ANYLOOP_E_TIMED_OUT if it was
 * cancelled. NULL: no memory. */
anyl_task *anyl_wait_no_longer(anyloop_loop *loop, anyloop_future *future);

#endif
