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

bool anyl_is_shield(const anyloop_future *future);
/* Tell of the inner future of a shield, while it is waited for. */
void anyl_shield_each(anyloop_future *future, anyl_each_fn tell, void *to);

#endif
