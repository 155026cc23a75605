/* completions.h -- futures in the order in which they are done: CPython's as_completed.
 *
 * Owns:          a watch, a queue with room for all, a timer.
 * Must not know: what the futures are.
 * Threads:       the loop's.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_COMPLETIONS_H
#define ANYL_COMPLETIONS_H

#include "task.h"
#include "watch.h"

#include <anyloop/compose.h>

/* Takes the futures, which were checked, on failure too. NULL: no memory. */
anyloop_completions *anyl_completions_new(anyloop_loop *loop, anyloop_future *const *futures, size_t count,
                                          int64_t timeout);
void anyl_completions_release(anyloop_completions *completions);
anyloop_loop *anyl_completions_loop(const anyloop_completions *completions);
size_t anyl_completions_left(const anyloop_completions *completions);
/* One is left. Its result or error, or the future itself. NULL: no memory. */
anyl_task *anyl_completions_next(anyloop_completions *completions, bool resolve);

#endif
