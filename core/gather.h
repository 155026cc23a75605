/* gather.h -- waiting for all of many futures: CPython's gather, its done callback to the letter.
 *
 * Owns:          a fan of children, a watch on each different one, the list that will be the result.
 * Must not know: what the children are.
 * Threads:       the loop's.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_GATHER_H
#define ANYL_GATHER_H

#include "task.h"

#include <anyloop/compose.h>

/* Checks that all can be waited for on `loop`; ANYLOOP_E_INVALID, ANYLOOP_E_OTHER_LOOP, ANYLOOP_E_STATE. */
anyloop_status anyl_gather_check(const anyloop_loop *loop, anyloop_future *const *futures, size_t count);
/* Takes the futures, which were checked, on failure too. NULL: no memory. */
anyloop_future *anyl_gather(anyloop_loop *loop, anyloop_future *const *futures, size_t count, uint32_t flags);
/* Of every task that is not done, but the current one. */
anyloop_future *anyl_gather_pending(anyloop_loop *loop, uint32_t flags);

#endif
