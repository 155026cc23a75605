/* sleep.h -- one timer and one waiter: CPython's sleep.
 *
 * Threads: the loop's.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANYL_SLEEP_H
#define ANYL_SLEEP_H

#include "task.h"

/* NULL: no memory. */
anyl_task *anyl_sleep(anyloop_loop *loop, int64_t delay);

#endif
