/* shield.h -- a future that stands before another, so that cancelling it stops there: CPython's shield.
 *
 * Owns:          a watch on the inner future.
 * Must not know: what that is.
 * Threads:       the loop's.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_SHIELD_H
#define ANYL_SHIELD_H

#include "task.h"
#include "watch.h"

/* Takes `inner`, which is of `loop` and no stacked coroutine, on failure too. NULL: no memory. */
anyloop_future *anyl_shield(anyloop_loop *loop, anyloop_future *inner);

#endif
